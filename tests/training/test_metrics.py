from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hudna.labels import LabelSet
from hudna.linking import Lexicon, LexiconEntry
from hudna.results import Actor, Analysis, Claim, Mention
from training.baselines import MajoritySides, look_up, spacy_small, with_majority_sides
from training.markdown import Article, parse_article
from training.metrics import evaluate, match_spans

LABELS = LabelSet(
    types=("person", "state", "institution"), sides=("gna", "lna", "neutral"), kinds=("call", "accept", "breach")
)
GOLD = parse_article(
    """---
entities:
  turkey: state gna
  gna: institution gna
  haftar: person lna
---
[Turkey](turkey) backs the [GNA](gna), which {agreed to a truce from Sunday}(accept by gna @2020-01-12).
[Haftar](haftar) {broke it}(breach by haftar).
""",
    LABELS,
)


def actor(id: str, type: str, side: str, *words: str, text: str = GOLD.text) -> Actor:
    mentions = []
    for word in words:
        start = text.index(word)
        mentions.append(Mention(start, start + len(word), word, type, 1.0, id))
    return Actor(id, id, type, side, 1.0, {side: 1.0}, mentions, None, False)


def claim(words: str, kind: str, by: list[str], effective: str | None = None) -> Claim:
    start = GOLD.text.index(words)
    return Claim(start, start + len(words), words, kind, 1.0, by, effective)


PERFECT = Analysis(
    GOLD.text,
    [
        actor("a", "state", "gna", "Turkey"),
        actor("b", "institution", "gna", "GNA"),
        actor("c", "person", "lna", "Haftar"),
    ],
    [claim("agreed to a truce from Sunday", "accept", ["b"], "2020-01-12"), claim("broke it", "breach", ["c"])],
)
F1 = ("actors_f1", "actors_relaxed_f1", "mention_type_side_f1", "claims_exact_f1", "claims_overlap_f1", "claimants_f1")


def test_perfect_analysis() -> None:
    figures = evaluate([GOLD], [PERFECT], LABELS)
    for name in (*F1, "side_accuracy", "side_macro_f1", "effective_accuracy"):
        assert figures[name] == 1.0, name
    assert figures["support"] == {
        "articles": 1, "mentions": 3, "matched_mentions": 3, "claims": 2, "matched_claims": 2
    }  # fmt: skip


def test_empty_analysis() -> None:
    figures = evaluate([GOLD], [Analysis(GOLD.text, [], [])], LABELS)
    assert all(figures[name] == 0.0 for name in F1)
    assert figures["actors"]["person"]["support"] == 1


def test_figures_worked_out_by_hand() -> None:
    analysis = Analysis(
        GOLD.text,
        [
            actor("a", "state", "neutral", "Turkey"),  # right span and type, wrong side
            actor("b", "institution", "gna", "the GNA"),  # an article too much
            actor("c", "state", "lna", "Haftar"),  # wrong type, right side
            actor("d", "person", "gna", "Sunday"),  # invented
        ],
        [
            claim("agreed to a truce", "accept", ["b", "a"]),  # 17 of 29 characters; b stands for nobody, a is wrong
            claim("broke it", "call", ["c"]),  # wrong kind
        ],
    )
    figures = evaluate([GOLD], [analysis], LABELS)
    assert figures["actors_f1"] == pytest.approx(2 * 1 / (4 + 3))
    assert figures["actors"]["state"] == {
        "precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "support": 1
    }  # fmt: skip
    assert figures["actors_relaxed_f1"] == pytest.approx(2 * 2 / (4 + 3))
    assert figures["side_accuracy"] == 0.5  # of Turkey and Haftar
    assert figures["side_macro_f1"] == 0.5  # gna 0, lna 1
    assert figures["mention_type_side_f1"] == 0.0
    assert figures["claims_exact_f1"] == 0.0
    assert figures["claims_overlap_f1"] == pytest.approx(2 * 1 / (2 + 2))
    assert figures["claims_overlap"]["accept"]["f1"] == 1.0
    assert figures["claims_overlap"]["call"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
    assert figures["claimants_f1"] == 0.0
    assert figures["effective_accuracy"] == 0.0


def test_strict_actors_are_those_of_exact_sets() -> None:
    """seqeval on our pieces counts what a comparison of span sets counts."""
    analysis = Analysis(
        GOLD.text, [actor("a", "state", "gna", "Turkey", "backs"), actor("b", "person", "gna", "GNA")], []
    )
    gold = {(m.start, m.end, GOLD.entities[m.entity].type) for m in GOLD.mentions}
    predicted = {(m.start, m.end, m.type) for m in analysis.mentions}
    expected = 2 * len(gold & predicted) / (len(gold) + len(predicted))
    assert evaluate([GOLD], [analysis], LABELS)["actors_f1"] == pytest.approx(expected)


def test_mismatches_are_errors() -> None:
    with pytest.raises(ValueError, match="0 predictions for 1 articles"):
        evaluate([GOLD], [], LABELS)
    with pytest.raises(ValueError, match="of another text"):
        evaluate([GOLD], [Analysis("x", [], [])], LABELS)


spans = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 8), st.sampled_from("ab")), max_size=6).map(
    lambda items: [(start, start + length, label) for start, length, label in items]
)


