"""Copies of a labelled article that say the same with other names and in other copy: what must not change the labels.

A copy is made of replacements of pieces of the text, under which all offsets move along; labels stay as they are.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from hudna.linking import Lexicon

Row = dict[str, Any]
# Start, end and what comes there instead.
Replacement = tuple[int, int, str]

_TOKENS = {"(": "-LRB-", ")": "-RRB-", "[": "-LSB-", "]": "-RSB-"}
# A full stop after less than three letters may be an abbreviation's.
_PUNCTUATION = re.compile(r"(?<=\w)[,;:!?](?=\s)|(?<=[a-z]{3})\.(?=\s|$)|[()\[\]]|(?<=\w)'s\b")
_ENTITIES = {'"': "&quot;", "'": "&#39;", "&": "&amp;"}


def replace(row: Mapping[str, Any], replacements: Iterable[Replacement]) -> Row:
    """The row with pieces of its text replaced and its mentions and claims moved along.

    Args:
        row: of `training.corpus.to_row`.
        replacements: they must not overlap each other, nor lie across the border of a mention or claim.
    """
    text = row["text"]
    edits = sorted(replacements)
    pieces, position, shift = [], 0, 0
    # From which old offset on which shift holds.
    bounds: list[int] = []
    shifts: list[int] = []
    for start, end, new in edits:
        if start < position:
            raise ValueError(f"replacements overlap at {start}")
        pieces += [text[position:start], new]
        position = end
        shift += len(new) - (end - start)
        bounds.append(end)
        shifts.append(shift)
    pieces.append(text[position:])

    def move(offset: int) -> int:
        moved = 0
        for bound, so_far in zip(bounds, shifts, strict=True):
            if offset < bound:
                break
            moved = so_far
        return offset + moved

    def span(item: Mapping[str, Any]) -> dict[str, Any]:
        return {**item, "start": move(item["start"]), "end": move(item["end"])}

    return {
        **row,
        "text": "".join(pieces),
        "mentions": [span(mention) for mention in row["mentions"]],
        "claims": [span(claim) for claim in row["claims"]],
    }


class Augmenter:
    """Makes copies of articles: other outside states, other unknown actors, other spellings, other copy.

    Args:
        states: roles of outside states (`corpus/states.yaml`): the strings of one can stand for those of another.
        lexicon: whose persons are spelt otherwise, and whom nobody else replaces.
        rows: the articles whose unknown actors lend each other their names.
        person: the class of persons among the rows' types.
    """

    def __init__(
        self, states: Sequence[Mapping[str, Sequence[str]]], lexicon: Lexicon, rows: Iterable[Row], *, person: int
    ) -> None:
        self._states = states
        self._person = person
        self._owner: dict[str, tuple[int, str, int]] = {}
        for number, state in enumerate(states):
            for role, strings in state.items():
                for place, string in enumerate(strings):
                    self._owner.setdefault(string, (number, role, place))
        longest_first = sorted(self._owner, key=len, reverse=True)
        self._state = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
        self._lexicon = lexicon
        lent: dict[tuple[int, str], set[str]] = {}
        for row in rows:
            for pool, name in self._unknown(row).values():
                lent.setdefault(pool, set()).add(name)
        self._names = {pool: sorted(names) for pool, names in lent.items()}

    def __call__(self, row: Row, rng: random.Random) -> Row:
        """One copy, by a random choice of changes."""
        if rng.random() < 0.8:
            row = self.swap_states(row, rng)
        if rng.random() < 0.6:
            row = self.swap_unknown(row, rng)
        if rng.random() < 0.4:
            row = self.respell(row, rng)
        if rng.random() < 0.3:
            row = rng.choice((tokenise, drop_punctuation, escape, break_lines, change_case))(row, rng)
        return row

    def swap_states(self, row: Row, rng: random.Random) -> Row:
        """Every outside state with its capital, its people and its leaders becomes another one."""
        hits = list(self._state.finditer(row["text"]))
        present = sorted({self._owner[hit.group()][0] for hit in hits})
        others = rng.sample(range(len(self._states)), len(present))
        chosen = dict(zip(present, others, strict=True))
        borders = _borders(row)
        edits = []
        for hit in hits:
            number, role, place = self._owner[hit.group()]
            strings = self._states[chosen[number]].get(role, ())
            if strings and not borders & set(range(hit.start() + 1, hit.end())):
                same = place if place < len(strings) else place % 2 if role in ("leader", "minister") else 0
                edits.append((hit.start(), hit.end(), strings[same]))
        return replace(row, edits)

    def swap_unknown(self, row: Row, rng: random.Random) -> Row:
        """Every actor whom the lexicon does not know gets the name of another such actor of its kind."""
        old = self._unknown(row)
        new: dict[str, str] = {}
        for pool in sorted({pool for pool, _ in old.values()}):
            members = [entity for entity in old if old[entity][0] == pool]
            names = self._names.get(pool, [])
            new.update(zip(members, rng.sample(names, min(len(members), len(names))), strict=False))
        edits = []
        for mention in row["mentions"]:
            entity, words = mention["entity"], row["text"][mention["start"] : mention["end"]]
            if entity in new and words == old[entity][1]:
                edits.append((mention["start"], mention["end"], new[entity]))
            elif entity in new and old[entity][0][0] == self._person:
                edits.append((mention["start"], mention["end"], _last(new[entity])))
        return replace(row, edits)

    def respell(self, row: Row, rng: random.Random) -> Row:
        """Known persons in another spelling that the lexicon has, with as many words, the same throughout."""
        chosen: dict[str, str] = {}
        edits = []
        for mention in row["mentions"]:
            words = row["text"][mention["start"] : mention["end"]]
            entry = self._lexicon.entries.get(mention["entity"])
            if entry is None or entry.type != "person" or words not in (entry.name, *entry.aliases):
                continue
            alike = [alias for alias in (entry.name, *entry.aliases) if len(alias.split()) == len(words.split())]
            new = chosen.setdefault(words, rng.choice(alike))
            edits.append((mention["start"], mention["end"], new))
        return replace(row, edits)

    def _unknown(self, row: Row) -> dict[str, tuple[tuple[int, str], str]]:
        """The actors that can change names: the pool of names that fit, and their own.

        Those are persons that are called by a full name and its last part only, and others that have one name of
        several words, all with a capital, whose last word says what they are ("Martyrs Brigade"), and are besides
        called by common nouns at most ("the brigade").
        """
        types = {entity["id"]: entity["type"] for entity in row["entities"]}
        words: dict[str, set[str]] = {}
        for mention in row["mentions"]:
            if mention["entity"] not in self._lexicon.entries:
                words.setdefault(mention["entity"], set()).add(row["text"][mention["start"] : mention["end"]])
        found = {}
        for entity, strings in words.items():
            if types[entity] == self._person:
                full = max(strings, key=len)
                if len(full.split()) > 1 and strings <= {full, _last(full)}:
                    found[entity] = ((types[entity], ""), full)
                continue
            names = [string for string in strings if not string.islower()]
            if len(names) == 1 and len(parts := names[0].split()) > 1 and all(part[0].isupper() for part in parts):
                found[entity] = ((types[entity], parts[-1]), names[0])
        return found


def tokenise(row: Row, _: random.Random) -> Row:
    """Spaces before punctuation, brackets as `-LRB-`."""
    edits: list[Replacement] = []
    for hit in _PUNCTUATION.finditer(row["text"]):
        mark = hit.group()
        edits.append((hit.start(), hit.end(), f" {_TOKENS.get(mark, mark)} " if mark in _TOKENS else f" {mark}"))
    return _inside(row, edits)


def drop_punctuation(row: Row, rng: random.Random) -> Row:
    """Commas and full stops lost here and there."""
    hits = [hit for hit in re.finditer(r"(?<=\w)[,.](?=\s)", row["text"]) if rng.random() < 0.5]
    return _inside(row, [(hit.start(), hit.end(), "") for hit in hits])


def escape(row: Row, _: random.Random) -> Row:
    """Quotation marks and ampersands as HTML entities."""
    hits = re.finditer("[\"'&]", row["text"])
    return _inside(row, [(hit.start(), hit.end(), _ENTITIES[hit.group()]) for hit in hits])


def break_lines(row: Row, _: random.Random) -> Row:
    """Hard line breaks after about 70 characters."""
    edits, last = [], 0
    for hit in re.finditer(r"\s", row["text"]):
        if hit.group() == "\n":
            last = hit.end()
        elif hit.start() - last > 70:
            edits.append((hit.start(), hit.end(), "\n"))
            last = hit.end()
    return _inside(row, edits)


def change_case(row: Row, rng: random.Random) -> Row:
    """Everything in capitals, or nothing; letters that would become two stay."""
    change = rng.choice((str.upper, str.lower))
    text = "".join(new if len(new := change(char)) == 1 else char for char in row["text"])
    return {**row, "text": text}


def _inside(row: Row, edits: Sequence[Replacement]) -> Row:
    """Replaces, leaving out what touches the inside of a mention."""
    mentions = [(mention["start"], mention["end"]) for mention in row["mentions"]]
    return replace(
        row, [edit for edit in edits if not any(start < edit[1] and edit[0] < end for start, end in mentions)]
    )


def _borders(row: Row) -> set[int]:
    return {item[edge] for part in ("mentions", "claims") for item in row[part] for edge in ("start", "end")}


def _last(name: str) -> str:
    words = name.split()
    particle = len(words) > 2 and words[-2].lower() in ("al", "el", "bin", "ben", "bu", "abu", "le", "de", "di", "van")
    return " ".join(words[-2:]) if particle else words[-1]


def load_states(folder: str | Path) -> list[dict[str, list[str]]]:
    """The outside states of a corpus, from its `states.yaml`; none without that file."""
    path = Path(folder) / "states.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else []
