"""Behavioural tests of a checkpoint: `python -m scripts.checklist [CHECKPOINT]`.

In the manner of Ribeiro et al., "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList", ACL 2020: minimal
pairs that were written for it (corpus/checks), directions in which an answer must move, and changes of an article
under which it must not.
"""

from __future__ import annotations

import argparse
import bisect
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import transformers
import yaml
from tabulate import tabulate

from hudna.results import Analysis
from hudna.tagger import RELEASED, Tagger, load
from training.augment import Augmenter, Row, change_case, escape, replace, tokenise
from training.corpus import load_corpus
from training.train import read_lexicon

_BEFORE = "LIBYA-CONFLICT/ (UPDATE 2) :: Last updated at 17:42 GMT\n"
_AFTER = "\n(Writing and editing by the desk; click here for more stories, pictures and video)"


@dataclass(frozen=True)
class Outcome:
    """How often a behaviour was as it should be."""

    kind: str
    behaviour: str
    cases: int
    right: int


def places(tagger: Tagger, pairs: Sequence[Mapping[str, str]]) -> Iterator[Outcome]:
    """A word that is an actor in one passage of a pair and a place, or part of a thing's name, in the other."""
    acting = tagger.predict([pair["actor"] for pair in pairs])
    located = tagger.predict([pair["place"] for pair in pairs])
    found = [_marks(analysis, pair["word"]) for analysis, pair in zip(acting, pairs, strict=True)]
    spared = [not _marks(analysis, pair["word"]) for analysis, pair in zip(located, pairs, strict=True)]
    yield Outcome("minimal pair", "a place name that acts is marked", len(pairs), sum(found))
    yield Outcome("minimal pair", "a place name that only locates is not", len(pairs), sum(spared))
    yield Outcome("minimal pair", "both of a pair", len(pairs), sum(map(all, zip(found, spared, strict=True))))


def _marks(analysis: Analysis, word: str) -> bool:
    start = analysis.text.index(word)
    return any((m.start, m.end) == (start, start + len(word)) for m in analysis.mentions)


def directions(tagger: Tagger, cases: Mapping[str, Sequence[Mapping[str, str]]]) -> Iterator[Outcome]:
    """Two passages that differ in whom somebody backs, or in what is claimed: the answer must follow."""
    for name, answer, behaviour in (
        ("sides", _side, "the side follows whom the text says somebody backs"),
        ("kinds", _kind, "the kind follows a negation or another verb"),
    ):
        members = [tagger.predict([case[key] for case in cases[name]]) for key in ("a", "b")]
        singular = name[:-1]
        right = [
            [
                answer(analysis, case) == case[f"{singular}_{key}"]
                for analysis, case in zip(read, cases[name], strict=True)
            ]
            for key, read in zip("ab", members, strict=True)
        ]
        yield Outcome("direction", behaviour, len(cases[name]), sum(map(all, zip(*right, strict=True))))


def _side(analysis: Analysis, case: Mapping[str, str]) -> str | None:
    sides = [actor.side for actor in analysis.actors if any(m.text == case["about"] for m in actor.mentions)]
    return sides[0] if sides else None


def _kind(analysis: Analysis, _: Mapping[str, str]) -> str | None:
    return analysis.claims[0].kind if len(analysis.claims) == 1 else None


def invariances(tagger: Tagger, rows: Sequence[Row], augmenter: Augmenter) -> Iterator[Outcome]:
    """Changes of an article under which its labelled mentions must be read as before: found or not, type and side."""
    changes: dict[str, Callable[[Row, random.Random], Row]] = {
        "other transliterations of known persons": augmenter.respell,
        "all capitals or all lower case": change_case,
        "tokenised text": tokenise,
        "HTML entities": escape,
        "boilerplate before and after": _with_boilerplate,
        "paragraphs after the lead in another order": shuffle_paragraphs,
    }
    before = _answers(tagger, rows)
    for name, change in changes.items():
        after = _answers(tagger, [change(row, random.Random(number)) for number, row in enumerate(rows)])
        same = [a == b for old, new in zip(before, after, strict=True) for a, b in zip(old, new, strict=True)]
        yield Outcome("invariance", name, len(same), sum(same))


def _with_boilerplate(row: Row, _: random.Random) -> Row:
    end = len(row["text"])
    return replace(row, [(0, 0, _BEFORE), (end, end, _AFTER)])


def shuffle_paragraphs(row: Row, rng: random.Random) -> Row:
    """The paragraphs after the first in another order; the mentions keep their order in the row."""
    paragraphs = row["text"].split("\n")
    order = [0, *rng.sample(range(1, len(paragraphs)), len(paragraphs) - 1)]
    starts = [0]
    for paragraph in paragraphs:
        starts.append(starts[-1] + len(paragraph) + 1)
    moved, position = {}, 0
    for number in order:
        moved[number] = position
        position += len(paragraphs[number]) + 1

    def move(item: Mapping[str, Any]) -> dict[str, Any]:
        number = bisect.bisect_right(starts, item["start"]) - 1
        shift = moved[number] - starts[number]
        return {**item, "start": item["start"] + shift, "end": item["end"] + shift}

    return {
        **row,
        "text": "\n".join(paragraphs[number] for number in order),
        "mentions": [move(mention) for mention in row["mentions"]],
        "claims": [move(claim) for claim in row["claims"]],
    }


def _answers(tagger: Tagger, rows: Sequence[Row]) -> list[list[tuple[str, str] | None]]:
    """Type and side that the model gives each labelled mention, None where it does not find it."""
    answers = []
    for row, analysis in zip(rows, tagger.predict([row["text"] for row in rows]), strict=True):
        sides = {actor.id: actor.side for actor in analysis.actors}
        found = {(m.start, m.end): (m.type, sides[m.actor]) for m in analysis.mentions}
        answers.append([found.get((mention["start"], mention["end"])) for mention in row["mentions"]])
    return answers


def run(tagger: Tagger, corpus: Path) -> list[Outcome]:
    """All behaviours; the invariances on the dev articles of a corpus."""
    rows = load_corpus(corpus)["dev"].to_list()
    lexicon = read_lexicon(corpus / "lexicon.yaml")
    return [
        *places(tagger, _read(corpus / "checks" / "places.yaml")),
        *directions(tagger, _read(corpus / "checks" / "directions.yaml")),
        *invariances(tagger, rows, Augmenter([], lexicon, [], person=-1)),
    ]


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", nargs="?", type=Path, default=RELEASED, help="default: the released one")
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    args = parser.parse_args()
    transformers.utils.logging.disable_progress_bar()
    try:
        outcomes = run(load(args.checkpoint), args.corpus)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    rows = [[o.kind, o.behaviour, o.cases, o.cases - o.right, 1 - o.right / max(o.cases, 1)] for o in outcomes]
    headers = ["", "behaviour", "cases", "failures", "failure rate"]
    print(tabulate(rows, headers=headers, tablefmt="github", floatfmt=".3f"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
