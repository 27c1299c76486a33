"""The corpus in the formats of other tools: CoNLL columns, brat stand-off, Label Studio tasks.

Offsets are characters of the article's text in all of them.
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from hudna.labels import LabelSet
from hudna.windows import word_offsets
from training.markdown import Article, ClaimSpan, Entity, MentionSpan


def to_conll(article: Article) -> str:
    """Tab-separated columns: word, actor tag, claim tag (IOB2), entity id and side of a mention's words, else `_`.

    A paragraph is a sentence (blank line), an article starts with `-DOCSTART-` and its id.
    """
    words = word_offsets(article.text)
    actors, claims = ["O"] * len(words), ["O"] * len(words)
    entities = ["_\t_"] * len(words)
    for mention in article.mentions:
        entity = article.entities[mention.entity]
        for tag, index in _tags(words, mention.start, mention.end, entity.type):
            actors[index] = tag
            entities[index] = f"{mention.entity}\t{entity.side}"
    for claim in article.claims:
        for tag, index in _tags(words, claim.start, claim.end, claim.kind):
            claims[index] = tag
    lines = [f"-DOCSTART- {article.id}", ""]
    for index, (start, end) in enumerate(words):
        if index and "\n" in article.text[words[index - 1][1] : start]:
            lines.append("")
        lines.append("\t".join((article.text[start:end], actors[index], claims[index], entities[index])))
    return "\n".join(lines) + "\n\n"


def _tags(words: np.ndarray[Any, Any], start: int, end: int, label: str) -> Iterator[tuple[str, int]]:
    first, last = np.searchsorted(words[:, 1], start, side="right"), np.searchsorted(words[:, 0], end)
    for index in range(first, last):
        yield f"{'B' if index == first else 'I'}-{label}", index


def to_brat(article: Article) -> tuple[str, str]:
    """The `.txt` and the `.ann` file of an article for brat (https://brat.nlplab.org/standoff.html).

    Mentions and claims are text-bound annotations; `Side` is an attribute of every mention; the mentions of one entity
    are an equivalence; `By` leads from a claim to the first mention of each maker; ids and starts are notes.
    """
    lines: list[str] = []
    number = itertools.count(1)
    of_entity: dict[str, list[str]] = {}

    def bound(start: int, end: int, label: str) -> str:
        # brat wants one fragment a line of text.
        name = f"T{next(number)}"
        fragments = [
            (start + match.start(), start + match.end()) for match in re.finditer(r"[^\n]+", article.text[start:end])
        ]
        places = ";".join(f"{first} {last}" for first, last in fragments)
        words = " ".join(article.text[first:last] for first, last in fragments)
        lines.append(f"{name}\t{label} {places}\t{words}")
        return name

    for mention in article.mentions:
        entity = article.entities[mention.entity]
        name = bound(mention.start, mention.end, entity.type)
        lines.append(f"A{name[1:]}\tSide {name} {entity.side}")
        lines.append(f"#{name[1:]}\tAnnotatorNotes {name}\t{mention.entity}")
        of_entity.setdefault(mention.entity, []).append(name)
    for claim in article.claims:
        name = bound(claim.start, claim.end, claim.kind)
        if claim.effective:
            lines.append(f"#{name[1:]}\tAnnotatorNotes {name}\t{claim.effective}")
        lines += [f"R{next(number)}\tBy Arg1:{name} Arg2:{of_entity[id][0]}" for id in claim.by]
    lines += ["*\tEquiv " + " ".join(names) for names in of_entity.values() if len(names) > 1]
    return article.text, "".join(line + "\n" for line in lines)


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


def to_label_studio(article: Article) -> dict[str, Any]:
    """An article as a Label Studio task with one annotation (see `label_studio_configuration`)."""
    results: list[dict[str, Any]] = []
    first: dict[str, str] = {}
    for index, mention in enumerate(article.mentions):
        entity = article.entities[mention.entity]
        region = f"m{index}"
        place = {"start": mention.start, "end": mention.end, "text": article.text[mention.start : mention.end]}
        results += [
            _result(region, "actor", "labels", place | {"labels": [entity.type]}),
            _result(region, "side", "choices", place | {"choices": [entity.side]}),
            _result(region, "entity", "textarea", place | {"text": [mention.entity]}),
        ]
        first.setdefault(mention.entity, region)
    for index, claim in enumerate(article.claims):
        region = f"c{index}"
        place = {"start": claim.start, "end": claim.end, "text": article.text[claim.start : claim.end]}
        results.append(_result(region, "claim", "labels", place | {"labels": [claim.kind]}))
        if claim.effective:
            results.append(_result(region, "effective", "textarea", place | {"text": [claim.effective]}))
        results += [
            {"type": "relation", "from_id": region, "to_id": first[id], "direction": "right", "labels": ["by"]}
            for id in claim.by
        ]
    data = {"id": article.id, "text": article.text, **article.metadata}
    if article.date:
        data["date"] = article.date.isoformat()
    return {"data": data, "annotations": [{"result": results}]}


def _result(region: str, control: str, type: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"id": region, "from_name": control, "to_name": "text", "type": type, "value": value}


def label_studio_configuration(labels: LabelSet) -> str:
    """The labelling interface for Label Studio (https://labelstud.io/tags)."""

    def options(tag: str, values: Sequence[str]) -> str:
        return "".join(f'<{tag} value="{value}"/>' for value in values)

    return f"""<View>
  <Labels name="actor" toName="text">{options("Label", labels.types)}</Labels>
  <Labels name="claim" toName="text">{options("Label", labels.kinds)}</Labels>
  <Relations><Relation value="by"/></Relations>
  <Text name="text" value="$text" granularity="symbol"/>
  <Choices name="side" toName="text" perRegion="true" whenTagName="actor" choice="single">{
        options("Choice", labels.sides)
    }</Choices>
  <TextArea name="entity" toName="text" perRegion="true" whenTagName="actor" maxSubmissions="1"/>
  <TextArea name="effective" toName="text" perRegion="true" whenTagName="claim" maxSubmissions="1"/>
</View>
"""


def from_label_studio(task: Mapping[str, Any]) -> Article:
    """Reads the last annotation of an exported Label Studio task.

    A mention without an `entity` gets a slug of its words. An entity's side is that of any of its mentions.

    Raises:
        ValueError: the task lacks something, or two mentions of one entity have different types or sides.
    """
    try:
        data = dict(task["data"])
        text, id = data.pop("text"), str(data.pop("id", task.get("id", "article")))
        results = task["annotations"][-1]["result"]
        regions: dict[str, dict[str, Any]] = {}
        makers: dict[str, list[str]] = {}
        for result in results:
            if result["type"] == "relation":
                makers.setdefault(result["from_id"], []).append(result["to_id"])
                continue
            region = regions.setdefault(
                result["id"], {"start": result["value"]["start"], "end": result["value"]["end"]}
            )
            region[result["from_name"]] = result["value"][result["type"] if result["type"] != "textarea" else "text"][0]
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"this is no labelled Label Studio task of hudna's: {error!r} is missing") from None
    entities: dict[str, Entity] = {}
    entity_of: dict[str, str] = {}
    mentions, claims = [], []
    for name, region in sorted(regions.items(), key=lambda item: item[1]["start"]):
        if "actor" in region:
            words = text[region["start"] : region["end"]]
            entity_id = region.get("entity") or re.sub(r"[^a-z0-9]+", "-", words.casefold()).strip("-") or "actor"
            known = entities.get(entity_id)
            entity = Entity(region["actor"], region.get("side") or (known.side if known else "unclear"))
            if known not in (None, entity):
                raise ValueError(f"article {id}: the mentions of '{entity_id}' differ: {known} and {entity}")
            entities[entity_id] = entity
            entity_of[name] = entity_id
            mentions.append(MentionSpan(region["start"], region["end"], entity_id))
    for name, region in sorted(regions.items(), key=lambda item: item[1]["start"]):
        if "claim" in region:
            by = tuple(dict.fromkeys(entity_of[to] for to in makers.get(name, ()) if to in entity_of))
            claims.append(ClaimSpan(region["start"], region["end"], region["claim"], by, region.get("effective")))
    date = data.pop("date", None)
    return Article(
        id, text, entities, tuple(mentions), tuple(claims),
        datetime.date.fromisoformat(date) if date else None,
        {key: str(value) for key, value in data.items()},
    )  # fmt: skip
