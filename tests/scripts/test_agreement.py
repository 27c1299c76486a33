from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.agreement import compare
from training.corpus import load_labels, load_split
from training.markdown import parse_article

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "corpus"
LABELS = load_labels(DATA)
HEAD = "---\nentities:\n  haftar: person lna\n  gna: institution {side}\n---\n"


def reading(body: str, side: str = "gna"):  # type: ignore[no-untyped-def]
    return parse_article(HEAD.format(side=side) + body, LABELS)


def test_a_reader_agrees_with_herself() -> None:
    articles = load_split(DATA, "train")
    figures = compare(articles, articles, LABELS)
    for key in ("actors_f1", "mention_type_side_f1", "claims_exact_f1", "claimants_f1", "side_accuracy"):
        assert figures[key] == 1.0
    assert all(value == pytest.approx(1.0) for value in figures["kappa"].values())


def test_disagreement_is_counted_where_it_is() -> None:
    first = reading("[Haftar](haftar) {said no to a truce}(reject by haftar), the [GNA](gna) said.")
    second = reading("[Haftar](haftar) said {no to a truce}(call by haftar), the [GNA](gna) said.", side="neutral")
    figures = compare([first], [second], LABELS)
    assert figures["actors_f1"] == 1.0
    assert figures["side_accuracy"] == 0.5
    assert figures["claims_overlap_f1"] == 0.0  # another kind
    assert figures["kappa"]["actor tags of words"] == 1.0
    assert figures["kappa"]["kinds of claims"] == 0.0
    assert figures["kappa"]["claim tags of words"] < 1


def test_kappa_against_a_calculation_by_hand() -> None:
    first = [reading("[Haftar](haftar) met the [GNA](gna)"), reading("[Haftar](haftar) met the [GNA](gna)")]
    second = [reading("[Haftar](haftar) met the GNA"), reading("[Haftar](haftar) met the [GNA](gna)")]
    # Eight words: person 2 and 2, institution 2 and 1, none 4 and 5; alike on 7.
    expected = (2 * 2 + 2 * 1 + 4 * 5) / 64
    kappa = compare(first, second, LABELS)["kappa"]["actor tags of words"]
    assert kappa == pytest.approx((7 / 8 - expected) / (1 - expected))


def test_command(tmp_path: Path) -> None:
    shutil.copy(DATA / "train" / "a1.md", tmp_path)
    command = [sys.executable, "-m", "scripts.agreement", str(DATA / "train"), str(tmp_path), "--corpus", str(DATA)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("1 articles")
    assert "| kappa, sides of mentions " in done.stdout
    (tmp_path / "a1.md").write_text((DATA / "train" / "a1.md").read_text().replace("Sunday", "Monday"))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "the prediction for a1 is of another text" in done.stderr
