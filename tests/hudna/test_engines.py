"""Both run-times say the same."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from transformers import MPNetConfig, MPNetModel

from hudna.batching import Spans, batch_windows, pack_relations
from hudna.decoding import WordSpan
from hudna.labels import LabelSet
from hudna.modeling import HudnaModel
from hudna.numpy_heads import gelu
from hudna.openvino_engine import OpenVinoEngine
from hudna.tagger import Tagger, load
from hudna.torch_engine import TorchEngine
from training.train import load_tokenizer, read_lexicon, save_checkpoint

ROOT = Path(__file__).parents[2]
TEXTS = [
    "The Government of National Accord (GNA) accused Haftar of breaking the truce on Sunday.",
    "Ankara urged both sides to hold their fire. " * 12,
    "",
    "No.",
]


@pytest.fixture(scope="module")
def checkpoint(tiny_encoder: Path, labels: LabelSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model with a layer between the actors."""
    torch.manual_seed(3)
    model = HudnaModel.from_encoder(
        str(tiny_encoder), **vars(labels), head_width=16, side_layers=2, window_length=48, window_overlap=12
    )
    folder = tmp_path_factory.mktemp("checkpoint")
    lexicon = read_lexicon(ROOT / "tests" / "data" / "corpus" / "lexicon.yaml")
    save_checkpoint(model, load_tokenizer(str(tiny_encoder)), lexicon, folder)
    return folder


def spans(n_words: int) -> Spans:
    """Mentions of three actors, in no order, and two claims; none where the article is too short."""
    if n_words < 12:
        return Spans.of(n_words, [], [], [])
    mentions = [WordSpan(word, word + 1 + word % 2, "a", 1.0) for word in range(0, n_words, 3)]
    groups = [list(range(first, len(mentions), 3)) for first in range(3)]
    return Spans.of(n_words, mentions, groups, [WordSpan(2, 9, "k", 1.0), WordSpan(10, 12, "k", 1.0)])


def test_engines_agree_on_every_array(checkpoint: Path) -> None:
    engines = (OpenVinoEngine.load(checkpoint), TorchEngine.load(checkpoint, "cpu"))
    documents = load(checkpoint, backend="openvino").windower(TEXTS)
    one, other = (engine.tag(*batch_windows(documents, tokens=100)) for engine in engines)
    np.testing.assert_allclose(one.words, other.words.numpy(), atol=1e-5)
    np.testing.assert_allclose(one.actor_logits, other.actor_logits, atol=1e-5)
    np.testing.assert_allclose(one.claim_logits, other.claim_logits, atol=1e-5)
    relations = pack_relations([spans(len(document)) for document in documents])
    assert len(relations.links) > 0
    for left, right in zip(
        engines[0].relate(one.words, relations), engines[1].relate(other.words, relations), strict=True
    ):
        np.testing.assert_allclose(left, right, atol=1e-5)


def test_released_checkpoint_reads_alike() -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "corpus" / "dev").glob("*.md"))[:6]]
    one, other = (load(backend=backend).predict(texts) for backend in ("openvino", "torch"))
    for left, right in zip(one, other, strict=True):
        assert [(m.start, m.end, m.type, m.actor) for m in left.mentions] == [
            (m.start, m.end, m.type, m.actor) for m in right.mentions
        ]
        assert [actor.side for actor in left.actors] == [actor.side for actor in right.actors]
        assert [(c.start, c.end, c.kind, c.by) for c in left.claims] == [
            (c.start, c.end, c.kind, c.by) for c in right.claims
        ]


def test_the_default_is_chosen_by_encoder_and_device(checkpoint: Path, tmp_path: Path, labels: LabelSet) -> None:
    if not torch.cuda.is_available():
        assert isinstance(load(checkpoint).engine, OpenVinoEngine)
    assert isinstance(load(checkpoint, backend="torch").engine, TorchEngine)
    with pytest.raises(ValueError, match="runs on the device 'cpu'"):
        load(checkpoint, backend="openvino", device="cuda")
    MPNetModel(
        MPNetConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64)
    ).save_pretrained(tmp_path / "encoder")
    other = HudnaModel.from_encoder(str(tmp_path / "encoder"), **vars(labels))
    tagger: Tagger = load(checkpoint, backend="torch")
    for name in ("tokenizer.json", "lexicon.json"):
        (tmp_path / name).write_bytes((checkpoint / name).read_bytes())
    other.save_pretrained(tmp_path)
    assert isinstance(load(tmp_path).engine, TorchEngine)
    assert tagger.labels == load(tmp_path).labels
    with pytest.raises(ValueError, match="runs BERT encoders only"):
        load(tmp_path, backend="openvino")


@given(arrays(np.float32, st.integers(0, 50), elements=st.floats(-30, 30, width=32)))
def test_gelu(values: np.ndarray) -> None:
    np.testing.assert_allclose(gelu(values), torch.nn.functional.gelu(torch.from_numpy(values)).numpy(), atol=1e-6)


def test_reading_needs_no_torch() -> None:
    program = """
import sys
sys.modules["torch"] = sys.modules["transformers"] = None
from hudna import load
assert load(backend="openvino").predict("Haftar rejected the truce.").claims
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_threads() -> None:
    articles = [f"{number}: {TEXTS[0]}" for number in range(8)]
    serial = load(backend="openvino").predict(articles)
    shared = load(backend="openvino", threads=1)
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(shared.predict, articles))
    assert [[(m.start, m.end, m.actor) for m in a.mentions] for a in together] == [
        [(m.start, m.end, m.actor) for m in a.mentions] for a in serial
    ]
    with pytest.raises(ValueError, match="at least one thread, not 0"):
        load(backend="openvino", threads=0)
    with pytest.raises(ValueError, match=r"torch\.set_num_threads"):
        load(backend="torch", threads=1)
