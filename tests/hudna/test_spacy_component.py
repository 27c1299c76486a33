from __future__ import annotations

import spacy

TEXT = "Haftar's LNA rejected the truce that Turkey had called for on Monday."


def test_spans_of_a_document() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("hudna")
    doc = nlp(TEXT)
    analysis = doc._.hudna
    assert analysis.text == TEXT
    assert [span.text for span in doc.spans["actors"]] == [mention.text for mention in analysis.mentions]
    assert [span.label_ for span in doc.spans["actors"]] == [mention.type for mention in analysis.mentions]
    assert [span.label_ for span in doc.spans["claims"]] == [claim.kind for claim in analysis.claims] != []
    haftar = doc.spans["actors"][0]
    assert (haftar._.actor, haftar._.side) == ("haftar", analysis.actors[0].side)
    assert list(nlp("").spans["actors"]) == []
    assert [other._.hudna for other in nlp.pipe([TEXT])] == [analysis]
