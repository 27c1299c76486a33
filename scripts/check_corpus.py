"""Checks every article of a corpus, and that no split repeats another: `python -m scripts.check_corpus [FOLDER]`.

Errors make the command fail. Hints (`--hints`) are places that a person should look at again; many are right as
they are.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from datasketch import MinHash, MinHashLSH

from training.corpus import SPLITS, load_labels
from training.markdown import Article, ClaimSpan, MarkdownError, MentionSpan, read_article

REQUIRED = ("event", "genre")
_BAD_START = re.compile(
    r"(the|a|an|his|her|its|their|this|that|these|those|both|all|some|several|many|so-called|self-styled"
    r"|president|general|gen\.|colonel|col\.|field marshal|prime minister|mr|mrs|ms|dr|\d+)\s",
    re.IGNORECASE,
)
_ABBREVIATION = re.compile(r"\b[A-Z]{2,7}\b")
# Paragraphs of different splits may share so much of their runs of words, by this many hashes; short ones are left out.
_ALIKE, _SHINGLE, _PERMUTATIONS, _LEAST_WORDS = 0.5, 3, 128, 12


def check_article(article: Article) -> Iterator[str]:
    """The errors of one well-formed article."""
    if article.date is None:
        yield "front matter has no 'date'"
    for key in REQUIRED:
        if not article.metadata.get(key):
            yield f"front matter has no '{key}'"
    if not article.text.strip():
        yield "the article has no text"
    used = {mention.entity for mention in article.mentions}
    for id in article.entities:
        if id not in used:
            yield f"entity '{id}' is never mentioned"
    text = article.text
    spans: list[MentionSpan | ClaimSpan] = [*article.mentions, *article.claims]
    for span in spans:
        for cut in (span.start, span.end):
            if 0 < cut < len(text) and text[cut - 1 : cut + 1].isalnum():
                yield f"the span '{text[span.start : span.end]}' begins or ends inside a word"


def hints(article: Article) -> Iterator[str]:
    """Places of one article that often turn out to be slips."""
    covered = {position for mention in article.mentions for position in range(mention.start, mention.end)}
    surfaces: dict[str, set[str]] = {}
    for mention in article.mentions:
        surface = article.text[mention.start : mention.end]
        surfaces.setdefault(surface, set()).add(mention.entity)
        if _BAD_START.match(surface):
            yield f"mention '{surface}' starts with an article, title or number"
        if re.search(r"['’]s?$", surface):
            yield f"mention '{surface}' ends in a possessive"
    for surface, entities in surfaces.items():
        if len(entities) > 1:
            yield f"'{surface}' names several entities: {', '.join(sorted(entities))}"
        if not surface[0].isupper():
            continue
        for match in re.finditer(rf"(?<!\w){re.escape(surface)}(?!\w)", article.text):
            if match.start() not in covered:
                context = article.text[max(match.start() - 30, 0) : match.end() + 30].replace("\n", " ")
                yield f"'{surface}' is marked elsewhere, but not in '...{context}...'"
    for match in _ABBREVIATION.finditer(article.text):
        if match.start() not in covered and match.group() not in surfaces:
            context = article.text[max(match.start() - 30, 0) : match.end() + 30].replace("\n", " ")
            yield f"abbreviation not marked in '...{context}...'"
    for claim in article.claims:
        text = article.text[claim.start : claim.end]
        if re.match(r"(he|she|it|they|we|i)\s", text, re.IGNORECASE):
            yield f"claim '{text}' starts with its subject"
        if text[-1] in ".,;:!?\"'”’":
            yield f"claim '{text}' ends in punctuation"


def near_duplicates(articles: dict[str, list[Article]]) -> Iterator[str]:
    """Paragraphs of one split that are nearly alike to a paragraph of another.

    Source: Broder, "On the resemblance and containment of documents", SEQUENCES 1997: the Jaccard similarity of the
    sets of `_SHINGLE` successive words, estimated by MinHash.
    """
    index = MinHashLSH(threshold=_ALIKE, num_perm=_PERMUTATIONS)
    sketches: dict[str, tuple[str, str, MinHash]] = {}
    for split, members in articles.items():
        for article in members:
            for number, paragraph in enumerate(article.text.split("\n"), start=1):
                words = re.findall(r"\w+", paragraph.casefold())
                if len(words) < _LEAST_WORDS:
                    continue
                sketch = MinHash(num_perm=_PERMUTATIONS)
                sketch.update_batch(
                    [" ".join(words[i : i + _SHINGLE]).encode() for i in range(len(words) - _SHINGLE + 1)]
                )
                place = f"{article.id}, paragraph {number}"
                for other in index.query(sketch):
                    other_split, other_excerpt, other_sketch = sketches[other]
                    if other_split != split and sketch.jaccard(other_sketch) >= _ALIKE:
                        yield f"{place} ({split}) is nearly {other} ({other_split}): '{other_excerpt}'"
                index.insert(place, sketch)
                sketches[place] = (split, paragraph[:60], sketch)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("corpus"), help="default: corpus")
    parser.add_argument("--hints", action="store_true", help="also print places worth a second look")
    args = parser.parse_args()

    labels = load_labels(args.folder)
    articles: dict[str, list[Article]] = {split: [] for split in SPLITS}
    errors: list[str] = []
    seen: dict[str, str] = {}
    events: dict[str, str] = {}
    for split in SPLITS:
        for path in sorted((args.folder / split).glob("*.md")):
            try:
                article = read_article(path, labels)
            except MarkdownError as problem:
                errors.append(str(problem))
                continue
            articles[split].append(article)
            errors += [f"{path}: {problem}" for problem in check_article(article)]
            if article.id in seen:
                errors.append(f"{path}: the id is taken by {seen[article.id]}")
            seen[article.id] = str(path)
            event = article.metadata.get("event", "")
            if events.setdefault(event, split) != split:
                errors.append(f"{path}: the event '{event}' is also in split {events[event]}")
            if args.hints:
                for hint in hints(article):
                    print(f"{path}: {hint}")
    for split, members in articles.items():
        if not members:
            errors.append(f"{args.folder / split}: no article")
    errors += near_duplicates(articles)
    for error in errors:
        print(error, file=sys.stderr)
    sizes = ", ".join(f"{len(members)} {split}" for split, members in articles.items())
    print(f"{sizes}: {f'{len(errors)} errors' if errors else 'no errors'}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
