from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from readings import read

from hudna.results import Analysis
from training.corpus import load_labels, load_split
from training.markdown import Article
from training.metrics import COUNTED, evaluate
from training.significance import paired_bootstrap

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "corpus"


def without(analysis: Analysis, share: int) -> Analysis:
    """One actor of `share` is left out."""
    return dataclasses.replace(analysis, actors=[a for n, a in enumerate(analysis.actors) if n % share])


@pytest.fixture(scope="module")
def golds() -> list[Article]:
    return load_split(CORPUS, "dev")[:30]


def test_figures_are_those_of_evaluate(golds: list[Article]) -> None:
    labels = load_labels(CORPUS)
    reads = [read(gold) for gold in golds]
    less = [without(reading, 4) for reading in reads]
    one, other = (evaluate(golds, found, labels) for found in (reads, less))
    for name, difference in paired_bootstrap(golds, reads, less).items():
        assert difference.one == pytest.approx(one[name])
        assert difference.other == pytest.approx(other[name])


def test_an_interval_tells_a_difference_from_none(golds: list[Article]) -> None:
    reads = [read(gold) for gold in golds]
    clear = paired_bootstrap(golds, reads, [without(reading, 4) for reading in reads])["actors_f1"]
    assert 0 < clear.low < clear.one - clear.other < clear.high
    # Each system errs in every other article, as often as the other one.
    left = [without(reading, 4) if number % 2 else reading for number, reading in enumerate(reads)]
    right = [reading if number % 2 else without(reading, 4) for number, reading in enumerate(reads)]
    even = paired_bootstrap(golds, left, right)["actors_f1"]
    assert even.low < 0 < even.high
    same = paired_bootstrap(golds, reads, reads)
    assert set(same) == set(COUNTED)
    assert all((d.low, d.high) == (0, 0) for d in same.values())


def test_command(run_folder: Path) -> None:
    checkpoint = str(run_folder / "checkpoint")
    command = [sys.executable, "-m", "training.evaluate", checkpoint, "--against", checkpoint]
    data = ["--corpus", str(ROOT / "tests" / "data" / "corpus"), "--split", "dev"]
    done = subprocess.run([*command, *data], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "+0.000 to +0.000" in done.stdout
    assert "claimants, F1 on matched claims" in done.stdout
