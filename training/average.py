"""Averages the weights of checkpoints with a common ancestor: `python -m training.average FOLDER CHECKPOINTS`.

A model that went on learning and the one it set out from often err in different places, and their mean in fewer.

Source: Wortsman et al., "Model soups: averaging weights of multiple fine-tuned models improves accuracy without
increasing inference time", ICML 2022.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from hudna.settings import read_config
from hudna.tagger import FILES, load

# What of two configurations must be alike for their weights to mean the same.
_SHAPE = ("types", "sides", "kinds", "head_width", "side_layers")


def average(checkpoints: Sequence[Path], folder: Path) -> None:
    """Writes a checkpoint with the mean weights in single precision; all else is that of the first one.

    Raises:
        ValueError: one is no checkpoint, or they have other labels or sizes.
    """
    for checkpoint in checkpoints:
        load(checkpoint)  # The clear error, if it is none.
    first, *others = checkpoints
    config = read_config(first)
    for other in others:
        unlike = [name for name in _SHAPE if read_config(other).get(name) != config.get(name)]
        if unlike:
            raise ValueError(f"{other} and {first} differ in {', '.join(unlike)}")
    mean = {name: tensor.float() for name, tensor in load_file(first / "model.safetensors").items()}
    for number, other in enumerate(others, start=2):
        for name, tensor in load_file(other / "model.safetensors").items():
            mean[name] = torch.lerp(mean[name], tensor.float(), 1 / number)
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if name != "model.safetensors":
            shutil.copyfile(first / name, folder / name)
    save_file(mean, folder / "model.safetensors", metadata={"format": "pt"})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    args = parser.parse_args()
    try:
        average(args.checkpoints, args.folder)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
