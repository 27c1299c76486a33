from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import yaml

from hudna.labels import LabelSet
from hudna.linking import Lexicon
from hudna.results import Actor, Analysis, Claim, Mention
from scripts.checklist import Outcome, directions, invariances, places, shuffle_paragraphs
from training.augment import Augmenter

ROOT = Path(__file__).parents[2]
CHECKS = ROOT / "corpus" / "checks"


class Reader:
    """A tagger that marks given words, with a side, and claims of a kind wherever a word stands."""

    def __init__(self, words: dict[str, str], kinds: dict[str, str] | None = None) -> None:
        self._words = words
        self._kinds = kinds or {}

    def predict(self, texts: list[str]) -> list[Analysis]:
        return [self._read(text) for text in texts]

    def _read(self, text: str) -> Analysis:
        actors = []
        for word, side in self._words.items():
            if (start := text.find(word)) >= 0:
                mention = Mention(start, start + len(word), word, "state", 1.0, word)
                actors.append(Actor(word, word, "state", side, 1.0, {side: 1.0}, [mention], mention, True))
        claims = [
            Claim(text.index(word), text.index(word) + len(word), word, kind, 1.0, [])
            for word, kind in self._kinds.items()
            if word in text
        ]
        return Analysis(text, actors, claims)


def test_pairs_of_places() -> None:
    pairs = [
        {"word": "Ankara", "actor": "Ankara said no.", "place": "They met in Ankara."},
        {"word": "Cairo", "actor": "Cairo said no.", "place": "They met in Cairo."},
    ]
    reader: Any = Reader({"Ankara": "gna"})
    assert [(o.cases, o.right) for o in places(reader, pairs)] == [(2, 1), (2, 1), (2, 0)]


def test_directions() -> None:
    cases = {
        "sides": [{"about": "Qatar", "a": "Qatar arms it.", "b": "Qatar hosts it.", "side_a": "gna", "side_b": "gna"}],
        "kinds": [{"a": "He accepted.", "b": "He refused.", "kind_a": "accept", "kind_b": "reject"}],
    }
    reader: Any = Reader({"Qatar": "gna"}, {"accepted": "accept", "refused": "reject"})
    assert [o.right for o in directions(reader, cases)] == [1, 1]
    same: Any = Reader({"Qatar": "lna"}, {"accepted": "accept", "refused": "accept"})
    assert [o.right for o in directions(same, cases)] == [0, 0]


def test_invariances() -> None:
    text = "Qatar said (twice) that Qatar would go."
    mention = {"start": 0, "end": 5, "entity": "qatar"}
    row = {"text": text, "mentions": [mention], "claims": [], "entities": [{"id": "qatar", "type": 1}]}
    reader: Any = Reader({"Qatar": "gna"})
    outcomes = {o.behaviour: o for o in invariances(reader, [row], Augmenter([], Lexicon(), [], person=0))}
    assert outcomes["tokenised text"] == Outcome("invariance", "tokenised text", 1, 1)
    assert outcomes["boilerplate before and after"].right == 1
    assert outcomes["all capitals or all lower case"].right == 0


def test_shuffled_paragraphs_keep_their_labels() -> None:
    text = "Lead.\nTurkey spoke.\nEgypt agreed.\nIt rained."
    marks = [{"start": text.index(w), "end": text.index(w) + len(w), "entity": w} for w in ("Turkey", "Egypt")]
    claims = [{"start": text.index("agreed"), "end": text.index("agreed") + 6}]
    row = {"text": text, "mentions": marks, "claims": claims}
    orders = set()
    for seed in range(20):
        moved = shuffle_paragraphs(row, random.Random(seed))
        orders.add(moved["text"])
        assert moved["text"].startswith("Lead.\n")
        assert sorted(moved["text"].split("\n")) == sorted(text.split("\n"))
        assert [moved["text"][m["start"] : m["end"]] for m in moved["mentions"]] == ["Turkey", "Egypt"]
        assert [moved["text"][c["start"] : c["end"]] for c in moved["claims"]] == ["agreed"]
    assert len(orders) == 6


def test_the_suites_are_well_formed() -> None:
    labels = LabelSet.from_mapping(yaml.safe_load((ROOT / "corpus" / "labels.yaml").read_text()))
    pairs = yaml.safe_load((CHECKS / "places.yaml").read_text())
    assert len(pairs) >= 60
    for pair in pairs:
        assert set(pair) == {"word", "actor", "place"}
        assert pair["actor"].count(pair["word"]) == pair["place"].count(pair["word"]) == 1
    cases = yaml.safe_load((CHECKS / "directions.yaml").read_text())
    assert len(cases["sides"]) >= 40
    assert len(cases["kinds"]) >= 40
    for case in cases["sides"]:
        assert {case["side_a"], case["side_b"]} <= set(labels.sides)
        assert case["side_a"] != case["side_b"]
        assert case["about"] in case["a"]
        assert case["about"] in case["b"]
    for case in cases["kinds"]:
        assert {case["kind_a"], case["kind_b"]} <= set(labels.kinds)
        assert case["kind_a"] != case["kind_b"]
