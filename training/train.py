"""Trains a model: `python -m training.train [--config configs/X.yaml] [key=value ...]`."""

from __future__ import annotations

import argparse
import contextlib
import functools
import logging
import os
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers
import yaml
from accelerate import Accelerator, DataLoaderConfiguration, DistributedDataParallelKwargs, PartialState
from accelerate.utils import ProjectConfiguration, set_seed
from torch.utils.data import DataLoader
from tqdm import tqdm
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from hudna.labels import LabelSet
from hudna.linking import Lexicon
from hudna.manifest import seal, verify
from hudna.modeling import HudnaModel
from hudna.settings import Settings
from hudna.tagger import Tagger
from hudna.torch_engine import TorchEngine
from hudna.windows import Windower
from training.augment import Augmenter, load_states
from training.collation import Example, TrainingSet, collate
from training.config import Config, load_config, save_config
from training.corpus import load_corpus, load_labels, load_split
from training.distillation import Teachers
from training.encoders import encoder_path
from training.losses import joint_loss
from training.metrics import evaluate
from training.runs import RunFolder

log = logging.getLogger("training")


@dataclass
class Progress:
    """Where a run stands: everything that resuming needs beside weights, optimiser and random numbers."""

    epoch: int = 0  # the epoch being trained, from 0
    step: int = 0  # steps done in this epoch
    best_score: float = -1.0
    best_epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    epoch_loss: float = 0.0  # sum of the losses of this epoch's steps so far

    def state_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    def load_state_dict(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


def train(config: Config) -> dict[str, Any]:
    """Runs a whole training and returns what it wrote to `metrics.json`.

    Raises:
        ValueError: bad corpus, encoder or configuration; or the run folder holds a run and `resume` is off.
        FloatingPointError: the loss is no number any more.
        KeyboardInterrupt: SIGINT came; the step was finished and a state saved.
    """
    run = RunFolder(config.run)
    accelerator = Accelerator(
        mixed_precision=_precision(config.train.precision),
        log_with="tensorboard",
        project_config=ProjectConfiguration(project_dir=str(run.path), logging_dir=str(run.log)),
        dataloader_config=DataLoaderConfiguration(use_seedable_sampler=True),
        kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],
    )
    if accelerator.is_main_process:
        if run.config.exists() and not config.resume:
            raise ValueError(f"{run.path} holds a run; choose another folder with run=..., or go on with resume=true")
        run.path.mkdir(parents=True, exist_ok=True)
        save_config(config, run.config)
    accelerator.wait_for_everyone()
    # Of several processes, each would stop at another step.
    with _Interruption() if accelerator.num_processes == 1 else contextlib.nullcontext(False) as interruption:
        return _train(config, run, accelerator, interruption)


