from __future__ import annotations

import re
from html.parser import HTMLParser

from hudna.rendering import pieces, render
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
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "article" in self.open and "label" not in data:
            self.texts.append(data)


def test_pieces_are_the_text_even_where_a_mention_crosses_a_claims_end() -> None:
    cut = list(pieces(analysis()))
    assert "".join(piece.text for piece in cut) == TEXT
    crossing = [piece for piece in cut if piece.mention and piece.mention.text == "GNA"]
    assert [(piece.text, bool(piece.claim)) for piece in crossing] == [("GN", True), ("A", False)]
    assert [piece.text for piece in cut if piece.ends_claim] == ["GN"]


def test_page_shows_the_text_and_escapes_everything() -> None:
    page = render(analysis(), title="<i>")
    reader = Reader(page)
    assert "b" not in reader.tags
    assert "script" not in reader.tags
    assert reader.open == []
    assert "".join(reader.texts).replace(" breach", "") == TEXT
    assert re.search(r"breach</strong> by Turkey &lt;script&gt;", page)
    assert "from 2020-01-12" in page
    assert "http" not in page


def test_article_with_nothing_in_it() -> None:
    assert "nothing here" in render(Analysis("nothing here", [], []))
