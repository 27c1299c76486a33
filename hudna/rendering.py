"""An analysis as one self-contained HTML page."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from hudna.results import Analysis, Claim, Mention

# Okabe and Ito's palette, which the colour-blind can tell apart ("Color Universal Design", 2008). Colour never stands
# alone: each side has a kind of line as well, and every mention carries the side's name.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
_STROKES = ("solid", "dashed", "dotted", "double")
GREY = "#888888"


@dataclass(frozen=True)
class Piece:
    """A run of text inside the same mention and the same claim, if any: places in the lists of the analysis.

    Attributes:
        begins: what begins here, of "mention" and "claim".
        ends: what ends here.
    """

    text: str
    mention: int | None
    claim: int | None
    begins: frozenset[str]
    ends: frozenset[str]


@dataclass(frozen=True)
class Point:
    """A claim on the time line.

    Attributes:
        claim: its place in the list of the analysis.
        effective: when the ceasefire starts or started.
        place: where on the line, from 0 (its beginning) to 1.
        row: of its kind's rows the first on which it lies over no other.
    """

    claim: int
    effective: str
    place: float
    row: int


def render(analysis: Analysis, *, title: str = "hudna", date: datetime.date | None = None) -> str:
    """The article with its actors coloured by side and its claims underlined; actors by side; claims on a time line.

    The page needs no network and can be read without a mouse: the arrow keys lead from mention to mention, and what is
    known of one appears when it is pointed at or reached.

    Args:
        analysis: what `predict` returned.
        title: the page's title.
        date: the publication date, to be marked on the time line.
    """
    actors = analysis.actors
    sides = list(actors[0].sides) if actors else []
    place = {actor.id: index for index, actor in enumerate(actors)}
    mentions = [asdict(mention) | {"actor": place[mention.actor]} for mention in analysis.mentions]
    at = {(mention["start"], mention["end"]): index for index, mention in enumerate(mentions)}
    return _template().render(
        title=title,
        date=date.isoformat() if date else None,
        pieces=list(pieces(analysis)),
        actors=actors,
        mentions=mentions,
        claims=analysis.claims,
        makers=[[actors[place[id]].name for id in claim.by] for claim in analysis.claims],
        evidence=[at[span.start, span.end] for span in (actor.evidence or actor.mentions[0] for actor in actors)],
        groups=[
            (side, [index for index, actor in enumerate(actors) if actor.side == side])
            for side in sides
            if any(actor.side == side for actor in actors)
        ],
        colours={side: GREY if side == sides[-1] else PALETTE[i % len(PALETTE)] for i, side in enumerate(sides)},
        strokes={side: _STROKES[index % len(_STROKES)] for index, side in enumerate(sides)},
        line=timeline(analysis.claims, date),
        by_time=sorted(range(len(analysis.claims)), key=lambda index: (analysis.claims[index].effective or "~", index)),
    )


def pieces(analysis: Analysis) -> Iterator[Piece]:
    """The text, cut wherever a mention or a claim begins or ends; a mention may lie across a claim's end."""
    spans: dict[str, Sequence[Mention | Claim]] = {"mention": analysis.mentions, "claim": analysis.claims}
    at = {layer: {span.start: index for index, span in enumerate(found)} for layer, found in spans.items()}
    cuts = {0, len(analysis.text)}.union(*((span.start, span.end) for found in spans.values() for span in found))
    here: dict[str, int | None] = dict.fromkeys(spans)
    for start, end in itertools.pairwise(sorted(cuts)):
        begins, ends = set(), set()
        for layer, found in spans.items():
            if start in at[layer]:
                here[layer] = at[layer][start]
                begins.add(layer)
            index = here[layer]
            if index is not None and found[index].end <= start:
                here[layer] = None
            elif index is not None and found[index].end == end:
                ends.add(layer)
        yield Piece(analysis.text[start:end], here["mention"], here["claim"], frozenset(begins), frozenset(ends))


def timeline(claims: Sequence[Claim], date: datetime.date | None = None) -> dict[str, Any] | None:
    """Where on a line from the first to the last known day each claim lies that has a start.

    Returns:
        `points`, by kind and time; `rows`, the kind whose first row each is, or ""; `first` and `last`, the days at the
        ends of the line; `published`, the place of `date` or None. None if no claim has a start.
    """
    when = sorted(
        (datetime.datetime.fromisoformat(claim.effective).replace(tzinfo=None), index, claim.effective)
        for index, claim in enumerate(claims)
        if claim.effective
    )
    if not when:
        return None
    days = [time for time, _, _ in when]
    if date:
        days.append(datetime.datetime.combine(date, datetime.time()))
    first, last = min(days), max(days)

    def place(time: datetime.datetime) -> float:
        return (time - first) / (last - first) if last > first else 0.5

    points: list[Point] = []
    rows: list[str] = []
    for kind in dict.fromkeys(claims[index].kind for _, index, _ in when):
        ends: list[float] = []  # Of each row of this kind, the last mark, which is a twentieth of the line wide.
        for time, index, effective in when:
            if claims[index].kind == kind:
                free = [row for row, end in enumerate(ends) if place(time) - end >= 0.05]
                row = free[0] if free else len(ends)
                ends[row : row + 1] = [place(time)]
                points.append(Point(index, effective, place(time), len(rows) + row))
        rows += [kind] + [""] * (len(ends) - 1)
    return {
        "points": points,
        "first": first.date().isoformat(),
        "last": last.date().isoformat(),
        "published": place(days[-1]) if date else None,
        "rows": rows,
    }


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("hudna"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("show.html")
