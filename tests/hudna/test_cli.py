from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow
import pytest
import spacy
from pyarrow import parquet
from spacy.tokens import DocBin

from hudna.cli import main
from hudna.results import Analysis
from hudna.tagger import load

ROOT = Path(__file__).parents[2]
TEXT = "Haftar said no."


@pytest.fixture
def checkpoint(run_folder: Path) -> str:
    return str(run_folder / "checkpoint")


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_tag_writes_a_line_an_article(tmp_path: Path, checkpoint: str) -> None:
    text = "Haftar\r\nsaid no.\n"
    (tmp_path / "a.txt").write_bytes(text.encode())
    rows = [{"id": 7, "text": "The GNA said yes \ud800.", "date": "2020-01-08"}, {"text": ""}]
    (tmp_path / "b.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n\n")
    out = tmp_path / "out.jsonl"
    files = [str(tmp_path / "a.txt"), str(tmp_path / "b.jsonl")]
    assert main(["--checkpoint", checkpoint, "tag", *files, "-o", str(out)]) == 0
    found = lines(out)
    assert [line["text"] for line in found] == [text, rows[0]["text"], ""]
    assert [line["source"] for line in found] == [files[0], f"{files[1]}:1", f"{files[1]}:2"]
    assert found[1]["id"] == 7
    expected = load(checkpoint).predict(text).to_dict()
    assert {key: found[0][key] for key in expected} == expected


