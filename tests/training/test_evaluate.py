from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import torch

from hudna.cli import main
from hudna.modeling import HudnaModel
from hudna.tagger import load
from training.evaluate import record
from training.export import export

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "tests" / "data" / "corpus"


def evaluate(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "training.evaluate", *arguments],
        cwd=cwd, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


def test_table_and_file(run_folder: Path, tmp_path: Path) -> None:
    done = evaluate(str(run_folder / "checkpoint"), "--corpus", str(CORPUS), "--split", "dev", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "evaluation-dev.json").read_text())
    assert set(results) == {"model", "majority side", "lexicon", "spaCy small"}
    assert results["lexicon"]["actors_f1"] == 1.0  # "UN" and "Haftar" are all there is
    assert f"| claims, overlap F1 {' ' * 16} " in done.stdout
    # The same figures that the training saw after its best epoch.
    metrics = json.loads((run_folder / "metrics.json").read_text())
    (best,) = [entry for entry in metrics["history"] if entry["epoch"] == metrics["best_epoch"]]
    assert {key: results["model"].get(key, value) for key, value in best.items()} == best
    assert "actor_recall_unseen" in results["model"]
    assert "pairs_right" not in results["model"]  # There are none in this corpus.


def test_a_folder_of_articles(run_folder: Path, tmp_path: Path) -> None:
    done = evaluate(
        str(run_folder / "checkpoint"), "--corpus", str(CORPUS), "--articles", str(CORPUS / "train"), cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "evaluation-train.json").read_text())["model"]["support"]["articles"] == 3


def test_what_is_no_checkpoint(tmp_path: Path) -> None:
    done = evaluate(str(tmp_path), "--corpus", str(CORPUS), cwd=tmp_path)
    assert done.returncode == 2
    assert "is no checkpoint" in done.stderr


def test_figures_are_noted_in_the_checkpoint(run_folder: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    shutil.copytree(run_folder / "checkpoint", checkpoint)
    results = {"model": {"actors_f1": 0.81239, "claims_overlap_f1": 0.5, "support": {"articles": 3}}}
    record(checkpoint, "dev", results)
    record(checkpoint, "test", results)
    assert json.loads((checkpoint / "figures.json").read_text())["dev"] == {
        "actors_f1": 0.8124,
        "claims_overlap_f1": 0.5,
    }
    assert main(["--checkpoint", str(checkpoint), "info"]) == 0


def test_export_halves_the_weights_and_keeps_the_answers(run_folder: Path, tmp_path: Path) -> None:
    checkpoint = run_folder / "checkpoint"
    export(checkpoint, tmp_path)
    assert HudnaModel.from_pretrained(tmp_path).dtype == torch.float16
    size = (tmp_path / "model.safetensors").stat().st_size
    assert size < 0.52 * (checkpoint / "model.safetensors").stat().st_size
    text = "The GNA accused Haftar of breaking the truce."
    small, large = load(tmp_path), load(checkpoint)
    one, other = small.predict(text), large.predict(text)
    assert [(m.start, m.end, m.type) for m in one.mentions] == [(m.start, m.end, m.type) for m in other.mentions]
