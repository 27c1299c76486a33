"""How well analyses agree with labelled articles, end to end from raw text."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from seqeval.metrics import classification_report
from seqeval.scheme import IOB2
from sklearn.metrics import f1_score

from hudna.labels import LabelSet
from hudna.results import Analysis, Claim
from training.markdown import Article, ClaimSpan

# The figures that are the F1 of counts over articles.
COUNTED = (
    "actors_f1",
    "actors_relaxed_f1",
    "side_accuracy",
    "mention_type_side_f1",
    "claims_exact_f1",
    "claims_overlap_f1",
    "claimants_f1",
)
# A span and its label: (start, end, label).
Labelled = tuple[int, int, str]


@dataclass
class Counts:
    """Right, predicted and gold items, to precision, recall and F1 (0 where nothing is counted)."""

    right: int = 0
    predicted: int = 0
    gold: int = 0

    def add(self, right: int, predicted: int, gold: int) -> None:
        """Adds one article's counts."""
        self.right += right
        self.predicted += predicted
        self.gold += gold

    @property
    def precision(self) -> float:
        return self.right / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.predicted + self.gold) if self.right else 0.0

    def to_dict(self) -> dict[str, float | int]:
        """The figures by name; `support` is the number of gold items."""
        return {"precision": self.precision, "recall": self.recall, "f1": self.f1, "support": self.gold}


def evaluate(golds: Sequence[Article], predictions: Sequence[Analysis], labels: LabelSet) -> dict[str, Any]:
    """Compares analyses with the labels of the same articles.

    Returns a JSON-ready dictionary:

    - `actors_f1`: mentions with exact span and type, by seqeval (strict, IOB2, micro average); `actors`: by type;
    - `actors_relaxed_f1`: mentions that overlap a gold mention of their type, each gold mention counted once;
    - `side_accuracy`, `side_macro_f1`: over mentions whose span is exactly right; the macro average is over the
      sides that these mentions have in the labels;
    - `mention_type_side_f1`: mentions with exact span, type and side;
    - `claims_exact_f1`, `claims_overlap_f1`: claims of the right kind with exact span, or with an intersection over
      union of at least 0.5 in characters; `claims_exact`, `claims_overlap`: the same by kind;
    - `claimants_f1`: (claim, actor) pairs of the overlap-matched claims; a predicted actor stands for the labelled
      one that most of its exactly right mentions belong to;
    - `effective_accuracy`: of those claims, how many have the right start (none counts as a value);
    - `support`: the number of labelled articles, mentions, matched mentions, claims, matched claims.

    Raises:
        ValueError: not as many predictions as articles, or a prediction is of another text.
    """
    if len(golds) != len(predictions):
        raise ValueError(f"{len(predictions)} predictions for {len(golds)} articles")
    total: dict[str, Counts] = {name: Counts() for name in COUNTED}
    claims_exact = {kind: Counts() for kind in labels.kinds}
    claims_overlap = {kind: Counts() for kind in labels.kinds}
    gold_tags, predicted_tags = [], []
    gold_sides: list[str] = []
    predicted_sides: list[str] = []
    starts: list[bool] = []
    for gold, prediction in zip(golds, predictions, strict=True):
        if gold.text != prediction.text:
            raise ValueError(f"the prediction for {gold.id} is of another text")
        for name, counts in count(gold, prediction).items():
            total[name].add(counts.right, counts.predicted, counts.gold)
        pair = _tags(_mentions(gold), [(m.start, m.end, m.type) for m in prediction.mentions])
        gold_tags.append(pair[0])
        predicted_tags.append(pair[1])
        for right, found in _matched_sides(gold, prediction):
            gold_sides.append(right)
            predicted_sides.append(found)
        gold_claims, predicted_claims, exact, overlap = _matched_claims(gold, prediction)
        for by_kind, matches in ((claims_exact, exact), (claims_overlap, overlap)):
            _count_kinds(by_kind, matches, gold_claims, predicted_claims)
        starts += [gold.claims[i].effective == prediction.claims[j].effective for i, j in overlap]

    report = _seqeval(gold_tags, predicted_tags, labels.types)
    return {
        "actors_f1": report["micro avg"]["f1"],
        "actors_precision": report["micro avg"]["precision"],
        "actors_recall": report["micro avg"]["recall"],
        "actors_relaxed_f1": total["actors_relaxed_f1"].f1,
        "side_accuracy": total["side_accuracy"].f1,
        "side_macro_f1": _macro_f1(gold_sides, predicted_sides),
        "mention_type_side_f1": total["mention_type_side_f1"].f1,
        "claims_exact_f1": total["claims_exact_f1"].f1,
        "claims_overlap_f1": total["claims_overlap_f1"].f1,
        "claimants_f1": total["claimants_f1"].f1,
        "effective_accuracy": sum(starts) / len(starts) if starts else 0.0,
        "actors": {label: report[label] for label in labels.types},
        "claims_exact": {kind: counts.to_dict() for kind, counts in claims_exact.items()},
        "claims_overlap": {kind: counts.to_dict() for kind, counts in claims_overlap.items()},
        "support": {
            "articles": len(golds),
            "mentions": total["actors_f1"].gold,
            "matched_mentions": len(gold_sides),
            "claims": total["claims_exact_f1"].gold,
            "matched_claims": len(starts),
        },
    }


