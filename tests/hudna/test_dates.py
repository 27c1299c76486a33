from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hudna.dates import resolve_start

WEDNESDAY = datetime.date(2020, 1, 8)


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("called for a ceasefire starting at midnight on January 12", "2020-01-12T00:00"),
        ("agreed to a truce from Sunday", "2020-01-12"),
        ("declared a truce effective from 12 January", "2020-01-12"),
        ("announced a ceasefire that will come into force at 6 a.m. on Monday", "2020-01-13T06:00"),
        ("ordered a halt to the fighting as of 18:00 on Thursday", "2020-01-09T18:00"),
        ("The truce took effect on Sunday", "2020-01-05"),
        ("The ceasefire, which began on 3 January 2020, was holding", "2020-01-03"),
        ("a ceasefire from today", "2020-01-08"),
        ("a truce beginning tomorrow", "2020-01-09"),
        ("agreed to stop firing from 0400 GMT on January 9", "2020-01-09T04:00"),
        ("called on Friday for a truce", None),
        ("said on January 12 that the truce was holding", None),
        ("agreed to a truce", None),
    ],
)
def test_stated_starts(claim: str, expected: str | None) -> None:
    assert resolve_start(claim, WEDNESDAY) == expected


def test_without_a_publication_date_only_full_dates_resolve() -> None:
    assert resolve_start("a truce from Sunday", None) is None
    assert resolve_start("a truce from January 12, 2020", None) == "2020-01-12"


@given(st.text(max_size=60), st.dates())
def test_any_text_gives_a_date_or_nothing(noise: str, date: datetime.date) -> None:
    start = resolve_start(f"a truce from {noise}", date)
    assert start is None or datetime.datetime.fromisoformat(start)
