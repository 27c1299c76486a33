"""The configuration of a model: its encoder, its label sets, the widths of its heads."""

from __future__ import annotations

from typing import Any, ClassVar

from transformers import AutoConfig, PreTrainedConfig
from transformers.configuration_utils import SubConfigSpec

from hudna.settings import Settings


class HudnaConfig(PreTrainedConfig, Settings):
    """Configuration of a `HudnaModel`.

    Attributes:
        encoder_config: the configuration of any transformers encoder.
        head_width: width of the hidden layers of the side and the claimant head.
        head_dropout: dropout before every head's first layer.

    The others are those of `Settings`.
    """

    model_type = "hudna"
    sub_configs_defaults: ClassVar[dict[str, SubConfigSpec]] = {
        "encoder_config": SubConfigSpec(config_class=AutoConfig, model_type="bert")
    }

    encoder_config: dict[str, Any] | PreTrainedConfig | None = None
    head_width: int = 256
    head_dropout: float = 0.1

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        for name in ("types", "sides", "kinds", "mention_calibration", "claim_calibration"):
            setattr(self, name, list(getattr(self, name)))
