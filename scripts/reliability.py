"""Draws a checkpoint's reliability diagrams: `python -m scripts.reliability [CHECKPOINT] [-o FILE]`.

A diagram has, for bins of equally many scores, how high the scores were against how often they were right.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
import transformers
from matplotlib import pyplot as plt

from hudna.tagger import RELEASED, load
from training.calibrate import Judged, bootstrap_interval, calibration_error, equal_bins, judge
from training.corpus import SPLITS, load_split


def draw(judged: Mapping[str, Judged], file: Path) -> None:
    """One diagram beside the other, each with its calibration error and the error's interval."""
    mpl.use("Agg")
    figure, axes = plt.subplots(1, len(judged), figsize=(4 * len(judged), 4), layout="constrained", squeeze=False)
    for axis, (name, items) in zip(axes[0], judged.items(), strict=True):
        bins = equal_bins(items)
        axis.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle="dashed")
        axis.plot(
            [items.scores[part].mean() for part in bins],
            [items.right[part].mean() for part in bins],
            marker="o",
            markersize=4,
        )
        low, high = bootstrap_interval(items)
        axis.set_title(f"{name} scores: error {calibration_error(items):.3f} ({low:.3f} to {high:.3f})", fontsize=10)
        axis.set_xlabel("mean score")
        axis.set_ylabel("share that is right")
        axis.set_xlim(0, 1)
        axis.set_ylim(0, 1.02)
        axis.set_xticks(np.linspace(0, 1, 6))
    figure.savefig(file, dpi=100)
    plt.close(figure)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", nargs="?", type=Path, default=RELEASED, help="default: the released one")
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--split", choices=SPLITS, default="test")
    parser.add_argument("-o", "--output", type=Path, default=Path("reliability.png"))
    args = parser.parse_args()
    transformers.utils.logging.disable_progress_bar()
    try:
        tagger = load(args.checkpoint)
        golds = load_split(args.corpus, args.split)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    draw(judge(golds, tagger.predict([g.text for g in golds], date=[g.date for g in golds])), args.output)
    print(args.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
