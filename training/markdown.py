"""Annotated Markdown: the format in which labelled articles are written, read and corrected.

An article is YAML front matter between two `---` lines, then the text with `[mention](entity)` and
`{claim}(kind by entity ... @2020-01-12)` marked in it. `\\[ \\] \\{ \\} \\( \\)` are literal characters.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from hudna.labels import LabelSet
from hudna.results import Actor, Analysis, Claim, Mention

_BRACKETS = "[]{}()"
_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_CLAIM_LABEL = re.compile(r"(?P<kind>\S+)(?: by(?P<by>(?: [^\s@]\S*)+))?(?: @(?P<effective>\S+))?")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2})?")


class MarkdownError(ValueError):
    """An annotated article that breaks the format; the message is `file:line: what is wrong`."""


@dataclass(frozen=True)
class Entity:
    """An actor of one article: what it is, and the side the article shows it on."""

    type: str
    side: str


@dataclass(frozen=True)
class MentionSpan:
    """`text[start:end]` names the entity."""

    start: int
    end: int
    entity: str


@dataclass(frozen=True)
class ClaimSpan:
    """`text[start:end]` claims something about a ceasefire.

    Attributes:
        kind: one of the label set's kinds.
        by: the entities that make the claim, in the order of the label.
        effective: ISO 8601 date or date-time at which the ceasefire starts or started, if the text says so.
    """

    start: int
    end: int
    kind: str
    by: tuple[str, ...] = ()
    effective: str | None = None


@dataclass(frozen=True)
class Article:
    """A labelled article. Mentions and claims are in text order; offsets are characters of `text`.

    Attributes:
        id: the file's name without its suffix.
        date: the publication date, if the front matter has one.
        metadata: the front matter's other entries (genre, dateline, event ...), as written.
        evidence: for some entities, which of their mentions (1 is the first) stand where the text shows the side.
    """

    id: str
    text: str
    entities: dict[str, Entity]
    mentions: tuple[MentionSpan, ...]
    claims: tuple[ClaimSpan, ...]
    date: datetime.date | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, tuple[int, ...]] = field(default_factory=dict)


def as_analysis(article: Article) -> Analysis:
    """The labels as an analysis that is sure of all of them; an actor's name is its id."""
    mentions = [
        Mention(m.start, m.end, article.text[m.start : m.end], article.entities[m.entity].type, 1.0, m.entity)
        for m in article.mentions
    ]
    actors = []
    for id, entity in article.entities.items():
        own = [mention for mention in mentions if mention.actor == id]
        actors.append(Actor(id, id, entity.type, entity.side, 1.0, {entity.side: 1.0}, own, None, True))
    claims = [
        Claim(c.start, c.end, article.text[c.start : c.end], c.kind, 1.0, list(c.by), c.effective)
        for c in article.claims
    ]
    return Analysis(article.text, actors, claims)


def read_article(path: str | Path, labels: LabelSet) -> Article:
    """Reads one annotated Markdown file.

    Raises:
        MarkdownError: the file is not UTF-8 or breaks the format.
        OSError: the file cannot be read.
    """
    path = Path(path)
    data = path.read_bytes()
    try:
        source = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise MarkdownError(f"{path}:{line}: not UTF-8 (byte {error.start})") from None
    return parse_article(source, labels, name=str(path), id=path.stem)


def read_articles(folder: str | Path, labels: LabelSet) -> list[Article]:
    """Reads every `*.md` file of a folder, sorted by name; `README.md` is left out.

    Raises:
        MarkdownError: a file breaks the format, or the folder holds no article.
    """
    paths = sorted(path for path in Path(folder).glob("*.md") if path.name != "README.md")
    if not paths:
        raise MarkdownError(f"{folder}: no annotated article (*.md) here")
    return [read_article(path, labels) for path in paths]


