"""Whether one checkpoint is better than another, or only luckier in the articles it was judged on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hudna.results import Analysis
from training.markdown import Article
from training.metrics import COUNTED, count

SAMPLES = 2000


@dataclass(frozen=True)
class Difference:
    """A figure of two systems on the same articles.

    Attributes:
        one, other: the figure of each.
        low, high: the middle 95 % of `one - other` over samples of the articles, drawn with replacement.
    """

    one: float
    other: float
    low: float
    high: float


def paired_bootstrap(
    golds: Sequence[Article], one: Sequence[Analysis], other: Sequence[Analysis], *, seed: int = 0
) -> dict[str, Difference]:
    """The difference of two systems in every figure of `COUNTED`.

    Source: Berg-Kirkpatrick, Burkett and Klein, "An Empirical Investigation of Statistical Significance in NLP",
    EMNLP 2012; articles, not sentences, are what is drawn.

    Args:
        golds: labelled articles, two or more.
        one: what a system says of them.
        other: what the other one says.
        seed: of the samples.
    """
    tallies = [[count(gold, read) for gold, read in zip(golds, reads, strict=True)] for reads in (one, other)]
    draws = np.random.default_rng(seed).integers(len(golds), size=(SAMPLES, len(golds)))
    found = {}
    for name in COUNTED:
        # Twice the right items, and what F1 divides them by. Shape: (systems, articles, 2)
        counts = np.array([[(2 * t[name].right, t[name].predicted + t[name].gold) for t in tally] for tally in tallies])
        sums = counts[:, draws].sum(axis=2)
        f1 = sums[..., 0] / np.maximum(sums[..., 1], 1)
        low, high = np.quantile(f1[0] - f1[1], [0.025, 0.975])
        right, total = counts.sum(axis=1).T
        first, second = right / np.maximum(total, 1)
        found[name] = Difference(float(first), float(second), float(low), float(high))
    return found
