"""The commands `hudna tag` and `hudna show`."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import io
import itertools
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from hudna.dates import parse_date
from hudna.rendering import render
from hudna.tagger import Tagger, load


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; returns its exit status (2: bad input)."""
    parser = argparse.ArgumentParser(
        prog="hudna", description="Reads news on the Libyan conflict: actors, sides, ceasefire claims."
    )
    parser.add_argument("--checkpoint", metavar="FOLDER", help="a trained checkpoint; default: the released one")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    tag = commands.add_parser("tag", help="write analyses as JSON lines")
    tag.add_argument("files", nargs="+", type=Path, metavar="FILE", help=".txt (one article) or .jsonl (text, date)")
    tag.add_argument("-o", "--output", type=Path, metavar="OUT.jsonl", help="default: standard output")
    tag.add_argument("--date", help="publication date of .txt articles (YYYY-MM-DD)")
    tag.set_defaults(run=_tag)

    show = commands.add_parser("show", help="write one article as an HTML page")
    show.add_argument("file", type=Path, metavar="FILE", help="a .txt article")
    show.add_argument("-o", "--output", type=Path, metavar="OUT.html", help="default: FILE with the suffix .html")
    show.add_argument("--date", help="publication date (YYYY-MM-DD)")
    show.set_defaults(run=_show)

    args = parser.parse_args(argv)
    try:
        args.run(args, load(args.checkpoint))
    except (ValueError, TypeError, OSError) as error:
        print(f"hudna: {error}", file=sys.stderr)
        return 2
    return 0


def _tag(args: argparse.Namespace, tagger: Tagger) -> None:
    articles = (article for path in args.files for article in _read(path, args.date))
    sources, texts, dates = itertools.tee(articles, 3)
    analyses = tagger.stream((text for _, text, _ in texts), date=(date for _, _, date in dates))
    with _output(args.output) as out:
        for (source, _, _), analysis in zip(sources, analyses, strict=True):
            out.write(json.dumps(source | analysis.to_dict(), ensure_ascii=False) + "\n")


def _show(args: argparse.Namespace, tagger: Tagger) -> None:
    analysis = tagger.predict(_text(args.file), date=args.date)
    with _output(args.output or args.file.with_suffix(".html")) as out:
        out.write(render(analysis, title=args.file.stem))


def _read(path: Path, date: str | None) -> Iterator[tuple[dict[str, Any], str, datetime.date | None]]:
    """The articles of a file: where each comes from, its text and its date."""
    if path.suffix != ".jsonl":
        yield {"source": str(path)}, _text(path), parse_date(date)
        return
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"{place}: not JSON: {error}") from None
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise ValueError(f"{place}: no object with a string 'text'")
        source = {"source": place} | ({"id": row["id"]} if "id" in row else {})
        try:
            yield source, row["text"], parse_date(row.get("date", date))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{place}: {error}") from None


def _text(path: Path) -> str:
    data = path.read_bytes()  # Not read_text(): offsets count the file's own line ends.
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 (byte {error.start})") from None


@contextlib.contextmanager
def _output(path: Path | None) -> Iterator[IO[str]]:
    """Standard output, or a file that appears only when it is whole."""
    # A lone surrogate has no UTF-8 form; its backslash form is the JSON escape that stands for it.
    if path is None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        yield sys.stdout
        return
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        yield file
    os.replace(temporary, path)


if __name__ == "__main__":
    sys.exit(main())
