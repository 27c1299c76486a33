from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hudna.cli import main
from hudna.outputs import read_tagged
from hudna.results import Analysis
from hudna.tagger import load
from hudna.timeline import Archive, count, draw

SIDES, KINDS = ["gna", "lna", "unclear"], ["call", "breach"]


def row(date: str | None, sides: dict[str, str], *claims: tuple[str, list[str]]) -> dict[str, Any]:
    actors = [{"id": id, "name": id.upper(), "side": side, "known": id != "elders"} for id, side in sides.items()]
    return {"date": date, "actors": actors, "claims": [{"kind": kind, "by": by} for kind, by in claims]}


ROWS = [
    row("2020-01-12", {"gna": "gna", "turkey": "gna"}, ("call", ["turkey", "gna"]), ("breach", [])),
    row("2020-01-13", {"turkey": "unclear"}),
    row("2020-03-01", {"turkey": "unclear", "elders": "unclear"}, ("call", ["elders"])),
    row(None, {"turkey": "lna"}, ("call", ["turkey"])),
]


def test_counts() -> None:
    archive = count(ROWS)
    assert (archive.articles, archive.undated) == ({"2020-01": 2, "2020-03": 1}, 1)
    assert archive.kinds == {("2020-01", "call"): 1, ("2020-01", "breach"): 1, ("2020-03", "call"): 1}
    assert archive.claims["2020-01", "call", "TURKEY"] == archive.claims["2020-01", "call", "GNA"] == 1
    assert archive.claims["2020-01", "breach", ""] == 1
    assert archive.claims["2020-03", "call", "ELDERS"] == 1
    assert archive.sides["TURKEY", "2020-01", "gna"] == archive.sides["TURKEY", "2020-01", "unclear"] == 1
    # "elders" are others in each article.
    assert ("ELDERS", "2020-03", "unclear") not in archive.sides


def figure(page: str) -> list[dict[str, Any]]:
    """The traces of a Plotly page."""
    _, _, call = page.rpartition("Plotly.newPlot(")
    traces: list[dict[str, Any]]
    traces, _ = json.JSONDecoder().raw_decode(call[call.index("[") :])
    return traces


def test_page_has_both_plots_and_every_month() -> None:
    page = draw(count(ROWS), sides=SIDES, kinds=KINDS, title="<b>archive")
    calls, breaches, sides = figure(page)
    assert calls["x"] == ["2020-01", "2020-02", "2020-03"]
    assert calls["y"] == [1, 0, 1]
    assert breaches["y"] == [1, 0, 0]
    assert sides["y"] == ["GNA", "TURKEY"]
    assert sides["text"][1] == ["gna 1, unclear 1", "", "unclear 1"]
    assert "3 articles, 1 without a date" in page
    assert "<b>archive" not in page


def test_an_archive_without_dates_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="no article has a date"):
        draw(Archive(undated=1), sides=SIDES, kinds=KINDS)


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_command(tmp_path: Path, run_folder: Path, suffix: str) -> None:
    news = tmp_path / "news.jsonl"
    texts = [{"text": "Haftar rejected the truce.", "date": f"2020-0{month}-01"} for month in (1, 3)]
    news.write_text("\n".join(map(json.dumps, texts)))
    checkpoint = ["--checkpoint", str(run_folder / "checkpoint")]
    tagged = tmp_path / f"tagged.{suffix}"
    assert main([*checkpoint, "tag", str(news), "-o", str(tagged)]) == 0
    assert [row["date"] for row in read_tagged(tagged)] == ["2020-01-01", "2020-03-01"]
    read = [Analysis.from_dict(row) for row in read_tagged(tagged)]
    assert read == load(run_folder / "checkpoint").predict([row["text"] for row in texts])
    assert main([*checkpoint, "timeline", str(tagged)]) == 0
    page = (tmp_path / "tagged.html").read_text()
    assert figure(page)[0]["x"] == ["2020-01", "2020-02", "2020-03"]


def test_what_is_no_archive_is_named(tmp_path: Path, run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jsonl").write_text('{"actors": [], "claims": []}\n{"text": ""}\n')
    (tmp_path / "empty").mkdir()
    for name, problem in (("a.jsonl", "a.jsonl:2: not a line"), ("empty", "no Parquet file"), ("none", "none")):
        command = ["--checkpoint", str(run_folder / "checkpoint"), "timeline", str(tmp_path / name)]
        assert main(command) == 2
        assert problem in capsys.readouterr().err
