"""Mentions to actors: a lexicon of known actors, and the ways in which an article names one actor again."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

_ARTICLES = frozenset({"al", "el", "as", "ash", "an", "ad", "ar", "at", "az", "ul", "the"})
_SEPARATORS = re.compile(r"[\s\-‐‑–—_'’‘ʼ`´\"“”/]+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_POSSESSIVE = re.compile(r"['’]s?\s+\Z")
_SKELETON = (
    (re.compile("[qg]h?|k+h?|c(?![hei])"), "k"),
    (re.compile("d+h?|t+h"), "d"),
    (re.compile("ph"), "f"),
    (re.compile("[aeiouyw]|h\\b"), ""),
    (re.compile(r"(.)\1+"), r"\1"),
)
# Two spellings with one consonant skeleton must also look alike by this ratio (0 to 100).
_ALIKE = 55


@dataclass(frozen=True)
class LexiconEntry:
    """A known actor: its slug, usual name, type and the other strings that name exactly it."""

    id: str
    name: str
    type: str
    aliases: tuple[str, ...] = ()


class Lexicon:
    """The actors that have the same id in every article.

    Args:
        entries: the known actors.

    Raises:
        ValueError: an id is given twice, or a string names two actors of one type.
    """

    def __init__(self, entries: Iterable[LexiconEntry] = ()) -> None:
        self.entries: dict[str, LexiconEntry] = {}
        self._by_key: dict[str, dict[str, str]] = {}
        self._by_skeleton: dict[str, list[tuple[str, str]]] = {}
        for entry in entries:
            if entry.id in self.entries:
                raise ValueError(f"the lexicon has the id '{entry.id}' twice")
            self.entries[entry.id] = entry
            for alias in (entry.name, *entry.aliases):
                key = normalise(alias)
                other = self._by_key.setdefault(key, {}).setdefault(entry.type, entry.id)
                if other != entry.id:
                    raise ValueError(f"the lexicon gives '{alias}' to '{other}' and to '{entry.id}'")
                if entry.type == "person":
                    self._by_skeleton.setdefault(skeleton(key), []).append((key, entry.id))

    @classmethod
    def from_list(cls, data: Any) -> Lexicon:
        """Builds a lexicon from a list of mappings with the keys `id`, `name`, `type` and, if any, `aliases`.

        Raises:
            ValueError: an entry lacks a key, has an unknown one, or clashes with another.
        """
        if not isinstance(data, list):
            raise ValueError("a lexicon is a list of actors")
        entries = []
        for item in data:
            if not isinstance(item, Mapping) or not {"id", "name", "type"} <= set(item) <= {
                "id",
                "name",
                "type",
                "aliases",
            }:
                raise ValueError(f"a lexicon entry has the keys id, name, type and aliases: {item}")
            entries.append(LexiconEntry(item["id"], item["name"], item["type"], tuple(item.get("aliases") or ())))
        return cls(entries)

    @classmethod
    def from_json(cls, path: str | Path) -> Lexicon:
        """Reads `lexicon.json` of a checkpoint."""
        return cls.from_list(json.loads(Path(path).read_text(encoding="utf-8")))

    def to_json(self, path: str | Path) -> None:
        """Writes the lexicon for a checkpoint."""
        data = [vars(entry) | {"aliases": list(entry.aliases)} for entry in self.entries.values()]
        Path(path).write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def find(self, text: str, type: str) -> str | None:
        """The id of the actor that the text names, or None.

        An actor of the given type is preferred; another type's serves if it is the only one. A person is also found
        by another transliteration of a known name.
        """
        key = normalise(text)
        by_type = self._by_key.get(key, {})
        if type in by_type:
            return by_type[type]
        if type == "person":
            for other, id in self._by_skeleton.get(skeleton(key), ()):
                if fuzz.ratio(key, other) >= _ALIKE:
                    return id
        if len(by_type) == 1 and "person" not in by_type and type != "person":
            return next(iter(by_type.values()))
        return None


@dataclass(frozen=True)
class SpanToLink:
    """A mention that has no actor yet."""

    start: int
    end: int
    type: str
    score: float


@dataclass
class LinkedActor:
    """An actor of one article and its mentions (indices into the spans given to `link`)."""

    id: str
    name: str
    known: bool
    mentions: list[int]


def link(text: str, spans: Sequence[SpanToLink], lexicon: Lexicon) -> list[LinkedActor]:
    """Groups the mentions of one article into actors, in the order of first mention.

    A mention joins, in this order of preference: the lexicon's actor of that name; the actor whose name it
    abbreviates in brackets; the person whose name it shortens; the actor that was named with the same words, or
    with the same head noun if it is a bare common noun ("the government").

    Args:
        text: the article.
        spans: its mentions, in text order.
        lexicon: the known actors.
    """
    actors: dict[str, LinkedActor] = {}
    names: dict[str, list[tuple[str, str]]] = {}  # actor id -> (key, type) of every mention so far
    for index, span in enumerate(spans):
        surface = text[span.start : span.end]
        id = _known(text, spans, index, lexicon, names) or _again(text, spans, index, names, actors)
        known = id in lexicon.entries if id else False
        if id is None:
            id = _new_id(surface, actors, lexicon)
        actor = actors.setdefault(id, LinkedActor(id, surface, known, []))
        actor.mentions.append(index)
        names.setdefault(id, []).append((normalise(surface), span.type))
    for actor in actors.values():
        surfaces = [text[spans[index].start : spans[index].end] for index in actor.mentions]
        actor.name = lexicon.entries[actor.id].name if actor.known else max(surfaces, key=len)
    return list(actors.values())


def normalise(text: str) -> str:
    """A name without case, diacritics, Arabic articles, full stops and hyphens, as space-separated words."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKD", text)).casefold().replace(".", "")
    text = "".join(char for char in text if not unicodedata.combining(char))
    words = [word for word in _SEPARATORS.split(text) if word]
    return " ".join([word for word in words if word not in _ARTICLES] or words)


