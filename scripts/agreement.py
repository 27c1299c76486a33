"""How alike two readers label: `python -m scripts.agreement FIRST SECOND [--corpus FOLDER]`.

Two folders of annotated Markdown with the same articles, or part of them, under the same names; the first may be a
whole corpus, as in `python -m scripts.agreement corpus corpus/second`. F1 is symmetric; kappa
is Cohen's (1960), over words for the tags and over what both readers marked for sides and kinds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from sklearn.metrics import cohen_kappa_score
from tabulate import tabulate

from hudna.decoding import encode_spans
from hudna.labels import LabelSet
from hudna.results import Actor, Analysis, Claim, Mention
from hudna.windows import word_offsets
from training.corpus import SPLITS, load_labels, load_split
from training.markdown import Article, MarkdownError, read_articles
from training.metrics import evaluate, match_spans

FIGURES = {
    "actors_f1": "mentions, exact span and type",
    "actors_relaxed_f1": "mentions, overlapping span and type",
    "mention_type_side_f1": "mentions, exact span, type and side",
    "side_accuracy": "sides, share alike on mentions that both marked",
    "claims_exact_f1": "claims, exact span and kind",
    "claims_overlap_f1": "claims, overlapping span and kind",
    "claimants_f1": "claimants, on claims that both marked",
    "effective_accuracy": "starts, share alike on claims that both marked",
}


def compare(first: Sequence[Article], second: Sequence[Article], labels: LabelSet) -> dict[str, Any]:
    """F1 by layer and label (see `training.metrics.evaluate`, the first reader as gold) and kappas.

    Raises:
        ValueError: the texts of an article differ.
    """
    figures = evaluate(first, [as_analysis(article) for article in second], labels)
    return figures | {"kappa": kappas(first, second, labels)}


def as_analysis(article: Article) -> Analysis:
    """A labelled article in the form of a prediction."""
    mentions = [
        Mention(m.start, m.end, article.text[m.start : m.end], article.entities[m.entity].type, 1.0, m.entity)
        for m in article.mentions
    ]
    actors = [
        Actor(id, id, entity.type, entity.side, 1.0, {}, [m for m in mentions if m.actor == id], None, False)
        for id, entity in article.entities.items()
    ]
    claims = [
        Claim(c.start, c.end, article.text[c.start : c.end], c.kind, 1.0, list(c.by), c.effective)
        for c in article.claims
    ]
    return Analysis(article.text, actors, claims)


def kappas(first: Sequence[Article], second: Sequence[Article], labels: LabelSet) -> dict[str, float]:
    """Cohen's kappa of the actor tags and the claim tags of all words, and of sides and kinds where both marked."""
    pairs: dict[str, tuple[list[Any], list[Any]]] = {
        name: ([], [])
        for name in ("actor tags of words", "claim tags of words", "sides of mentions", "kinds of claims")
    }
    for one, other in zip(first, second, strict=True):
        for reader, article in enumerate((one, other)):
            words = word_offsets(article.text)
            spans = [(m.start, m.end, article.entities[m.entity].type) for m in article.mentions]
            claims = [(c.start, c.end, c.kind) for c in article.claims]
            for name, items, values in (
                ("actor tags of words", spans, labels.types),
                ("claim tags of words", claims, labels.kinds),
            ):
                in_words = [
                    (int((words[:, 1] <= start).sum()), int((words[:, 0] < end).sum()), label)
                    for start, end, label in items
                ]
                pairs[name][reader].extend(encode_spans(in_words, len(words), values).tolist())
        sides = [{(m.start, m.end): a.entities[m.entity].side for m in a.mentions} for a in (one, other)]
        for place in sides[0].keys() & sides[1].keys():
            for reader in (0, 1):
                pairs["sides of mentions"][reader].append(sides[reader][place])
        # The span alone decides what both marked, so that the kinds may differ.
        bare = [[(c.start, c.end, "") for c in a.claims] for a in (one, other)]
        for i, j in match_spans(*bare, minimum=0.5):
            pairs["kinds of claims"][0].append(one.claims[i].kind)
            pairs["kinds of claims"][1].append(other.claims[j].kind)
    # Where both always say the same one thing, kappa is undefined, and there is nothing to agree about.
    return {name: float(cohen_kappa_score(*both)) for name, both in pairs.items() if len({*both[0], *both[1]}) > 1}


def tables(figures: dict[str, Any]) -> str:
    """The figures as GitHub tables."""
    head = [[text, figures[key]] for key, text in FIGURES.items()]
    head += [[f"kappa, {name}", value] for name, value in figures["kappa"].items()]
    detail = [
        [layer, label, row["f1"], row["support"]]
        for layer, part in (("mention", "actors"), ("claim, overlap", "claims_overlap"))
        for label, row in figures[part].items()
    ]
    return "\n\n".join(
        (
            tabulate(head, headers=["", "agreement"], tablefmt="github", floatfmt=".3f"),
            tabulate(detail, headers=["", "label", "F1", "first reader"], tablefmt="github", floatfmt=".3f"),
        )
    )


def _first(folder: Path, labels: LabelSet) -> list[Article]:
    """The articles of a folder, or of all splits if it is a corpus."""
    if not (folder / "labels.yaml").is_file():
        return read_articles(folder, labels)
    return [article for split in SPLITS for article in load_split(folder, split)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path, help="may hold fewer articles")
    parser.add_argument("--corpus", type=Path, default=Path("corpus"), help="whose labels.yaml counts")
    parser.add_argument("--output", type=Path, help="JSON file for the figures")
    args = parser.parse_args()
    try:
        labels = load_labels(args.corpus)
        second = read_articles(args.second, labels)
        known = {article.id: article for article in _first(args.first, labels)}
        missing = [article.id for article in second if article.id not in known]
        if missing:
            raise ValueError(f"{args.first} has no article {', '.join(missing)}")
        figures = compare([known[article.id] for article in second], second, labels)
    except (MarkdownError, ValueError, OSError, yaml.YAMLError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{len(second)} articles\n\n{tables(figures)}")
    if args.output:
        args.output.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
