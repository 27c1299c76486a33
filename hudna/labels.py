"""The label sets: what a mention, an actor and a claim can be called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class LabelSet:
    """The three closed label sets of a corpus and of the models trained on it.

    They are data: a corpus states them in `labels.yaml`, a checkpoint in `config.json`.

    Attributes:
        types: what an actor is, for example `person`.
        sides: where an actor stands in one article, for example `neutral`.
        kinds: what is claimed about a ceasefire, for example `breach`.
    """

    types: tuple[str, ...]
    sides: tuple[str, ...]
    kinds: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("types", "sides", "kinds"):
            values = getattr(self, name)
            if not values:
                raise ValueError(f"label set '{name}' is empty")
            if len(set(values)) != len(values):
                raise ValueError(f"label set '{name}' names a label twice: {', '.join(values)}")

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> LabelSet:
        """Builds the sets from a mapping with the keys `types`, `sides` and `kinds`.

        Each value is a list of labels, or a mapping from label to description.

        Raises:
            ValueError: a key is missing or unknown, or a value is not a list of strings.
        """
        names = ("types", "sides", "kinds")
        if set(data) != set(names):
            raise ValueError(f"a label set has the keys {', '.join(names)}, not {', '.join(map(str, data))}")
        for name in names:
            if isinstance(data[name], str) or not all(isinstance(label, str) for label in data[name]):
                raise ValueError(f"label set '{name}' must be a list of strings")
        return cls(**{name: tuple(data[name]) for name in names})
