"""hudna in a spaCy pipeline: `nlp.add_pipe("hudna")`, which spaCy finds once both are installed."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc, Span

from hudna.results import Analysis
from hudna.tagger import Tagger, load

ACTORS, CLAIMS = "actors", "claims"


class HudnaComponent:
    """Fills `doc.spans["actors"]` with mentions, labelled by type, and `doc.spans["claims"]` with claims, by kind.

    A span that begins or ends within one of spaCy's tokens is widened to it. `doc._.hudna` is the `Analysis`, with the
    exact characters; `span._.actor` is the id and `span._.side` the side of a mention's actor.
    """

    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger
        for owner, name in ((Doc, "hudna"), (Span, "actor"), (Span, "side")):
            if not owner.has_extension(name):
                owner.set_extension(name, default=None)

    def __call__(self, doc: Doc) -> Doc:
        analysis: Analysis = self._tagger.predict(doc.text)
        doc._.hudna = analysis
        doc.spans[ACTORS] = [_span(doc, m.start, m.end, m.type) for m in analysis.mentions]
        doc.spans[CLAIMS] = [_span(doc, c.start, c.end, c.kind) for c in analysis.claims]
        sides = {actor.id: actor.side for actor in analysis.actors}
        for span, mention in zip(doc.spans[ACTORS], analysis.mentions, strict=True):
            span._.actor, span._.side = mention.actor, sides[mention.actor]
        return doc


@Language.factory("hudna", default_config={"checkpoint": None, "backend": None})
def create(nlp: Language, name: str, checkpoint: str | None, backend: str | None) -> HudnaComponent:
    """The component; see `hudna.load` for checkpoint and backend."""
    return HudnaComponent(load(checkpoint, backend=backend))


def _span(doc: Doc, start: int, end: int, label: str) -> Span:
    span = doc.char_span(start, end, label=label, alignment_mode="expand")
    assert span is not None  # Offsets of an analysis lie in the text.
    return span