def parse_article(source: str, labels: LabelSet, *, name: str = "<string>", id: str = "article") -> Article:
    """Parses annotated Markdown.

    Args:
        source: the whole file.
        labels: the label sets that the annotation must keep to.
        name: what error messages call the source.
        id: the article's id.

    Raises:
        MarkdownError: naming the line and what is wrong.
    """
    header, body, first_line = _split(source, name)
    entities, date, metadata, evidence = _parse_header(header, labels, name)
    text, mentions, claims = _Body(body, entities, labels, name, first_line).parse()
    _check_evidence(evidence, mentions, name)
    return Article(id, text, entities, tuple(mentions), tuple(claims), date, metadata, evidence)


def format_article(article: Article) -> str:
    """Writes an article as annotated Markdown; `parse_article` gives the same article back.

    Raises:
        ValueError: spans overlap in a way that the format cannot hold.
    """
    header: dict[str, object] = {}
    if article.date:
        header["date"] = article.date
    header |= article.metadata
    header["entities"] = {id: f"{entity.type} {entity.side}" for id, entity in article.entities.items()}
    if article.evidence:
        header["evidence"] = {id: " ".join(map(str, numbers)) for id, numbers in article.evidence.items()}
    front = yaml.safe_dump(header, sort_keys=False, allow_unicode=True, width=1000)

    opening: dict[int, list[str]] = {}
    closing: dict[int, list[str]] = {}
    spans: list[tuple[int, int, str, str]] = []
    for claim in article.claims:
        label = claim.kind + "".join([" by " + " ".join(claim.by)] if claim.by else [])
        label += f" @{claim.effective}" if claim.effective else ""
        spans.append((claim.start, claim.end, "{", "}(" + label + ")"))
    spans += [(mention.start, mention.end, "[", f"]({mention.entity})") for mention in article.mentions]
    open_ends: list[tuple[int, str]] = []
    # Outer spans first, so that they open first and close last.
    for start, end, opener, closer in sorted(spans, key=lambda span: (span[0], -span[1], span[2] != "{")):
        open_ends = [(other_end, kind) for other_end, kind in open_ends if other_end > start]
        if any(end > other_end or kind == "[" or opener == "{" for other_end, kind in open_ends):
            raise ValueError(f"article {article.id}: the span {start}-{end} overlaps another one")
        if "\\" in (article.text[start - 1 : start], article.text[end - 1]):
            raise ValueError(f"article {article.id}: a span cannot start or end after a backslash ({start}-{end})")
        open_ends.append((end, opener))
        opening.setdefault(start, []).append(opener)
        closing.setdefault(end, []).insert(0, closer)

    parts = []
    for position, char in enumerate(article.text):
        parts += closing.get(position, []) + opening.get(position, [])
        parts.append("\\" + char if char in _BRACKETS else char)
    parts += closing.get(len(article.text), [])
    return f"---\n{front}---\n{''.join(parts)}\n"


def _split(source: str, name: str) -> tuple[str, str, int]:
    """Front matter, body, and the line on which the body starts."""
    if not source.startswith("---\n"):
        raise MarkdownError(f"{name}:1: an article starts with a line '---'")
    end = source.find("\n---\n", 3)
    if end < 0:
        raise MarkdownError(f"{name}:1: the front matter is not closed by a line '---'")
    body = source[end + len("\n---\n") :]
    return source[4 : end + 1], body.removesuffix("\n"), source.count("\n", 0, end) + 3


