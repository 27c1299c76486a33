"""Counts what is in the corpus, beside what it should hold and what real copy measures.

`python -m scripts.describe_corpus [FOLDER]`

`--plots FOLDER` also writes the pictures of the datasheet.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tabulate import tabulate

from hudna.labels import LabelSet
from training.corpus import SPLITS, load_labels, load_split
from training.markdown import Article
from training.probes import known_names, unseen_entities

# 83 real documents of agencies and newspapers (17,000 words), labelled under the same guideline.
REAL_MENTIONS = {"person": 2.2, "state": 0.8, "institution": 1.1, "armed_group": 1.2, "organization": 1.0}
REAL_KINDS = {"call": 0.59, "accept": 0.16, "reject": 0.14, "breach": 0.07, "in_force": 0.04}
REAL_CLAIM_LENGTH, REAL_CEASEFIRE_WORDS = 60.0, 0.7

_CEASEFIRE = re.compile(r"cease-?\s?fire|truce", re.IGNORECASE)
_PERIODS = (("2011", "2011", "2012"), ("2012-13", "2012", "2014"), ("2014 to March 2019", "2014", "2019-04"),
            ("April 2019 to October 2020", "2019-04", "2020-11"), ("November 2020 on", "2020-11", "9"))  # fmt: skip


@dataclass(frozen=True)
class Target:
    """Something the corpus should hold at least so much of."""

    what: str
    found: float
    wanted: float


def words(article: Article) -> int:
    """White-space separated words of the text."""
    return len(article.text.split())


def counts(splits: dict[str, list[Article]]) -> str:
    """One column a split: sizes, then labels."""
    rows: dict[str, list[int]] = {}

    def add(name: str, values: Iterable[int]) -> None:
        rows[name] = list(values)

    groups = splits.values()
    add("articles", (sum("pair" not in article.metadata for article in group) for group in groups))
    add("contrast pairs", (len(pairs(group)) for group in groups))
    add("words", (sum(map(words, group)) for group in groups))
    add("entities", (sum(len(article.entities) for article in group) for group in groups))
    add("mentions", (sum(len(article.mentions) for article in group) for group in groups))
    add("claims", (sum(len(article.claims) for article in group) for group in groups))
    add("claims with a start", (sum(c.effective is not None for a in group for c in a.claims) for group in groups))
    add("entities with evidence", (sum(len(article.evidence) for article in group) for group in groups))
    details = []
    for group in groups:
        detail: Counter[str] = Counter()
        for article in group:
            detail.update(f"claims: {claim.kind}" for claim in article.claims)
            detail.update(f"entities: {entity.side}" for entity in article.entities.values())
            detail.update(f"mentions: {article.entities[mention.entity].type}" for mention in article.mentions)
        details.append(detail)
    for key in sorted({key for detail in details for key in detail}):
        add(key, (detail[key] for detail in details))
    table = [[name, *values, sum(values)] for name, values in rows.items()]
    return tabulate(table, headers=["", *splits, "all"], tablefmt="github", intfmt=",")


def pairs(articles: Iterable[Article]) -> set[str]:
    """The contrast pairs of which both members are there."""
    members = Counter(article.metadata["pair"] for article in articles if "pair" in article.metadata)
    return {pair for pair, count in members.items() if count == 2}


def unseen(train: Sequence[Article], other: Sequence[Article]) -> float:
    """The share of the other articles' actors none of whose names occurs in train."""
    known = known_names(train)
    new = sum(len(unseen_entities(article, known)) for article in other)
    return new / max(sum(len(article.entities) for article in other), 1)


def targets(splits: dict[str, list[Article]], labels: LabelSet) -> list[Target]:
    """What the corpus was planned to hold."""
    every = [article for group in splits.values() for article in group]
    whole = [article for article in every if "pair" not in article.metadata]
    kinds = Counter(claim.kind for article in every for claim in article.claims)
    sides = Counter(entity.side for article in every for entity in article.entities.values())
    topics = Counter(article.metadata.get("topic") for article in every)
    return [
        Target("articles (a contrast pair is none)", len(whole), 600),
        Target("words", sum(map(words, every)), 200_000),
        Target("actor mentions", sum(len(article.mentions) for article in every), 12_500),
        Target("claims", sum(len(article.claims) for article in every), 2_500),
        *(Target(f"claims: {kind}", kinds[kind], 250) for kind in labels.kinds),
        *(Target(f"entities: {side}", sides[side], 250) for side in labels.sides),
        Target("articles of 1,500 words and more", sum(words(article) >= 1500 for article in whole), 40),
        Target("articles without a claim", sum(not article.claims for article in whole), 40),
        Target("articles on other conflicts", topics["other-conflict"], 15),
        Target("articles on no conflict", topics["no-conflict"], 15),
        Target("share of articles with noise", sum("noise" in a.metadata for a in whole) / max(len(whole), 1), 1 / 6),
        Target("contrast pairs in train", len(pairs(splits["train"])), 60),
        Target("contrast pairs in test", len(pairs(splits["test"])), 60),
        Target("share of test's actors that train does not name", unseen(splits["train"], splits["test"]), 0.25),
        Target("entities of test with evidence", sum(len(article.evidence) for article in splits["test"]), 100),
    ]


