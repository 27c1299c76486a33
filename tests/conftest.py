"""A tiny model, trained for a moment on the small corpus in `data/`, that most tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, BertConfig, BertModel

from hudna.labels import LabelSet
from hudna.modeling import HudnaModel
from hudna.tagger import Tagger
from training.config import Config, load_config
from training.corpus import load_labels
from training.encoders import MINILM, encoder_path
from training.train import load_tokenizer, read_lexicon, tagger_of, train

CORPUS = Path(__file__).parent / "data" / "corpus"


@pytest.fixture(scope="session")
def labels() -> LabelSet:
    return load_labels(CORPUS)


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A randomly initialised BERT of two narrow layers, with the default encoder's tokenizer."""
    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, max_position_embeddings=64
    )
    BertModel(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(encoder_path(MINILM)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def make_config(tiny_encoder: Path) -> Callable[..., Config]:
    """A configuration for the tiny model: `make_config(run, "train.epochs=2", ...)`."""

    def make(run: Path, *overrides: str) -> Config:
        return load_config(
            None,
            [
                f"run={run}",
                f"data.corpus={CORPUS}",
                f"data.lexicon={CORPUS / 'lexicon.yaml'}",
                f"model.encoder={tiny_encoder}",
                "model.head_width=16",
                "model.window_length=48",
                "model.window_overlap=12",
                "train.epochs=3",
                "train.batch_size=1",
                "train.encoder_lr=0.005",
                "train.head_lr=0.01",
                "train.precision=fp32",
                "train.evaluate_every=1",
                *overrides,
            ],
        )

    return make


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, make_config: Callable[..., Config]) -> Path:
    """A finished run of the tiny model."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    train(make_config(folder))
    return folder


@pytest.fixture(scope="session")
def tagger(tiny_encoder: Path, labels: LabelSet) -> Tagger:
    """The tiny model, untrained, with heads so wild that it finds spans of every kind in any text."""
    wild = HudnaModel.from_encoder(
        str(tiny_encoder),
        **vars(labels),
        head_width=16,
        window_length=48,
        window_overlap=12,
        mention_threshold=0.0,
        claim_threshold=0.0,
    )
    generator = torch.Generator().manual_seed(1)
    for head in (wild.actor_head, wild.claim_head, wild.side_head, wild.claimant_head):
        for parameter in head.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator)
    return tagger_of(wild, load_tokenizer(str(tiny_encoder)), read_lexicon(CORPUS / "lexicon.yaml"))
