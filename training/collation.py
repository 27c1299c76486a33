"""From rows of the corpus to batches of tensors."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.linalg import block_diag
from torch import Tensor

from hudna.batching import IntArray, Spans, pack_relations, pack_windows
from hudna.decoding import WordSpan, encode_spans
from hudna.labels import LabelSet
from hudna.modeling import TensorRelations, tensors
from hudna.windows import Document, Windower
from training.augment import Augmenter, Row
from training.distillation import SoftTargets, Teachers


@dataclass(frozen=True)
class Example:
    """One labelled article, tokenised.

    Attributes:
        id: its name in the corpus.
        document: its words and windows.
        actor_tags: BIO tags over types. *Shape:* (words,)
        claim_tags: BIO tags over kinds. *Shape:* (words,)
        spans: its gold mentions, actors and claims.
        sides: the side of each actor. *Shape:* (actors,)
        claimants: whether the actor makes the claim, as 0 or 1. *Shape:* (claims, actors)
    """

    id: str
    document: Document
    actor_tags: IntArray
    claim_tags: IntArray
    spans: Spans
    sides: IntArray
    claimants: IntArray


@dataclass
class Targets:
    """What the heads should have said; shapes and order are those of `HudnaOutput`. `ids` names the articles."""

    ids: tuple[str, ...]
    actor_tags: Tensor
    claim_tags: Tensor
    sides: Tensor
    claimants: Tensor
    soft: SoftTargets | None = None  # what teachers say

    def to(self, device: torch.device) -> Targets:
        """The same targets on a device."""
        movable = {key: value for key, value in vars(self).items() if key != "ids" and value is not None}
        moved: dict[str, Any] = {key: value.to(device) for key, value in movable.items()}
        return Targets(ids=self.ids, **moved)


class TrainingSet(torch.utils.data.Dataset[Example]):
    """The labelled articles of a training; in every epoch, some of them as another copy.

    Args:
        rows: of `load_corpus`.
        windower: cuts them into windows.
        labels: their label sets.
        augmenter: makes copies.
        share: how many of an epoch's articles are copies, from 0 to 1.
        seed: the same seed makes the same copies, also after a resume.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        windower: Windower,
        labels: LabelSet,
        *,
        augmenter: Augmenter,
        share: float,
        seed: int,
    ) -> None:
        self._rows = rows
        self._windower = windower
        self._labels = labels
        self._augmenter = augmenter
        self._share = share
        self._seed = seed
        self._epoch = 0
        self._examples = encode_rows(rows, windower, labels)

    def set_epoch(self, epoch: int) -> None:
        """Has the copies made anew."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Example:
        rng = random.Random(f"{self._seed} {self._epoch} {index}")
        if rng.random() >= self._share:
            return self._examples[index]
        (example,) = encode_rows([self._augmenter(self._rows[index], rng)], self._windower, self._labels)
        return example


def encode_rows(rows: Iterable[Mapping[str, Any]], windower: Windower, labels: LabelSet) -> list[Example]:
    """Tokenises rows of `load_corpus`."""
    rows = list(rows)
    documents = windower([row["text"] for row in rows])
    return [_encode(row, document, labels) for row, document in zip(rows, documents, strict=True)]


def _encode(row: Mapping[str, Any], document: Document, labels: LabelSet) -> Example:
    entities = {entity["id"]: entity for entity in row["entities"]}
    actors: dict[str, int] = {}
    mentions: list[WordSpan] = []
    groups: list[list[int]] = []
    for mention in row["mentions"]:
        first, last = document.word_span(mention["start"], mention["end"])
        if first >= last:
            continue  # Words that the tokenizer drops altogether.
        id = mention["entity"]
        if id not in actors:
            actors[id] = len(actors)
            groups.append([])
        groups[actors[id]].append(len(mentions))
        mentions.append(WordSpan(first, last, labels.types[entities[id]["type"]], 1.0))
    claims: list[WordSpan] = []
    makers: list[list[str]] = []
    for claim in row["claims"]:
        first, last = document.word_span(claim["start"], claim["end"])
        if first < last:
            claims.append(WordSpan(first, last, labels.kinds[claim["kind"]], 1.0))
            makers.append(claim["by"])
    claimants = np.zeros((len(claims), len(actors)), dtype=np.int64)
    for index, ids in enumerate(makers):
        claimants[index, [actors[id] for id in ids if id in actors]] = 1
    return Example(
        id=row["id"],
        document=document,
        actor_tags=encode_spans([(m.first, m.last, m.label) for m in mentions], len(document), labels.types),
        claim_tags=encode_spans([(c.first, c.last, c.label) for c in claims], len(document), labels.kinds),
        spans=Spans.of(len(document), mentions, groups, claims),
        sides=np.array([entities[id]["side"] for id in actors], dtype=np.int64),
        claimants=claimants,
    )


def collate(
    examples: Sequence[Example], teachers: Teachers | None = None
) -> tuple[dict[str, Tensor | TensorRelations], Targets]:
    """A batch: the arguments of `HudnaModel.forward`, and the targets, with soft ones where there are teachers."""
    documents = [example.document for example in examples]
    windows = pack_windows(documents)
    relations = pack_relations([example.spans for example in examples])
    inputs: dict[str, Tensor | TensorRelations] = {**tensors(windows), "relations": TensorRelations.of(relations)}
    claimants = block_diag(*(example.claimants for example in examples))

    def join(arrays: Iterable[IntArray]) -> Tensor:
        return torch.from_numpy(np.concatenate(list(arrays)))

    targets = Targets(
        ids=tuple(example.id for example in examples),
        actor_tags=join(example.actor_tags for example in examples),
        claim_tags=join(example.claim_tags for example in examples),
        sides=join(example.sides for example in examples),
        claimants=torch.from_numpy(claimants[tuple(relations.links.T)]),
        soft=teachers(documents, relations) if teachers else None,
    )
    return inputs, targets
