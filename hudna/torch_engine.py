"""The run-time on torch: any encoder, a CPU or a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from hudna.batching import EncoderInputs, IntArray, Relations
from hudna.configuration import HudnaConfig
from hudna.decoding import FloatArray
from hudna.engine import Tagged
from hudna.modeling import HudnaModel, TensorRelations, tensors


class TorchEngine:
    """Runs a `HudnaModel`, which it puts into evaluation mode. (See `Engine`.)"""

    def __init__(self, model: HudnaModel) -> None:
        self.model = model.eval()
        self.batch_tokens = 2048 if model.device.type == "cpu" else 65536

    @classmethod
    def load(cls, folder: Path, device: str | None) -> TorchEngine:
        """Loads the model of a checkpoint folder.

        Args:
            folder: the checkpoint.
            device: a torch device; the default is the GPU where there is one, else the CPU.

        Raises:
            ValueError: the folder is no checkpoint, or the device is unknown.
        """
        try:
            target = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        except RuntimeError:
            raise ValueError(f"unknown device '{device}'") from None
        try:
            model = HudnaModel(HudnaConfig.from_pretrained(folder, local_files_only=True)).float()
            model.load_state_dict(load_file(folder / "model.safetensors"))  # Half precision becomes single here.
        except (OSError, RuntimeError, SafetensorError) as error:
            raise ValueError(f"{folder} is no checkpoint: {error}") from None
        return cls(model.to(target))

    @torch.inference_mode()
    def tag(self, batches: Sequence[EncoderInputs], order: IntArray) -> Tagged[Tensor]:
        vectors, actor_logits, claim_logits = [], [], []
        for inputs in batches:
            words, actor, claim = self.model.tag(**tensors(inputs, self.model.device))
            vectors.append(words)
            actor_logits.append(actor.float())
            claim_logits.append(claim.float())
        ordered = torch.from_numpy(order).to(self.model.device)
        words, actors, claims = (torch.cat(parts)[ordered] for parts in (vectors, actor_logits, claim_logits))
        return Tagged(words, actors.cpu().numpy(), claims.cpu().numpy())

    @torch.inference_mode()
    def relate(self, words: Tensor, relations: Relations[IntArray]) -> tuple[FloatArray, FloatArray, FloatArray]:
        sides, attention, claimants = self.model.relate(words, TensorRelations.of(relations).to(self.model.device))
        return sides.float().cpu().numpy(), attention.cpu().numpy(), claimants.float().cpu().numpy()
