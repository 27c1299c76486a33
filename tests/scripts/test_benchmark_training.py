from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_both_are_timed_on_the_same_articles(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.benchmark_training", "--output", str(tmp_path)]
    done = subprocess.run(
        [*command, "--number", "2", "--rounds", "1"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    result = json.loads((tmp_path / "training.json").read_text())
    assert set(result["speeds"]) == {"hudna, default recipe", "transformers Trainer"}
    assert result["tokens"] > 100
    assert "transformers Trainer" in done.stdout
