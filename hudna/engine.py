"""What a run-time does for the tagger, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from hudna.batching import EncoderInputs, IntArray, Relations
from hudna.decoding import FloatArray
from hudna.settings import read_config

BACKENDS = ("openvino", "torch")
# Asking torch whether there is a GPU would mean importing it, which takes longer than reading an article.
_NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")

Vectors = TypeVar("Vectors")


@dataclass(frozen=True)
class Tagged(Generic[Vectors]):
    """What an encoder and the tag heads say of some words.

    Attributes:
        words: the words' vectors, in the engine's own kind of array. *Shape:* (words, width)
        actor_logits: scores of the BIO tags over actor types. *Shape:* (words, 1 + 2 types)
        claim_logits: scores of the BIO tags over claim kinds. *Shape:* (words, 1 + 2 kinds)
    """

    words: Vectors
    actor_logits: FloatArray
    claim_logits: FloatArray


class Engine(Protocol):
    """Runs a checkpoint's model. Threads may share one.

    Attributes:
        batch_tokens: how many tokens it should be given at once.
    """

    batch_tokens: int

    def tag(self, batches: Sequence[EncoderInputs], order: IntArray) -> Tagged[Any]:
        """Reads batches.

        Args:
            batches: windows.
            order: where in the words of all batches each word of the result is. *Shape:* (words,)
        """
        ...

    def relate(self, words: Any, relations: Relations[IntArray]) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Judges actors and claims by the words' vectors from `tag`.

        Returns:
            Scores of the sides, *shape* (actors, sides); each mention's share in its actor's side, *shape* (mentions,);
            log-odds that the actor makes the claim, *shape* (links,).
        """
        ...


def load_engine(folder: Path, *, backend: str | None, device: str | None, threads: int | None) -> Engine:
    """The run-time of a checkpoint folder. For arguments and errors see `hudna.load`."""
    # A run-time is imported when it is asked for: none needs the other one's libraries.
    if backend is None:
        known = read_config(folder)["encoder_config"]["model_type"] == "bert"
        backend = "openvino" if known and device in (None, "cpu") and not _NVIDIA_DRIVER.exists() else "torch"
    if backend == "openvino":
        if device not in (None, "cpu"):
            raise ValueError(f"the backend 'openvino' runs on the device 'cpu', not on '{device}'")
        from hudna.openvino_engine import OpenVinoEngine

        return OpenVinoEngine.load(folder, threads)
    if backend == "torch":
        if threads is not None:
            raise ValueError("the backend 'torch' takes its threads from torch.set_num_threads")
        from hudna.torch_engine import TorchEngine

        return TorchEngine.load(folder, device)
    raise ValueError(f"unknown backend '{backend}' (known: {', '.join(BACKENDS)})")
