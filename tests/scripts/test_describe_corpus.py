from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scripts.describe_corpus import pairs, targets, unseen
from training.corpus import SPLITS, load_labels, load_split
from training.markdown import parse_article

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "corpus"
LABELS = load_labels(DATA)


def test_counts_and_plots(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.describe_corpus", str(DATA), "--plots", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [line.split("|") for line in done.stdout.splitlines() if line.count("|") > 2]
    rows = {cells[1].strip(): cells[2:-1] for cells in reversed(lines)}  # the first table has the last word
    assert [cell.strip() for cell in rows["mentions"]] == ["11", "2", "2", "15"]
    assert [cell.strip() for cell in rows["articles"]] == ["3", "1", "1", "5"]
    assert rows["words"][-1].strip() == str(sum(len(a.text.split()) for s in SPLITS for a in load_split(DATA, s)))
    assert "actors of test have no name that occurs in train" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"articles.png", "sides.png"}


def article(body: str, front: str = ""):  # type: ignore[no-untyped-def]
    head = f"---\n{front}entities:\n  haftar: person lna\n  turkey: state gna\n---\n"
    return parse_article(head + body, LABELS)


def test_unseen_actors_have_no_name_in_train() -> None:
    train = [article("[Haftar](haftar) met [Ankara](turkey)")]
    assert unseen(train, [article("[HIFTER](haftar) and [Turkey](turkey) and [ankara](turkey)")]) == 0.5


def test_a_pair_needs_both_members_and_is_no_article() -> None:
    one, two = article("a [Haftar](haftar)", "pair: x-1\n"), article("b [Haftar](haftar)", "pair: x-1\n")
    lone = article("c [Haftar](haftar)", "pair: x-2\n")
    assert pairs([one, two, lone]) == {"x-1"}
    splits = {"train": [one, two, article("[Haftar](haftar)")], "dev": [], "test": [lone]}
    found = {target.what: target.found for target in targets(splits, LABELS)}
    assert found["articles (a contrast pair is none)"] == 1
    assert (found["contrast pairs in train"], found["contrast pairs in test"]) == (1, 0)
