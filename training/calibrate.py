"""Makes a checkpoint's scores probabilities: `python -m training.calibrate CHECKPOINT`.

Fits, on the dev split, a slope and an offset each for the scores of mentions and claims and a temperature for the
sides, then takes the thresholds that give the best F1, and writes all of it into the checkpoint's configuration.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import transformers
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression

from hudna.decoding import calibrate
from hudna.engine import Tagged
from hudna.results import Analysis
from hudna.tagger import Tagger, load
from hudna.windows import Document
from training.corpus import load_split
from training.markdown import Article
from training.metrics import evaluate, match_actors, match_spans

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
_EPSILON = 1e-6


@dataclass(frozen=True)
class Judged:
    """Scores and whether what they stand for was right. *Shapes:* (items,), (items,)"""

    scores: FloatArray
    right: BoolArray


def judge(golds: Sequence[Article], predictions: Sequence[Analysis]) -> dict[str, Judged]:
    """The scores of `mention`s, `side`s and `claim`s, and whether they were right.

    A mention is right with exact span and type, a claim if it overlaps one of its kind by half (intersection over
    union), a side if it is that of the labelled actor which the predicted one stands for; the others have no side to
    be right about.
    """
    items: dict[str, list[tuple[float, bool]]] = {"mention": [], "side": [], "claim": []}
    for gold, prediction in zip(golds, predictions, strict=True):
        labelled = {(m.start, m.end, gold.entities[m.entity].type) for m in gold.mentions}
        items["mention"] += [(m.score, (m.start, m.end, m.type) in labelled) for m in prediction.mentions]
        entity_of = match_actors(gold, prediction)
        items["side"] += [
            (actor.side_score, actor.side == gold.entities[entity_of[actor.id]].side)
            for actor in prediction.actors
            if actor.id in entity_of
        ]
        found = [(c.start, c.end, c.kind) for c in prediction.claims]
        matched = {j for _, j in match_spans([(c.start, c.end, c.kind) for c in gold.claims], found, minimum=0.5)}
        items["claim"] += [(claim.score, index in matched) for index, claim in enumerate(prediction.claims)]
    return {
        name: Judged(np.array([score for score, _ in pairs]), np.array([right for _, right in pairs], dtype=bool))
        for name, pairs in items.items()
    }


def calibration_error(judged: Judged, *, bins: int = 15) -> float:
    """Expected calibration error over bins of equal mass.

    Source: Nixon et al., "Measuring Calibration in Deep Learning", CVPR workshops 2019 (adaptive bins).
    """
    if not len(judged.scores):
        return 0.0
    parts = equal_bins(judged, bins=bins)
    gaps = [abs(judged.scores[part].mean() - judged.right[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(judged.scores))


def equal_bins(judged: Judged, *, bins: int = 15) -> list[npt.NDArray[np.intp]]:
    """The items of each bin when they are sorted by score and cut into bins of equal mass. *Shapes:* (items,) each"""
    order = np.argsort(judged.scores, kind="stable")
    return [part for part in np.array_split(order, bins) if len(part)]


def bootstrap_interval(judged: Judged, *, samples: int = 1000, seed: int = 0) -> tuple[float, float]:
    """The middle 95 % of `calibration_error` over samples of the items, drawn with replacement."""
    if not len(judged.scores):
        return 0.0, 0.0
    draw = np.random.default_rng(seed)
    errors = []
    for _ in range(samples):
        chosen = draw.integers(len(judged.scores), size=len(judged.scores))
        errors.append(calibration_error(Judged(judged.scores[chosen], judged.right[chosen])))
    low, high = np.quantile(errors, [0.025, 0.975])
    return float(low), float(high)


def fit_scale(judged: Judged) -> tuple[float, float]:
    """Slope and offset of `calibrate` with the best likelihood; (1, 0) where all or none are right."""
    if len(set(judged.right.tolist())) < 2:
        return 1.0, 0.0
    kept = np.clip(judged.scores, _EPSILON, 1 - _EPSILON)
    model = LogisticRegression(C=1e6).fit(np.log(kept / (1 - kept))[:, None], judged.right)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def fit_temperature(golds: Sequence[Article], predictions: Sequence[Analysis]) -> float:
    """The temperature of the sides' probabilities with the best likelihood.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    """
    rows, gold_rows = [], []
    for gold, prediction in zip(golds, predictions, strict=True):
        entity_of = match_actors(gold, prediction)
        for actor in prediction.actors:
            if actor.id in entity_of:
                rows.append(list(actor.sides.values()))
                gold_rows.append(list(actor.sides).index(gold.entities[entity_of[actor.id]].side))
    if not rows:
        return 1.0
    logits = np.log(np.clip(np.array(rows), _EPSILON, None))

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        chosen = scaled[np.arange(len(scaled)), gold_rows]
        return float((np.log(np.exp(scaled).sum(axis=1)) - chosen).mean())

    return float(minimize_scalar(loss, bounds=(0.3, 10.0), method="bounded").x)


