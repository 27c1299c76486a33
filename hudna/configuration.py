"""The configuration of a model: its encoder, its label sets, the widths of its heads."""

from __future__ import annotations

from typing import Any, ClassVar

from transformers import AutoConfig, PreTrainedConfig
from transformers.configuration_utils import SubConfigSpec

from hudna.labels import LabelSet


class HudnaConfig(PreTrainedConfig):
    """Configuration of a `HudnaModel`.

    Attributes:
        encoder_config: the configuration of any transformers encoder.
        types: actor types. sides: sides. kinds: claim kinds. (See `LabelSet`.)
        head_width: width of the hidden layers of the side and the claimant head.
        head_dropout: dropout before every head's first layer.
        side_layers: layers in which the actors of an article attend to each other before their sides are scored.
        window_length: tokens of a window, special tokens included.
        window_overlap: tokens that neighbouring windows of a long article share.
        mention_threshold, claim_threshold: score from which a decoded mention or claim is kept.
        claimant_threshold: probability from which an actor counts as a claim's maker.
        claimant_fallback: probability from which the likeliest actor is one where none reaches the threshold.
        mention_calibration, claim_calibration: slope and offset that make scores probabilities (see `calibrate`).
        side_temperature: by what the scores of the sides are divided before they become probabilities.
    """

    model_type = "hudna"
    sub_configs_defaults: ClassVar[dict[str, SubConfigSpec]] = {
        "encoder_config": SubConfigSpec(config_class=AutoConfig, model_type="bert")
    }

    encoder_config: dict[str, Any] | PreTrainedConfig | None = None
    types: list[str] | tuple[str, ...] = ()
    sides: list[str] | tuple[str, ...] = ()
    kinds: list[str] | tuple[str, ...] = ()
    head_width: int = 256
    head_dropout: float = 0.1
    side_layers: int = 0
    window_length: int = 512
    window_overlap: int = 128
    mention_threshold: float = 0.5
    claim_threshold: float = 0.5
    claimant_threshold: float = 0.5
    claimant_fallback: float = 1.0
    mention_calibration: list[float] | tuple[float, ...] = (1.0, 0.0)
    claim_calibration: list[float] | tuple[float, ...] = (1.0, 0.0)
    side_temperature: float = 1.0

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        for name in ("types", "sides", "kinds", "mention_calibration", "claim_calibration"):
            setattr(self, name, list(getattr(self, name)))

    @property
    def label_set(self) -> LabelSet:
        """The label sets as one object."""
        return LabelSet(types=tuple(self.types), sides=tuple(self.sides), kinds=tuple(self.kinds))
