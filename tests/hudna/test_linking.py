from __future__ import annotations

from pathlib import Path

import pytest

from hudna.linking import Lexicon, LexiconEntry, SpanToLink, link, normalise, skeleton

LEXICON = Lexicon(
    [
        LexiconEntry("haftar", "Khalifa Haftar", "person", ("Haftar",)),
        LexiconEntry("sarraj", "Fayez al-Sarraj", "person", ("Sarraj",)),
        LexiconEntry("gaddafi", "Muammar Gaddafi", "person", ("Gaddafi",)),
        LexiconEntry("dbeibah", "Abdul Hamid Dbeibah", "person", ("Dbeibah",)),
        LexiconEntry("turkey", "Turkey", "state", ("Ankara",)),
        LexiconEntry("lna", "Libyan National Army", "armed_group", ("LNA", "Haftar forces"), ("troops", "army")),
        LexiconEntry("gna", "Government of National Accord", "institution", ("GNA", "UN-backed government")),
        LexiconEntry("ntc", "National Transitional Council", "institution", ("NTC",), ("council", "Benghazi")),
        LexiconEntry("hsc", "High State Council", "institution", nouns=("council", "upper chamber")),
        LexiconEntry("saiqa", "Saiqa", "armed_group", nouns=("troops", "special forces")),
    ]
)


def ids(text: str, *mentions: tuple[str, str]) -> list[str]:
    """The actor of each (words, type), which are looked for from left to right."""
    spans, position = [], 0
    for words, type in mentions:
        position = text.index(words, position)
        spans.append(SpanToLink(position, position + len(words), type, 1.0))
        position += len(words)
    actors = link(text, spans, LEXICON)
    found = {index: actor.id for actor in actors for index in actor.mentions}
    assert sorted(found) == list(range(len(spans)))
    return [found[index] for index in range(len(spans))]


@pytest.mark.parametrize(
    ("spelling", "id"),
    [
        ("Hifter", "haftar"),
        ("Heftar", "haftar"),
        ("Hafter", "haftar"),
        ("Khalifa Hifter", "haftar"),
        ("Khaleefa Haftar", "haftar"),
        ("Serraj", "sarraj"),
        ("Siraj", "sarraj"),
        ("el-Sarraj", "sarraj"),
        ("Fayez Serraj", "sarraj"),
        ("Qaddafi", "gaddafi"),
        ("Gadhafi", "gaddafi"),
        ("Kadafi", "gaddafi"),
        ("Khadafy", "gaddafi"),
        ("Kaddafi", "gaddafi"),
        ("Moammar Gadhafi", "gaddafi"),
        ("Mu'ammar al-Qadhafi", "gaddafi"),
        ("DBEIBEH", "dbeibah"),
        ("Haf\u200btar", "haftar"),
        ("Háftar", "haftar"),
    ],
)
def test_transliterations(spelling: str, id: str) -> None:
    assert LEXICON.find(spelling, "person") == id


@pytest.mark.parametrize("name", ["Hafez", "Sisi", "Serge", "Gibril", "Salame", "Siala", "Sirte", "Hamid"])
def test_other_names_stay_unknown(name: str) -> None:
    assert LEXICON.find(name, "person") is None


def test_capital_is_the_state_but_not_a_person() -> None:
    assert LEXICON.find("Ankara", "state") == "turkey"
    assert LEXICON.find("Ankara", "institution") == "turkey"
    assert LEXICON.find("Ankara", "person") is None


def test_abbreviation_defined_in_the_text() -> None:
    text = "The Zintan Revolutionary Council (ZRC) met. The ZRC said so."
    kind = "organization"
    found = ids(text, ("Zintan Revolutionary Council", kind), ("ZRC", kind), ("ZRC", kind))
    assert found == ["zintan-revolutionary-council"] * 3


def test_surname_after_full_name() -> None:
    text = "Colonel Omar Tantoush spoke. Later Tantoush left, and Tantush came back."
    found = ids(text, ("Omar Tantoush", "person"), ("Tantoush", "person"), ("Tantush", "person"))
    assert found == ["omar-tantoush"] * 3