def test_tag_to_standard_output(tmp_path: Path, checkpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    assert main(["--checkpoint", checkpoint, "tag", str(tmp_path / "a.txt")]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == TEXT


def test_standard_input(checkpoint: str) -> None:
    command = [sys.executable, "-m", "hudna.cli", "--checkpoint", checkpoint, "tag", "-"]
    done = subprocess.run(command, cwd=ROOT, input=TEXT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["source"] == "-"


def test_standard_input_is_another_article_each_time(tmp_path: Path, checkpoint: str) -> None:
    out = tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "hudna.cli", "--checkpoint", checkpoint, "tag", "-", "-o", str(out)]
    for text in (TEXT, "The GNA said yes."):
        subprocess.run(command, cwd=ROOT, input=text, text=True, check=True)
    assert [line["text"] for line in lines(out)] == [TEXT, "The GNA said yes."]
    folder = tmp_path / "out.brat"
    for text in (TEXT, "The GNA said yes."):
        subprocess.run([*command[:-1], str(folder)], cwd=ROOT, input=text, text=True, check=True)
    assert {path.read_text() for path in folder.glob("*.txt")} == {TEXT, "The GNA said yes."}


def test_every_kind_of_file(tmp_path: Path, checkpoint: str) -> None:
    archive = tmp_path / "archive"
    (archive / "deep").mkdir(parents=True)
    row = {"body": TEXT, "day": "2020-01-08"}
    line = json.dumps(row).encode()
    table = io.StringIO()
    writer = csv.DictWriter(table, ["day", "body"])
    writer.writeheader()
    writer.writerows([row, {"body": "Two\nlines.", "day": ""}])
    (archive / "a.txt").write_text(TEXT)
    (archive / "a.txt.gz").write_bytes(gzip.compress(TEXT.encode()))
    (archive / "b.jsonl.bz2").write_bytes(bz2.compress(line + b"\n" + line))
    (archive / "c.jsonl.xz").write_bytes(lzma.compress(line))
    (archive / "d.csv").write_text(table.getvalue())
    parquet.write_table(pyarrow.Table.from_pylist([row, row]), archive / "deep" / "e.parquet")
    (archive / "notes.md").write_text("No article.")
    out = tmp_path / "out.jsonl"
    columns = ["--text-column", "body", "--date-column", "day"]
    assert main(["--checkpoint", checkpoint, "tag", str(archive), "-o", str(out), *columns]) == 0
    names = [str(line["source"]).removeprefix(f"{archive}/") for line in lines(out)]
    assert names == [
        "a.txt", "a.txt.gz", "b.jsonl.bz2:1", "b.jsonl.bz2:2", "c.jsonl.xz:1", "d.csv:1", "d.csv:2",
        "deep/e.parquet:1", "deep/e.parquet:2",
    ]  # fmt: skip
    assert [line["text"] for line in lines(out)].count(TEXT) == 8
    # A glob finds the same file, which is not read again.
    before = out.read_bytes()
    assert main(["--checkpoint", checkpoint, "tag", str(archive / "*.txt"), "-o", str(out)]) == 0
    assert out.read_bytes() == before


def test_parquet_parts(tmp_path: Path, checkpoint: str) -> None:
    rows = [{"id": number, "text": f"{number}: {TEXT} \ud800"} for number in range(40)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    out = tmp_path / "out.parquet"
    command = ["--checkpoint", checkpoint, "tag", str(tmp_path / "a.jsonl"), "-o", str(out)]
    assert main(command) == 0
    assert main(command) == 0
    table = parquet.read_table(out)
    assert table["id"].to_pylist() == [str(number) for number in range(40)]
    row = table.to_pylist()[3]
    expected = load(checkpoint).predict(row["text"])
    assert [mention["start"] for mention in row["mentions"]] == [mention.start for mention in expected.mentions]
    assert [dict(actor["sides"]) for actor in row["actors"]] == [actor.sides for actor in expected.actors]
    assert list(out.glob("*.tmp")) == []


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Five articles: two lines, no actor, a lone surrogate, a carriage return, nothing."""
    texts = [f"{TEXT}\nThe GNA said yes.", "It rained.", f"{TEXT} \ud800", f"One.\r\n{TEXT}", ""]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps({"text": text}) for text in texts))
    return path


def tag(checkpoint: str, archive: Path, out: Path, *options: str) -> int:
    return main(["--checkpoint", checkpoint, "tag", str(archive), "-o", str(out), *options])


def test_conll(tmp_path: Path, checkpoint: str, archive: Path) -> None:
    out = tmp_path / "out.conll"
    assert tag(checkpoint, archive, out) == 0
    whole = out.read_text()
    assert [line for line in whole.splitlines() if line.startswith("-DOCSTART-")] == [
        f'-DOCSTART- "{archive}:{number}"' for number in range(1, 6)
    ]
    words = [line.split("\t")[0] for line in whole.split("-DOCSTART-")[1].splitlines() if "\t" in line]
    assert words == ["Haftar", "said", "no", ".", "The", "GNA", "said", "yes", "."]
    # Wherever it was cut off, it is completed.
    for length in (0, 4, 14, len(whole) // 2, len(whole) - 1, len(whole)):
        out.write_bytes(whole.encode()[:length])
        assert tag(checkpoint, archive, out) == 0
        assert out.read_text() == whole


def test_conll_to_standard_output(checkpoint: str, archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--checkpoint", checkpoint, "tag", str(archive), "--format", "conll"]) == 0
    assert capsys.readouterr().out.count("-DOCSTART-") == 5


def test_brat(tmp_path: Path, checkpoint: str, archive: Path) -> None:
    out = tmp_path / "out"
    assert tag(checkpoint, archive, out, "--format", "brat") == 0
    files = {path.name: path.read_bytes() for path in out.iterdir()}
    texts = {data.decode() for name, data in files.items() if name.endswith(".txt")}
    assert texts == {f"{TEXT}\nThe GNA said yes.", "It rained.", f"{TEXT} ?", f"One.\r\n{TEXT}", ""}
    assert len(files) == 11
    assert b"[entities]\nperson" in files["annotation.conf"]
    for name, data in files.items():
        if name.endswith(".ann"):
            text = files[name.replace(".ann", ".txt")].decode()
            for line in data.decode().splitlines():
                if line.startswith("T"):
                    _, places, words = line.split("\t")
                    start, end = map(int, places.split()[1:])
                    assert text[start:end] == words
    # An article without its text is not whole.
    gone = next(path for path in out.glob("*.txt"))
    gone.unlink()
    kept = next(path for path in out.glob("*.txt"))
    kept.write_text("kept")
    assert tag(checkpoint, archive, out, "--format", "brat") == 0
    assert gone.read_bytes() == files[gone.name]
    assert kept.read_text() == "kept"


def test_docbin(tmp_path: Path, checkpoint: str, archive: Path) -> None:
    out = tmp_path / "out.spacy"
    assert tag(checkpoint, archive, out) == 0
    assert tag(checkpoint, archive, out) == 0
    (part,) = out.iterdir()
    documents = list(DocBin(store_user_data=True).from_disk(part).get_docs(spacy.blank("en").vocab))
    assert [document.user_data["source"] for document in documents] == [f"{archive}:{n}" for n in range(1, 6)]
    analysis = load(checkpoint).predict(documents[0].text)
    assert [span.text for span in documents[0].spans["actors"]] == [mention.text for mention in analysis.mentions]
    sides = {actor.id: actor.side for actor in analysis.actors}
    assert [span._.side for span in documents[0].spans["actors"]] == [sides[m.actor] for m in analysis.mentions]


def test_show_writes_a_page(tmp_path: Path, checkpoint: str) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    assert main(["--checkpoint", checkpoint, "show", str(tmp_path / "a.txt")]) == 0
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")


def test_info(checkpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--checkpoint", checkpoint, "info"]) == 0
    printed = capsys.readouterr().out
    assert "types: person, state" in printed
    assert checkpoint in printed


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.jsonl", b'{"text": "a"}\n{"text"', "a.jsonl:2: not JSON"),
        ("a.jsonl", b'{"txt": "a"}', "a.jsonl:1: no string 'text'"),
        ("a.jsonl", b'{"text": "a", "date": "soon"}', "a.jsonl:1: 'soon' is no date"),
        ("a.jsonl", b'{"text": "a"}\ncaf\xe9', "a.jsonl:2: not UTF-8 (byte 17)"),
        ("a.txt", b"caf\xe9", "a.txt: not UTF-8 (byte 3)"),
        ("a.csv", b"text\ncaf\xe9", "a.csv: not UTF-8"),
        ("a.csv", b"words\nnone", "a.csv:1: no string 'text'"),
        ("a.txt.gz", b"not compressed", "a.txt.gz: Not a gzipped file"),
        ("a.parquet", b"no table", "a.parquet: not Parquet"),
    ],
)
def test_bad_articles_are_named_and_do_not_stop_the_others(
    tmp_path: Path, checkpoint: str, capsys: pytest.CaptureFixture[str], name: str, content: bytes, problem: str
) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "z.txt").write_text(TEXT)
    out = tmp_path / "out.jsonl"
    command = ["--checkpoint", checkpoint, "tag", str(tmp_path / name), str(tmp_path / "z.txt"), "-o", str(out)]
    assert main([*command, "--strict"]) == 2
    assert problem in capsys.readouterr().err
    assert main(command) == 1
    assert problem in capsys.readouterr().err
    assert TEXT in [line["text"] for line in lines(out)]


def test_what_cannot_be_done_is_said_and_nothing_is_lost(
    tmp_path: Path, checkpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("precious\n")
    (tmp_path / "a.txt").write_text(TEXT)
    for files, output, problem in (
        (["nowhere.txt"], "new.jsonl", "nowhere.txt: no such file"),
        ([str(tmp_path / "*.doc")], "new.jsonl", "*.doc: no such file"),
        ([str(tmp_path / "a.txt")], "out.jsonl", "not a line that 'hudna tag' wrote"),
        ([str(tmp_path / "a.txt")], "out.docx", "an output ends in .jsonl, .conll, .parquet, .spacy, .brat"),
    ):
        assert main(["--checkpoint", checkpoint, "tag", *files, "-o", str(tmp_path / output)]) == 2
        assert problem in capsys.readouterr().err
    assert out.read_text() == "precious\n"
    assert not (tmp_path / "new.jsonl").exists()


def test_a_line_that_was_cut_off_is_written_again(tmp_path: Path, checkpoint: str) -> None:
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps({"text": f"{n}: {TEXT}"}) for n in range(50)))
    out = tmp_path / "out.jsonl"
    command = ["--checkpoint", checkpoint, "tag", str(tmp_path / "a.jsonl"), "-o", str(out)]
    assert main(command) == 0
    whole = out.read_bytes()
    for cut in (0, 1, len(whole) // 2, len(whole) - 1):
        out.write_bytes(whole[:cut])
        assert main(command) == 0
        assert [line["source"] for line in lines(out)] == [f"{tmp_path / 'a.jsonl'}:{n}" for n in range(1, 51)]


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_and_started_again(tmp_path: Path, checkpoint: str, how: signal.Signals) -> None:
    article = f"{TEXT} The GNA accused him of breaking the truce. " * 20
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps({"text": f"{n}: {article}"}) for n in range(600)))
    out = tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "hudna.cli", "--checkpoint", checkpoint, "tag", str(tmp_path / "a.jsonl")]
    # What starts the tests may have them ignore the signal, and children inherit that.
    process = subprocess.Popen(
        [*command, "-o", str(out)], cwd=ROOT, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (out.exists() and out.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, how)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == (-how if how == signal.SIGKILL else 130), errors
    assert 0 < out.read_bytes().count(b"\n") < 600
    subprocess.run([*command, "-o", str(out)], cwd=ROOT, check=True)
    assert [line["source"] for line in lines(out)] == [f"{tmp_path / 'a.jsonl'}:{n}" for n in range(1, 601)]
    assert Analysis.from_dict({key: lines(out)[0][key] for key in ("text", "actors", "claims", "mentions")})
