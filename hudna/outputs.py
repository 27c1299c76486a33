"""Where `hudna tag` writes: a file or folder that is added to, and never has an article twice; and how that is read."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

from hudna.archives import STDIN, Item
from hudna.formats import annotate, brat_configuration, to_brat, to_conll
from hudna.labels import LabelSet
from hudna.results import Analysis

Read = Sequence[tuple[Item, Analysis]]


class Output(Protocol):
    """Takes analyses a few at a time; what `write` has taken is on disk when it returns."""

    @property
    def done(self) -> Container[str]:
        """The sources of the articles that are already there."""
        ...

    def write(self, read: Read) -> None:
        """Adds some analyses."""
        ...


def open_output(path: Path | None, format: str | None, labels: LabelSet) -> Output:
    """The output of a path.

    Args:
        path: None is standard output.
        format: one of `FORMATS`; None: what the suffix says, JSON lines for standard output.
        labels: the label sets, of which brat wants a list.

    Raises:
        ValueError: the format is unknown or not possible here, or what is there was not written by `hudna tag`.
    """
    if path is None:
        if format not in (None, "jsonl", "conll"):
            raise ValueError(f"the format '{format}' needs an output (-o)")
        return StandardOutput(_FILES[format or "jsonl"])
    format = format or path.suffix.removeprefix(".")
    if format in _FILES:
        return _FILES[format](path)
    if format == "parquet":
        return Parts(path, ParquetPart())
    if format == "spacy":
        return Parts(path, SpacyPart())
    if format == "brat":
        return Brat(path, labels)
    raise ValueError(f"{path}: an output ends in .{', .'.join(FORMATS)}, or --format tells its form")


def to_row(item: Item, analysis: Analysis) -> dict[str, Any]:
    """What is written of an article. The source comes first."""
    known = {"id": item.id, "date": item.date.isoformat() if item.date else None}
    return (
        {"source": item.source} | {key: value for key, value in known.items() if value is not None} | analysis.to_dict()
    )


class StandardOutput:
    """Standard output, where nothing is resumed."""

    def __init__(self, format: type[_File]) -> None:
        self.done: set[str] = set()
        self._format = format
        # A lone surrogate has no UTF-8 form.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", errors=format.errors)

    def write(self, read: Read) -> None:
        for item, analysis in read:
            sys.stdout.write(self._format.form(item, analysis))
        sys.stdout.flush()


class _File(ABC):
    """A file that is added to.

    Attributes:
        errors: what becomes of a lone surrogate, which has no UTF-8 form (see `codecs.register_error`).
    """

    errors: str

    def __init__(self, path: Path) -> None:
        self._path = path
        self.done: set[str] = set()
        if path.exists():
            with path.open("rb") as file:
                whole = self._read(file)
            os.truncate(path, whole)

    def write(self, read: Read) -> None:
        text = "".join(self.form(item, analysis) for item, analysis in read)
        with self._path.open("ab") as file:
            file.write(text.encode("utf-8", errors=self.errors))
            file.flush()
            os.fsync(file.fileno())

    @staticmethod
    @abstractmethod
    def form(item: Item, analysis: Analysis) -> str:
        """What is written of an article."""

    @abstractmethod
    def _read(self, file: IO[bytes]) -> int:
        """Puts what is there into `done`; returns how many bytes of the file are to stay."""


class JsonLines(_File):
    """An object a line. A line that was cut off when the machine failed is cut away and written again."""

    # The backslash form is the JSON escape that stands for it.
    errors = "backslashreplace"

    @staticmethod
    def form(item: Item, analysis: Analysis) -> str:
        return json.dumps(to_row(item, analysis), ensure_ascii=False, default=str) + "\n"

    def _read(self, file: IO[bytes]) -> int:
        whole = 0
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                break
            self.done.add(_source(line, f"{self._path}:{number}"))
            whole += len(line)
        return whole


def _source(line: bytes, place: str) -> str:
    """The source at the beginning of a written line; reading all of a long line would take its time."""
    head = '{"source": '
    text = line.decode("utf-8", errors="replace")
    with contextlib.suppress(ValueError):
        if text.startswith(head):
            source, _ = json.JSONDecoder().raw_decode(text, len(head))
            if isinstance(source, str):
                return source
    raise ValueError(f"{place}: not a line that 'hudna tag' wrote; choose another output")


class Conll(_File):
    """Columns (see `to_conll`). Nothing tells whether the last article is whole: it is cut away and written again."""

    errors = "replace"
    _HEAD = "-DOCSTART- "

    @staticmethod
    def form(item: Item, analysis: Analysis) -> str:
        return to_conll(json.dumps(item.source, ensure_ascii=False), analysis)

    def _read(self, file: IO[bytes]) -> int:
        whole = position = 0
        last = None
        for number, line in enumerate(file, start=1):
            if line.startswith(self._HEAD.encode()):
                whole = position
                if last is not None:
                    self.done.add(last)
                try:
                    last = json.loads(line[len(self._HEAD) :])
                except ValueError:
                    last = None  # Cut off; it is the last.
            elif number == 1 and line.endswith(b"\n"):
                raise ValueError(f"{self._path}:1: not a line that 'hudna tag' wrote; choose another output")
            position += len(line)
        return whole


_FILES: dict[str, type[_File]] = {"jsonl": JsonLines, "conll": Conll}
FORMATS = (*_FILES, "parquet", "spacy", "brat")


def write_whole(path: Path, data: bytes) -> None:
    """A file that appears only when it is whole."""
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


class Part(Protocol):
    """A form in which some articles make one file.

    Attributes:
        suffix: of the file.
    """

    suffix: str

    def to_bytes(self, read: Read) -> bytes:
        """The file."""
        ...

    def sources(self, path: Path) -> Iterable[str]:
        """The sources of the articles in a file."""
        ...


class Parts:
    """A folder of files with a few articles each; readers of these formats take all of them together."""

    def __init__(self, folder: Path, part: Part) -> None:
        self._folder, self._part = folder, part
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"{folder} is no folder; choose another output")
        folder.mkdir(parents=True, exist_ok=True)
        self.done: set[str] = set()
        self._next = 0
        for path in sorted(folder.glob(f"part-*{part.suffix}")):
            self._next = int(path.stem.removeprefix("part-")) + 1
            self.done.update(part.sources(path))

    def write(self, read: Read) -> None:
        write_whole(self._folder / f"part-{self._next:06d}{self._part.suffix}", self._part.to_bytes(read))
        self._next += 1


class SpacyPart:
    """A `DocBin`: documents of a blank English pipeline with spans (see `annotate`), the source in `doc.user_data`."""

    suffix = ".spacy"

    def __init__(self) -> None:
        try:
            import spacy
            from spacy.tokens import DocBin
        except ImportError:
            raise ValueError("the format 'spacy' needs the extra 'spacy' (pip install 'hudna[spacy]')") from None
        self._nlp, self._bin = spacy.blank("en"), DocBin
        self._nlp.max_length = sys.maxsize

    def to_bytes(self, read: Read) -> bytes:
        documents = self._bin(store_user_data=True)
        for item, analysis in read:
            # spaCy stores UTF-8; a lone surrogate, which has none, becomes one other character.
            document = self._nlp.make_doc(analysis.text.encode("utf-8", errors="replace").decode())
            annotate(document, analysis)
            document.user_data["source"] = item.source
            documents.add(document)
        return documents.to_bytes()

    def sources(self, path: Path) -> Iterable[str]:
        documents = self._bin(store_user_data=True).from_disk(path)
        return [document.user_data["source"] for document in documents.get_docs(self._nlp.vocab)]


class Brat:
    """A folder for brat (see `to_brat`): two files an article, named after its source, and `annotation.conf`."""

    def __init__(self, folder: Path, labels: LabelSet) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "annotation.conf", brat_configuration(labels).encode())

    @property
    def done(self) -> Container[str]:
        return self

    def __contains__(self, source: object) -> bool:
        return isinstance(source, str) and self._path(source).exists()

    def write(self, read: Read) -> None:
        for item, analysis in read:
            # Standard input is another article each time.
            path = self._path(item.source, analysis.text if item.source == STDIN else "")
            # The text comes last: where it is, the article is whole.
            write_whole(path.with_suffix(".ann"), to_brat(analysis).encode("utf-8", errors="replace"))
            write_whole(path, analysis.text.encode("utf-8", errors="replace"))

    def _path(self, source: str, text: str = "") -> Path:
        """The end of the source, to be recognised, and a digest, so that no two are the same."""
        digest = hashlib.sha256((source + text).encode("utf-8", errors="replace")).hexdigest()[:12]
        return self._folder / f"{re.sub(r'[^A-Za-z0-9-]+', '_', source)[-60:]}-{digest}.txt"


class ParquetPart:
    """A table with a row an article."""

    suffix = ".parquet"

    def __init__(self) -> None:
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError:
            raise ValueError("the format 'parquet' needs the extra 'parquet' (pip install 'hudna[parquet]')") from None
        self._arrow, self._parquet = pyarrow, parquet

    def to_bytes(self, read: Read) -> bytes:
        rows = [_plain(to_row(item, analysis)) for item, analysis in read]
        file = io.BytesIO()
        self._parquet.write_table(self._arrow.Table.from_pylist(rows, schema=self._schema()), file)
        return file.getvalue()

    def sources(self, path: Path) -> Iterable[str]:
        sources: list[str] = self._parquet.read_table(path, columns=["source"])["source"].to_pylist()
        return sources

    def _schema(self) -> Any:
        arrow = self._arrow
        text, number, real = arrow.string(), arrow.int64(), arrow.float64()
        mention = {"start": number, "end": number, "text": text, "type": text, "score": real, "actor": text}
        mentions = arrow.list_(arrow.struct(list(mention.items())))
        actor = {
            "id": text, "name": text, "type": text, "side": text, "side_score": real,
            "sides": arrow.map_(text, real), "mentions": mentions, "evidence": arrow.struct(list(mention.items())),
            "known": arrow.bool_(),
        }  # fmt: skip
        claim = {
            "start": number, "end": number, "text": text, "kind": text, "score": real,
            "by": arrow.list_(text), "effective": text,
        }  # fmt: skip
        columns = {
            "source": text, "id": text, "date": text, "text": text,
            "actors": arrow.list_(arrow.struct(list(actor.items()))),
            "claims": arrow.list_(arrow.struct(list(claim.items()))),
            "mentions": mentions,
        }  # fmt: skip
        return arrow.schema(list(columns.items()))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row as Arrow takes it: ids are strings, and no string has a lone surrogate."""
    if row.get("id") is not None:
        row["id"] = str(row["id"])
    cleaned: dict[str, Any] = json.loads(
        json.dumps(row, ensure_ascii=False).encode("utf-8", errors="replace").decode("utf-8")
    )
    return cleaned


def read_tagged(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a `.jsonl` file or of a folder of Parquet files that `hudna tag` wrote (see `to_row`).

    Raises:
        ValueError: it wrote neither.
    """
    if path.is_dir():
        try:
            from pyarrow import parquet
        except ImportError:
            raise ValueError(f"{path}: Parquet needs the extra 'parquet' (pip install 'hudna[parquet]')") from None
        parts = sorted(path.glob("part-*.parquet"))
        if not parts:
            raise ValueError(f"{path}: no Parquet file that 'hudna tag' wrote")
        for part in parts:
            for row in parquet.read_table(part).to_pylist():
                for actor in row["actors"]:
                    actor["sides"] = dict(actor["sides"])  # Arrow gives a map as pairs.
                yield row
        return
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
                row["actors"], row["claims"]
            except (ValueError, KeyError, TypeError):
                raise ValueError(f"{path}:{number}: not a line that 'hudna tag' wrote") from None
            yield row