def test_an_introduced_namesake_owns_the_bare_surname() -> None:
    text = "Saddam Haftar spoke. Haftar said so."
    assert ids(text, ("Saddam Haftar", "person"), ("Haftar", "person")) == ["saddam-haftar"] * 2
    text = "Khalifa Haftar and Saddam Haftar spoke. Haftar said so."
    people = [("Khalifa Haftar", "person"), ("Saddam Haftar", "person"), ("Haftar", "person")]
    assert ids(text, *people) == ["haftar", "saddam-haftar", "haftar"]


def test_common_nouns() -> None:
    text = (
        "The UN-backed government spoke. Haftar's forces and rebel fighters fought; the government and fighters left."
    )
    found = ids(
        text,
        ("UN-backed government", "institution"),
        ("Haftar", "person"),
        ("forces", "armed_group"),
        ("rebel fighters", "armed_group"),
        ("government", "institution"),
        ("fighters", "armed_group"),
    )
    assert found == ["gna", "haftar", "lna", "rebel-fighters", "gna", "rebel-fighters"]


def test_ids_of_unknown_actors_are_unique_slugs() -> None:
    text = "Turkey fought turkey; Ömer Çelik met عمر"
    found = ids(text, ("Turkey", "person"), ("turkey", "armed_group"), ("Ömer Çelik", "person"), ("عمر", "person"))
    assert found[0] == "turkey-2"  # the lexicon's `turkey` is a state
    assert found[2:] == ["omer-celik", "actor"]


def test_normalise_and_skeleton() -> None:
    assert normalise("al-Sarraj") == normalise("Al Sarraj") == "sarraj"
    assert normalise("U.S.") == "us"
    assert normalise("Al") == "al"
    assert skeleton("gaddafi") == skeleton("qadhafi") == skeleton("khadafy") == "kdf"


def test_lexicon_rejects_clashes() -> None:
    haftar = LexiconEntry("haftar", "Khalifa Haftar", "person")
    with pytest.raises(ValueError, match="twice"):
        Lexicon([haftar, haftar])
    with pytest.raises(ValueError, match="gives 'Khalifa Haftar' to 'haftar' and to 'other'"):
        Lexicon([haftar, LexiconEntry("other", "X", "person", ("Khalifa Haftar",))])
    with pytest.raises(ValueError, match="keys id, name, type"):
        Lexicon.from_list([{"id": "a", "name": "A"}])
    with pytest.raises(ValueError, match="is a list"):
        Lexicon.from_list({"id": "a"})


def test_lexicon_survives_json(tmp_path) -> None:  # type: ignore[no-untyped-def]
    LEXICON.to_json(tmp_path / "lexicon.json")
    assert Lexicon.from_json(tmp_path / "lexicon.json").entries == LEXICON.entries


def test_nouns_name_again_an_actor_that_the_article_names() -> None:
    armed, council = "armed_group", "institution"
    assert ids("the LNA said its troops", ("LNA", armed), ("troops", armed)) == ["lna", "lna"]
    assert ids("Benghazi said the NTC would", ("Benghazi", council), ("NTC", council)) == ["ntc", "ntc"]
    assert ids("troops of one country", ("troops", armed)) == ["troops"]


def test_a_noun_of_two_actors_goes_to_the_one_mentioned_last() -> None:
    council = "institution"
    text = "the NTC met the council, then the High State Council met, and the council agreed"
    mentions = [("NTC", council), ("council", council), ("High State Council", council), ("council agreed", council)]
    assert ids(text, *mentions[:3]) == ["ntc", "ntc", "hsc"]
    assert ids(text.replace("council agreed", "upper chamber"), *mentions[:3], ("upper chamber", council))[3] == "hsc"
    again = "the NTC met the High State Council; the council agreed"
    assert ids(again, ("NTC", council), ("High State Council", council), ("council", council)) == ["ntc", "hsc", "hsc"]


def test_a_noun_of_two_armies_is_nobodys() -> None:
    armed = "armed_group"
    text = "the LNA and Saiqa sent troops and special forces"
    mentions = [("LNA", armed), ("Saiqa", armed), ("troops", armed), ("special forces", armed)]
    assert ids(text, *mentions) == ["lna", "saiqa", "troops", "saiqa"]


def test_lexicon_round_trip(tmp_path: Path) -> None:
    LEXICON.to_json(tmp_path / "lexicon.json")
    assert Lexicon.from_json(tmp_path / "lexicon.json").entries == LEXICON.entries
