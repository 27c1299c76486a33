"""Trains variants of the default recipe and tables them: `python -m scripts.ablate [CELL ...]`.

A cell of scripts/ablation.yaml is trained with each seed; what is finished is kept, what was cut off goes on.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import transformers
import yaml
from tabulate import tabulate

from hudna.tagger import Tagger, load
from training.config import load_config
from training.corpus import load_labels, load_split
from training.markdown import Article, read_articles
from training.metrics import evaluate
from training.train import train

FIGURES = {
    "actors_f1": "actors",
    "side_accuracy": "sides",
    "side_macro_f1": "sides, macro",
    "mention_type_side_f1": "mention + type + side",
    "claims_exact_f1": "claims, exact",
    "claims_overlap_f1": "claims, overlap",
    "claimants_f1": "claimants",
}


def run_cell(
    folder: Path, overrides: Sequence[str], seed: int, sets: Mapping[str, Sequence[Article]], recipe: Path
) -> dict[str, dict[str, Any]]:
    """The figures of one training on each set of articles, from its folder where it is finished.

    Args:
        folder: of the run.
        overrides: what the cell changes.
        seed: of the training.
        sets: articles by name.
        recipe: a YAML file of `configs/`.
    """
    done = folder / "figures.json"
    if done.is_file():
        figures: dict[str, dict[str, Any]] = json.loads(done.read_text(encoding="utf-8"))
        return figures
    train(load_config(recipe, [*overrides, f"run={folder}", f"seed={seed}", "resume=true"]))
    tagger = load(folder / "checkpoint")
    figures = {name: evaluate(articles, _read(tagger, articles), tagger.labels) for name, articles in sets.items()}
    done.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return figures


def _read(tagger: Tagger, articles: Sequence[Article]) -> Any:
    return tagger.predict([a.text for a in articles], date=[a.date for a in articles])


def table(results: Mapping[str, Sequence[Mapping[str, Mapping[str, Any]]]]) -> str:
    """Mean and standard deviation over the seeds, a row a cell and set of articles.

    Args:
        results: the figures of each seed by set of articles, by cell.
    """
    rows = []
    for cell, runs in results.items():
        for name in runs[0]:
            row = [cell, name, len(runs)]
            for key in FIGURES:
                values = [run[name][key] for run in runs]
                spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
                row.append(f"{statistics.mean(values):.3f}{spread}")
            rows.append(row)
    return tabulate(rows, headers=["", "on", "seeds", *FIGURES.values()], tablefmt="github", disable_numparse=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cells", nargs="*", metavar="CELL", help="default: all of scripts/ablation.yaml")
    parser.add_argument("--cells-file", type=Path, default=Path("scripts/ablation.yaml"))
    parser.add_argument("--config", type=Path, default=Path("configs/default.yaml"), help="the recipe that is varied")
    parser.add_argument("--seeds", type=int, nargs="+", default=[13, 14, 15])
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="for all cells: train.epochs=2")
    parser.add_argument("--articles", type=Path, help="a folder of annotated Markdown, beside dev")
    parser.add_argument("--runs", type=Path, default=Path("runs/ablation"))
    args = parser.parse_args()
    transformers.utils.logging.disable_progress_bar()
    try:
        cells: dict[str, list[str]] = yaml.safe_load(args.cells_file.read_text(encoding="utf-8"))
        unknown = [cell for cell in args.cells if cell not in cells]
        if unknown:
            raise ValueError(f"{args.cells_file} has no cell '{unknown[0]}' (it has: {', '.join(cells)})")
        config = load_config(args.config, args.set)
        sets = {"dev": load_split(config.data.corpus, "dev")}
        if args.articles:
            sets[args.articles.name] = read_articles(args.articles, load_labels(config.data.corpus))
        results: dict[str, list[dict[str, dict[str, Any]]]] = {}
        for cell in args.cells or cells:
            for seed in args.seeds:
                folder = args.runs / f"{cell.replace(' ', '-')}-{seed}"
                figures = run_cell(folder, [*args.set, *cells[cell]], seed, sets, args.config)
                results.setdefault(cell, []).append(figures)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
