from __future__ import annotations

import random

import pytest

from hudna.labels import LabelSet
from hudna.linking import Lexicon, LexiconEntry
from training.augment import (
    Augmenter,
    Row,
    break_lines,
    change_case,
    drop_punctuation,
    escape,
    load_states,
    replace,
    tokenise,
)
from training.corpus import load_corpus, load_labels, to_row
from training.markdown import parse_article
from training.train import read_lexicon

LABELS = LabelSet(types=("person", "state", "armed_group"), sides=("gna", "neutral"), kinds=("call",))
STATES = [
    {
        "name": ["Turkey"],
        "capital": ["Ankara"],
        "adjective": ["Turkish"],
        "leader": ["Recep Tayyip Erdogan", "Erdogan"],
    },
    {"name": ["Egypt"], "capital": ["Cairo"], "adjective": ["Egyptian"], "leader": ["Abdel Fattah al-Sisi", "Sisi"]},
]
LEXICON = Lexicon([LexiconEntry("haftar", "Khalifa Haftar", "person", ("Haftar", "Hifter"))])


def row(body: str, **entities: str) -> Row:
    lines = "".join(f"  {id.replace('_', '-')}: {value}\n" for id, value in entities.items())
    made = to_row(parse_article(f"---\nentities:\n{lines}---\n{body}\n", LABELS))
    for entity in made["entities"]:
        entity["type"] = LABELS.types.index(entity["type"])
    return made


def spans(made: Row) -> list[str]:
    return [made["text"][item["start"] : item["end"]] for part in ("mentions", "claims") for item in made[part]]


ARTICLE = row(
    "[Turkey](turkey) sent [Turkish troops](troops). In Ankara, [Erdogan](erdogan) "
    "{urged [Haftar](haftar) to stop (at once)}(call by erdogan).",
    turkey="state gna",
    troops="armed_group gna",
    erdogan="person gna",
    haftar="person neutral",
)


def test_offsets_move_along() -> None:
    start = ARTICLE["text"].index("Ankara")
    made = replace(ARTICLE, [(0, 6, "The republic"), (start, start + 6, "Ankara , too"), (start + 6, start + 7, "")])
    assert made["text"] == "The republic sent Turkish troops. In Ankara , too Erdogan urged Haftar to stop (at once)."
    assert spans(made) == ["The republic", *spans(ARTICLE)[1:]]
    with pytest.raises(ValueError, match="overlap"):
        replace(ARTICLE, [(0, 6, "a"), (3, 8, "b")])


def test_states_are_swapped_with_all_that_is_theirs() -> None:
    augmenter = Augmenter(STATES, LEXICON, [], person=0)
    texts = {augmenter.swap_states(ARTICLE, random.Random(seed))["text"] for seed in range(10)}
    swapped = "Egypt sent Egyptian troops. In Cairo, Sisi urged Haftar to stop (at once)."
    assert texts == {ARTICLE["text"], swapped}
    made = next(
        made for seed in range(10) if (made := augmenter.swap_states(ARTICLE, random.Random(seed)))["text"] == swapped
    )
    assert spans(made) == ["Egypt", "Egyptian troops", "Sisi", "Haftar", "urged Haftar to stop (at once)"]


def test_unknown_persons_lend_each_other_their_names() -> None:
    one = row("[Anwar Bushaala](a) met [Haftar](haftar). [Bushaala](a) left.", a="person gna", haftar="person neutral")
    other = row("[Salah Bu Ghrara](b) spoke.", b="person gna")
    augmenter = Augmenter([], LEXICON, [one, other], person=0)
    texts = {augmenter.swap_unknown(one, random.Random(seed))["text"] for seed in range(10)}
    assert texts == {one["text"], "Salah Bu Ghrara met Haftar. Bu Ghrara left."}


def test_unknown_groups_lend_each_other_names_of_their_kind() -> None:
    one = row("The [Hira Brigade](a) and [Haftar](haftar). The [brigade](a).", a="armed_group gna", haftar="person gna")
    other = row("[Sabri Brigade](b) and [Abu Salim Force](c).", b="armed_group gna", c="armed_group gna")
    augmenter = Augmenter([], LEXICON, [one, other], person=0)
    texts = {augmenter.swap_unknown(one, random.Random(seed))["text"] for seed in range(10)}
    assert texts == {one["text"], "The Sabri Brigade and Haftar. The brigade."}


def test_known_persons_are_respelt_alike_throughout() -> None:
    article = row("[Haftar](h-x) and [Haftar](haftar) and [Haftar](haftar).", h_x="person gna", haftar="person gna")
    augmenter = Augmenter([], LEXICON, [], person=0)
    texts = {augmenter.respell(article, random.Random(seed))["text"] for seed in range(10)}
    assert texts == {"Haftar and Haftar and Haftar.", "Haftar and Hifter and Hifter."}


def test_copy() -> None:
    rng = random.Random(0)
    assert tokenise(ARTICLE, rng)["text"] == (
        "Turkey sent Turkish troops . In Ankara , Erdogan urged Haftar to stop  -LRB- at once -RRB- ."
    )
    quoted = row('He said "go" to [Haftar](haftar).', haftar="person gna")
    assert escape(quoted, rng)["text"] == "He said &quot;go&quot; to Haftar."
    dropped = {drop_punctuation(ARTICLE, random.Random(seed))["text"] for seed in range(20)}
    assert ARTICLE["text"].replace(",", "") in dropped
    long = row("word " * 40 + "[Haftar](haftar).", haftar="person gna")
    assert max(map(len, break_lines(long, rng)["text"].split("\n"))) <= 75
    cases = {
        change_case(row("Straße [Haftar](haftar)", haftar="person gna"), random.Random(seed))["text"]
        for seed in range(9)
    }
    assert cases == {"STRAßE HAFTAR", "straße haftar"}
    for change in (tokenise, escape, drop_punctuation, break_lines):
        assert spans(change(ARTICLE, rng))[:4] == spans(ARTICLE)[:4]


def test_copies_of_the_corpus_are_well_formed() -> None:
    rows = load_corpus("corpus")["dev"].to_list()
    labels = load_labels("corpus")
    augmenter = Augmenter(
        load_states("corpus"), read_lexicon("corpus/lexicon.yaml"), rows, person=labels.types.index("person")
    )
    changed = 0
    for number, article in enumerate(rows):
        made = augmenter(article, random.Random(number))
        changed += made["text"] != article["text"]
        assert len(made["mentions"]) == len(article["mentions"])
        for part in ("mentions", "claims"):
            for new, old in zip(made[part], article[part], strict=True):
                words = made["text"][new["start"] : new["end"]]
                assert words
                assert words == words.strip()
                assert {k: v for k, v in new.items() if k not in ("start", "end")} == {
                    k: v for k, v in old.items() if k not in ("start", "end")
                }
    assert changed > len(rows) // 2
