"""hudna in a spaCy pipeline: `nlp.add_pipe("hudna")`, which spaCy finds once both are installed."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from hudna.formats import annotate
from hudna.tagger import Tagger, load


class HudnaComponent:
    """Fills `doc.spans["actors"]` and `doc.spans["claims"]` (see `annotate`); `doc._.hudna` is the `Analysis`."""

    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger
        if not Doc.has_extension("hudna"):
            Doc.set_extension("hudna", default=None)

    def __call__(self, doc: Doc) -> Doc:
        doc._.hudna = self._tagger.predict(doc.text)
        annotate(doc, doc._.hudna)
        return doc


@Language.factory("hudna", default_config={"checkpoint": None, "backend": None})
def create(nlp: Language, name: str, checkpoint: str | None, backend: str | None) -> HudnaComponent:
    """The component; see `hudna.load` for checkpoint and backend."""
    return HudnaComponent(load(checkpoint, backend=backend))
