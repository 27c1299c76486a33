"""Which articles to label first: `python -m scripts.rank TAGGED [--count N] [--out FOLDER]`.

TAGGED is what `hudna tag` wrote. An article is worth labelling where the model expects to be wrong, and where it reads
like nothing in the train split; and of several that are alike one is enough. The first is the expected share of wrong
labels by the calibrated scores, the second the distance (1 - cosine of TF-IDF) to the nearest train article; both count
as ranks, so that neither scale matters. The choice is one by one, by maximal marginal relevance (Carbonell and
Goldstein, SIGIR 1998): worth less likeness to what is chosen already. With `--out`, the chosen are written as annotated
Markdown for a person to correct, like `scripts.prelabel` does.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.feature_extraction.text import TfidfVectorizer
from tabulate import tabulate

from hudna.outputs import read_tagged
from hudna.results import Analysis
from scripts.prelabel import prelabel, write_new
from training.corpus import load_split

# How much likeness to an article that is chosen already takes away from an article's worth (0 to 1).
_LIKENESS = 0.5
# Labels that are added to each article, as uncertain as the average: one doubtful label alone is no doubtful article.
_PRIOR = 5


@dataclass(frozen=True)
class Ranked:
    """An article of the archive.

    Attributes:
        index: its place among the rows.
        source: where it is.
        doubt: the expected share of its labels that are wrong.
        novelty: 1 - cosine of TF-IDF to the nearest train article.
    """

    index: int
    source: str
    doubt: float
    novelty: float


def rank(rows: Sequence[Mapping[str, Any]], train: Sequence[str], count: int) -> list[Ranked]:
    """The articles to label, the most useful first.

    Args:
        rows: tagged articles, with `source`, `text`, `actors`, `mentions` and `claims`.
        train: the texts of the train split.
        count: how many to choose.
    """
    if not rows:
        return []
    vectors = TfidfVectorizer(sublinear_tf=True, stop_words="english").fit([*train, *(row["text"] for row in rows)])
    texts = vectors.transform([row["text"] for row in rows])
    novelty = 1 - (texts @ vectors.transform(train).T).max(axis=1).toarray().ravel()
    wrong = [_wrong(row) for row in rows]
    usual = sum(map(sum, wrong)) / max(1, sum(map(len, wrong)))
    doubt = np.array([(sum(row) + _PRIOR * usual) / (len(row) + _PRIOR) for row in wrong])
    worth = (rankdata(doubt) + rankdata(novelty)) / (2 * len(rows))
    like = np.zeros(len(rows))
    chosen: list[int] = []
    while len(chosen) < min(count, len(rows)):
        value = worth - _LIKENESS * like
        value[chosen] = -np.inf
        best = int(value.argmax())
        chosen.append(best)
        like = np.maximum(like, (texts @ texts[best].T).toarray().ravel())
    return [Ranked(index, rows[index]["source"], float(doubt[index]), float(novelty[index])) for index in chosen]


def _wrong(row: Mapping[str, Any]) -> list[float]:
    """For each label of an article, the probability that it is wrong."""
    return [
        *(1 - mention["score"] for mention in row["mentions"]),
        *(1 - actor["side_score"] for actor in row["actors"]),
        *(1 - claim["score"] for claim in row["claims"]),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tagged", type=Path, metavar="TAGGED", help="what 'hudna tag' wrote: .jsonl or .parquet")
    parser.add_argument("--count", type=int, default=20, help="default: 20")
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="for the annotated Markdown of the chosen")
    args = parser.parse_args()
    try:
        rows = list(read_tagged(args.tagged))
        found = rank(rows, [article.text for article in load_split(args.corpus, "train")], args.count)
        if args.out:
            for one in found:
                row = rows[one.index]
                # The end of the source tells most: "wires/2020.jsonl:17" is 2020-jsonl-17.
                id = re.sub(r"[^a-z0-9]+", "-", Path(one.source).name.casefold()).strip("-")
                write_new(args.out / f"{id}.md", prelabel(id, Analysis.from_dict(row), row.get("date")))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    table = [(one.source, one.doubt, one.novelty) for one in found]
    print(tabulate(table, headers=["article", "expected wrong", "novelty"], floatfmt=".3f", tablefmt="github"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
