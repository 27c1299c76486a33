"""Labels raw articles for a person to correct: `python -m scripts.prelabel FILE.txt ... --out FOLDER`.

Each `.txt` becomes annotated Markdown. What the model is unsure of stands in comments of the front matter, least
certain first, so that the file is valid as it is and the doubtful places are read first. An existing file is never
overwritten.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import transformers
from tqdm import tqdm

from hudna.dates import parse_date
from hudna.results import Analysis
from hudna.tagger import RELEASED, load
from training.markdown import Article, ClaimSpan, Entity, MentionSpan, format_article

# Below this probability a label is pointed out.
UNSURE = 0.8
_CONTEXT = 40


def as_article(id: str, analysis: Analysis, date: str | None = None) -> Article:
    """An analysis as a labelled article.

    A claim that ends inside a mention is made to hold the whole mention. The format cannot hold a span that starts or
    ends right after a backslash; it is left out.
    """

    def writable(start: int, end: int) -> bool:
        return "\\" not in (analysis.text[start - 1 : start], analysis.text[end - 1])

    mentions = [mention for mention in analysis.mentions if writable(mention.start, mention.end)]
    mentioned = {mention.actor for mention in mentions}
    claims = []
    free = 0
    for claim in analysis.claims:
        start, end = claim.start, claim.end
        for mention in mentions:
            if mention.start < start < mention.end:
                start = mention.start
            if mention.start < end < mention.end:
                end = mention.end
        if start >= free and writable(start, end):
            by = tuple(id for id in claim.by if id in mentioned)
            claims.append(ClaimSpan(start, end, claim.kind, by, claim.effective))
            free = end
    return Article(
        id,
        analysis.text,
        {actor.id: Entity(actor.type, actor.side) for actor in analysis.actors if actor.id in mentioned},
        tuple(MentionSpan(mention.start, mention.end, mention.actor) for mention in mentions),
        tuple(claims),
        parse_date(date),
        {"event": "", "genre": ""},
    )


def doubts(analysis: Analysis) -> Iterator[tuple[float, str]]:
    """What the model is unsure of: probability, and a line on it."""
    for mention in analysis.mentions:
        if mention.score < UNSURE:
            around = analysis.text[max(mention.start - _CONTEXT, 0) : mention.start + _CONTEXT]
            yield mention.score, f"mention '{_line(mention.text)}' ({mention.type}) in '{_line(around)}'"
    for actor in analysis.actors:
        if actor.side_score < UNSURE:
            second = sorted(actor.sides, key=actor.sides.__getitem__)[-2]
            yield actor.side_score, f"side of {actor.id}: {actor.side} or {second}?"
    for claim in analysis.claims:
        if claim.score < UNSURE:
            yield claim.score, f"claim '{_line(claim.text)}' ({claim.kind})"
        if not claim.by:
            yield claim.score, f"nobody makes the claim '{_line(claim.text)}'?"


def _line(text: str) -> str:
    """The text on one line, without characters that YAML forbids even in comments."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def prelabel(id: str, analysis: Analysis, date: str | None = None) -> str:
    """Annotated Markdown with the doubts as comments."""
    source = format_article(as_article(id, analysis, date))
    comments = "".join(f"# {score:.2f} {line}\n" for score, line in sorted(doubts(analysis)))
    return source.replace("---\n", f"---\n{comments}", 1)


def write_new(path: Path, source: str) -> None:
    """Writes annotated Markdown where there is none: what a person has corrected is not lost.

    Raises:
        FileExistsError: there is some.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(source)
    except FileExistsError:
        raise FileExistsError(f"{path} exists; move it away first") from None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.txt")
    parser.add_argument("--out", type=Path, required=True, help="folder for the annotated Markdown")
    parser.add_argument("--checkpoint", type=Path, default=RELEASED, help="default: the released one")
    parser.add_argument("--date", help="publication date of the articles (YYYY-MM-DD)")
    args = parser.parse_args()
    transformers.utils.logging.disable_progress_bar()
    try:
        parse_date(args.date)
        tagger = load(args.checkpoint)
        for path in tqdm(args.files, unit="article"):
            # The format's lines end in \n and its text has no outer line ends.
            text = path.read_text(encoding="utf-8").strip("\n")
            source = prelabel(path.stem, tagger.predict(text, date=args.date), args.date)
            write_new(args.out / f"{path.stem}.md", source)
    except UnicodeDecodeError as error:
        print(f"error: {path}: not UTF-8 (byte {error.start})", file=sys.stderr)
        return 2
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
