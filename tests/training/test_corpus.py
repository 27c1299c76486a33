from __future__ import annotations

import shutil
from pathlib import Path

import datasets
import pytest
from tokenizers import Tokenizer

from hudna.labels import LabelSet
from hudna.windows import Windower
from training.collation import collate, encode_rows
from training.corpus import load_corpus, load_labels
from training.encoders import MINILM, encoder_path

DATA = Path(__file__).parents[1] / "data" / "corpus"


def test_corpus_is_a_dataset_dict() -> None:
    corpus = load_corpus(DATA)
    assert isinstance(corpus, datasets.DatasetDict)
    assert {split: len(rows) for split, rows in corpus.items()} == {"train": 3, "dev": 1, "test": 1}
    row = corpus["test"][0]
    assert row["date"] == "2020-03-03"
    assert [row["text"][m["start"] : m["end"]] for m in row["mentions"]] == ["GNA", "Turkey"]
    kinds = corpus["test"].features["claims"].feature["kind"]
    (claim,) = row["claims"]
    assert (kinds.int2str(claim["kind"]), claim["by"], claim["effective"]) == ("accept", ["gna"], None)


def test_missing_parts_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no labels\.yaml"):
        load_labels(tmp_path)
    shutil.copytree(DATA, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "dev")
    with pytest.raises(ValueError, match="dev: no annotated article"):
        load_corpus(tmp_path)
    (tmp_path / "labels.yaml").write_text("types: [a]\nsides: [b]\n")
    with pytest.raises(ValueError, match=r"labels\.yaml: a label set has the keys types, sides, kinds"):
        load_labels(tmp_path)


def test_rows_become_tensors_that_point_at_the_marked_words(labels: LabelSet) -> None:
    windower = Windower(Tokenizer.from_file(f"{encoder_path(MINILM)}/tokenizer.json"), max_length=24, overlap=6)
    rows = list(load_corpus(DATA)["train"])
    examples = encode_rows(rows, windower, labels)
    inputs, targets = collate(examples)
    assert inputs["word_index"].shape == targets.actor_tags.shape == targets.claim_tags.shape
    offsets = [0]
    for example in examples:
        offsets.append(offsets[-1] + len(example.document))
    marked = []
    for row, example, offset in zip(rows, examples, offsets, strict=False):
        for mention in row["mentions"]:
            first, last = example.document.word_span(mention["start"], mention["end"])
            marked.append([first + offset, last - 1 + offset])
            assert targets.actor_tags[first + offset] % 2 == 1
    assert inputs["relations"].mention_words.tolist() == marked
    # a1: refuses by Haftar, called by the UN; the order of actors is that of their first mention: un, gna, haftar, lna
    assert targets.claimants[:8].tolist() == [1, 0, 0, 0, 0, 0, 1, 0]
    assert [labels.sides[side] for side in targets.sides[:4]] == ["neutral", "gna", "lna", "lna"]


def test_mentions_are_typed_by_their_entity(labels: LabelSet) -> None:
    windower = Windower(Tokenizer.from_file(f"{encoder_path(MINILM)}/tokenizer.json"), max_length=512, overlap=64)
    (example,) = encode_rows(list(load_corpus(DATA)["dev"]), windower, labels)
    found = [
        (example.document.text[a:b], int(tag))
        for a, b, tag in zip(example.document.starts, example.document.ends, example.actor_tags, strict=True)
        if tag
    ]
    organization, person = labels.types.index("organization"), labels.types.index("person")
    assert found == [("UN", 1 + 2 * organization), ("Haftar", 1 + 2 * person)]
