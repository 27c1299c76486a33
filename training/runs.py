"""The folder of a training run, always whole: whatever is written appears at once or not at all.

config.yaml     the run's configuration
metrics.json    figures after every evaluation
log/            TensorBoard
checkpoint      -> the best model so far (a link to a folder of checkpoints/)
checkpoints/    the models
states/         all that resuming needs; the highest number counts
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any


class RunFolder:
    """Paths and atomic writes of one run."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.config = self.path / "config.yaml"
        self.metrics = self.path / "metrics.json"
        self.log = self.path / "log"
        self.checkpoint = self.path / "checkpoint"
        self.states = self.path / "states"
        self.parts = self.path / "states.tmp"  # where the processes of a run put a state together

    def write_metrics(self, metrics: dict[str, Any]) -> None:
        """Replaces `metrics.json`."""
        temporary = self.metrics.with_suffix(".tmp")
        temporary.write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
        os.replace(temporary, self.metrics)

    def write_checkpoint(self, name: str, write: Callable[[Path], None]) -> None:
        """Writes a model folder with `write`, makes it the run's checkpoint and removes the one before."""
        folder = self.path / "checkpoints" / name
        if folder.exists():
            # Trained again after a run was killed; the run's checkpoint may point there.
            folder = folder.with_name(f"{name}-again" if self.checkpoint.resolve() == folder.resolve() else name)
        _write_folder(folder, write)
        link = self.path / "checkpoint.tmp"
        link.unlink(missing_ok=True)
        link.symlink_to(Path("checkpoints") / folder.name)
        os.replace(link, self.checkpoint)
        _sync(self.path)
        _remove_others(folder)

    def write_state(self, step: int, write: Callable[[Path], None]) -> None:
        """Writes what resuming at a step needs, then removes older states."""
        folder = self.states / f"{step:08d}"
        _write_folder(folder, write)
        _remove_others(folder)

    def last_state(self) -> Path | None:
        """The newest whole state, if there is one."""
        found = [folder for folder in self.states.glob("*") if folder.name.isdigit()]
        return max(found, default=None, key=lambda folder: folder.name)


def _write_folder(folder: Path, write: Callable[[Path], None]) -> None:
    temporary = folder.with_name(folder.name + ".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    write(temporary)
    for path in (*temporary.rglob("*"), temporary):
        _sync(path)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(temporary, folder)
    _sync(folder.parent)


def _sync(path: Path) -> None:
    """Has a file, or the names in a folder, on disk before what depends on it is written."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_others(folder: Path) -> None:
    for other in folder.parent.iterdir():
        if other != folder:
            shutil.rmtree(other)
