from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from scripts.reliability import draw
from training.calibrate import Judged

ROOT = Path(__file__).parents[2]


def test_drawing(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(200)
    draw({"mention": Judged(scores, rng.random(200) < scores)}, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_that_is_no_checkpoint_is_an_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.reliability", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "is no checkpoint" in done.stderr
