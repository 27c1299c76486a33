from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hudna.results import Mention
from scripts.benchmark_conll import Sentence, read_conll, to_article, to_tags

ROOT = Path(__file__).parents[2]
LINES = "U.N. B-ORG\nenvoy O\nGhassan B-PER\nSalame I-PER\n( O\nLebanon B-LOC\n) O\n\nHaftar B-PER\nleft O\n"


def test_reading_and_the_way_back(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text(LINES)
    first, second = read_conll(tmp_path / "a.conll")
    assert second == Sentence(("Haftar", "left"), ("B-PER", "O"))
    article = to_article(first, "a", "none")
    words = [article.text[m.start : m.end] for m in article.mentions]
    assert words == ["U.N.", "Ghassan Salame", "Lebanon"]
    assert [article.entities[m.entity].type for m in article.mentions] == ["ORG", "PER", "LOC"]
    found = [Mention(m.start, m.end, "", article.entities[m.entity].type, 1.0, m.entity) for m in article.mentions]
    assert to_tags(first, found) == list(first.tags)
    assert to_tags(first, [Mention(0, 3, "U.N", "ORG", 1.0, "a")])[:2] == ["B-ORG", "O"]


def test_adjacent_and_ill_formed_spans() -> None:
    article = to_article(Sentence(("a", "b", "c", "d"), ("B-X", "B-X", "I-X", "I-Y")), "a", "none")
    assert [(m.start, m.end) for m in article.mentions] == [(0, 1), (2, 5), (6, 7)]


@pytest.mark.parametrize("line", ["word", "word X-PER"])
def test_bad_lines_are_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.conll").write_text(f"one O\n{line}\n")
    with pytest.raises(ValueError, match=r"a\.conll:2: no token with a tag"):
        read_conll(tmp_path / "a.conll")


def test_both_systems_run(tiny_encoder: Path, tmp_path: Path) -> None:
    (tmp_path / "train.conll").write_text("\n".join([LINES] * 40))
    (tmp_path / "test.conll").write_text(LINES)
    command = [
        sys.executable,
        "-m",
        "scripts.benchmark_conll",
        str(tmp_path / "train.conll"),
        str(tmp_path / "test.conll"),
    ]
    command += ["--encoder", str(tiny_encoder), "--epochs", "2", "--seeds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split("|")[1].strip() for line in done.stdout.splitlines() if line.startswith("|")][2:] == [
        "hudna", "plain",
    ]  # fmt: skip