def skeleton(key: str) -> str:
    """A normalised name's consonants, with those that transliterations of Arabic confuse made one."""
    for pattern, replacement in _SKELETON:
        key = pattern.sub(replacement, key)
    return key


def _known(
    text: str, spans: Sequence[SpanToLink], index: int, lexicon: Lexicon, names: Mapping[str, list[tuple[str, str]]]
) -> str | None:
    span = spans[index]
    surface = text[span.start : span.end]
    # "Haftar's forces" is looked up as "Haftar forces": the possessor says whose they are.
    if index > 0 and _is_common(surface):
        owner = spans[index - 1]
        if _POSSESSIVE.fullmatch(text, owner.end, span.start):
            return lexicon.find(f"{text[owner.start : owner.end]} {surface}", span.type)
    id = lexicon.find(surface, span.type)
    if id and span.type == "person" and " " not in normalise(surface) and id not in names:
        # A bare surname belongs to the unknown namesake whom the article has introduced in full.
        return _shortened(normalise(surface), names) or id
    return id


def _again(
    text: str,
    spans: Sequence[SpanToLink],
    index: int,
    names: Mapping[str, list[tuple[str, str]]],
    actors: Mapping[str, LinkedActor],
) -> str | None:
    span = spans[index]
    surface = text[span.start : span.end]
    key = normalise(surface)
    if index > 0 and _is_abbreviation(surface, text[spans[index - 1].start : spans[index - 1].end]):
        between = text[spans[index - 1].end : span.start]
        if between.strip() == "(":
            return next(id for id, actor in actors.items() if index - 1 in actor.mentions)
    latest = sorted(names, key=lambda id: actors[id].mentions[-1], reverse=True)
    for id in latest:
        if (key, span.type) in names[id]:
            return id
    if span.type == "person":
        return _shortened(key, {id: names[id] for id in latest})
    if _is_common(surface) and " " not in key:
        owner = spans[index - 1] if index > 0 else None
        if owner and _POSSESSIVE.fullmatch(text, owner.end, span.start):
            return None  # Another owner's forces are other forces.
        for id in latest:
            if any(type == span.type and _head(other) == key for other, type in names[id]):
                return id
    return None


def _shortened(key: str, names: Mapping[str, list[tuple[str, str]]]) -> str | None:
    """The person of whose name the key is the beginning or the end, in words or in their consonants."""
    words = key.split()
    for id, keys in names.items():
        for other, type in keys:
            full = other.split()
            if type != "person" or len(full) <= len(words):
                continue
            for part in (full[-len(words) :], full[: len(words)]):
                joined = " ".join(part)
                if part == words or (skeleton(joined) == skeleton(key) and fuzz.ratio(joined, key) >= _ALIKE):
                    return id
    return None


def _is_common(surface: str) -> bool:
    """Whether the mention's last word is a common noun."""
    return surface.split()[-1][:1].islower()


def _is_abbreviation(short: str, full: str) -> bool:
    letters = short.replace(".", "")
    initials = [word[0] for word in re.split(r"[\s\-]+", full) if word]
    if not (2 <= len(letters) <= 8 and letters.isupper()):
        return False
    remaining = iter(initials)
    return all(any(initial.upper() == letter for initial in remaining) for letter in letters)


def _head(key: str) -> str:
    """The head noun of a normalised name: the word before the first preposition, or the last word."""
    return re.split(r"\s(?:of|for|on|in)\s", key)[0].split()[-1]


def _new_id(surface: str, taken: Mapping[str, LinkedActor], lexicon: Lexicon) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", normalise(surface)).strip("-") or "actor"
    number = 1
    id = slug
    while id in taken or id in lexicon.entries:
        number += 1
        id = f"{slug}-{number}"
    return id