def _train(
    config: Config, run: RunFolder, accelerator: Accelerator, interruption: _Interruption | bool
) -> dict[str, Any]:
    set_seed(config.seed)
    labels = load_labels(config.data.corpus)
    lexicon = read_lexicon(config.data.lexicon)
    model, tokenizer = load_init(config.init, labels) if config.init else new_model(config, labels)
    windower = Windower(
        tokenizer.backend_tokenizer, max_length=model.config.window_length, overlap=model.config.window_overlap
    )
    rows = load_corpus(config.data.corpus)["train"].to_list()
    person = labels.types.index("person") if "person" in labels.types else -1
    augmenter = Augmenter(load_states(config.data.corpus), lexicon, rows, person=person)
    examples = TrainingSet(rows, windower, labels, augmenter=augmenter, share=config.train.augment, seed=config.seed)
    dev = load_split(config.data.corpus, "dev")

    folders = config.train.teachers
    teachers = Teachers(folders, labels, accelerator.device) if folders else None
    loader: DataLoader[Example] = DataLoader(
        examples,
        batch_size=config.train.batch_size,
        shuffle=True,
        collate_fn=functools.partial(collate, teachers=teachers),
        generator=torch.Generator().manual_seed(config.seed),
    )
    optimizer = torch.optim.AdamW(_parameter_groups(model, config), fused=True)
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    n_steps = len(loader) * config.train.epochs
    scheduler = transformers.get_linear_schedule_with_warmup(optimizer, int(config.train.warmup * n_steps), n_steps)
    progress = Progress()
    accelerator.register_for_checkpointing(scheduler, progress)
    accelerator.init_trackers("")

    state = run.last_state() if config.resume else None
    if state is not None:
        accelerator.load_state(str(state))
        log.info("going on from epoch %d, step %d", progress.epoch + 1, progress.step)

    bar = tqdm(
        total=n_steps,
        initial=progress.epoch * len(loader) + progress.step,
        disable=not accelerator.is_main_process,
        unit="step",
        mininterval=1.0,
    )
    for epoch in range(progress.epoch, config.train.epochs):
        progress.epoch = epoch
        loader.set_epoch(epoch)  # type: ignore[attr-defined]
        examples.set_epoch(epoch)
        model.train()
        started, tokens = time.perf_counter(), 0
        for inputs, targets in accelerator.skip_first_batches(loader, progress.step) if progress.step else loader:
            loss, parts = joint_loss(model(**inputs), targets, config.loss)
            if not loss.isfinite():
                raise FloatingPointError(
                    f"the loss is {loss.item()} in epoch {epoch + 1}, step {progress.step + 1}, at the articles "
                    f"{', '.join(targets.ids)}; what was saved before can be gone on from (resume=true)"
                )
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(model.parameters(), config.train.max_grad_norm)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()

            progress.step += 1
            progress.epoch_loss += loss.item()
            tokens += int(inputs["attention_mask"].sum()) * accelerator.num_processes
            done = epoch * len(loader) + progress.step
            accelerator.log(
                {"loss": loss.item(), "lr": scheduler.get_last_lr()[0]}
                | {f"loss/{name}": part.item() for name, part in parts.items()},
                step=done,
            )
            speed = tokens / (time.perf_counter() - started)
            bar.set_postfix(epoch=epoch + 1, loss=f"{loss.item():.3f}", tokens_s=f"{speed:.0f}", refresh=False)
            bar.update()
            due = config.train.save_every and done % config.train.save_every == 0
            if (due or interruption) and progress.step < len(loader):
                _save_state(accelerator, run, done)
                if interruption:
                    raise KeyboardInterrupt

        last = epoch + 1 == config.train.epochs
        if last or (epoch + 1) % config.train.evaluate_every == 0:
            if accelerator.is_main_process:
                trained = accelerator.unwrap_model(model)
                tagger = tagger_of(trained, tokenizer, lexicon)
                figures = evaluate(dev, tagger.predict([a.text for a in dev], date=[a.date for a in dev]), labels)
                _record(figures, epoch, progress, n_steps=len(loader), accelerator=accelerator)
                if progress.best_epoch == epoch + 1:
                    write = functools.partial(save_checkpoint, trained, tokenizer, lexicon)
                    run.write_checkpoint(f"epoch-{epoch + 1:03d}", write)
                run.write_metrics(_metrics(progress, config))
                bar.write(f"epoch {epoch + 1}: " + summary(progress.history[-1]))
            accelerator.wait_for_everyone()
        progress.epoch, progress.step, progress.epoch_loss = epoch + 1, 0, 0.0
        _save_state(accelerator, run, progress.epoch * len(loader))
        if interruption and not last:
            raise KeyboardInterrupt
    bar.close()
    accelerator.end_training()
    return _metrics(progress, config)


class _Interruption:
    """True once SIGINT came, which the loop looks at between two steps; a second one stops the run where it is."""

    def __init__(self) -> None:
        self._asked = False

    def __enter__(self) -> _Interruption:
        # Python has signals handled in the main thread only.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def _ask(self, number: int, frame: object) -> None:
        self._asked = True
        signal.signal(signal.SIGINT, self._before)

    def __exit__(self, *exception: object) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._before)

    def __bool__(self) -> bool:
        return self._asked


