"""Soft labels: what trained models say of the articles that another one learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hudna.batching import IntArray, Relations, pack_windows
from hudna.labels import LabelSet
from hudna.modeling import HudnaModel, HudnaOutput, TensorRelations, tensors
from hudna.tagger import load
from hudna.torch_engine import TorchEngine
from hudna.windows import Document, Windower


@dataclass
class SoftTargets:
    """Probabilities in place of labels; shapes and order are those of `HudnaOutput`."""

    actor: Tensor
    claim: Tensor
    side: Tensor
    claimant: Tensor

    def to(self, device: torch.device) -> SoftTargets:
        """The same targets on a device."""
        return SoftTargets(**{key: value.to(device) for key, value in vars(self).items()})


class Teachers:
    """An ensemble whose mean probabilities are the soft labels.

    Source: Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", NIPS 2014 workshop (at
    temperature 1).

    Args:
        folders: checkpoints; they may have other encoders and tokenizers, but must have the same label sets.
        labels: the label sets of the model that learns.
        device: where they run.

    Raises:
        ValueError: a folder is no checkpoint, or a checkpoint has other labels.
    """

    def __init__(self, folders: Sequence[str], labels: LabelSet, device: torch.device) -> None:
        self._device = device
        self._teachers: list[tuple[Windower, HudnaModel]] = []
        for folder in folders:
            tagger = load(folder, backend="torch", device=str(device))
            assert isinstance(tagger.engine, TorchEngine)
            if tagger.labels != labels:
                raise ValueError(f"the teacher {folder} has other labels than the corpus")
            self._teachers.append((tagger.windower, tagger.engine.model))

    @torch.no_grad()  # what inference mode makes could not be part of a loss
    def __call__(self, documents: Sequence[Document], relations: Relations[IntArray]) -> SoftTargets:
        """The soft labels of a batch, on the CPU.

        Args:
            documents: the articles, cut for the model that learns. A teacher cuts them by its own tokenizer.
            relations: the gold spans of all of them.
        """
        moved = TensorRelations.of(relations).to(self._device)
        outputs: list[HudnaOutput] = []
        for windower, model in self._teachers:
            own = windower([document.text for document in documents])
            if [len(document) for document in own] != [len(document) for document in documents]:
                raise ValueError("a teacher's tokenizer drops other words than that of the model that learns")
            inputs = pack_windows(own)
            outputs.append(model(**tensors(inputs, self._device), relations=moved))

        def mean(parts: list[Tensor]) -> Tensor:
            return torch.stack(parts).mean(dim=0).cpu()

        return SoftTargets(
            actor=mean([output.actor_logits.float().softmax(dim=-1) for output in outputs]),
            claim=mean([output.claim_logits.float().softmax(dim=-1) for output in outputs]),
            side=mean([output.side_logits.float().softmax(dim=-1) for output in outputs]),
            claimant=mean([output.claimant_logits.float().sigmoid() for output in outputs]),
        )
