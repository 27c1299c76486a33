from __future__ import annotations

import dataclasses

import pytest
from readings import read

from hudna.labels import LabelSet
from hudna.linking import Lexicon, LexiconEntry
from hudna.results import Actor, Analysis, Mention
from training.markdown import Article, parse_article
from training.probes import by_novelty, contrast_pairs, deletion, evidence, linking, sentence, unseen_entities

LABELS = LabelSet(
    types=("person", "state", "institution"), sides=("gna", "lna", "neutral"), kinds=("call", "accept", "reject")
)


def article(body: str, header: str = "") -> Article:
    return parse_article(f"---\n{header}{body}", LABELS)


TURKEY = article(
    """entities:
  turkey: state gna
  gna: institution gna
evidence:
  turkey: 2
---
[Turkey](turkey) spoke. [Ankara](turkey) arms the [GNA](gna). [Turkey](turkey) left the [GNA](gna).
"""
)


def test_linking_by_hand() -> None:
    lexicon = Lexicon([LexiconEntry("turkey", "Turkey", "state")])
    right = read(TURKEY)
    assert linking([TURKEY], [right], lexicon) == {"linking_b_cubed_f1": 1.0, "linking_id_accuracy": 1.0}
    turkey, gna = right.actors
    ankara = dataclasses.replace(
        turkey, id="ankara", mentions=[dataclasses.replace(turkey.mentions[1], actor="ankara")]
    )
    rest = dataclasses.replace(turkey, mentions=[turkey.mentions[0], turkey.mentions[2]])
    figures = linking([TURKEY], [Analysis(TURKEY.text, [rest, ankara, gna], [])], lexicon)
    # Precision 1; recall of the mentions: 2/3, 1/3, 2/3 and 1, 1.
    recall = (2 / 3 + 1 / 3 + 2 / 3 + 1 + 1) / 5
    assert figures["linking_b_cubed_f1"] == pytest.approx(2 * recall / (1 + recall))
    assert figures["linking_id_accuracy"] == pytest.approx(2 / 3)


def test_evidence() -> None:
    right = read(TURKEY)  # points to the first mention
    assert evidence([TURKEY], [right]) == {"evidence_accuracy": 0.0, "evidence_chance": pytest.approx(1 / 3)}
    turkey, gna = right.actors
    told = dataclasses.replace(turkey, evidence=turkey.mentions[1])
    assert evidence([TURKEY], [Analysis(TURKEY.text, [told, gna], [])])["evidence_accuracy"] == 1.0


class Reader:
    """Finds Turkey wherever it is named, on a side as long as the text says what it does."""

    labels = LABELS

    def predict(self, texts: list[str]) -> list[Analysis]:
        return [
            Analysis(text, [Actor("turkey", "Turkey", "state", side, 1.0, {}, [], None, True)], [])
            for text in texts
            for side in ("gna" if "arms" in text else "neutral",)
        ]


def test_a_side_goes_with_the_sentence_that_shows_it() -> None:
    turkey, gna = read(TURKEY).actors
    told = dataclasses.replace(turkey, evidence=turkey.mentions[1])
    figures = deletion(Reader(), [TURKEY], [Analysis(TURKEY.text, [told], [])])  # type: ignore[arg-type]
    assert figures == {"evidence_deletion": 1.0, "other_deletion": 0.0}
    # A wrong side, or one that is no side, asks nothing.
    wrong = dataclasses.replace(told, side="lna")
    assert deletion(Reader(), [TURKEY], [Analysis(TURKEY.text, [wrong], [])]) == {}  # type: ignore[arg-type]
    once = dataclasses.replace(gna, mentions=gna.mentions[:1])
    assert deletion(Reader(), [TURKEY], [Analysis(TURKEY.text, [once], [])]) == {}  # type: ignore[arg-type]


def test_sentences() -> None:
    text = 'One. "Two (2)." Three\nFour'
    spans = [sentence(text, Mention(text.index(w), text.index(w) + 1, w, "", 1.0, "")) for w in ("O", "T", "Th", "F")]
    assert [text[start:end] for start, end in spans] == ["One. ", '"Two (2)." ', "Three\n", "Four"]