def best_threshold(judged: Judged, n_gold: int) -> float:
    """The least score to keep for the best F1, on a grid of hundredths (0 if it makes no difference)."""
    grid = np.arange(0, 100) / 100
    f1 = [2 * judged.right[kept].sum() / (kept.sum() + n_gold) for kept in (judged.scores >= least for least in grid)]
    return float(grid[int(np.argmax(f1))])


class _Remembering(Tagger):
    """Reads a batch of articles once, however often it is decoded."""

    def __init__(self, tagger: Tagger) -> None:
        vars(self).update(vars(tagger))
        self._memory: dict[tuple[str, ...], Tagged[Any]] = {}

    def _tag(self, documents: list[Document]) -> Tagged[Any]:
        texts = tuple(document.text for document in documents)
        if texts not in self._memory:
            self._memory[texts] = super()._tag(documents)
        return self._memory[texts]


def fit(tagger: Tagger, golds: Sequence[Article]) -> None:
    """Sets calibration and thresholds of a tagger's settings by what it says of labelled articles."""
    tagger = _Remembering(tagger)
    settings = tagger.settings
    settings.mention_calibration = settings.claim_calibration = [1.0, 0.0]
    settings.side_temperature = 1.0
    settings.mention_threshold = settings.claim_threshold = 0.0
    n_gold = {"mention": sum(len(g.mentions) for g in golds), "claim": sum(len(g.claims) for g in golds)}
    judged = judge(golds, _read(tagger, golds))
    scaled = {}
    for name in ("mention", "claim"):
        scale = fit_scale(judged[name])
        setattr(settings, f"{name}_calibration", list(scale))
        scores = np.array([calibrate(score, *scale) for score in judged[name].scores])
        scaled[name] = Judged(scores, judged[name].right)
        setattr(settings, f"{name}_threshold", best_threshold(scaled[name], n_gold[name]))
    # The sides and the makers are judged on the mentions and claims that are kept.
    settings.side_temperature = fit_temperature(golds, _read(tagger, golds))
    makers = []
    for threshold, fallback in itertools.product((0.3, 0.4, 0.5, 0.6, 0.7, 0.8), (0.1, 0.2, 0.3, 0.4, 1.0)):
        settings.claimant_threshold, settings.claimant_fallback = threshold, fallback
        figures = evaluate(golds, _read(tagger, golds), tagger.labels)
        makers.append((figures["claimants_f1"], threshold, fallback))
    _, settings.claimant_threshold, settings.claimant_fallback = max(makers)


def _read(tagger: Tagger, golds: Sequence[Article]) -> list[Analysis]:
    return tagger.predict([gold.text for gold in golds], date=[gold.date for gold in golds])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    args = parser.parse_args()
    transformers.utils.logging.disable_progress_bar()
    try:
        tagger = load(args.checkpoint)
        golds = load_split(args.corpus, "dev")
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    before = judge(golds, _read(tagger, golds))
    fit(tagger, golds)
    after = judge(golds, _read(tagger, golds))
    for name in before:
        print(f"{name} scores: error {calibration_error(before[name]):.3f} -> {calibration_error(after[name]):.3f}")
    settings = tagger.settings
    for name in ("mention_threshold", "claim_threshold", "claimant_threshold", "claimant_fallback", "side_temperature"):
        print(f"{name}: {getattr(settings, name):.2f}")
    settings.write(args.checkpoint)
    return 0


if __name__ == "__main__":
    sys.exit(main())
