"""Where a checkpoint fails, as a page of passages by kind of error: `python -m scripts.errors [CHECKPOINT]`."""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import transformers
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tabulate import tabulate

from hudna.results import Analysis, Claim, Mention
from hudna.tagger import RELEASED, load
from training.baselines import MajoritySides
from training.corpus import load_split
from training.markdown import Article, ClaimSpan, MentionSpan, read_articles
from training.metrics import match_actors

KINDS = {
    "mention boundary": "part of the mention, or too much",
    "mention type": "the right words with a wrong type",
    "mention missed": "no word of it found",
    "mention invented": "no actor here",
    "place for actor": "an invented mention that is a place: after a preposition of place, or before another place",
    "side by prior": "the side that the actor usually has in train, where this text shows another",
    "side": "any other wrong side",
    "claim kind": "the right words with a wrong kind",
    "claim boundary": "the right kind; the words overlap, but are not the same",
    "claim missed": "no claim of at least half its words found",
    "claim invented": "no claim here",
    "claimant": "the right claim by the wrong actors",
}
_BEFORE_PLACE = re.compile(
    r"\b(?:in|at|to|from|near|of|around|outside|inside|towards?|into|over|through|on|for|between)\s+(?:the\s+)?$", re.I
)
_AROUND = 90


@dataclass(frozen=True)
class Mistake:
    """One error.

    Attributes:
        kind: a key of `KINDS`.
        article: id.
        labelled: what the corpus says here.
        predicted: what the model says here.
        before, words, after: the passage.
    """

    kind: str
    article: str
    labelled: str
    predicted: str
    before: str
    words: str
    after: str


def mistakes(gold: Article, analysis: Analysis, usual_sides: Mapping[str, str]) -> Iterator[Mistake]:
    """What an analysis of an article got wrong.

    Args:
        gold: the labelled article.
        analysis: of the same text.
        usual_sides: the side that an actor most often has, by id.
    """

    def mistake(kind: str, span: MentionSpan | Mention | ClaimSpan | Claim, labelled: str, predicted: str) -> Mistake:
        text, start, end = gold.text, span.start, span.end
        return Mistake(
            kind,
            gold.id,
            labelled,
            predicted,
            text[max(start - _AROUND, 0) : start],
            text[start:end],
            text[end : end + _AROUND],
        )

    side_of = {actor.id: actor.side for actor in analysis.actors}
    same_span = {(m.start, m.end): m for m in analysis.mentions}
    for mention in gold.mentions:
        entity = gold.entities[mention.entity]
        found = same_span.get((mention.start, mention.end))
        if found is None:
            parts = [m for m in analysis.mentions if _overlap(mention, m)]
            told = ", ".join(f"{m.type} “{m.text}”" for m in parts)
            yield mistake("mention boundary" if parts else "mention missed", mention, entity.type, told or "nothing")
            continue
        if found.type != entity.type:
            yield mistake("mention type", mention, entity.type, found.type)
        side = side_of[found.actor]
        if side != entity.side:
            by_prior = usual_sides.get(mention.entity) == side
            yield mistake("side by prior" if by_prior else "side", mention, entity.side, side)
    for found in analysis.mentions:
        if not any(_overlap(found, mention) for mention in gold.mentions):
            kind = "place for actor" if _is_place(gold.text, found) else "mention invented"
            yield mistake(kind, found, "nothing", found.type)

    entity_of = match_actors(gold, analysis)
    matched: set[int] = set()
    for claim in gold.claims:
        rivals = [(_share(claim, c), index) for index, c in enumerate(analysis.claims) if _overlap(claim, c)]
        share, best = max(rivals, default=(0.0, -1))
        makers = ", ".join(claim.by) or "nobody"
        matched |= {index for _, index in rivals}
        if share < 0.5:
            yield mistake("claim missed", claim, f"{claim.kind} by {makers}", _tell(analysis, [i for _, i in rivals]))
            continue
        predicted = analysis.claims[best]
        if predicted.kind != claim.kind:
            yield mistake("claim kind", claim, claim.kind, predicted.kind)
        elif share < 1.0:
            yield mistake("claim boundary", claim, claim.kind, f"“{predicted.text}”")
        by = sorted(entity_of.get(id, f"?{id}") for id in predicted.by)
        if by != sorted(claim.by):
            yield mistake("claimant", claim, makers, ", ".join(by) or "nobody")
    for index, predicted in enumerate(analysis.claims):
        if index not in matched:
            yield mistake("claim invented", predicted, "nothing", predicted.kind)


def _overlap(a: MentionSpan | Mention | ClaimSpan | Claim, b: Mention | Claim | MentionSpan) -> bool:
    return a.start < b.end and b.start < a.end


def _share(a: ClaimSpan, b: Claim) -> float:
    """Intersection over union in characters."""
    return (min(a.end, b.end) - max(a.start, b.start)) / (max(a.end, b.end) - min(a.start, b.start))


def _tell(analysis: Analysis, claims: Sequence[int]) -> str:
    return ", ".join(f"{analysis.claims[i].kind} “{analysis.claims[i].text}”" for i in claims) or "nothing"


def _is_place(text: str, mention: Mention) -> bool:
    in_place = _BEFORE_PLACE.search(text[max(mention.start - 20, 0) : mention.start]) is not None
    return in_place and mention.type in ("state", "institution")


def page(found: Mapping[str, Sequence[Mistake]]) -> str:
    """The HTML page of the mistakes in several sets of articles, by the set's name."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    groups = [
        (kind, meaning, [(name, [m for m in members if m.kind == kind]) for name, members in found.items()])
        for kind, meaning in KINDS.items()
    ]
    return environment.get_template("errors.html").render(groups=groups)


def counts(found: Mapping[str, Sequence[Mistake]]) -> str:
    """How many mistakes of each kind, as a table."""
    columns = {name: Counter(m.kind for m in members) for name, members in found.items()}
    rows = [[kind, *(column[kind] for column in columns.values())] for kind in KINDS]
    return tabulate(rows, headers=["", *columns], tablefmt="github")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", nargs="?", type=Path, default=RELEASED, help="default: the released one")
    parser.add_argument("--corpus", type=Path, default=Path("corpus"), help="its dev split is read")
    parser.add_argument("--articles", type=Path, help="a folder of annotated Markdown to read as well")
    parser.add_argument("-o", "--output", type=Path, default=Path("errors.html"))
    args = parser.parse_args()
    transformers.utils.logging.disable_progress_bar()
    try:
        tagger = load(args.checkpoint)
        usual = MajoritySides(load_split(args.corpus, "train")).by_id
        sets = {"dev": load_split(args.corpus, "dev")}
        if args.articles:
            sets[args.articles.name] = read_articles(args.articles, tagger.labels)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    found = {}
    for name, articles in sets.items():
        analyses = tagger.predict([a.text for a in articles], date=[a.date for a in articles])
        found[name] = [m for a, analysis in zip(articles, analyses, strict=True) for m in mistakes(a, analysis, usual)]
    print(counts(found))
    args.output.write_text(page(found), encoding="utf-8")
    print(f"\npassages: {args.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