def read_lexicon(path: str | Path) -> Lexicon:
    """Reads the lexicon of a corpus, a YAML list (see `Lexicon.from_list`).

    Raises:
        ValueError: the file is no lexicon.
    """
    try:
        return Lexicon.from_list(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    except (ValueError, yaml.YAMLError) as error:
        raise ValueError(f"{path}: {error}") from None


def new_model(config: Config, labels: LabelSet) -> tuple[HudnaModel, PreTrainedTokenizerFast]:
    """The recipe's encoder under new heads, and its tokenizer.

    Raises:
        ValueError: the encoder has no fast tokenizer.
    """
    tokenizer = load_tokenizer(config.model.encoder)
    model = HudnaModel.from_encoder(
        encoder_path(config.model.encoder),
        types=labels.types,
        sides=labels.sides,
        kinds=labels.kinds,
        **{key: value for key, value in vars(config.model).items() if key != "encoder"},
    )
    return model, tokenizer


def load_init(folder: str, labels: LabelSet) -> tuple[HudnaModel, PreTrainedTokenizerFast]:
    """The model of a checkpoint, its calibration included, and its tokenizer.

    Raises:
        ValueError: the folder is no checkpoint, or the checkpoint has other labels.
    """
    verify(Path(folder))
    model = TorchEngine.load(Path(folder), "cpu").model
    if Settings.of(model.config).labels != labels:
        raise ValueError(f"init: {folder} has other labels than the corpus")
    return model, PreTrainedTokenizerFast(tokenizer_file=str(Path(folder) / "tokenizer.json"))


def load_tokenizer(encoder: str) -> PreTrainedTokenizerFast:
    """The fast tokenizer of a recipe's encoder.

    Raises:
        ValueError: the encoder has no fast tokenizer.
    """
    tokenizer = AutoTokenizer.from_pretrained(encoder_path(encoder))
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise ValueError(f"{encoder} has no fast tokenizer, without which there are no character offsets")
    return tokenizer


def tagger_of(model: HudnaModel, tokenizer: PreTrainedTokenizerFast, lexicon: Lexicon) -> Tagger:
    """A tagger around a model that is being trained; puts the model into evaluation mode."""
    return Tagger(TorchEngine(model), Settings.of(model.config), tokenizer.backend_tokenizer, lexicon)


def save_checkpoint(
    model: HudnaModel, tokenizer: PreTrainedTokenizerFast, lexicon: Lexicon, folder: str | Path
) -> None:
    """Writes a folder that `hudna.load` reads."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    lexicon.to_json(Path(folder) / "lexicon.json")
    seal(Path(folder))


def summary(entry: dict[str, Any]) -> str:
    """One line on an evaluation."""
    names = ("loss", "score", "actors_f1", "side_accuracy", "mention_type_side_f1", "claims_overlap_f1", "claimants_f1")
    return "  ".join(f"{name} {entry[name]:.3f}" for name in names)


def _precision(wanted: str) -> str:
    """accelerate's name for the precision; `auto` is bf16 where the hardware multiplies it natively."""
    if wanted == "fp32":
        return "no"
    if wanted == "bf16":
        return "bf16"
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "no"
    return "bf16" if torch.cpu._is_avx512_bf16_supported() else "no"


def _parameter_groups(model: HudnaModel, config: Config) -> list[dict[str, Any]]:
    """Encoder and heads learn at their own rates; biases and layer norms do not decay."""
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        groups.setdefault((name.startswith("encoder."), parameter.ndim > 1), []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": config.train.encoder_lr if in_encoder else config.train.head_lr,
            "weight_decay": config.train.weight_decay if decays else 0.0,
        }
        for (in_encoder, decays), parameters in groups.items()
    ]


def _record(figures: dict[str, Any], epoch: int, progress: Progress, *, n_steps: int, accelerator: Accelerator) -> None:
    """Adds an evaluation to the history and notes whether it is the best so far."""
    # What users come for: actors with their sides, and claims.
    score = (figures["mention_type_side_f1"] + figures["claims_overlap_f1"]) / 2
    entry = {"epoch": epoch + 1, "loss": progress.epoch_loss / n_steps, "score": score, **figures}
    progress.history.append(entry)
    scalars = {f"dev/{key}": value for key, value in entry.items() if isinstance(value, float)}
    accelerator.log(scalars, step=(epoch + 1) * n_steps)
    if score > progress.best_score:
        progress.best_score, progress.best_epoch = score, epoch + 1


def _metrics(progress: Progress, config: Config) -> dict[str, Any]:
    return {
        "seed": config.seed,
        "best_epoch": progress.best_epoch,
        "best_score": progress.best_score,
        "history": progress.history,
    }


def _save_state(accelerator: Accelerator, run: RunFolder, step: int) -> None:
    """Every process writes its part into one folder, which the main process then puts in place."""
    if accelerator.is_main_process:
        shutil.rmtree(run.parts, ignore_errors=True)
    accelerator.wait_for_everyone()
    accelerator.save_state(str(run.parts))
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        run.write_state(step, lambda folder: os.replace(run.parts, folder))
    accelerator.wait_for_everyone()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, help="a YAML recipe; default: configs/default.yaml")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="for example train.epochs=2")
    args = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    log.setLevel(logging.INFO)
    transformers.utils.logging.disable_progress_bar()
    try:
        config = load_config(args.config or Path("configs/default.yaml"), args.overrides)
        metrics = train(config)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except FloatingPointError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command with resume=true goes on where it stopped", file=sys.stderr)
        return 130
    if not PartialState().is_main_process:
        return 0  # Only the main process evaluated.
    best = next(entry for entry in metrics["history"] if entry["epoch"] == metrics["best_epoch"])
    print(f"best epoch {metrics['best_epoch']}: {summary(best)}")
    print(f"checkpoint: {Path(config.run) / 'checkpoint'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
