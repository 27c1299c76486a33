"""The loop of docs/correct_and_retrain.md from end to end: tag, rank, correct, check, train on, compare."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hudna.cli import main
from training.config import Config
from training.corpus import load_labels
from training.markdown import read_articles
from training.train import train

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data" / "corpus"
NEWS = [
    "Haftar rejected the truce that Turkey had called for on Monday.",
    "Haftar rejected the truce that Turkey had called for on Tuesday.",
    "The council of Ghat asked fighters of the Blue Brigade to stop shooting.\nThe brigade refused.",
]


def run(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_correct_and_retrain(tmp_path: Path, run_folder: Path, make_config: Callable[..., Config]) -> None:
    released = run_folder / "checkpoint"
    corpus = tmp_path / "corpus"
    shutil.copytree(DATA, corpus)
    archive = tmp_path / "news.jsonl"
    archive.write_text("".join(json.dumps({"text": text, "date": "2020-01-14"}) + "\n" for text in NEWS))

    # Tag the archive, and take the two articles that teach most.
    tagged = tmp_path / "tagged.jsonl"
    assert main(["--checkpoint", str(released), "tag", str(archive), "-o", str(tagged)]) == 0
    drafts = tmp_path / "drafts" / "train"
    run("scripts.rank", str(tagged), "--count", "2", "--corpus", str(corpus), "--out", str(drafts))
    assert len(list(drafts.iterdir())) == 2
    assert (drafts / "news-jsonl-3.md").exists()

    # Correct one in the Markdown ...
    draft = drafts / "news-jsonl-3.md"
    text = NEWS[2].splitlines()
    draft.write_text(
        "---\ndate: 2020-01-14\nevent: ghat\ngenre: wire\nentities:\n  ghat-council: institution neutral\n"
        "  blue-brigade: armed_group unclear\n---\n"
        "The [council](ghat-council) of Ghat {asked [fighters](blue-brigade) of the [Blue Brigade](blue-brigade) to "
        "stop shooting}(call by ghat-council).\nThe [brigade](blue-brigade) {refused}(reject by blue-brigade).\n"
    )
    # ... and the other in Label Studio: exported, corrected, imported.
    for split in ("dev", "test"):
        (drafts.parent / split).mkdir()
        shutil.copy(next((DATA / split).glob("*.md")), drafts.parent / split)
    for name in ("labels.yaml", "lexicon.yaml"):
        shutil.copy(DATA / name, drafts.parent / name)
    run("scripts.build_corpus", "label-studio", str(tmp_path / "tasks"), "--corpus", str(drafts.parent))
    tasks = json.loads((tmp_path / "tasks" / "train.json").read_text())
    place = {"start": 0, "end": 6, "text": "Haftar"}
    for task in tasks:
        if task["data"]["text"].startswith("Haftar"):
            task["data"] |= {"event": "monday", "genre": "wire"}
            task["annotations"][0]["result"] = [
                {"id": "r", "from_name": "actor", "type": "labels", "value": place | {"labels": ["person"]}},
                {"id": "r", "from_name": "side", "type": "choices", "value": place | {"choices": ["lna"]}},
                {"id": "r", "from_name": "entity", "type": "textarea", "value": place | {"text": ["haftar"]}},
            ]
    export = tmp_path / "export.json"
    export.write_text(json.dumps(tasks))
    run("scripts.build_corpus", "markdown", str(corpus / "train"), "--from-label-studio", str(export))
    added = {a.text: a for a in read_articles(corpus / "train", load_labels(corpus)) if a.id.startswith("news")}
    assert len(added) == 2
    assert len(added["\n".join(text)].mentions) == 4

    # Check, train on from the released checkpoint, compare with it.
    run("scripts.check_corpus", str(corpus))
    config = make_config(tmp_path / "run", f"init={released}", f"data.corpus={corpus}", "train.epochs=1")
    train(config)
    compared = run(
        "training.evaluate", str(tmp_path / "run" / "checkpoint"), "--against", str(released), "--articles", str(drafts)
    )
    assert "actors" in compared
    assert "95" in compared
