"""The commands `hudna tag`, `hudna show`, `hudna timeline` and `hudna info`."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from hudna.archives import STDIN, Columns, Item, find_files, read_items, total_bytes
from hudna.dates import parse_date
from hudna.outputs import FORMATS, open_output, read_tagged, write_whole
from hudna.rendering import render
from hudna.results import Analysis
from hudna.settings import Settings
from hudna.tagger import RELEASED, Tagger, load
from hudna.timeline import count, draw

# Analyses that are written together.
_TOGETHER = 32


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command.

    Returns:
        Its exit status; 1: some articles could not be read, 2: bad input, nothing more was done, 130: interrupted.
    """
    parser = argparse.ArgumentParser(
        prog="hudna", description="Reads news on the Libyan conflict: actors, sides, ceasefire claims."
    )
    parser.add_argument("--checkpoint", metavar="FOLDER", help="a trained checkpoint; default: the released one")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    tag = commands.add_parser(
        "tag",
        help="write the analyses of an archive",
        description="Writes an analysis for each article. Run again after an interruption, or with more files, it goes "
        "on: what is in the output is not read again.",
    )
    tag.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="files, folders or globs: .txt (one article), .jsonl, .csv, .parquet, also .gz, .bz2, .xz; - is standard "
        "input, one article",
    )
    tag.add_argument("-o", "--output", type=Path, metavar="OUT", help="file or folder; default: standard output")
    tag.add_argument(
        "--format", choices=FORMATS, help="of the output; default: its suffix. parquet, spacy and brat are folders"
    )
    tag.add_argument("--date", help="publication date (YYYY-MM-DD) of articles that have none of their own")
    tag.add_argument("--text-column", default="text", metavar="NAME", help="of tables and JSON lines (default: text)")
    tag.add_argument("--date-column", default="date", metavar="NAME", help="default: date")
    tag.add_argument("--id-column", default="id", metavar="NAME", help="default: id")
    tag.add_argument("--strict", action="store_true", help="stop at the first article that cannot be read")
    tag.set_defaults(run=_tag)

    show = commands.add_parser("show", help="write one article as an HTML page")
    show.add_argument("file", type=Path, metavar="FILE", help="a .txt article")
    show.add_argument("-o", "--output", type=Path, metavar="OUT.html", help="default: FILE with the suffix .html")
    show.add_argument("--date", help="publication date (YYYY-MM-DD)")
    show.set_defaults(run=_show)

    time = commands.add_parser(
        "timeline",
        help="plot a tagged archive over time",
        description="Writes an interactive page: claims by kind and maker, and on which side actors are shown.",
    )
    time.add_argument("tagged", type=Path, metavar="TAGGED", help="what 'hudna tag' wrote: .jsonl or .parquet")
    time.add_argument("-o", "--output", type=Path, metavar="OUT.html", help="default: TAGGED with the suffix .html")
    time.set_defaults(run=_timeline)

    info = commands.add_parser("info", help="say what a checkpoint is")
    info.set_defaults(run=_info)

    args = parser.parse_args(argv)
    try:
        return int(args.run(args))
    except (ValueError, TypeError, OSError) as error:
        print(f"hudna: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("hudna: interrupted; the same command goes on where it stopped", file=sys.stderr)
        return 130


def _tag(args: argparse.Namespace) -> int:
    tagger = load(args.checkpoint)
    files = find_files(args.files)
    columns = Columns(text=args.text_column, date=args.date_column, id=args.id_column)
    items = read_items(files, columns=columns, date=parse_date(args.date))
    output = open_output(args.output, args.format, tagger.settings.labels)
    bad = 0
    with tqdm(total=total_bytes(files), unit="B", unit_scale=True, disable=None) as bar:

        def good() -> Iterator[Item]:
            nonlocal bad
            for item in items:
                if item.problem:
                    if args.strict:
                        raise ValueError(f"{item.source}: {item.problem}")
                    bad += 1
                    bar.write(f"hudna: {item.source}: {item.problem}", file=sys.stderr)
                # Standard input is another article each time.
                elif item.source == STDIN or item.source not in output.done:
                    yield item

        read = 0
        for batch in _batches(_analyse(good(), tagger)):
            output.write(batch)
            read += len(batch)
            bar.set_postfix(articles=f"{read:,}", refresh=False)
            bar.update(batch[-1][0].bytes_read - bar.n)
    return 1 if bad else 0


def _analyse(items: Iterator[Item], tagger: Tagger) -> Iterator[tuple[Item, Analysis]]:
    """Each article with its analysis; the tagger reads ahead."""
    waiting: deque[Item] = deque()

    def remembered() -> Iterator[Item]:
        for item in items:
            waiting.append(item)
            yield item

    one, other = itertools.tee(remembered())
    for analysis in tagger.stream((item.text for item in one), date=(item.date for item in other)):
        yield waiting.popleft(), analysis


def _batches(read: Iterator[tuple[Item, Analysis]]) -> Iterator[list[tuple[Item, Analysis]]]:
    while batch := list(itertools.islice(read, _TOGETHER)):
        yield batch


def _show(args: argparse.Namespace) -> int:
    tagger = load(args.checkpoint)
    (item,) = read_items([str(args.file)], columns=Columns(), date=parse_date(args.date))
    if item.problem:
        raise ValueError(f"{item.source}: {item.problem}")
    page = render(tagger.predict(item.text, date=item.date), title=args.file.stem, date=item.date)
    write_whole(args.output or args.file.with_suffix(".html"), page.encode(errors="backslashreplace"))
    return 0


def _timeline(args: argparse.Namespace) -> int:
    labels = Settings.read(Path(args.checkpoint or RELEASED)).labels
    rows = tqdm(read_tagged(args.tagged), unit="article", disable=None)
    page = draw(count(rows), sides=list(labels.sides), kinds=list(labels.kinds), title=args.tagged.stem)
    write_whole(args.output or args.tagged.with_suffix(".html"), page.encode(errors="backslashreplace"))
    return 0


def _info(args: argparse.Namespace) -> int:
    tagger = load(args.checkpoint)
    folder = Path(args.checkpoint) if args.checkpoint else RELEASED
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    print(f"checkpoint: {folder} ({size / 1e6:.0f} MB)")
    print(f"actors known by name: {len(tagger.lexicon.entries)}")
    for name, value in vars(tagger.settings).items():
        print(f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}")
    figures = folder / "figures.json"
    if figures.is_file():
        for split, row in json.loads(figures.read_text(encoding="utf-8")).items():
            print(f"figures on {split}: " + ", ".join(f"{name} {value:.3f}" for name, value in row.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
