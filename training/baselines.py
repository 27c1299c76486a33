"""What a model must beat: a look-up of known names, and the side that an actor usually has."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from hudna.labels import LabelSet
from hudna.linking import Lexicon, SpanToLink, link
from hudna.results import Actor, Analysis, Mention
from training.markdown import Article


class MajoritySides:
    """The most frequent side of each entity id in the training articles; for others, of their type, else of all."""

    def __init__(self, articles: Iterable[Article]) -> None:
        by_id: dict[str, Counter[str]] = {}
        by_type: dict[str, Counter[str]] = {}
        for article in articles:
            for id, entity in article.entities.items():
                by_id.setdefault(id, Counter())[entity.side] += 1
                by_type.setdefault(entity.type, Counter())[entity.side] += 1
        self.by_id = {id: sides.most_common(1)[0][0] for id, sides in by_id.items()}
        self._by_type = {type: sides.most_common(1)[0][0] for type, sides in by_type.items()}
        self._overall = sum(by_type.values(), Counter()).most_common(1)[0][0]

    def of(self, id: str, type: str) -> str:
        """The side by habit."""
        return self.by_id.get(id) or self._by_type.get(type, self._overall)


def with_majority_sides(analyses: Sequence[Analysis], majority: MajoritySides, labels: LabelSet) -> list[Analysis]:
    """The same analyses, each actor on the side it has most often in the training articles."""
    return [
        dataclasses.replace(
            analysis, actors=[_on_side(actor, majority.of(actor.id, actor.type), labels) for actor in analysis.actors]
        )
        for analysis in analyses
    ]


def look_up(texts: Sequence[str], lexicon: Lexicon, majority: MajoritySides, labels: LabelSet) -> list[Analysis]:
    """Marks every string of the lexicon where it stands as a whole word, longest first; no claims."""
    types = {alias: entry.type for entry in lexicon.entries.values() for alias in (entry.name, *entry.aliases)}
    pattern = re.compile(
        rf"(?<!\w)(?:{'|'.join(re.escape(alias) for alias in sorted(types, key=len, reverse=True)) or '(?!)'})(?!\w)"
    )
    analyses = []
    for text in texts:
        spans = [SpanToLink(*match.span(), types[match.group()], 1.0) for match in pattern.finditer(text)]
        actors = []
        for linked in link(text, spans, lexicon):
            mentions = [
                Mention(span.start, span.end, text[span.start : span.end], span.type, 1.0, linked.id)
                for span in (spans[index] for index in linked.mentions)
            ]
            type = mentions[0].type
            actor = Actor(linked.id, linked.name, type, "", 1.0, {}, mentions, None, linked.known)
            actors.append(_on_side(actor, majority.of(linked.id, type), labels))
        analyses.append(Analysis(text, actors, []))
    return analyses


def _on_side(actor: Actor, side: str, labels: LabelSet) -> Actor:
    sides = {label: float(label == side) for label in labels.sides}
    return dataclasses.replace(actor, side=side, side_score=1.0, sides=sides)
