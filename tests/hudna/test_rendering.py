from __future__ import annotations

import datetime
import re
from html.parser import HTMLParser

from hudna.rendering import pieces, render, timeline
from hudna.results import Actor, Analysis, Claim, Mention

TEXT = "Ankara <b>&amp; said\nthe GNA broke the truce"


def analysis() -> Analysis:
    turkey = Mention(0, 6, "Ankara", "state", 0.9, "turkey")
    gna = Mention(25, 28, "GNA", "institution", 0.8, "gna")
    sides = {"gna": 0.7, "neutral": 0.3}
    return Analysis(
        TEXT,
        [
            Actor("turkey", "Turkey <script>", "state", "neutral", 0.3, sides, [turkey], turkey, True),
            Actor("gna", "GNA", "institution", "gna", 0.7, sides, [gna], gna, True),
        ],
        [Claim(16, 27, TEXT[16:27], "breach", 0.5, ["turkey"], "2020-01-12")],
    )


class Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "article" in self.open:
            self.texts.append(data)


def test_pieces_are_the_text_even_where_a_mention_crosses_a_claims_end() -> None:
    cut = list(pieces(analysis()))
    assert "".join(piece.text for piece in cut) == TEXT
    crossing = [piece for piece in cut if piece.mention == 1]
    assert [(piece.text, piece.claim) for piece in crossing] == [("GN", 0), ("A", None)]
    assert [sorted(piece.begins) for piece in crossing] == [["mention"], []]
    assert [sorted(piece.ends) for piece in crossing] == [["claim"], ["mention"]]


def test_page_shows_the_text_and_escapes_everything() -> None:
    page = render(analysis(), title="<i>")
    reader = Reader(page)
    assert "b" not in reader.tags
    assert reader.tags.count("script") == 1
    assert reader.open == []
    assert "".join(reader.texts) == TEXT
    assert re.search(r"breach</strong></a> by Turkey &lt;script&gt;, from", page)
    assert "http" not in page


def test_article_with_nothing_in_it() -> None:
    assert "nothing here" in render(Analysis("nothing here", [], []))
    assert Reader(render(Analysis("", [], []))).open == []


def claim(kind: str, effective: str | None) -> Claim:
    return Claim(0, 1, "x", kind, 0.5, [], effective)


def test_timeline_runs_from_the_first_to_the_last_day() -> None:
    claims = [claim("accept", "2020-01-12T00:00"), claim("call", None), claim("breach", "2020-01-10")]
    line = timeline(claims, datetime.date(2020, 1, 11))
    assert line is not None
    assert (line["first"], line["last"], line["published"]) == ("2020-01-10", "2020-01-12", 0.5)
    assert [(point.claim, point.place) for point in line["points"]] == [(2, 0.0), (0, 1.0)]
    assert line["rows"] == ["breach", "accept"]
    assert [point.row for point in line["points"]] == [0, 1]


def test_claims_of_a_kind_that_would_overlap_are_on_rows_of_their_own() -> None:
    claims = [claim("accept", day) for day in ("2020-01-01", "2020-01-01", "2020-01-02", "2020-12-31")]
    line = timeline(claims)
    assert line is not None
    assert [point.row for point in line["points"]] == [0, 1, 2, 0]
    assert line["rows"] == ["accept", "", ""]


def test_timeline_without_a_start_or_with_a_single_day() -> None:
    assert timeline([claim("call", None)]) is None
    line = timeline([claim("accept", "2020-01-12")])
    assert line is not None
    assert [point.place for point in line["points"]] == [0.5]
