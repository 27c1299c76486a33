from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from omegaconf import OmegaConf

from scripts.ablate import FIGURES, table
from training.config import load_config

ROOT = Path(__file__).parents[2]


def test_table_of_means_and_spreads() -> None:
    def figures(value: float) -> dict[str, dict[str, float]]:
        return {"dev": dict.fromkeys(FIGURES, value)}

    rows = table({"default": [figures(0.5), figures(0.7)], "one": [figures(0.25)]}).splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert cells[2][:4] == ["default", "dev", "2", "0.600 ± 0.141"]
    assert cells[3][:4] == ["one", "dev", "1", "0.250"]


def test_every_cell_is_a_recipe() -> None:
    cells = OmegaConf.load(ROOT / "scripts" / "ablation.yaml")
    for name, overrides in cells.items():
        load_config(ROOT / "configs" / "default.yaml", list(overrides))
        assert name


def test_cells_run_once(run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "cells.yaml").write_text("base: []\nwide: [model.head_width=24]\n")
    command = [
        sys.executable, "-m", "scripts.ablate", "--cells-file", str(tmp_path / "cells.yaml"), "--seeds", "1",
        "--config", str(run_folder / "config.yaml"), "--set", "train.epochs=1", "--runs", str(tmp_path / "runs"),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.split("|")[1].strip() for line in done.stdout.splitlines() if line.startswith("|")]
    assert rows[2:] == ["base", "wide"]
    file = tmp_path / "runs" / "base-1" / "figures.json"
    figures = json.loads(file.read_text())
    figures["dev"]["actors_f1"] = 0.4321
    file.write_text(json.dumps(figures))
    again = subprocess.run([*command, "base"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "0.432" in again.stdout  # read, not trained again
    wrong = subprocess.run([*command, "other"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "has no cell 'other'" in wrong.stderr
