"""Articles out of files: text, JSON lines, CSV and Parquet, plain or compressed, one by one."""

from __future__ import annotations

import bz2
import contextlib
import csv
import datetime
import gzip
import io
import json
import lzma
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from hudna.dates import parse_date

STDIN = "-"
_COMPRESSED: dict[str, Any] = {".gz": gzip, ".bz2": bz2, ".xz": lzma}
_BAD_DATA = (gzip.BadGzipFile, EOFError, lzma.LZMAError, OSError)


@dataclass(frozen=True)
class Columns:
    """Where tables have what: names of columns, or of keys in JSON lines."""

    text: str = "text"
    date: str = "date"
    id: str = "id"


@dataclass(frozen=True)
class Item:
    """An article of an archive, or why there is none.

    Attributes:
        source: the file, with the number of the line or row where it holds several articles.
            Unique in an archive, but for standard input.
        bytes_read: how much of all files has been read so far, as they are on disk.
        text: the article.
        date: its publication date, if known.
        id: what the archive calls it, if it does.
        problem: what is wrong with it; then there is no text.
    """

    source: str
    bytes_read: int
    text: str = ""
    date: datetime.date | None = None
    id: Any = None
    problem: str = ""


def find_files(names: Sequence[str]) -> list[str]:
    """The files behind names of files, folders (with all files of a known kind in them), globs, and `-`, in order.

    Raises:
        OSError: a name stands for nothing.
    """
    files: list[str] = []
    for name in names:
        path = Path(name)
        if name == STDIN or path.is_file():
            files.append(name)
        elif path.is_dir():
            files += sorted(str(file) for file in path.rglob("*") if file.is_file() and _kind(file) in _READERS)
        else:
            base, pattern = (Path(path.anchor), str(path.relative_to(path.anchor))) if path.anchor else (Path(), name)
            found = sorted(str(file) for file in base.glob(pattern) if file.is_file()) if _is_glob(name) else []
            if not found:
                raise FileNotFoundError(f"{name}: no such file or folder")
            files += found
    return list(dict.fromkeys(files))


def total_bytes(files: Sequence[str]) -> int | None:
    """The size of all files on disk, or None if that is not known beforehand."""
    return None if STDIN in files else sum(Path(file).stat().st_size for file in files)


def read_items(files: Sequence[str], *, columns: Columns, date: datetime.date | None) -> Iterator[Item]:
    """The articles of all files.

    A `.jsonl` file has an object a line, a `.csv` or `.parquet` file an article a row; any other file is one article.

    Args:
        files: see `find_files`.
        columns: where tables have what.
        date: of the articles that have none of their own.
    """
    before = 0
    for file in files:
        path = Path(file)
        with contextlib.nullcontext(sys.stdin.buffer) if file == STDIN else path.open("rb") as raw:
            data = _COMPRESSED[path.suffix].open(raw) if path.suffix in _COMPRESSED else raw
            read = _READERS.get(_kind(path), _read_text)

            def item(place: str, *, _raw: IO[bytes] = raw, _before: int = before, **found: Any) -> Item:
                return Item(place, _before + (_raw.tell() if _raw.seekable() else 0), **found)

            try:
                yield from read(file, data, item, columns, date)
            except _BAD_DATA as error:
                yield Item(file, before, problem=str(error) or type(error).__name__)
        before += 0 if file == STDIN else path.stat().st_size


Make = Callable[..., Item]


def _read_text(file: str, data: IO[bytes], item: Make, columns: Columns, date: datetime.date | None) -> Iterator[Item]:
    text, problem = _decode(data.read())
    yield item(file, problem=problem) if problem else item(file, text=text, date=date)


def _read_lines(file: str, data: IO[bytes], item: Make, columns: Columns, date: datetime.date | None) -> Iterator[Item]:
    start = 0
    for number, line in enumerate(data, start=1):
        place = f"{file}:{number}"
        text, problem = _decode(line, start)
        start += len(line)
        if problem:
            yield item(place, problem=problem)
            continue
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield item(place, problem=f"not JSON: {error}")
            continue
        yield _row(place, row, item, columns, date)


def _read_csv(file: str, data: IO[bytes], item: Make, columns: Columns, date: datetime.date | None) -> Iterator[Item]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with io.TextIOWrapper(data, encoding="utf-8-sig", newline="") as lines:
        try:
            for number, row in enumerate(csv.DictReader(lines), start=1):
                yield _row(f"{file}:{number}", row, item, columns, date)
        except UnicodeDecodeError as error:
            yield item(file, problem=f"not UTF-8 near byte {error.start}; the rest of the file is left out")
        except csv.Error as error:
            yield item(file, problem=f"not CSV: {error}; the rest of the file is left out")


def _read_parquet(
    file: str, data: IO[bytes], item: Make, columns: Columns, date: datetime.date | None
) -> Iterator[Item]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise ValueError(f"{file}: reading Parquet needs the extra 'parquet' (pip install 'hudna[parquet]')") from None
    try:
        table = parquet.ParquetFile(data)
        wanted = [name for name in vars(columns).values() if name in table.schema_arrow.names]
        number = 0
        for batch in table.iter_batches(batch_size=256, columns=wanted):
            for row in batch.to_pylist():
                number += 1
                yield _row(f"{file}:{number}", row, item, columns, date)
    except ArrowException as error:
        yield item(file, problem=f"not Parquet: {error}")


_READERS = {".txt": _read_text, ".jsonl": _read_lines, ".csv": _read_csv, ".parquet": _read_parquet}


def _row(place: str, row: Any, item: Make, columns: Columns, date: datetime.date | None) -> Item:
    """The article in a row of a table."""
    if not isinstance(row, dict) or not isinstance(row.get(columns.text), str):
        return item(place, problem=f"no string '{columns.text}'")
    own = row.get(columns.date)
    try:
        # An empty cell of a CSV file is no date.
        known = parse_date(own) if own not in (None, "") else date
    except (TypeError, ValueError) as error:
        return item(place, problem=str(error))
    return item(place, text=row[columns.text], date=known, id=row.get(columns.id))


def _decode(data: bytes, start: int = 0) -> tuple[str, str]:
    """The text, or what is wrong with it; `start` is where the data stands in its file."""
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        return "", f"not UTF-8 (byte {start + error.start})"


def _kind(path: Path) -> str:
    """The suffix that tells how a file is read, that of the compression left out."""
    return Path(path.stem).suffix if path.suffix in _COMPRESSED else path.suffix


def _is_glob(name: str) -> bool:
    return any(char in name for char in "*?[")