def likeness(articles: Sequence[Article], labels: LabelSet) -> str:
    """The corpus beside real copy."""
    hundreds = sum(map(words, articles)) / 100
    types = Counter(article.entities[m.entity].type for article in articles for m in article.mentions)
    claims = [(claim, article.text[claim.start : claim.end]) for article in articles for claim in article.claims]
    kinds = Counter(claim.kind for claim, _ in claims)
    rows: list[list[object]] = [
        [f"{type} mentions per 100 words", types[type] / hundreds, REAL_MENTIONS.get(type)] for type in labels.types
    ]
    rows.append(["claims per 100 words", len(claims) / hundreds, None])
    rows += [[f"claims: {kind}, share", kinds[kind] / len(claims), REAL_KINDS.get(kind)] for kind in labels.kinds]
    rows.append(["characters a claim", statistics.mean(len(text) for _, text in claims), REAL_CLAIM_LENGTH])
    named = sum(bool(_CEASEFIRE.search(text)) for _, text in claims) / len(claims)
    rows.append(["claims with ceasefire, cease-fire or truce, share", named, REAL_CEASEFIRE_WORDS])
    return tabulate(rows, headers=["", "corpus", "real copy"], tablefmt="github", floatfmt=".2f", missingval="")


def spread(splits: dict[str, list[Article]]) -> str:
    """Articles by period and by front matter."""
    every = [article for group in splits.values() for article in group if "pair" not in article.metadata]
    rows: list[list[object]] = []
    for name, first, end in _PERIODS:
        found = [article for article in every if article.date and first <= article.date.isoformat() < end]
        rows.append(["period", name, len(found), len(found) / len(every)])
    for key in ("genre", "style"):
        for value, count in Counter(article.metadata.get(key, "") for article in every).most_common():
            rows.append([key, value, count, count / len(every)])
    return tabulate(rows, headers=["", "", "articles", "share"], tablefmt="github", floatfmt=".2f")


def plot(splits: dict[str, list[Article]], labels: LabelSet, folder: Path) -> None:
    """Articles by year and split, and sides by year, as PNG files."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    every = [article for group in splits.values() for article in group if article.date]
    years = sorted({article.date.year for article in every if article.date})

    def stacked(name: str, title: str, layers: dict[str, Counter[int]]) -> None:
        figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
        bottom = [0] * len(years)
        for label, layer in layers.items():
            heights = [layer[year] for year in years]
            axes.bar(years, heights, bottom=bottom, label=label)
            bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
        axes.set_title(title)
        axes.set_xticks(years)
        axes.legend()
        figure.savefig(folder / name, dpi=120)
        plt.close(figure)

    stacked(
        "articles.png",
        "Articles by year of publication",
        {split: Counter(a.date.year for a in group if a.date) for split, group in splits.items()},
    )
    stacked(
        "sides.png",
        "Entities by side and year",
        {
            side: Counter(a.date.year for a in every if a.date for e in a.entities.values() if e.side == side)
            for side in labels.sides
        },
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("corpus"), help="default: corpus")
    parser.add_argument("--plots", type=Path, metavar="FOLDER")
    args = parser.parse_args()
    try:
        labels = load_labels(args.folder)
        splits = {split: load_split(args.folder, split) for split in SPLITS}
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    every = [article for group in splits.values() for article in group]
    print(counts(splits), likeness(every, labels), spread(splits), sep="\n\n", end="\n\n")
    rows = [[t.what, t.found, t.wanted, "yes" if t.found >= t.wanted else "NO"] for t in targets(splits, labels)]
    print(tabulate(rows, headers=["at least", "found", "wanted", "met"], tablefmt="github", floatfmt=",.6g"))
    for split in ("dev", "test"):
        share = unseen(splits["train"], splits[split])
        print(f"\n{share:.0%} of the actors of {split} have no name that occurs in train")
    if args.plots:
        plot(splits, labels, args.plots)
    return 0


if __name__ == "__main__":
    sys.exit(main())
