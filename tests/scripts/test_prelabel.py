from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hudna.results import Actor, Analysis, Claim, Mention
from hudna.tagger import Tagger
from scripts.prelabel import as_article, prelabel
from training.markdown import parse_article

ROOT = Path(__file__).parents[2]
TEXT = "Haftar said (on Sunday) that the GNA had broken the truce.\nThe UN called for a halt."


def test_doubts_are_comments_least_certain_first() -> None:
    sure, unsure = Mention(0, 6, "Haftar", "person", 0.99, "haftar"), Mention(33, 36, "GNA", "institution", 0.4, "gna")
    actors = [
        Actor("haftar", "Haftar", "person", "lna", 0.6, {"gna": 0.4, "lna": 0.6}, [sure], sure, True),
        Actor("gna", "GNA", "institution", "gna", 0.9, {"gna": 0.9, "lna": 0.1}, [unsure], unsure, True),
    ]
    analysis = Analysis(TEXT, actors, [Claim(12, 57, TEXT[12:57], "breach", 0.7, ["haftar"])])
    lines = prelabel("a", analysis, "2020-01-12").splitlines()
    assert lines[1].startswith("# 0.40 mention 'GNA' (institution) in '")
    assert lines[2] == "# 0.60 side of haftar: lna or gna?"
    assert lines[3].startswith("# 0.70 claim '(on Sunday) that the GNA had")
    assert (
        "[Haftar](haftar) said {\\(on Sunday\\) that the [GNA](gna) had broken the truce}(breach by haftar)."
        in lines[-2]
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from([TEXT, "Hifter ", "(LNA) ", "a truce\n", "\\[", "}{", " 🙂é ", "Ankara's army "]), max_size=6
    )
)
def test_any_article_can_be_read_back(tagger: Tagger, pieces: list[str]) -> None:
    text = "".join(pieces).strip("\n")
    analysis = tagger.predict(text)
    article = parse_article(prelabel("a", analysis), tagger.labels, id="a")
    assert article == as_article("a", analysis)
    assert article.text == text
    kept = [m for m in analysis.mentions if "\\" not in (text[m.start - 1 : m.start], text[m.end - 1])]
    assert [(m.start, m.end) for m in article.mentions] == [(m.start, m.end) for m in kept]


def test_command_writes_once(tmp_path: Path, run_folder: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT + "\n")
    command = [
        sys.executable, "-m", "scripts.prelabel", str(tmp_path / "a.txt"), "--out", str(tmp_path / "out"),
        "--checkpoint", str(run_folder / "checkpoint"), "--date", "2020-01-12",
    ]  # fmt: skip
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
    written = (tmp_path / "out" / "a.md").read_text()
    assert "date: 2020-01-12" in written
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "a.md exists" in again.stderr
    assert (tmp_path / "out" / "a.md").read_text() == written
