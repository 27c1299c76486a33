from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hudna.manifest import FILES, FORMAT, seal, verify
from hudna.tagger import RELEASED, load


@pytest.fixture
def checkpoint(run_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run_folder / "checkpoint", tmp_path / "checkpoint"))


def test_every_checkpoint_has_a_manifest(checkpoint: Path) -> None:
    for folder in (checkpoint, RELEASED):
        manifest = json.loads((folder / "manifest.json").read_text())
        assert set(FILES) <= set(manifest["sha256"])
        verify(folder)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("change", ["cut", "flipped", "empty"])
def test_a_file_that_was_changed_is_refused(checkpoint: Path, name: str, change: str) -> None:
    data = (checkpoint / name).read_bytes()
    flipped = data[:-1] + bytes([data[-1] ^ 1])
    (checkpoint / name).write_bytes({"cut": data[: len(data) // 2], "flipped": flipped, "empty": b""}[change])
    with pytest.raises(ValueError, match=rf"{name} is not the file that manifest\.json names"):
        load(checkpoint)


def test_a_file_that_is_gone_is_named(checkpoint: Path) -> None:
    (checkpoint / "lexicon.json").unlink()
    with pytest.raises(ValueError, match=r"no checkpoint: it has no lexicon\.json"):
        load(checkpoint)


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        ({"format": FORMAT + 1, "sha256": {}}, "update hudna"),
        ({"format": "new", "sha256": {}}, "update hudna"),
        ({"format": FORMAT, "sha256": {}}, r"does not name config\.json"),
        ({"format": FORMAT, "sha256": dict.fromkeys((*FILES, "../outside"), "0")}, "is not the file"),
        ({"format": FORMAT}, "is not one that hudna wrote"),
        ([], "is not one that hudna wrote"),
    ],
)
def test_manifests_that_are_refused(checkpoint: Path, manifest: object, problem: str) -> None:
    (checkpoint / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match=problem):
        load(checkpoint)


def test_a_manifest_that_is_no_json(checkpoint: Path) -> None:
    (checkpoint / "manifest.json").write_bytes(b"\xff{")
    with pytest.raises(ValueError, match="is not one that hudna wrote"):
        load(checkpoint)


def test_a_folder_put_together_by_hand_has_none(checkpoint: Path) -> None:
    (checkpoint / "manifest.json").unlink()
    (checkpoint / "notes.txt").write_text("mine")
    load(checkpoint)
    seal(checkpoint)
    (checkpoint / "more.txt").write_text("added later")
    load(checkpoint)
