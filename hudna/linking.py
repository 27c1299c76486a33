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
_SEPARATORS = re.compile(r"[\s\-‐‑–—_/]+")
# Not read as part of a name: zero-width and bidirectional controls, quotation marks, apostrophes for ayn and hamza.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff'’‘ʼ`´\"“”.]")
_POSSESSIVE = re.compile(r"['’]s?\s+")
_SKELETON = (
    (re.compile("[qg]h?|k+h?|c(?![hei])"), "k"),
    (re.compile("d+h?|t+h"), "d"),
    (re.compile("ph"), "f"),
    (re.compile("[aeiouyw]|h\\b"), ""),
    (re.compile(r"(.)\1+"), r"\1"),
)
_LONGEST_SLUG = 60
_REQUIRED = frozenset({"id", "name", "type"})
# Two spellings with one consonant skeleton must also look alike by this ratio (0 to 100).
_ALIKE = 55


@dataclass(frozen=True)
class LexiconEntry:
    """A known actor.

    Attributes:
        id: its slug.
        name: its usual name.
        type: one of the actor types.
        aliases: other strings that name exactly it.
        nouns: strings that name it again in an article that has named it, but others elsewhere ("the council").
    """

    id: str
    name: str
    type: str
    aliases: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()


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
        self.nouns: dict[str, tuple[str, ...]] = {}
        for entry in entries:
            if entry.id in self.entries:
                raise ValueError(f"the lexicon has the id '{entry.id}' twice")
            self.entries[entry.id] = entry
            self.nouns[entry.id] = tuple(normalise(noun) for noun in entry.nouns)
            for alias in (entry.name, *entry.aliases):
                key = normalise(alias)
                other = self._by_key.setdefault(key, {}).setdefault(entry.type, entry.id)
                if other != entry.id:
                    raise ValueError(f"the lexicon gives '{alias}' to '{other}' and to '{entry.id}'")
                if entry.type == "person":
                    self._by_skeleton.setdefault(skeleton(key), []).append((key, entry.id))

    @classmethod
    def from_list(cls, data: Any) -> Lexicon:
        """Builds a lexicon from a list of mappings with the keys of `LexiconEntry`; lists may be left out.

        Raises:
            ValueError: an entry lacks a key, has an unknown one, or clashes with another.
        """
        if not isinstance(data, list):
            raise ValueError("a lexicon is a list of actors")
        entries = []
        for item in data:
            if not isinstance(item, Mapping) or not _REQUIRED <= set(item) <= _REQUIRED | {"aliases", "nouns"}:
                raise ValueError(f"a lexicon entry has the keys id, name, type, aliases and nouns: {item}")
            lists = {key: tuple(item.get(key) or ()) for key in ("aliases", "nouns")}
            entries.append(LexiconEntry(item["id"], item["name"], item["type"], **lists))
        return cls(entries)

    @classmethod
    def from_json(cls, path: str | Path) -> Lexicon:
        """Reads `lexicon.json` of a checkpoint."""
        return cls.from_list(json.loads(Path(path).read_text(encoding="utf-8")))

    def to_json(self, path: str | Path) -> None:
        """Writes the lexicon for a checkpoint."""
        data = [{key: value for key, value in vars(entry).items() if value} for entry in self.entries.values()]
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
    abbreviates in brackets; the person whose name it shortens; the actor that was named with the same words, that the
    lexicon says they can stand for, or, for a bare common noun ("the government"), whose name has it for a head. Where
    several actors fit, the one mentioned last does. Time grows linearly with the number of mentions.

    Args:
        text: the article.
        spans: its mentions, in text order.
        lexicon: the known actors.
    """
    actors: dict[str, LinkedActor] = {}
    introduced = _Introduced()
    found = [lexicon.find(text[span.start : span.end], span.type) for span in spans]
    owners: dict[tuple[str, str], set[str]] = {}  # the known actors that a noun can stand for, by noun and type
    for known, span in zip(found, spans, strict=True):
        if known:
            for noun in lexicon.nouns[known]:
                owners.setdefault((noun, span.type), set()).add(known)
    previous = ""
    for index, span in enumerate(spans):
        surface = text[span.start : span.end]
        key = normalise(surface)
        between = text[spans[index - 1].end : span.start] if index else ""
        owner = text[spans[index - 1].start : spans[index - 1].end] if _POSSESSIVE.fullmatch(between) else ""
        id = _known(surface, span.type, owner, found[index], lexicon, introduced, actors)
        if id is None and between.strip() == "(" and _is_abbreviation(surface, actors[previous].name):
            id = previous
        id = id or introduced.find(key, span.type, bare=_is_common(surface) and not owner)
        if id is None and not owner and len(owners.get((key, span.type), ())) == 1:
            (id,) = owners[key, span.type]  # The article names it only later.
        id = id or _new_id(key, actors, lexicon)
        actor = actors.setdefault(id, LinkedActor(id, surface, id in lexicon.entries, []))
        actor.mentions.append(index)
        if len(surface) > len(actor.name):
            actor.name = surface
        introduced.add(id, key, span.type)
        for noun in lexicon.nouns.get(id, ()):
            # Where several armies are about, "the troops" are not always those of the one mentioned last.
            if span.type != "armed_group" or len(owners.get((noun, span.type), ())) == 1:
                introduced.add_noun(id, noun, span.type)
        previous = id
    for actor in actors.values():
        if actor.known:
            actor.name = lexicon.entries[actor.id].name
    return list(actors.values())


class _Introduced:
    """By what an article's actors can be named again; the actor mentioned last owns a string."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, str], str] = {}
        self._by_head: dict[tuple[str, str], str] = {}
        self._by_part: dict[str, str] = {}
        self._by_skeleton: dict[str, tuple[str, str]] = {}

    def add(self, id: str, key: str, type: str) -> None:
        """Notes a mention of an actor."""
        self._by_key[key, type] = id
        self._by_head[_head(key), type] = id
        if type == "person":
            words = key.split()
            for cut in range(1, len(words)):
                for part in (" ".join(words[:cut]), " ".join(words[cut:])):
                    self._by_part[part] = id
                    self._by_skeleton[skeleton(part)] = part, id

    def add_noun(self, id: str, noun: str, type: str) -> None:
        """Notes what else can name the actor that was just mentioned."""
        self._by_key[noun, type] = self._by_head[noun, type] = id

    def find(self, key: str, type: str, *, bare: bool) -> str | None:
        """The actor that the words name again; `bare` allows a common noun to stand for a longer name."""
        if type == "person":
            return self._by_key.get((key, type)) or self.shortened(key)
        # A bare noun is the head of what was mentioned last, be it named with that noun alone or in full.
        return (self._by_head.get((key, type)) if bare else None) or self._by_key.get((key, type))

    def shortened(self, key: str) -> str | None:
        """The person whose name begins or ends with these words, also in another transliteration."""
        if key in self._by_part:
            return self._by_part[key]
        part, id = self._by_skeleton.get(skeleton(key), ("", None))
        return id if fuzz.ratio(part, key) >= _ALIKE else None


