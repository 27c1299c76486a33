"""Where `hudna tag` writes: JSON lines or Parquet, appended to, and never an article twice."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from hudna.archives import Item
from hudna.results import Analysis

Read = Sequence[tuple[Item, Analysis]]


class Output(Protocol):
    """Takes analyses a few at a time; what `write` has taken is on disk when it returns.

    Attributes:
        done: the sources of the articles that are already there.
    """

    done: set[str]

    def write(self, read: Read) -> None:
        """Adds some analyses."""
        ...


def open_output(path: Path | None) -> Output:
    """The output of a path: a `.jsonl` file, a folder that ends in `.parquet`; None is standard output.

    Raises:
        ValueError: another suffix, or what is there was not written by `hudna tag`.
    """
    if path is None:
        return StandardOutput()
    if path.suffix == ".jsonl":
        return JsonLines(path)
    if path.suffix == ".parquet":
        return ParquetParts(path)
    raise ValueError(f"{path}: an output ends in .jsonl or .parquet")


def to_row(item: Item, analysis: Analysis) -> dict[str, Any]:
    """What is written of an article. The source comes first."""
    return {"source": item.source} | ({} if item.id is None else {"id": item.id}) | analysis.to_dict()


def _line(item: Item, analysis: Analysis) -> str:
    return json.dumps(to_row(item, analysis), ensure_ascii=False, default=str) + "\n"


class StandardOutput:
    """JSON lines on standard output, where nothing is resumed."""

    def __init__(self) -> None:
        self.done: set[str] = set()
        # A lone surrogate has no UTF-8 form; its backslash form is the JSON escape that stands for it.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")

    def write(self, read: Read) -> None:
        for item, analysis in read:
            sys.stdout.write(_line(item, analysis))
        sys.stdout.flush()


class JsonLines:
    """A file with an object a line. A line that was cut off when the machine failed is cut away and written again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.done: set[str] = set()
        whole = 0
        if path.exists():
            with path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    if not line.endswith(b"\n"):
                        break
                    self.done.add(_source(line, f"{path}:{number}"))
                    whole += len(line)
            os.truncate(path, whole)

    def write(self, read: Read) -> None:
        lines = "".join(_line(item, analysis) for item, analysis in read)
        with self._path.open("ab") as file:
            file.write(lines.encode("utf-8", errors="backslashreplace"))
            file.flush()
            os.fsync(file.fileno())


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


class ParquetParts:
    """A folder of Parquet files, each of which appears only when it is whole; readers take the folder as one table."""

    def __init__(self, folder: Path) -> None:
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError:
            raise ValueError(f"{folder}: Parquet needs the extra 'parquet' (pip install 'hudna[parquet]')") from None
        self._arrow, self._parquet = pyarrow, parquet
        self._folder = folder
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"{folder} is no folder of Parquet files; choose another output")
        folder.mkdir(parents=True, exist_ok=True)
        self.done: set[str] = set()
        self._next = 0
        for path in sorted(folder.glob("part-*.parquet")):
            self._next = int(path.stem.removeprefix("part-")) + 1
            self.done.update(parquet.read_table(path, columns=["source"])["source"].to_pylist())

    def write(self, read: Read) -> None:
        rows = [_plain(to_row(item, analysis)) for item, analysis in read]
        part = self._folder / f"part-{self._next:06d}.parquet"
        temporary = part.with_suffix(".tmp")
        table = self._arrow.Table.from_pylist(rows, schema=self._schema())
        with temporary.open("wb") as file:
            self._parquet.write_table(table, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, part)
        self._next += 1

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
            "source": text, "id": text, "text": text,
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
