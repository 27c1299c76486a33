from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from hudna.tagger import load
from training.config import Config, load_config, save_config
from training.losses import joint_loss
from training.runs import RunFolder
from training.train import train

ROOT = Path(__file__).parents[2]


def weights(run: Path) -> dict[str, torch.Tensor]:
    (state,) = (run / "states").iterdir()
    return load_file(state / "model.safetensors")


def assert_same_weights(one: Path, other: Path) -> None:
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name


def command(config: Config, folder: Path, *overrides: str, launcher: tuple[str, ...] = ()) -> list[str]:
    recipe = folder / "recipe.yaml"
    save_config(config, recipe)
    launch = launcher or (sys.executable, "-m")
    return [*launch, "training.train", "--config", str(recipe), *overrides]


def test_run_folder_holds_everything(run_folder: Path) -> None:
    assert load_config(run_folder / "config.yaml").run == str(run_folder)
    metrics = json.loads((run_folder / "metrics.json").read_text())
    assert [entry["epoch"] for entry in metrics["history"]] == [1, 2, 3]
    best = max(metrics["history"], key=lambda entry: entry["score"])
    assert metrics["best_score"] == best["score"]
    assert metrics["best_epoch"] == best["epoch"]
    assert [path.name for path in (run_folder / "checkpoints").iterdir()] == [f"epoch-{best['epoch']:03d}"]
    assert list((run_folder / "log").rglob("events.out.tfevents.*"))
    assert load(run_folder / "checkpoint").predict("Haftar said no.").text == "Haftar said no."
    assert list(run_folder.rglob("*.tmp")) == []


def test_it_learns(run_folder: Path) -> None:
    losses = [entry["loss"] for entry in json.loads((run_folder / "metrics.json").read_text())["history"]]
    assert losses[-1] < 0.9 * losses[0]


def test_same_seed_same_weights_other_seed_others(
    tmp_path: Path, run_folder: Path, make_config: Callable[..., Config]
) -> None:
    train(make_config(tmp_path / "again"))
    assert_same_weights(run_folder, tmp_path / "again")
    train(make_config(tmp_path / "other", "seed=14"))
    first, second = weights(run_folder), weights(tmp_path / "other")
    assert any(not torch.equal(first[name], second[name]) for name in first)


def test_an_existing_run_is_not_overwritten(run_folder: Path, make_config: Callable[..., Config]) -> None:
    with pytest.raises(ValueError, match="holds a run"):
        train(make_config(run_folder))
    before = (run_folder / "metrics.json").read_bytes()
    train(make_config(run_folder, "resume=true"))  # finished: nothing left to do
    assert (run_folder / "metrics.json").read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("kill_after", [1, 4])
