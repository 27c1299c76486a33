"""The wheel, built from the sdist, in an empty environment of every Python that is here and supported."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHONS = ["3.11", "3.12", "3.13"]
READ = """
import json, sys
from hudna import predict
doc = predict("The GNA rejected the truce that Khalifa Haftar had offered on Monday.")
print(json.dumps([len(doc.actors), [claim.kind for claim in doc.claims], "torch" in sys.modules]))
"""


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def find_python(version: str) -> str | None:
    """The interpreter of a version: on the path, or where pyenv puts it."""
    if sys.version.startswith(f"{version}."):
        return sys.executable
    places = [shutil.which(f"python{version}"), *map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))]
    for place in places:
        # pyenv's shims are there for versions that are not.
        if place and subprocess.run([place, "-c", ""], capture_output=True, check=False).returncode == 0:
            return place
    return None


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    # From a copy: setuptools leaves its folders beside the sources, and takes what was left there before.
    source = folder / "source"
    shutil.copytree(ROOT / "hudna", source / "hudna", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    build = f"from setuptools import build_meta; print(build_meta.build_sdist({str(folder)!r}))"
    run(sys.executable, "-c", build, cwd=source)
    (sdist,) = folder.glob("*.tar.gz")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, sdist)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.mark.slow
@pytest.mark.parametrize("version", PYTHONS)
def test_wheel_works_in_an_empty_environment(wheel: Path, tmp_path: Path, version: str) -> None:
    python = find_python(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    run(python, "-m", "venv", tmp_path / "venv")
    inside = tmp_path / "venv" / "bin" / "python"
    pip = (inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--constraint", ROOT / "constraints.txt", wheel)
    actors, kinds, torch = json.loads(run(inside, "-c", READ, cwd=tmp_path))
    assert actors >= 2
    assert kinds == ["reject"]
    assert not torch
    assert "hudna" in run(tmp_path / "venv" / "bin" / "hudna", "info", cwd=tmp_path)
