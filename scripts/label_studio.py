"""Articles as Label Studio tasks, and back.

Offsets are characters of the article's text.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from hudna.labels import LabelSet
from training.markdown import Article, ClaimSpan, Entity, MentionSpan


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
