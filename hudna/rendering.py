"""An analysis as one self-contained HTML page."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from hudna.results import Actor, Analysis, Claim, Mention

# Okabe and Ito's palette, which the colour-blind can tell apart ("Color Universal Design", 2008); grey comes last.
_PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#f0e442", "#999999")


@dataclass(frozen=True)
class Piece:
    """A run of text inside the same mention and the same claim, if any."""

    text: str
    mention: Mention | None
    actor: Actor | None
    claim: Claim | None
    ends_claim: bool


def render(analysis: Analysis, *, title: str = "hudna") -> str:
    """The article with its actors coloured by side and its claims underlined, and tables of both.

    Args:
        analysis: what `predict` returned.
        title: the page's title.
    """
    sides: list[str] = list(analysis.actors[0].sides) if analysis.actors else []
    names = {actor.id: actor.name for actor in analysis.actors}
    return _template().render(
        title=title,
        pieces=list(pieces(analysis)),
        groups=[(side, [actor for actor in analysis.actors if actor.side == side]) for side in sides],
        claims=analysis.claims,
        colours={side: _PALETTE[min(index, len(_PALETTE) - 1)] for index, side in enumerate(sides)},
        names=names,
    )


def pieces(analysis: Analysis) -> Iterator[Piece]:
    """The text, cut wherever a mention or a claim begins or ends; a mention may lie across a claim's end."""
    mentions = {mention.start: mention for mention in analysis.mentions}
    claims = {claim.start: claim for claim in analysis.claims}
    actors = {actor.id: actor for actor in analysis.actors}
    spans: list[Mention | Claim] = [*mentions.values(), *claims.values()]
    cuts = sorted({0, len(analysis.text), *(span.start for span in spans), *(span.end for span in spans)})
    mention: Mention | None = None
    claim: Claim | None = None
    for start, end in itertools.pairwise(cuts):
        mention = mentions.get(start, mention if mention and mention.end > start else None)
        claim = claims.get(start, claim if claim and claim.end > start else None)
        yield Piece(
            analysis.text[start:end],
            mention,
            actors[mention.actor] if mention else None,
            claim,
            bool(claim and claim.end == end),
        )


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("hudna"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("show.html")
