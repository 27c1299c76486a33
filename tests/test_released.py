"""The released checkpoint keeps the figures of the model card."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hudna.tagger import load
from training.corpus import load_split
from training.metrics import evaluate

ROOT = Path(__file__).parents[1]
# The figures of `training.metrics.evaluate` behind the names in the card's front matter.
KEYS = {
    "strict F1": "actors_f1",
    "accuracy on matched mentions": "side_accuracy",
    "macro F1 on matched mentions": "side_macro_f1",
    "mention + type + side F1": "mention_type_side_f1",
    "exact F1": "claims_exact_f1",
    "overlap F1": "claims_overlap_f1",
    "F1 on matched claims": "claimants_f1",
}
# Other processors round otherwise, and a rounding can turn a label; measured on one kind, this is a guess for the rest.
MARGIN = 0.01


@pytest.mark.slow
def test_figures_on_test() -> None:
    front_matter = (ROOT / "model_card.md").read_text(encoding="utf-8").split("---\n")[1]
    (model,) = yaml.safe_load(front_matter)["model-index"]
    card = {KEYS[metric["name"]]: metric["value"] for result in model["results"] for metric in result["metrics"]}
    assert set(card) == set(KEYS.values())
    tagger = load()
    golds = load_split(ROOT / "corpus", "test")
    analyses = tagger.predict([gold.text for gold in golds], date=[gold.date for gold in golds])
    figures = evaluate(golds, analyses, tagger.labels)
    for key, value in card.items():
        assert figures[key] >= value - MARGIN, key
