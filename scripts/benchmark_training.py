"""Training speed, beside transformers' `Trainer`: `python -m scripts.benchmark_training [--output FOLDER]`.

Both train the same encoder on the same articles, each in a process of its own and in turn: ours by the default recipe,
with all four heads; `Trainer` with `DataCollatorForTokenClassification`, single precision, its default batch and
padding, and the actor tags alone. Speed is tokens that are no padding, a second; ours also reads the tokens that
windows share, which count once here. Start-up and evaluation are left out of both.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
import transformers
from tabulate import tabulate
from transformers import (
    AutoModelForTokenClassification,
    DataCollatorForTokenClassification,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from hudna.decoding import tag_count
from hudna.windows import Windower
from scripts.benchmark_inference import machine
from training.collation import encode_rows
from training.config import load_config
from training.corpus import load_corpus, load_labels
from training.encoders import MINILM, encoder_path
from training.train import load_tokenizer, train

_IGNORED = -100


class _Clock(TrainerCallback):
    """Notes when training began and ended."""

    began = ended = 0.0

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        self.began = time.perf_counter()

    def on_train_end(self, *_: Any, **__: Any) -> None:
        self.ended = time.perf_counter()


def trainer_seconds(corpus: Path) -> float:
    """Seconds of one epoch of transformers' `Trainer`."""
    tokenizer = load_tokenizer(MINILM)
    labels = load_labels(corpus)
    windower = Windower(load_tokenizer(MINILM).backend_tokenizer, max_length=512, overlap=0)
    examples = []
    for example in encode_rows(load_corpus(corpus)["train"], windower, labels):
        document = example.document
        for number, window in enumerate(document.windows):
            tags = [_IGNORED] * len(window)
            for position, tag in zip(
                document.word_position[document.word_window == number],
                example.actor_tags[document.word_window == number],
                strict=True,
            ):
                tags[position] = int(tag)
            examples.append({"input_ids": window.tolist(), "labels": tags})
    clock = _Clock()
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            AutoModelForTokenClassification.from_pretrained(encoder_path(MINILM), num_labels=tag_count(labels.types)),
            TrainingArguments(folder, num_train_epochs=1, save_strategy="no", report_to="none", disable_tqdm=True),
            data_collator=DataCollatorForTokenClassification(tokenizer),
            train_dataset=examples,
            callbacks=[clock],
        )
        trainer.train()
    return clock.ended - clock.began


def our_seconds(corpus: Path) -> float:
    """Seconds of one epoch of the default recipe: what two epochs take longer than one."""
    spent = []
    for epochs in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            overrides = [f"run={folder}/run", f"data.corpus={corpus}", f"data.lexicon={corpus / 'lexicon.yaml'}"]
            whole = [f"train.epochs={epochs}", f"train.evaluate_every={epochs}"]
            began = time.perf_counter()
            train(load_config(Path("configs/default.yaml"), [*overrides, *whole]))
            spent.append(time.perf_counter() - began)
    return spent[1] - spent[0]


SYSTEMS = {"hudna, default recipe": our_seconds, "transformers Trainer": trainer_seconds}


def part_of(corpus: Path, folder: Path, number: int) -> int:
    """Copies some articles of a corpus, evenly spread, and one of dev; returns the tokens of the former."""
    for split, wanted in (("train", number), ("dev", 1), ("test", 1)):
        (folder / split).mkdir(parents=True)
        paths = sorted((corpus / split).glob("*.md"))
        for path in paths[:: max(len(paths) // wanted, 1)][:wanted]:
            shutil.copy(path, folder / split)
    for name in ("labels.yaml", "lexicon.yaml", "states.yaml"):
        if (corpus / name).exists():
            shutil.copy(corpus / name, folder)
    windower = Windower(load_tokenizer(MINILM).backend_tokenizer, max_length=100_000, overlap=0)
    documents = windower(load_corpus(folder)["train"]["text"])
    return sum(len(document.windows[0]) for document in documents)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--number", type=int, default=100, help="articles of an epoch (default: 100)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="for training.json")
    parser.add_argument("--system", choices=SYSTEMS, help=argparse.SUPPRESS)  # one measurement, in its own process
    args = parser.parse_args()
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    if args.system:
        print(json.dumps({"seconds": SYSTEMS[args.system](args.corpus)}))
        return 0
    speeds: dict[str, list[float]] = {name: [] for name in SYSTEMS}
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / "corpus"
        n_tokens = part_of(args.corpus, part, args.number)
        for _ in range(args.rounds):
            for name in SYSTEMS:
                command = [sys.executable, "-m", "scripts.benchmark_training", "--corpus", str(part), "--system", name]
                last = subprocess.check_output(command, text=True).strip().splitlines()[-1]
                speeds[name].append(n_tokens / json.loads(last)["seconds"])
    reference = statistics.median(speeds["transformers Trainer"])
    rows = [
        {"system": name, "tokens_per_second": statistics.median(found), "ratio": statistics.median(found) / reference}
        for name, found in speeds.items()
    ]
    print(tabulate(rows, headers="keys", tablefmt="github", floatfmt=("", ",.0f", ".2f")))
    if args.output:
        args.output.mkdir(parents=True, exist_ok=True)
        result = {"machine": machine(), "threads": torch.get_num_threads(), "tokens": n_tokens, "speeds": speeds}
        (args.output / "training.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
