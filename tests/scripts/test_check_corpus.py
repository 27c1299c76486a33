from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "corpus"


def check(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "scripts.check_corpus", str(folder), *options]
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_sound_corpus_passes() -> None:
    done = check(DATA)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "3 train, 1 dev, 1 test: no errors"


def test_every_slip_is_reported_with_its_place(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path, dirs_exist_ok=True)
    head = "---\ndate: 2020-01-01\nevent: invented-one\ngenre: wire\nentities:\n  un: organization neutral\n"
    (tmp_path / "test" / "a1.md").write_text(f"{head}  eu: organization neutral\n---\nThe [UN](un)ited\n")
    (tmp_path / "test" / "bad.md").write_text(f"{head}---\nThe [UN](un) and [EU](eu)\n")
    (tmp_path / "test" / "bare.md").write_text("---\nentities:\n---\n \n")
    done = check(tmp_path)
    assert done.returncode == 1
    for problem in (
        "test/a1.md: the span 'UN' begins or ends inside a word",
        "test/a1.md: entity 'eu' is never mentioned",
        "test/a1.md: the id is taken by",
        "test/a1.md: the event 'invented-one' is also in split train",
        "test/bad.md:8: unknown entity 'eu'",
        "test/bare.md: front matter has no 'date'",
        "test/bare.md: front matter has no 'genre'",
        "test/bare.md: the article has no text",
    ):
        assert problem in done.stderr, problem


def test_hints_point_at_likely_slips(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path, dirs_exist_ok=True)
    head = "---\ndate: 2020-01-01\nevent: x\ngenre: wire\nentities:\n  un: organization neutral\n---\n"
    text = "[the UN](un) and [UNSMIL](un) met; UNSMIL said {he agreed.}(call) to what the EU said\n"
    (tmp_path / "test" / "x.md").write_text(head + text)
    done = check(tmp_path, "--hints")
    assert done.returncode == 0
    assert "mention 'the UN' starts with an article" in done.stdout
    assert (
        "'UNSMIL' is marked elsewhere, but not in '...the UN and UNSMIL met; UNSMIL said he agreed. to" in done.stdout
    )
    assert re.search(r"abbreviation not marked in '\.\.\..*agreed\. to what the EU said", done.stdout)
    assert "EU' is marked" not in done.stdout
    assert "claim 'he agreed.' starts with its subject" in done.stdout
    assert "claim 'he agreed.' ends in punctuation" in done.stdout


def test_a_paragraph_that_two_splits_share_is_found(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path, dirs_exist_ok=True)
    words = "Elders from five towns met in the school of the market and agreed that the road should be open to everyone"
    head = "---\ndate: 2020-01-01\nevent: {0}\ngenre: wire\nentities:\n---\nA first paragraph.\n{1}.\n"
    (tmp_path / "train" / "x.md").write_text(head.format("x", words))
    (tmp_path / "test" / "y.md").write_text(head.format("y", words.replace("five towns", "six towns")))
    done = check(tmp_path)
    assert done.returncode == 1
    assert "y, paragraph 2 (test) is nearly x, paragraph 2 (train): 'Elders from five towns" in done.stderr
    (tmp_path / "test" / "y.md").write_text(head.format("y", " ".join(reversed(words.split()))))
    assert check(tmp_path).returncode == 0