def _known(
    surface: str,
    type: str,
    owner: str,
    id: str | None,
    lexicon: Lexicon,
    introduced: _Introduced,
    actors: Mapping[str, LinkedActor],
) -> str | None:
    if owner and _is_common(surface):
        # "Haftar's forces" is looked up as "Haftar forces"; bare "forces" would be anybody's.
        return lexicon.find(f"{owner} {surface}", type)
    if id is not None and type == "person" and id not in actors:
        # A bare surname belongs to the namesake whom the article has introduced in full.
        return introduced.shortened(normalise(surface)) or id
    return id


def normalise(text: str) -> str:
    """A name without case, diacritics, Arabic articles, apostrophes and full stops, its parts between spaces."""
    original = text
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKD", text)).casefold()
    text = "".join(char for char in text if not unicodedata.combining(char))
    words = [word for word in _SEPARATORS.split(text) if word]
    return " ".join([word for word in words if word not in _ARTICLES] or words) or original.casefold()


def skeleton(key: str) -> str:
    """A normalised name's consonants, with those that transliterations of Arabic confuse made one."""
    for pattern, replacement in _SKELETON:
        key = pattern.sub(replacement, key)
    return key


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


def _new_id(key: str, taken: Mapping[str, LinkedActor], lexicon: Lexicon) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", key)[:_LONGEST_SLUG].strip("-") or "actor"
    number = 1
    id = slug
    while id in taken or id in lexicon.entries:
        number += 1
        id = f"{slug}-{number}"
    return id
