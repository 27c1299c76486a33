from __future__ import annotations

import json
from pathlib import Path

import pytest

from hudna.cli import main
from hudna.tagger import load


@pytest.fixture
def checkpoint(run_folder: Path) -> str:
    return str(run_folder / "checkpoint")


def test_tag_writes_a_line_an_article(tmp_path: Path, checkpoint: str) -> None:
    text = "Haftar\r\nsaid no.\n"
    (tmp_path / "a.txt").write_bytes(text.encode())
    rows = [{"id": 7, "text": "The GNA said yes \ud800.", "date": "2020-01-08"}, {"text": ""}]
    (tmp_path / "b.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n\n")
    out = tmp_path / "out.jsonl"
    files = [str(tmp_path / "a.txt"), str(tmp_path / "b.jsonl")]
    assert main(["--checkpoint", checkpoint, "tag", *files, "-o", str(out)]) == 0
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["text"] for line in lines] == [text, rows[0]["text"], ""]
    assert [line["source"] for line in lines] == [files[0], f"{files[1]}:1", f"{files[1]}:2"]
    assert lines[1]["id"] == 7
    expected = load(checkpoint).predict(text).to_dict()
    assert {key: lines[0][key] for key in expected} == expected
    assert list(tmp_path.glob("*.tmp")) == []


def test_tag_to_standard_output(tmp_path: Path, checkpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("Haftar said no.")
    assert main(["--checkpoint", checkpoint, "tag", str(tmp_path / "a.txt")]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == "Haftar said no."


def test_show_writes_a_page(tmp_path: Path, checkpoint: str) -> None:
    (tmp_path / "a.txt").write_text("Haftar said no.")
    assert main(["--checkpoint", checkpoint, "show", str(tmp_path / "a.txt")]) == 0
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.jsonl", b'{"text": "a"}\n{"text"', "a.jsonl:2: not JSON"),
        ("a.jsonl", b'{"txt": "a"}', "a.jsonl:1: no object with a string 'text'"),
        ("a.jsonl", b'{"text": "a", "date": "soon"}', "a.jsonl:1: 'soon' is no date"),
        ("a.txt", b"caf\xe9", "a.txt: not UTF-8 (byte 3)"),
        ("a.txt", None, "No such file"),
    ],
)
def test_bad_input_is_named_and_old_output_kept(
    tmp_path: Path, checkpoint: str, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None, problem: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    out = tmp_path / "out.jsonl"
    out.write_text("precious\n")
    assert main(["--checkpoint", checkpoint, "tag", str(tmp_path / name), "-o", str(out)]) == 2
    assert problem in capsys.readouterr().err
    assert out.read_text() == "precious\n"
