"""Makes a trained checkpoint small enough to ship: `python -m training.export CHECKPOINT FOLDER`.

Weights become half precision (float16), which halves the file; `hudna.load` computes in float32 again.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import torch
import transformers

from hudna.manifest import FILES, seal
from hudna.modeling import HudnaModel
from hudna.tagger import load


def export(checkpoint: Path, folder: Path) -> None:
    """Writes a half-precision copy of a checkpoint.

    Raises:
        ValueError: the source is no checkpoint.
    """
    load(checkpoint)  # The clear error, if it is none.
    folder.mkdir(parents=True, exist_ok=True)
    HudnaModel.from_pretrained(checkpoint, dtype=torch.float16).save_pretrained(folder)
    for name in FILES:
        if not (folder / name).exists() or name not in ("config.json", "model.safetensors"):
            shutil.copyfile(checkpoint / name, folder / name)
    (folder / "figures.json").unlink(missing_ok=True)  # Of another checkpoint, that was here before.
    seal(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    transformers.utils.logging.disable_progress_bar()
    try:
        export(args.checkpoint, args.folder)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
