from __future__ import annotations

import json

import pytest

from hudna.results import Actor, Analysis, Claim, Mention

FIRST = Mention(0, 6, "Ankara", "state", 0.9, "turkey")
SECOND = Mention(20, 23, "GNA", "institution", 0.8, "gna")
THIRD = Mention(30, 36, "Turkey", "state", 0.7, "turkey")
ANALYSIS = Analysis(
    "Ankara and the truce GNA ......Turkey",
    [
        Actor("turkey", "Turkey", "state", "gna", 0.6, {"gna": 0.6, "lna": 0.4}, [FIRST, THIRD], THIRD, True),
        Actor("gna", "GNA", "institution", "gna", 1.0, {"gna": 1.0, "lna": 0.0}, [SECOND], None, False),
    ],
    [Claim(7, 9, "an", "call", 0.5, ["turkey"], "2020-01-12")],
)


def test_mentions_of_all_actors_in_text_order() -> None:
    assert ANALYSIS.mentions == [FIRST, SECOND, THIRD]


def test_dictionary_has_the_attributes_as_keys_and_survives_json() -> None:
    data = json.loads(json.dumps(ANALYSIS.to_dict()))
    assert set(data) == {"text", "actors", "claims", "mentions"}
    assert set(data["actors"][0]) == {
        "id", "name", "type", "side", "side_score", "sides", "mentions", "evidence", "known"
    }  # fmt: skip
    assert set(data["claims"][0]) == {"start", "end", "text", "kind", "score", "by", "effective"}
    assert Analysis.from_dict(data) == ANALYSIS


@pytest.mark.parametrize(
    "data", [{}, {"text": "", "actors": [{}], "claims": []}, {"text": "", "actors": 3, "claims": []}]
)
def test_what_is_no_analysis(data: dict) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match="no analysis"):
        Analysis.from_dict(data)
