"""The annotated corpus as articles and as a `datasets.DatasetDict`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import yaml

from hudna.labels import LabelSet
from training.markdown import Article, read_articles

SPLITS = ("train", "dev", "test")
# Front matter that becomes a column.
METADATA = ("event", "genre", "style")


def load_labels(folder: str | Path) -> LabelSet:
    """The label sets of a corpus, from its `labels.yaml`.

    Raises:
        ValueError: the file is missing or is no label set.
    """
    path = Path(folder) / "labels.yaml"
    if not path.is_file():
        raise ValueError(f"{folder} is no corpus: it has no labels.yaml")
    try:
        return LabelSet.from_mapping(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def load_split(folder: str | Path, split: str) -> list[Article]:
    """The articles of one split, sorted by id."""
    return read_articles(Path(folder) / split, load_labels(folder))


def features(labels: LabelSet) -> datasets.Features:
    """The columns of the data set; offsets are characters of `text`, labels are class indices."""
    return datasets.Features(
        {
            "id": datasets.Value("string"),
            "date": datasets.Value("string"),
            **{key: datasets.Value("string") for key in METADATA},
            "text": datasets.Value("string"),
            "entities": datasets.List(
                {
                    "id": datasets.Value("string"),
                    "type": datasets.ClassLabel(names=list(labels.types)),
                    "side": datasets.ClassLabel(names=list(labels.sides)),
                    "evidence": datasets.List(datasets.Value("int32")),
                }
            ),
            "mentions": datasets.List(
                {
                    "start": datasets.Value("int32"),
                    "end": datasets.Value("int32"),
                    "entity": datasets.Value("string"),
                }
            ),
            "claims": datasets.List(
                {
                    "start": datasets.Value("int32"),
                    "end": datasets.Value("int32"),
                    "kind": datasets.ClassLabel(names=list(labels.kinds)),
                    "by": datasets.List(datasets.Value("string")),
                    "effective": datasets.Value("string"),
                }
            ),
        }
    )


def to_row(article: Article) -> dict[str, Any]:
    """An article as a row of the data set, with labels as strings."""
    return {
        "id": article.id,
        "date": article.date.isoformat() if article.date else None,
        **{key: article.metadata.get(key) for key in METADATA},
        "text": article.text,
        "entities": [
            {"id": id, "type": entity.type, "side": entity.side, "evidence": list(article.evidence.get(id, ()))}
            for id, entity in article.entities.items()
        ],
        "mentions": [vars(mention) for mention in article.mentions],
        "claims": [vars(claim) | {"by": list(claim.by)} for claim in article.claims],
    }


def load_corpus(folder: str | Path) -> datasets.DatasetDict:
    """Loads a corpus folder: `labels.yaml` and one folder of annotated Markdown a split.

    Returns:
        The splits `train`, `dev` and `test`, one article a row (see `features`).

    Raises:
        ValueError: an article breaks the format, or a part of the corpus is missing.
    """
    labels = load_labels(folder)
    return datasets.DatasetDict(
        {
            split: datasets.Dataset.from_list(
                [to_row(article) for article in read_articles(Path(folder) / split, labels)], features(labels)
            )
            for split in SPLITS
        }
    )
