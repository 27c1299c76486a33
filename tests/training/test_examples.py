"""Another conflict needs another corpus, not another program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hudna.tagger import load
from training.config import Config
from training.corpus import load_labels, load_split
from training.train import train

SUDAN = Path(__file__).parents[2] / "examples" / "sudan"


def test_a_corpus_on_another_conflict_trains_a_model_with_its_labels(
    tmp_path: Path, make_config: Callable[..., Config]
) -> None:
    lexicon = SUDAN / "lexicon.yaml"
    train(make_config(tmp_path / "run", f"data.corpus={SUDAN}", f"data.lexicon={lexicon}", "train.epochs=1"))
    tagger = load(tmp_path / "run" / "checkpoint")
    labels = load_labels(SUDAN)
    assert tagger.settings.labels == labels
    assert labels.sides == ("saf", "rsf", "neutral", "unclear")
    assert {"burhan", "hemedti", "rsf"} <= set(tagger.lexicon.entries)
    # Every side is learnt and judged.
    for split in ("train", "test"):
        assert {entity.side for article in load_split(SUDAN, split) for entity in article.entities.values()} == set(
            labels.sides
        )