@given(spans, spans, st.sampled_from([0.0, 0.5]))
def test_matching_is_one_to_one_and_symmetric_in_number(
    gold: list[tuple[int, int, str]], predicted: list[tuple[int, int, str]], minimum: float
) -> None:
    matches = match_spans(gold, predicted, minimum=minimum)
    assert len({i for i, _ in matches}) == len({j for _, j in matches}) == len(matches)
    assert all(gold[i][2] == predicted[j][2] for i, j in matches)
    if gold == predicted:
        assert len(matches) == len(gold)


def test_half_overlap_is_enough_and_less_is_not() -> None:
    assert match_spans([(0, 10, "a")], [(0, 5, "a")], minimum=0.5) == [(0, 0)]
    assert match_spans([(0, 10, "a")], [(0, 4, "a")], minimum=0.5) == []
    assert match_spans([(0, 10, "a")], [(0, 10, "b")], minimum=0.5) == []


def train(sides: str) -> Article:
    return parse_article(f"---\nentities:\n{sides}\n---\nx", LABELS)


def test_baselines() -> None:
    majority = MajoritySides(
        [
            train("  turkey: state neutral\n  haftar: person lna"),
            train("  turkey: state neutral\n  sarraj: person gna"),
            train("  turkey: state gna\n  saleh: person lna"),
        ]
    )
    assert majority.of("turkey", "state") == "neutral"
    assert majority.of("somebody", "person") == "lna"
    habitual = with_majority_sides([PERFECT], majority, LABELS)[0]
    assert [a.side for a in habitual.actors] == ["neutral", "neutral", "lna"]

    lexicon = Lexicon(
        [LexiconEntry("turkey", "Turkey", "state"), LexiconEntry("haftar", "Khalifa Haftar", "person", ("Haftar",))]
    )
    (found,) = look_up([GOLD.text], lexicon, majority, LABELS)
    assert [(m.text, m.type, m.actor) for m in found.mentions] == [
        ("Turkey", "state", "turkey"),
        ("Haftar", "person", "haftar"),
    ]
    assert [a.side for a in found.actors] == ["neutral", "lna"]
    assert found.claims == []


def test_the_general_pipeline_has_the_lexicons_types_and_no_articles() -> None:
    lexicon = Lexicon([LexiconEntry("lna", "Libyan National Army", "armed_group")])
    majority = MajoritySides(
        [train("  haftar: person lna"), train("  haftar: person lna"), train("  x: state neutral")]
    )
    labels = LabelSet(
        types=("person", "state", "armed_group", "organization"), sides=("lna", "neutral"), kinds=("call",)
    )
    text = "Angela Merkel met the Libyan National Army's spokesman in Berlin on Friday, the United Nations said."
    (found,) = spacy_small([text], lexicon, majority, labels)
    marked = {m.text: (m.type, a.side) for a in found.actors for m in a.mentions}
    assert marked["Angela Merkel"] == ("person", "lna")
    assert marked["Libyan National Army"] == ("armed_group", "lna")  # none in train: the side that is commonest overall
    assert marked["United Nations"][0] == "organization"
    assert "Friday" not in " ".join(marked)
    assert all(text[m.start : m.end] == m.text for m in found.mentions)
