from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from hudna.tagger import load
from training.average import average

ROOT = Path(__file__).parents[2]


def test_weights_are_the_mean(run_folder: Path, tmp_path: Path) -> None:
    first = run_folder / "checkpoint"
    weights = load_file(first / "model.safetensors")
    others = []
    for shift in (3.0, 6.0):
        other = tmp_path / f"other-{shift}"
        shutil.copytree(first, other)
        save_file({name: tensor + shift for name, tensor in weights.items()}, other / "model.safetensors")
        others.append(other)
    average([first, *others], tmp_path / "mean")
    mean = load_file(tmp_path / "mean" / "model.safetensors")
    assert mean.keys() == weights.keys()
    for name, tensor in weights.items():
        torch.testing.assert_close(mean[name], tensor + 3.0, atol=1e-5, rtol=0)
    load(tmp_path / "mean").predict("Haftar said no.")


def test_what_cannot_be_averaged(run_folder: Path, tmp_path: Path) -> None:
    first = run_folder / "checkpoint"
    other = tmp_path / "other"
    shutil.copytree(first, other)
    config = json.loads((other / "config.json").read_text())
    config["sides"] = list(reversed(config["sides"]))
    (other / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="differ in sides"):
        average([first, other], tmp_path / "mean")
    command = [sys.executable, "-m", "training.average", str(tmp_path / "mean"), str(first), str(tmp_path / "none")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "is no checkpoint" in done.stderr
