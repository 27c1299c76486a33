from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.rank import rank

ROOT = Path(__file__).parents[2]
TRAIN = ["Haftar rejected the truce in Tripoli.", "The council in Misrata asked for a ceasefire."]


def row(source: str, text: str, *scores: float) -> dict[str, Any]:
    mentions = [{"score": score} for score in scores]
    return {"source": source, "text": text, "mentions": mentions, "actors": [], "claims": []}


def test_the_doubtful_and_the_new_come_first() -> None:
    rows = [
        row("sure and known", TRAIN[0], *[0.99] * 20),
        row("doubtful and known", TRAIN[1], *[0.5] * 20),
        row("doubtful and new", "Tuareg fighters near Ubari shelled an oil field camp.", *[0.5] * 20),
    ]
    found = rank(rows, TRAIN, 3)
    assert [one.source for one in found] == ["doubtful and new", "doubtful and known", "sure and known"]
    assert found[0].novelty > 0.9
    assert abs(found[2].novelty) < 1e-9
    assert found[0].doubt > 0.4 > found[2].doubt


def test_one_of_several_that_are_alike_is_enough() -> None:
    new = "Tuareg fighters near Ubari shelled an oil field camp."
    rows = [
        row("a", new, *[0.5] * 20),
        row("copy of a", new + " Again.", *[0.5] * 20),
        row("b", "Ships with drones left Mersin for the port of Khoms.", *[0.6] * 20),
    ]
    assert [one.source for one in rank(rows, TRAIN, 2)] in (["a", "b"], ["copy of a", "b"])


def test_one_doubtful_label_is_no_doubtful_article() -> None:
    rows = [row("one", "Sirte.", 0.3), row("many", "Sirte.", *[0.4] * 30), row("sure", "Sirte.", *[1.0] * 30)]
    assert rank(rows, TRAIN, 1)[0].source == "many"


def test_nothing_to_rank() -> None:
    assert rank([], TRAIN, 5) == []


def test_command(tmp_path: Path) -> None:
    tagged = tmp_path / "a.jsonl"
    tagged.write_text("".join(json.dumps(row(f"n:{number}", f"Text {number}.", 0.5)) + "\n" for number in range(3)))
    command = [sys.executable, "-m", "scripts.rank", str(tagged), "--count", "2", "--corpus", "tests/data/corpus"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.count("| n:") == 2
    tagged.write_text("{}\n")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "a.jsonl:1: not a line" in done.stderr
