"""The run-time on OpenVINO: a BERT encoder compiled for the CPU, without torch.

The graph is built from the checkpoint's own weights when it is loaded, so a checkpoint needs no second form.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as ops
from safetensors import SafetensorError
from safetensors.numpy import load_file

from hudna.batching import EncoderInputs, IntArray, Relations
from hudna.decoding import FloatArray
from hudna.engine import Tagged
from hudna.numpy_heads import ClaimantHead, SideHead, Weights
from hudna.settings import read_config

_NUMPY_HEADS = ("side_head.", "claimant_head.")


class OpenVinoEngine:
    """Runs a checkpoint on the CPU. (See `Engine`.)

    Args:
        config: the checkpoint's `config.json`.
        weights: of its model.
        threads: how many work on one call; all cores by default.
    """

    batch_tokens = 2048

    def __init__(self, config: dict[str, Any], weights: Weights, threads: int | None = None) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        threads = min(threads or cores, cores)
        self._compiled = ov.Core().compile_model(
            build_graph(config["encoder_config"], weights),
            "CPU",
            {"NUM_STREAMS": cores // threads, "INFERENCE_NUM_THREADS": cores // threads * threads},
        )
        self._requests = threading.local()  # A request belongs to one thread.
        single = {name: array.astype(np.float32) for name, array in weights.items() if name.startswith(_NUMPY_HEADS)}
        self._sides = SideHead(single, layers=config.get("side_layers", 0))
        self._claimants = ClaimantHead(single)

    @classmethod
    def load(cls, folder: Path, threads: int | None = None) -> OpenVinoEngine:
        """Loads and compiles the model of a checkpoint folder.

        Raises:
            ValueError: the folder is no checkpoint, its encoder is not BERT, or there can be no so many threads.
        """
        if threads is not None and threads < 1:
            raise ValueError(f"there must be at least one thread, not {threads}")
        config = read_config(folder)
        encoder = config["encoder_config"]
        if encoder["model_type"] != "bert" or encoder.get("hidden_act", "gelu") != "gelu":
            raise ValueError(f"{folder}: the backend 'openvino' runs BERT encoders only; try backend='torch'")
        try:
            return cls(config, load_file(folder / "model.safetensors"), threads)
        except (OSError, RuntimeError, ValueError, SafetensorError, KeyError) as error:
            raise ValueError(f"{folder} is no checkpoint: {error}") from None

    def tag(self, batches: Sequence[EncoderInputs], order: IntArray) -> Tagged[FloatArray]:
        if not hasattr(self._requests, "own"):
            self._requests.own = self._compiled.create_infer_request()
        parts = []
        for inputs in batches:
            arrays = [inputs.input_ids, inputs.attention_mask, inputs.word_index]
            results = self._requests.own.infer(arrays, share_inputs=True)
            parts.append([results[output].copy() for output in self._compiled.outputs])
        return Tagged(*(np.concatenate(arrays)[order] for arrays in zip(*parts, strict=True)))

    def relate(self, words: FloatArray, relations: Relations[IntArray]) -> tuple[FloatArray, FloatArray, FloatArray]:
        sides, attention = self._sides(words, relations)
        return sides, attention, self._claimants(words, relations)


def build_graph(encoder: dict[str, Any], weights: Weights) -> ov.Model:
    """`HudnaModel.tag` as a graph: the arrays of `EncoderInputs` to those of `Tagged`.

    Args:
        encoder: the configuration of a BERT encoder.
        weights: of a `HudnaModel`.
    """
    width, heads, epsilon = encoder["hidden_size"], encoder["num_attention_heads"], encoder["layer_norm_eps"]

    def constant(value: Any, kind: Any = np.float32) -> ov.Node:
        return ops.constant(np.asarray(value, dtype=kind))

    def weight(*names: str) -> ov.Node:
        """The named arrays one after another, which become single precision when the graph is compiled."""
        (array, *others) = (weights[name] for name in names)
        array = np.concatenate([array, *others]) if others else array
        return ops.convert(ops.constant(array, shared_memory=True), "f32")

    def linear(values: ov.Node, *names: str) -> ov.Node:
        """One product for all the named layers side by side."""
        product = ops.matmul(values, weight(*(f"{name}.weight" for name in names)), False, True)
        return ops.add(product, weight(*(f"{name}.bias" for name in names)))

    def layer_norm(values: ov.Node, name: str) -> ov.Node:
        normal = ops.mvn(values, constant([-1], np.int64), True, epsilon, "INSIDE_SQRT")
        return ops.add(ops.multiply(normal, weight(f"{name}.weight")), weight(f"{name}.bias"))

    def rows_of(table: str, index: ov.Node) -> ov.Node:
        return ops.gather(weight(table), index, constant(0, np.int64))

    input_ids = ops.parameter([-1, -1], np.int64, "input_ids")
    attention_mask = ops.parameter([-1, -1], np.int64, "attention_mask")
    word_index = ops.parameter([-1], np.int64, "word_index")

    length = ops.gather(ops.shape_of(input_ids), constant(1, np.int64), constant(0, np.int64))
    positions = ops.range(constant(0, np.int64), length, constant(1, np.int64), "i64")
    embeddings = "encoder.embeddings"
    hidden = ops.add(
        ops.add(
            rows_of(f"{embeddings}.word_embeddings.weight", input_ids),
            rows_of(f"{embeddings}.token_type_embeddings.weight", constant(0, np.int64)),
        ),
        rows_of(f"{embeddings}.position_embeddings.weight", positions),
    )
    hidden = layer_norm(hidden, f"{embeddings}.LayerNorm")
    # Added to the attention's scores: nothing for a token, almost minus infinity for padding.
    absent = ops.subtract(constant(1), ops.convert(attention_mask, "f32"))
    mask = ops.unsqueeze(ops.multiply(absent, constant(-1e30)), constant([1, 2], np.int64))

    for number in range(encoder["num_hidden_layers"]):
        layer = f"encoder.encoder.layer.{number}"
        own = f"{layer}.attention.self"
        projected = linear(hidden, f"{own}.query", f"{own}.key", f"{own}.value")
        split = ops.reshape(projected, constant([0, 0, 3, heads, width // heads], np.int64), True)
        parts = ops.split(ops.transpose(split, constant([2, 0, 3, 1, 4], np.int64)), constant(0, np.int64), 3)
        query, key, value = (ops.squeeze(part, constant([0], np.int64)) for part in parts.outputs())
        seen = ops.scaled_dot_product_attention(query, key, value, mask)
        joined = ops.transpose(seen, constant([0, 2, 1, 3], np.int64))
        joined = ops.reshape(joined, constant([0, 0, width], np.int64), True)
        attended = linear(joined, f"{layer}.attention.output.dense")
        hidden = layer_norm(ops.add(hidden, attended), f"{layer}.attention.output.LayerNorm")
        inner = ops.gelu(linear(hidden, f"{layer}.intermediate.dense"), "erf")
        hidden = layer_norm(ops.add(hidden, linear(inner, f"{layer}.output.dense")), f"{layer}.output.LayerNorm")

    flat = ops.reshape(hidden, constant([-1, width], np.int64), False)
    words = ops.gather(flat, word_index, constant(0, np.int64))
    outputs = [words, linear(words, "actor_head.linear"), linear(words, "claim_head.linear")]
    return ov.Model(outputs, [input_ids, attention_mask, word_index], "hudna")