def count(gold: Article, prediction: Analysis) -> dict[str, Counts]:
    """What one article adds to the figures of the same names of `evaluate`; each is the F1 of its counts."""
    spans, found = _mentions(gold), [(m.start, m.end, m.type) for m in prediction.mentions]
    sides = _matched_sides(gold, prediction)
    side_of = {actor.id: actor.side for actor in prediction.actors}
    full = {(m.start, m.end, *vars(gold.entities[m.entity]).values()) for m in gold.mentions}
    full_found = {(m.start, m.end, m.type, side_of[m.actor]) for m in prediction.mentions}
    gold_claims, predicted_claims, exact, overlap = _matched_claims(gold, prediction)
    entity_of = match_actors(gold, prediction)
    claimants = Counts()
    for i, j in overlap:
        claimants.add(*_count_makers(gold.claims[i], prediction.claims[j], entity_of))
    n_mentions, n_claims = (len(found), len(spans)), (len(predicted_claims), len(gold_claims))
    return {
        "actors_f1": Counts(len(set(spans) & set(found)), *n_mentions),
        "actors_relaxed_f1": Counts(len(match_spans(spans, found, minimum=0.0)), *n_mentions),
        "side_accuracy": Counts(sum(right == side for right, side in sides), len(sides), len(sides)),
        "mention_type_side_f1": Counts(len(full & full_found), len(full_found), len(full)),
        "claims_exact_f1": Counts(len(exact), *n_claims),
        "claims_overlap_f1": Counts(len(overlap), *n_claims),
        "claimants_f1": claimants,
    }


def _mentions(gold: Article) -> list[Labelled]:
    return [(m.start, m.end, gold.entities[m.entity].type) for m in gold.mentions]


def _matched_sides(gold: Article, prediction: Analysis) -> list[tuple[str, str]]:
    """Labelled and predicted side of the mentions whose span is exactly right."""
    side_of = {actor.id: actor.side for actor in prediction.actors}
    gold_side = {(m.start, m.end): gold.entities[m.entity].side for m in gold.mentions}
    spans = [(m.start, m.end, m.actor) for m in prediction.mentions]
    return [(gold_side[start, end], side_of[actor]) for start, end, actor in spans if (start, end) in gold_side]


def _matched_claims(
    gold: Article, prediction: Analysis
) -> tuple[list[Labelled], list[Labelled], list[tuple[int, int]], list[tuple[int, int]]]:
    """Labelled and predicted claims, and the pairs that match exactly and that overlap by half."""
    labelled = [(c.start, c.end, c.kind) for c in gold.claims]
    found = [(c.start, c.end, c.kind) for c in prediction.claims]
    exact = [(i, found.index(c)) for i, c in enumerate(labelled) if c in found]
    return labelled, found, exact, match_spans(labelled, found, minimum=0.5)