def test_killed_and_resumed_ends_with_the_same_weights(
    tmp_path: Path, run_folder: Path, make_config: Callable[..., Config], kill_after: int
) -> None:
    """Killed in the middle of an epoch (three steps long), the first or the second."""
    run = tmp_path / "run"
    arguments = command(make_config(run, "train.save_every=1"), tmp_path)
    process = subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 120
    while not any(path.name.isdigit() and int(path.name) >= kill_after for path in (run / "states").glob("*")):
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    reached = max(int(path.name) for path in (run / "states").glob("*") if path.name.isdigit())
    assert reached < 9, "killed too late to show anything"
    done = subprocess.run([*arguments, "resume=true"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "going on from epoch" in done.stderr
    assert_same_weights(run_folder, run)
    history = json.loads((run / "metrics.json").read_text())
    assert history == json.loads((run_folder / "metrics.json").read_text())


@pytest.mark.slow
def test_interrupted_it_saves_and_goes_on_to_the_same_weights(
    tmp_path: Path, run_folder: Path, make_config: Callable[..., Config]
) -> None:
    run = tmp_path / "run"
    arguments = command(make_config(run), tmp_path)
    process = subprocess.Popen(
        arguments,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Whoever starts the tests in the background has the signal ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 120
    while not list((run / "log").rglob("events.out.tfevents.*")):  # The loop begins.
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "goes on where it stopped" in said
    assert "Traceback" not in said
    subprocess.run([*arguments, "resume=true"], cwd=ROOT, capture_output=True, check=True)
    assert_same_weights(run_folder, run)


def test_a_loss_that_is_no_number_stops_the_run_and_names_the_articles(
    tmp_path: Path, make_config: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = itertools.count(1)

    def broken(*arguments: Any) -> Any:
        loss, parts = joint_loss(*arguments)
        return (loss * float("nan") if next(calls) == 5 else loss), parts

    monkeypatch.setattr("training.train.joint_loss", broken)
    with pytest.raises(FloatingPointError, match=r"the loss is nan in epoch 2, step 2, at the articles a\d"):
        train(make_config(tmp_path / "run"))
    assert [path.name for path in (tmp_path / "run" / "states").iterdir()] == ["00000003"]
    load(tmp_path / "run" / "checkpoint")


def test_the_checkpoint_is_there_while_the_same_epoch_is_written_again(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)

    def write(words: str) -> Callable[[Path], None]:
        def into(folder: Path) -> None:
            # What is written now is never where the run's checkpoint is.
            assert not run.checkpoint.exists() or (run.checkpoint / "words").exists()
            (folder / "words").write_text(words)

        return into

    for words in ("one", "two", "three"):
        run.write_checkpoint("epoch-001", write(words))
        assert (run.checkpoint / "words").read_text() == words
        assert len(list((tmp_path / "checkpoints").iterdir())) == 1


@pytest.mark.slow
def test_several_processes(tmp_path: Path, make_config: Callable[..., Config]) -> None:
    run = tmp_path / "run"
    # The launcher starts several processes on one machine under this name only; the variable keeps them on the CPU.
    launcher = (
        sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes=2", "--num_machines=1",
        "--mixed_precision=no", "--dynamo_backend=no", "--num_cpu_threads_per_process=1", "--main_process_port=0", "-m",
    )  # fmt: skip
    config = make_config(run, "train.epochs=1")
    environment = os.environ | {"ACCELERATE_USE_CPU": "true"}
    subprocess.run(
        command(config, tmp_path, launcher=launcher), cwd=ROOT, env=environment, capture_output=True, check=True
    )
    assert load(run / "checkpoint").predict("Haftar said no.").text == "Haftar said no."
    # Three articles, one a step and process: two steps.
    assert [path.name for path in (run / "states").iterdir()] == ["00000002"]


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("train.epoch=1", "train.epoch"),
        ("data.corpus=nowhere", "nowhere is no corpus"),
        ("data.lexicon=nowhere.yaml", "nowhere.yaml"),
    ],
)
def test_bad_input_ends_with_a_clear_error(
    tmp_path: Path, make_config: Callable[..., Config], override: str, problem: str
) -> None:
    arguments = command(make_config(tmp_path / "run"), tmp_path, override)
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert problem in done.stderr


def test_training_goes_on_from_a_checkpoint(
    run_folder: Path, tmp_path: Path, make_config: Callable[..., Config]
) -> None:
    # At a learning rate of nothing the model stays what it was, whatever `model` says.
    still = ("train.epochs=1", "train.encoder_lr=0", "train.head_lr=0", "model.head_width=8")
    init = run_folder / "checkpoint"
    train(make_config(tmp_path / "run", f"init={init}", *still))
    before, after = load(init), load(tmp_path / "run" / "checkpoint")
    text = "Haftar rejected the truce that Turkey had called for."
    assert before.predict(text).to_dict() == after.predict(text).to_dict()


def test_the_checkpoint_to_go_on_from_must_have_the_labels_of_the_corpus(
    run_folder: Path, tmp_path: Path, make_config: Callable[..., Config]
) -> None:
    init = tmp_path / "init"
    shutil.copytree(run_folder / "checkpoint", init)
    config = json.loads((init / "config.json").read_text())
    config["sides"] = ["other", *config["sides"][1:]]
    (init / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=r"config\.json is not the file"):
        train(make_config(tmp_path / "changed", f"init={init}"))
    (init / "manifest.json").unlink()
    with pytest.raises(ValueError, match="other labels than the corpus"):
        train(make_config(tmp_path / "run", f"init={init}"))
