from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import datasets
import pytest
from seqeval.metrics.sequence_labeling import get_entities

from hudna.formats import to_brat, to_conll
from hudna.labels import LabelSet
from hudna.windows import word_offsets
from scripts.label_studio import from_label_studio, label_studio_configuration, to_label_studio
from training.corpus import SPLITS, load_corpus, load_labels, load_split
from training.markdown import Article, as_analysis, read_articles

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "corpus"
ARTICLES = [article for split in SPLITS for article in load_split(DATA, split)]
# The real corpus has what the small one has not: noise, long claims, claims over mentions, odd characters.
REAL = read_articles(ROOT / "corpus" / "dev", load_labels(ROOT / "corpus"))


def build(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.build_corpus", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("format", ["parquet", "jsonl"])
def test_load_dataset_reads_the_folder(tmp_path: Path, format: str) -> None:
    assert build(format, str(tmp_path), "--corpus", str(DATA)).returncode == 0
    loaded = datasets.load_dataset(str(tmp_path), cache_dir=str(tmp_path / "cache"))
    expected = load_corpus(DATA)
    assert loaded["train"]["text"] == expected["train"]["text"]
    assert {name: len(rows) for name, rows in loaded.items()} == {"train": 3, "validation": 1, "test": 1}
    row = loaded["train"][0]
    assert [row["text"][m["start"] : m["end"]] for m in row["mentions"]][:2] == [
        "United Nations",
        "Government of National Accord",
    ]
    if format == "parquet":
        assert loaded["train"].features == expected["train"].features
        assert loaded["train"].to_list() == expected["train"].to_list()
    else:
        assert row["claims"][0]["kind"] == "call"
        assert row["entities"][0]["type"] in load_labels(DATA).types


@pytest.mark.parametrize("article", ARTICLES + REAL, ids=lambda article: article.id)
def test_conll_gives_the_spans_back(article: Article) -> None:
    lines = [line.split("\t") for line in to_conll(article.id, as_analysis(article)).splitlines() if "\t" in line]
    words = word_offsets(article.text)
    assert [line[0] for line in lines] == [article.text[start:end] for start, end in words]
    actors = [
        (words[first][0], words[last][1], label) for label, first, last in get_entities([line[1] for line in lines])
    ]
    assert actors == [(m.start, m.end, article.entities[m.entity].type) for m in article.mentions]
    claims = [
        (words[first][0], words[last][1], label) for label, first, last in get_entities([line[2] for line in lines])
    ]
    assert claims == [(c.start, c.end, c.kind) for c in article.claims]
    sides = {(line[3], line[4]) for line in lines if line[3] != "_"}
    assert sides == {(m.entity, article.entities[m.entity].side) for m in article.mentions}


@pytest.mark.parametrize("article", ARTICLES + REAL, ids=lambda article: article.id)
def test_brat_gives_the_spans_back(article: Article) -> None:
    text, annotations = article.text, to_brat(as_analysis(article))
    bound = {}
    for name, label, places, words in re.findall(r"^(T\d+)\t(\S+) ([\d ;]+)\t(.*)$", annotations, re.M):
        fragments = [tuple(map(int, place.split())) for place in places.split(";")]
        assert " ".join(text[start:end] for start, end in fragments) == words
        bound[name] = (fragments[0][0], fragments[-1][1], label)
    types = {entity.type for entity in article.entities.values()}
    assert [span for span in bound.values() if span[2] in types] == [
        (m.start, m.end, article.entities[m.entity].type) for m in article.mentions
    ]
    assert [span for span in bound.values() if span[2] not in types] == [
        (c.start, c.end, c.kind) for c in article.claims
    ]
    pairs = re.findall(r"^R\d+\tBy Arg1:(T\d+) Arg2:(T\d+)$", annotations, re.M)
    entity = {(m.start, m.end): m.entity for m in article.mentions}
    assert [(bound[claim][0], entity[bound[maker][:2]]) for claim, maker in pairs] == [
        (c.start, id) for c in article.claims for id in c.by
    ]
    assert len(re.findall(r"^A\d+\tSide ", annotations, re.M)) == len(article.mentions)


@pytest.mark.parametrize("article", ARTICLES + REAL, ids=lambda article: article.id)
def test_label_studio_there_and_back(article: Article) -> None:
    task = json.loads(json.dumps(to_label_studio(article)))
    again = from_label_studio(task)
    assert again.text == article.text
    assert (again.mentions, again.claims) == (article.mentions, article.claims)
    assert (again.entities, again.date, again.metadata) == (article.entities, article.date, article.metadata)
    used = {result["from_name"] for result in task["annotations"][0]["result"] if "from_name" in result}
    labels: LabelSet = load_labels(ROOT / "corpus")
    assert used <= set(re.findall(r'name="(\w+)"', label_studio_configuration(labels)))


def test_label_studio_through_the_command(tmp_path: Path) -> None:
    assert build("label-studio", str(tmp_path), "--corpus", str(DATA)).returncode == 0
    out = tmp_path / "back"
    done = build("markdown", str(out), "--from-label-studio", str(tmp_path / "train.json"))
    assert done.returncode == 0, done.stderr
    assert read_articles(out, load_labels(DATA)) == load_split(DATA, "train")


def test_label_studio_mistakes_are_named(tmp_path: Path) -> None:
    article = ARTICLES[0]
    task = to_label_studio(article)
    for result in task["annotations"][0]["result"]:
        if result.get("from_name") == "side" and result["id"] == "m0":
            result["value"]["choices"] = ["jihadist"]
    tasks = tmp_path / "t.json"
    duplicate = json.loads(json.dumps(task))
    duplicate["annotations"][0]["result"].append(
        {"id": "m9", "from_name": "actor", "type": "labels", "value": {"start": 0, "end": 3, "labels": ["state"]}}
    )
    duplicate["annotations"][0]["result"].append(
        {"id": "m9", "from_name": "entity", "type": "textarea", "value": {"start": 0, "end": 3, "text": ["haftar"]}}
    )
    tasks.write_text(json.dumps([task, duplicate]))
    done = build("markdown", str(tmp_path / "out"), "--from-label-studio", str(tasks))
    assert done.returncode == 2
    assert "task 1: article a1: the mentions of 'haftar' differ" in done.stderr
    with pytest.raises(ValueError, match="no labelled Label Studio task"):
        from_label_studio({"data": {"text": "x"}})


def test_brat_files(tmp_path: Path) -> None:
    assert build("brat", str(tmp_path), "--corpus", str(DATA)).returncode == 0
    assert (tmp_path / "train" / "a1.txt").read_text() == load_split(DATA, "train")[0].text
    assert "Side Arg:" in (tmp_path / "train" / "annotation.conf").read_text()
    assert build("conll", str(tmp_path), "--corpus", str(DATA)).returncode == 0
    assert (tmp_path / "train.conll").read_text().count("-DOCSTART-") == 3
