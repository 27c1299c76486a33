from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_every_comparison_is_made(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.benchmark_inference", "--output", str(tmp_path)]
    done = subprocess.run(
        [*command, "--number", "2", "--rounds", "1", "--stream", "20"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    result = json.loads((tmp_path / "inference.json").read_text())
    assert len(result["speeds"]) == 8
    assert all(row["best"] > 0 for row in result["speeds"])
    assert 0 < result["figures"]["forward pass, share of the time"] < 1
    assert 0 <= result["figures"]["padding, share of the computed tokens"] < 1
    assert all(point["tokens_per_second"] > 0 for point in result["roofline"])
    assert (tmp_path / "roofline.png").stat().st_size > 0
    assert "spaCy small" in done.stdout
