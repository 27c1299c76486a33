from __future__ import annotations

from pathlib import Path

import pytest

from training.config import Config, load_config, save_config

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_recipes_are_valid(path: Path) -> None:
    assert isinstance(load_config(path), Config)


def test_overrides_win_over_the_recipe_and_the_recipe_over_the_defaults(tmp_path: Path) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text("train:\n  epochs: 7\n  batch_size: 3\n")
    config = load_config(recipe, ["train.epochs=2", "resume=true", "loss.side=0.25"])
    assert (config.train.epochs, config.train.batch_size, config.resume, config.loss.side) == (2, 3, True, 0.25)
    assert config.model == Config().model


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("train.epoch=2", "train.epoch"),
        ("learning_rate=1", "learning_rate"),
        ("train.epochs=many", "train.epochs"),
        ("train.epochs=1.5", "train.epochs"),
        ("resume=perhaps", "resume"),
        ("train.epochs=0", "train.epochs: must be at least 1"),
        ("train.precision=fp8", "'fp8' is not auto, bf16 or fp32"),
        ("train.epochs", "is no override"),
    ],
)
def test_bad_overrides(override: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r"bad configuration|is no override") as caught:
        load_config(None, [override])
    assert problem in str(caught.value)


def test_unknown_key_in_a_recipe(tmp_path: Path) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text("trane:\n  epochs: 7\n")
    with pytest.raises(ValueError, match="trane"):
        load_config(recipe)


def test_save_and_load(tmp_path: Path) -> None:
    config = load_config(None, ["train.epochs=2", "model.encoder=some/where"])
    save_config(config, tmp_path / "config.yaml")
    assert load_config(tmp_path / "config.yaml") == config
