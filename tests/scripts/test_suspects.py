from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from hudna.tagger import Tagger
from scripts.suspects import suspects
from training.collation import encode_rows
from training.corpus import load_corpus, load_labels

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "corpus"


def test_what_the_model_does_not_believe(tagger: Tagger) -> None:
    labels = load_labels(DATA)
    rows = load_corpus(DATA)["train"]
    example = encode_rows(rows, tagger.windower, labels)[0]

    def sure(gold: np.ndarray, n: int) -> np.ndarray:
        return np.eye(n, dtype=np.float32)[gold] * 0.96 + 0.04 / n

    tags = {
        "actor": sure(example.actor_tags, 1 + 2 * len(labels.types)),
        "claim": sure(example.claim_tags, 1 + 2 * len(labels.kinds)),
    }
    sides = sure(example.sides, len(labels.sides))
    assert list(suspects("a1", example, tags, sides, labels)) == []
    first, last = example.spans.mentions[0]
    tags["actor"][first : last + 1] = sure(np.array([0] * (last + 1 - first)), tags["actor"].shape[1])
    sides[1] = sides[0]
    mention, side = sorted(suspects("a1", example, tags, sides, labels), key=lambda suspect: suspect.layer)
    assert (mention.layer, mention.label, mention.rival) == ("actor", "begin organization", "nothing")
    assert "[United Nations]" in mention.passage
    assert mention.probability < 0.01
    assert (side.layer, side.label, side.rival) == ("side", "gna", "neutral")


def test_command(run_folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "scripts.suspects",
        str(run_folder / "checkpoint"),
        "--corpus",
        str(DATA),
        "--top",
        "3",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "labels that the model would have set otherwise" in done.stdout
    assert done.stdout.count("\n| ") <= 5
