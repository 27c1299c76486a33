"""What a checkpoint's `config.json` says of reading articles; the run-times without torch need nothing else of it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hudna.labels import LabelSet
from hudna.manifest import reseal


@dataclass(kw_only=True)
class Settings:
    """How a checkpoint reads articles; `HudnaConfig` has the same fields.

    Attributes:
        types: actor types. sides: sides. kinds: claim kinds. (See `LabelSet`.)
        side_layers: layers in which the actors of an article attend to each other before their sides are scored.
        window_length: tokens of a window, special tokens included.
        window_overlap: tokens that neighbouring windows of a long article share.
        mention_threshold, claim_threshold: score from which a decoded mention or claim is kept.
        claimant_threshold: probability from which an actor counts as a claim's maker.
        claimant_fallback: probability from which the likeliest actor is one where none reaches the threshold.
        mention_calibration, claim_calibration: slope and offset that make scores probabilities (see `calibrate`).
        side_temperature: by what the scores of the sides are divided before they become probabilities.
    """

    types: list[str] = dataclasses.field(default_factory=list)
    sides: list[str] = dataclasses.field(default_factory=list)
    kinds: list[str] = dataclasses.field(default_factory=list)
    side_layers: int = 0
    window_length: int = 512
    window_overlap: int = 128
    mention_threshold: float = 0.5
    claim_threshold: float = 0.5
    claimant_threshold: float = 0.5
    claimant_fallback: float = 1.0
    mention_calibration: list[float] = dataclasses.field(default_factory=lambda: [1.0, 0.0])
    claim_calibration: list[float] = dataclasses.field(default_factory=lambda: [1.0, 0.0])
    side_temperature: float = 1.0

    @classmethod
    def of(cls, config: Any) -> Settings:
        """The settings alone of a `HudnaConfig`."""
        return cls(**{field.name: getattr(config, field.name) for field in dataclasses.fields(cls)})

    @classmethod
    def read(cls, folder: Path) -> Settings:
        """The settings in a checkpoint folder.

        Raises:
            ValueError: its `config.json` is not that of a hudna checkpoint.
        """
        config = read_config(folder)
        settings = cls(**{field.name: config[field.name] for field in dataclasses.fields(cls) if field.name in config})
        try:
            settings.labels  # noqa: B018 - the clear error, if one is missing
        except ValueError as error:
            raise ValueError(f"{folder} is no checkpoint: config.json: {error}") from None
        return settings

    def write(self, folder: Path) -> None:
        """Puts the settings into the `config.json` of a checkpoint folder."""
        config = read_config(folder) | dataclasses.asdict(self)
        (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        reseal(folder)

    @property
    def labels(self) -> LabelSet:
        """The label sets as one object."""
        return LabelSet(types=tuple(self.types), sides=tuple(self.sides), kinds=tuple(self.kinds))


def read_config(folder: Path) -> dict[str, Any]:
    """The `config.json` of a checkpoint folder.

    Raises:
        ValueError: it is not that of a hudna checkpoint.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder} is no checkpoint: config.json: {error}") from None
    if not isinstance(config, dict) or config.get("model_type") != "hudna" or "encoder_config" not in config:
        raise ValueError(f"{folder} is no checkpoint: config.json is not that of a hudna model")
    return config
