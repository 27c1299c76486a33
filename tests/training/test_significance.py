from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from hudna.labels import LabelSet
from hudna.results import Actor, Analysis, Mention
from training.corpus import load_split
from training.markdown import Article
from training.metrics import COUNTED, evaluate
from training.significance import paired_bootstrap

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "corpus"


def perfect(article: Article) -> Analysis:
    """All mentions as they are labelled, no claims."""
    actors = []
    for id, entity in article.entities.items():
        mentions = [
            Mention(m.start, m.end, article.text[m.start : m.end], entity.type, 1.0, id)
            for m in article.mentions
            if m.entity == id
        ]
        actors.append(Actor(id, id, entity.type, entity.side, 1.0, {entity.side: 1.0}, mentions, None, False))
    return Analysis(article.text, actors, [])


def without(analysis: Analysis, share: int) -> Analysis:
    """One actor of `share` is left out."""
    return dataclasses.replace(analysis, actors=[a for n, a in enumerate(analysis.actors) if n % share])


@pytest.fixture(scope="module")
def golds() -> list[Article]:
    return load_split(CORPUS, "dev")[:30]


def test_figures_are_those_of_evaluate(golds: list[Article]) -> None:
    labels = LabelSet(
        types=("person", "state", "institution", "armed_group", "organization"),
        sides=("gna", "lna", "ntc", "gaddafi", "jihadist", "neutral", "unclear"),
        kinds=("call", "accept", "reject", "in_force", "breach"),
    )
    reads = [perfect(gold) for gold in golds]
    less = [without(read, 4) for read in reads]
    one, other = (evaluate(golds, read, labels) for read in (reads, less))
    for name, difference in paired_bootstrap(golds, reads, less).items():
        assert difference.one == pytest.approx(one[name])
        assert difference.other == pytest.approx(other[name])


def test_an_interval_tells_a_difference_from_none(golds: list[Article]) -> None:
    reads = [perfect(gold) for gold in golds]
    clear = paired_bootstrap(golds, reads, [without(read, 4) for read in reads])["actors_f1"]
    assert 0 < clear.low < clear.one - clear.other < clear.high
    # Each system errs in every other article, as often as the other one.
    left = [without(read, 4) if number % 2 else read for number, read in enumerate(reads)]
    right = [read if number % 2 else without(read, 4) for number, read in enumerate(reads)]
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