def test_actors_that_train_does_not_name() -> None:
    train = article("entities:\n  turkey: state neutral\n---\n[Ankara](turkey) spoke.\n")
    known = {"ankara"}
    assert unseen_entities(TURKEY, known) == {"gna"}
    analysis = read(TURKEY, sides={"gna": "lna"})
    found = dataclasses.replace(analysis.actors[1], mentions=analysis.actors[1].mentions[:1])
    figures = by_novelty([TURKEY], [Analysis(TURKEY.text, [analysis.actors[0], found], [])], [train])
    assert figures == {
        "actor_recall_seen": 1.0, "actor_recall_unseen": 0.5, "side_accuracy_seen": 1.0, "side_accuracy_unseen": 0.0
    }  # fmt: skip


def pair(contrast: str, entities: str, a: str, b: str | None = None) -> list[Article]:
    header = f"pair: p-1\ncontrast: {contrast}\n"
    return [article(f"entities:\n{entities}---\n{body}\n", header) for body in (a, b or a)]


def test_pairs_of_sides() -> None:
    text = "[Turkey](turkey) spoke to the [GNA](gna)."
    (a,) = pair("side", "  turkey: state gna\n  gna: institution gna\n", text)[:1]
    b = pair("side", "  turkey: state neutral\n  gna: institution gna\n", text)[0]
    assert contrast_pairs([a, b], [read(a), read(b)]) == {"pairs_right": 1.0, "pairs_right_side": 1.0}
    # What both members share may be wrong; what they differ in may not.
    assert contrast_pairs([a, b], [read(a, sides={"gna": "lna"}), read(b)])["pairs_right"] == 1.0
    assert contrast_pairs([a, b], [read(a), read(b, sides={"turkey": "gna"})])["pairs_right"] == 0.0
    lost = dataclasses.replace(read(b), actors=read(b).actors[1:])
    assert contrast_pairs([a, b], [read(a), lost])["pairs_right"] == 0.0


def test_pairs_of_claims() -> None:
    entities = "  turkey: state neutral\n  gna: institution gna\n"
    a, b = pair(
        "by",
        entities,
        "[Turkey](turkey) said the [GNA](gna) {had accepted a truce}(accept by gna).",
        "[Turkey](turkey) said the [GNA](gna) {had accepted a truce}(accept by turkey).",
    )
    assert contrast_pairs([a, b], [read(a), read(b)])["pairs_right"] == 1.0
    assert contrast_pairs([a, b], [read(a), read(b, by=("gna",))])["pairs_right"] == 0.0
    for gold in (a, b):
        gold.metadata["contrast"] = "kind"
    assert contrast_pairs([a, b], [read(a), read(b, by=("gna",))])["pairs_right"] == 1.0
    assert contrast_pairs([a, b], [read(a), dataclasses.replace(read(b), claims=[])])["pairs_right"] == 0.0


def test_pairs_of_places() -> None:
    entities = "  gna: institution gna\n  turkey: state neutral\n"
    a, b = pair(
        "place",
        entities,
        "The [GNA](gna) met [Ankara](turkey). [Turkey](turkey) spoke.",
        "The [GNA](gna) met in Ankara. [Turkey](turkey) spoke.",
    )
    assert contrast_pairs([a, b], [read(a), read(b)]) == {"pairs_right": 1.0, "pairs_right_place": 1.0}
    start = b.text.index("Ankara")
    marked = read(b)
    marked.actors[1].mentions.append(Mention(start, start + 6, "Ankara", "state", 1.0, "turkey"))
    assert contrast_pairs([a, b], [read(a), marked])["pairs_right"] == 0.0


def test_a_member_alone_is_no_pair() -> None:
    a, _ = pair("side", "  gna: institution gna\n", "The [GNA](gna) met.")
    assert contrast_pairs([a], [read(a)]) == {}
