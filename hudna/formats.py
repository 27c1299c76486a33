"""Analyses in the formats of other tools: CoNLL columns, brat stand-off, spaCy documents."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.labels import LabelSet
from hudna.results import Analysis
from hudna.windows import word_offsets

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span


def to_conll(id: str, analysis: Analysis) -> str:
    """Tab-separated columns: word, actor tag, claim tag (IOB2), actor id and side of a mention's words, else `_`.

    A paragraph is a sentence (blank line), an article starts with `-DOCSTART-` and its id.
    """
    text = analysis.text
    words = word_offsets(text)
    mentions, claims = ["O"] * len(words), ["O"] * len(words)
    actors = ["_\t_"] * len(words)
    sides = {actor.id: actor.side for actor in analysis.actors}
    for mention in analysis.mentions:
        for tag, index in _tags(words, mention.start, mention.end, mention.type):
            mentions[index] = tag
            actors[index] = f"{mention.actor}\t{sides[mention.actor]}"
    for claim in analysis.claims:
        for tag, index in _tags(words, claim.start, claim.end, claim.kind):
            claims[index] = tag
    lines = [f"-DOCSTART- {id}", ""]
    for index, (start, end) in enumerate(words):
        if index and "\n" in text[words[index - 1][1] : start]:
            lines.append("")
        lines.append("\t".join((text[start:end], mentions[index], claims[index], actors[index])))
    return "\n".join(lines) + "\n\n"


def _tags(words: np.ndarray[Any, Any], start: int, end: int, label: str) -> Iterator[tuple[str, int]]:
    first, last = np.searchsorted(words[:, 1], start, side="right"), np.searchsorted(words[:, 0], end)
    for index in range(first, last):
        yield f"{'B' if index == first else 'I'}-{label}", index


def to_brat(analysis: Analysis) -> str:
    """The `.ann` file beside the article's text for brat (https://brat.nlplab.org/standoff.html).

    Mentions and claims are text-bound annotations; `Side` is an attribute of every mention; the mentions of one actor
    are an equivalence; `By` leads from a claim to the first mention of each maker; ids and starts are notes.
    """
    lines: list[str] = []
    number = itertools.count(1)
    of_actor: dict[str, list[str]] = {}
    sides = {actor.id: actor.side for actor in analysis.actors}

    def bound(start: int, end: int, label: str) -> str:
        # brat wants one fragment a line of text.
        name = f"T{next(number)}"
        fragments = [
            (start + match.start(), start + match.end()) for match in re.finditer(r"[^\n]+", analysis.text[start:end])
        ]
        places = ";".join(f"{first} {last}" for first, last in fragments)
        words = " ".join(analysis.text[first:last] for first, last in fragments)
        lines.append(f"{name}\t{label} {places}\t{words}")
        return name

    for mention in analysis.mentions:
        name = bound(mention.start, mention.end, mention.type)
        lines.append(f"A{name[1:]}\tSide {name} {sides[mention.actor]}")
        lines.append(f"#{name[1:]}\tAnnotatorNotes {name}\t{mention.actor}")
        of_actor.setdefault(mention.actor, []).append(name)
    for claim in analysis.claims:
        name = bound(claim.start, claim.end, claim.kind)
        if claim.effective:
            lines.append(f"#{name[1:]}\tAnnotatorNotes {name}\t{claim.effective}")
        lines += [f"R{next(number)}\tBy Arg1:{name} Arg2:{of_actor[id][0]}" for id in claim.by]
    lines += ["*\tEquiv " + " ".join(names) for names in of_actor.values() if len(names) > 1]
    return "".join(line + "\n" for line in lines)


def brat_configuration(labels: LabelSet) -> str:
    """The `annotation.conf` that brat needs beside the files."""
    kinds, types = "\n".join(labels.kinds), "\n".join(labels.types)
    by = f"By Arg1:{'|'.join(labels.kinds)}, Arg2:{'|'.join(labels.types)}"
    side = f"Side Arg:{'|'.join(labels.types)}, Value:{'|'.join(labels.sides)}"
    overlap = "<OVERLAP> Arg1:<ANY>, Arg2:<ANY>, <OVL-TYPE>:<ANY>"
    return (
        f"[entities]\n{types}\n{kinds}\n\n[relations]\n{overlap}\n{by}\n"
        f"Equiv Arg1:<ENTITY>, Arg2:<ENTITY>, <REL-TYPE>:symmetric-transitive\n\n"
        f"[events]\n\n[attributes]\n{side}\n"
    )


def annotate(doc: Doc, analysis: Analysis) -> None:
    """Fills `doc.spans["actors"]` with mentions, labelled by type, and `doc.spans["claims"]` with claims, by kind.

    A span that begins or ends within one of spaCy's tokens is widened to it. `span._.actor` is the id and `span._.side`
    the side of a mention's actor.

    Args:
        doc: a document of the text that was analysed.
        analysis: what is said of it.
    """
    from spacy.tokens import Span

    for name in ("actor", "side"):
        if not Span.has_extension(name):
            Span.set_extension(name, default=None)
    sides = {actor.id: actor.side for actor in analysis.actors}
    mentions = []
    for mention in analysis.mentions:
        span = _span(doc, mention.start, mention.end, mention.type)
        span._.actor, span._.side = mention.actor, sides[mention.actor]
        mentions.append(span)
    doc.spans["actors"] = mentions
    doc.spans["claims"] = [_span(doc, claim.start, claim.end, claim.kind) for claim in analysis.claims]


def _span(doc: Doc, start: int, end: int, label: str) -> Span:
    span = doc.char_span(start, end, label=label, alignment_mode="expand")
    assert span is not None  # Offsets of an analysis lie in the text.
    return span
