"""What a checkpoint folder holds, and whether it is what was written: `manifest.json` has the sha256 of every file.

That tells a folder that was cut off, mixed up or changed; it is no signature, for whoever changes a file on purpose can
change the manifest too.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

FILES = ("config.json", "model.safetensors", "tokenizer.json", "lexicon.json")
# Counts up when a change makes older versions of the package read a checkpoint wrongly.
FORMAT = 1
_NAME = "manifest.json"


def seal(folder: Path) -> None:
    """Writes the manifest of a checkpoint folder; whoever changes a file of it afterwards calls `reseal`."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != _NAME)
    manifest = {"format": FORMAT, "sha256": {path.name: _sha256(path) for path in files}}
    temporary = folder / f"{_NAME}.tmp"
    temporary.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, folder / _NAME)


def reseal(folder: Path) -> None:
    """Writes the manifest again, where there is one."""
    if (folder / _NAME).exists():
        seal(folder)


def verify(folder: Path) -> None:
    """Makes sure that a folder is a checkpoint which this version reads, and as it was written.

    A folder without a manifest, put together by hand, is taken as it is; files that the manifest does not name are not
    looked at.

    Raises:
        ValueError: a file is missing or has changed, or a newer version wrote the folder.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise ValueError(f"{folder} is no checkpoint: it has no {', '.join(missing)}")
    try:
        manifest: Any = json.loads((folder / _NAME).read_text(encoding="utf-8"))
        format, digests = manifest["format"], dict(manifest["sha256"])
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{folder}: {_NAME} is not one that hudna wrote") from None
    if not isinstance(format, int) or format > FORMAT:
        raise ValueError(f"{folder} has the format {format}; this version of hudna reads up to {FORMAT}: update hudna")
    if unnamed := [name for name in FILES if name not in digests]:
        raise ValueError(f"{folder}: {_NAME} does not name {', '.join(unnamed)}")
    for name, digest in digests.items():
        path = folder / name
        if path.parent != folder or not path.is_file() or _sha256(path) != digest:
            raise ValueError(
                f"{folder}: {name} is not the file that {_NAME} names: fetch the checkpoint again (or delete {_NAME}, "
                f"if you changed the file yourself)"
            )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
