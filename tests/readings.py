"""Analyses that tests make up from labels."""

from __future__ import annotations

from hudna.results import Actor, Analysis, Claim, Mention
from training.markdown import Article


def read(gold: Article, *, sides: dict[str, str] | None = None, by: tuple[str, ...] | None = None) -> Analysis:
    """A perfect analysis of an article, apart from the given sides and makers."""
    actors = []
    for id, entity in gold.entities.items():
        mentions = [
            Mention(m.start, m.end, gold.text[m.start : m.end], entity.type, 1.0, id)
            for m in gold.mentions
            if m.entity == id
        ]
        side = (sides or {}).get(id, entity.side)
        actors.append(Actor(id, id, entity.type, side, 1.0, {side: 1.0}, mentions, mentions[0], True))
    claims = [
        Claim(c.start, c.end, gold.text[c.start : c.end], c.kind, 1.0, list(c.by if by is None else by), c.effective)
        for c in gold.claims
    ]
    return Analysis(gold.text, actors, claims)