def match_spans(gold: Sequence[Labelled], predicted: Sequence[Labelled], *, minimum: float) -> list[tuple[int, int]]:
    """Pairs (gold index, predicted index) of one label that overlap, best overlap first, each span used once.

    Args:
        gold: labelled spans.
        predicted: predicted spans.
        minimum: the least intersection over union in characters; at 0.0 any shared character is enough.
    """
    candidates = []
    for i, (start, end, label) in enumerate(gold):
        for j, (other_start, other_end, other_label) in enumerate(predicted):
            shared = min(end, other_end) - max(start, other_start)
            if label == other_label and shared > 0:
                union = max(end, other_end) - min(start, other_start)
                if shared / union >= minimum:
                    candidates.append((shared / union, i, j))
    matches: dict[int, int] = {}
    for _, i, j in sorted(candidates, key=lambda item: (-item[0], item[1], item[2])):
        if i not in matches and j not in matches.values():
            matches[i] = j
    return sorted(matches.items())


def _tags(gold: Sequence[Labelled], predicted: Sequence[Labelled]) -> tuple[list[str], list[str]]:
    """IOB2 tags of both annotations over the pieces into which their boundaries cut the text."""
    cuts = sorted({position for start, end, _ in (*gold, *predicted) for position in (start, end)})
    number = {position: index for index, position in enumerate(cuts)}
    both = []
    for spans in (gold, predicted):
        tags = ["O"] * max(len(cuts), 1)
        for start, end, label in spans:
            first, last = number[start], number[end]
            tags[first:last] = [f"I-{label}"] * (last - first)
            tags[first] = f"B-{label}"
        both.append(tags)
    return both[0], both[1]


def _seqeval(gold: list[list[str]], predicted: list[list[str]], types: Sequence[str]) -> dict[str, dict[str, Any]]:
    """seqeval's strict report by type, with the keys of `Counts.to_dict`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # A type that nobody predicted has an undefined precision; 0 is what we want.
        report = (
            classification_report(gold, predicted, mode="strict", scheme=IOB2, output_dict=True, zero_division=0)
            if any(tag != "O" for tags in (*gold, *predicted) for tag in tags)
            else {}
        )
    names = {"f1-score": "f1"}
    empty = Counts().to_dict()
    return {
        key: {names.get(name, name): value.item() if hasattr(value, "item") else value for name, value in row.items()}
        for key, row in (dict.fromkeys((*types, "micro avg"), empty) | report).items()
    }


def _macro_f1(gold: list[str], predicted: list[str]) -> float:
    if not gold:
        return 0.0
    return float(f1_score(gold, predicted, labels=sorted(set(gold)), average="macro", zero_division=0))


def _count_kinds(
    counts: dict[str, Counts],
    matches: Iterable[tuple[int, int]],
    gold: Sequence[Labelled],
    predicted: Sequence[Labelled],
) -> None:
    right = Counter(gold[i][2] for i, _ in matches)
    for kind, total in counts.items():
        total.add(right[kind], sum(c[2] == kind for c in predicted), sum(c[2] == kind for c in gold))


def match_actors(gold: Article, prediction: Analysis) -> dict[str, str]:
    """The labelled entity, by id, that most of the exactly right mentions of each predicted actor belong to."""
    entity_at = {(m.start, m.end): m.entity for m in gold.mentions}
    entities = {}
    for actor in prediction.actors:
        votes = Counter(entity_at[m.start, m.end] for m in actor.mentions if (m.start, m.end) in entity_at)
        if votes:
            entities[actor.id] = votes.most_common(1)[0][0]
    return entities


def _count_makers(gold: ClaimSpan, predicted: Claim, entity_of: dict[str, str]) -> tuple[int, int, int]:
    # An actor that stands for no labelled entity keeps a name of its own, and is wrong.
    makers = {entity_of.get(id, f"?{id}") for id in predicted.by}
    return len(makers & set(gold.by)), len(makers), len(gold.by)