def _parse_header(
    header: str, labels: LabelSet, name: str
) -> tuple[dict[str, Entity], datetime.date | None, dict[str, str], dict[str, tuple[int, ...]]]:
    # The node tree rather than the loaded values: it knows the lines, keeps a key given twice,
    # and does not turn the id `no` into False.
    try:
        root = yaml.compose(header, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 2
        raise MarkdownError(f"{name}:{line}: front matter is not YAML: {error.problem}") from None
    if not isinstance(root, yaml.MappingNode):
        raise MarkdownError(f"{name}:2: front matter is not a mapping")
    entities: dict[str, Entity] | None = None
    date = None
    metadata: dict[str, str] = {}
    evidence: dict[str, tuple[int, ...]] = {}
    for key_node, value_node in root.value:
        key, line = str(key_node.value), key_node.start_mark.line + 2
        if (
            key in metadata
            or (key == "date" and date)
            or (key == "entities" and entities is not None)
            or (key == "evidence" and evidence)
        ):
            raise MarkdownError(f"{name}:{line}: '{key}' is given twice")
        if key == "entities":
            entities = _parse_entities(value_node, labels, name)
        elif key == "evidence":
            evidence = _parse_evidence(value_node, name)
        elif not isinstance(value_node, yaml.ScalarNode):
            raise MarkdownError(f"{name}:{line}: '{key}' must be a single value")
        elif key == "date":
            try:
                date = datetime.date.fromisoformat(value_node.value)
            except ValueError:
                raise MarkdownError(f"{name}:{line}: '{value_node.value}' is no date (YYYY-MM-DD)") from None
        else:
            metadata[key] = value_node.value
    if entities is None:
        raise MarkdownError(f"{name}:2: front matter has no 'entities'")
    return entities, date, metadata, evidence


def _parse_evidence(node: yaml.Node, name: str) -> dict[str, tuple[int, ...]]:
    if not isinstance(node, yaml.MappingNode):
        raise MarkdownError(f"{name}:{node.start_mark.line + 2}: 'evidence' must map ids to numbers of mentions")
    evidence = {}
    for key_node, value_node in node.value:
        numbers = str(value_node.value).split()
        if not numbers or not all(number.isdecimal() and int(number) > 0 for number in numbers):
            line = key_node.start_mark.line + 2
            raise MarkdownError(f"{name}:{line}: evidence for '{key_node.value}' must be numbers of mentions (1 ...)")
        evidence[str(key_node.value)] = tuple(map(int, numbers))
    return evidence


def _check_evidence(evidence: dict[str, tuple[int, ...]], mentions: list[MentionSpan], name: str) -> None:
    for id, numbers in evidence.items():
        count = sum(mention.entity == id for mention in mentions)
        if max(numbers) > count:
            raise MarkdownError(f"{name}:2: evidence for '{id}' is mention {max(numbers)}, but it has {count}")


def _parse_entities(node: yaml.Node, labels: LabelSet, name: str) -> dict[str, Entity]:
    if isinstance(node, yaml.ScalarNode) and node.value in ("", "{}", "null"):
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise MarkdownError(f"{name}:{node.start_mark.line + 2}: 'entities' must map ids to 'type side'")
    entities: dict[str, Entity] = {}
    for key_node, value_node in node.value:
        id, line = str(key_node.value), key_node.start_mark.line + 2
        if not _ID.fullmatch(id):
            raise MarkdownError(f"{name}:{line}: entity id '{id}' is no slug (a-z, 0-9, hyphens)")
        if id in entities:
            raise MarkdownError(f"{name}:{line}: entity '{id}' is given twice")
        words = str(value_node.value).split() if isinstance(value_node, yaml.ScalarNode) else []
        if len(words) != 2:
            raise MarkdownError(f"{name}:{line}: entity '{id}' must be 'type side'")
        if words[0] not in labels.types:
            raise MarkdownError(f"{name}:{line}: '{words[0]}' is no type ({', '.join(labels.types)})")
        if words[1] not in labels.sides:
            raise MarkdownError(f"{name}:{line}: '{words[1]}' is no side ({', '.join(labels.sides)})")
        entities[id] = Entity(*words)
    return entities


class _Body:
    """One pass over the body from left to right, at most one claim and one mention open at a time."""

    def __init__(self, body: str, entities: dict[str, Entity], labels: LabelSet, name: str, line: int) -> None:
        self.body = body
        self.entities = entities
        self.labels = labels
        self.name = name
        self.line = line
        self.position = 0
        self.text: list[str] = []

    def parse(self) -> tuple[str, list[MentionSpan], list[ClaimSpan]]:
        body = self.body
        mentions: list[MentionSpan] = []
        claims: list[ClaimSpan] = []
        mention_start: int | None = None
        claim_start: int | None = None
        while self.position < len(body):
            char = body[self.position]
            following = body[self.position + 1 : self.position + 2]
            if char == "\\" and following and following in _BRACKETS:
                self._take(following, 2)
            elif char == "[":
                if mention_start is not None:
                    raise self._error("a mention inside a mention")
                mention_start = len(self.text)
                self.position += 1
            elif char == "{":
                if claim_start is not None:
                    raise self._error("a claim inside a claim")
                if mention_start is not None:
                    raise self._error("a claim inside a mention")
                claim_start = len(self.text)
                self.position += 1
            elif char == "]":
                if mention_start is None:
                    raise self._error("']' closes nothing (write '\\]' for the character)")
                self._check_span(mention_start, "mention")
                entity = self._entity(self._label("mention"))
                mentions.append(MentionSpan(mention_start, len(self.text), entity))
                mention_start = None
            elif char == "}":
                if claim_start is None:
                    raise self._error("'}' closes nothing (write '\\}' for the character)")
                if mention_start is not None:
                    raise self._error("the claim ends inside a mention")
                self._check_span(claim_start, "claim")
                kind, by, effective = self._claim_label(self._label("claim"))
                claims.append(ClaimSpan(claim_start, len(self.text), kind, by, effective))
                claim_start = None
            else:
                self._take(char, 1)
        for start, what in ((mention_start, "mention"), (claim_start, "claim")):
            if start is not None:
                self.line -= "".join(self.text[start:]).count("\n")
                raise self._error(f"unbalanced: the {what} '{self._excerpt(start)}' is not closed")
        return "".join(self.text), mentions, claims

    def _take(self, char: str, width: int) -> None:
        self.text.append(char)
        self.position += width
        self.line += char == "\n"

    def _error(self, problem: str) -> MarkdownError:
        return MarkdownError(f"{self.name}:{self.line}: {problem}")

    def _excerpt(self, start: int) -> str:
        return "".join(self.text[start : start + 40])

    def _check_span(self, start: int, what: str) -> None:
        span = "".join(self.text[start:])
        if not span:
            raise self._error(f"an empty {what}")
        if span != span.strip():
            raise self._error(f"the {what} '{span}' has outer white space")

    def _label(self, what: str) -> str:
        """The parenthesis right after a closing bracket; moves past it."""
        start = self.position + 1
        end = self.body.find(")", start)
        if self.body[start : start + 1] != "(" or end < 0 or "\n" in self.body[start:end]:
            raise self._error(f"a {what} must be followed by its label in parentheses")
        self.position = end + 1
        return self.body[start + 1 : end]

    def _entity(self, id: str) -> str:
        if id not in self.entities:
            raise self._error(f"unknown entity '{id}'")
        return id

    def _claim_label(self, label: str) -> tuple[str, tuple[str, ...], str | None]:
        match = _CLAIM_LABEL.fullmatch(label)
        if not match:
            raise self._error(f"'{label}' is no claim label ('kind by id id @date')")
        if match["kind"] not in self.labels.kinds:
            raise self._error(f"'{match['kind']}' is no kind ({', '.join(self.labels.kinds)})")
        by = tuple(self._entity(id) for id in (match["by"] or "").split())
        effective = match["effective"]
        if effective is not None:
            try:
                datetime.datetime.fromisoformat(effective if _ISO.fullmatch(effective) else "")
            except ValueError:
                raise self._error(f"'{effective}' is no date (YYYY-MM-DD or YYYY-MM-DDThh:mm)") from None
        return match["kind"], by, effective
