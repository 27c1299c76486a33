"""The reference that `make docs` builds from the docstrings."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import hudna


def test_every_public_name_is_described(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "pdoc",
        "--docformat",
        "google",
        "--output-directory",
        str(tmp_path),
    ]
    subprocess.run([*command, "hudna"], check=True, capture_output=True)
    page = (tmp_path / "hudna.html").read_text(encoding="utf-8")
    for name in hudna.__all__:
        described = getattr(hudna, name)
        assert inspect.getdoc(described)
        assert f'id="{name}"' in page
        for member, value in vars(described).items() if inspect.isclass(described) else ():
            if not member.startswith("_") and inspect.isroutine(value):
                assert f'id="{name}.{member}"' in page
                assert inspect.getdoc(getattr(described, member)), f"{name}.{member} has no docstring"
