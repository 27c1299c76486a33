"""Labels that a trained model finds hard to believe, worst first: `python -m scripts.suspects CHECKPOINT`.

A label error shows as a confident model that disagrees (self-confidence, the simplest score of Northcutt et al.,
"Confident Learning", JAIR 70, 2021). Best on articles that the model was not trained on; after a few epochs, also on
its own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import transformers
from tabulate import tabulate
from tqdm import tqdm

from hudna.decoding import FloatArray
from hudna.labels import LabelSet
from hudna.tagger import load
from hudna.torch_engine import TorchEngine
from training.collation import Example, collate, encode_rows
from training.corpus import SPLITS, load_corpus


@dataclass(frozen=True)
class Suspect:
    """A label and the probability that the model gives it.

    Attributes:
        probability: of the label in the corpus.
        article: id.
        layer: actor, claim or side.
        label: what the corpus says. rival: what the model says.
        passage: the words in question, with some around them.
    """

    probability: float
    article: str
    layer: str
    label: str
    rival: str
    passage: str


def suspects(
    id: str, example: Example, tags: dict[str, FloatArray], sides: FloatArray, labels: LabelSet
) -> Iterator[Suspect]:
    """The doubtful labels of one article: runs of words with an improbable tag, and improbable sides.

    Args:
        id: the article's id.
        example: its labels.
        tags: probabilities of the `actor` and the `claim` tags. *Shapes:* (words, tags)
        sides: probabilities of its actors' sides. *Shape:* (actors, sides)
        labels: the label sets.
    """
    document = example.document
    for layer, gold, names in (
        ("actor", example.actor_tags, labels.types),
        ("claim", example.claim_tags, labels.kinds),
    ):
        likely = tags[layer].argmax(axis=1)
        wrong = np.flatnonzero(likely != gold)
        for run in np.split(wrong, np.flatnonzero(np.diff(wrong) > 1) + 1):
            if len(run):
                first, last = int(run[0]), int(run[-1]) + 1
                probability = float(np.exp(np.log(tags[layer][run, gold[run]] + 1e-9).mean()))
                start, end = document.char_span(first, last)
                yield Suspect(
                    probability, id, layer, _tag(gold[first], names), _tag(likely[first], names),
                    _passage(document.text, start, end),
                )  # fmt: skip
    for actor, (gold_side, row) in enumerate(zip(example.sides, sides, strict=True)):
        if row.argmax() != gold_side:
            mention = int(np.flatnonzero(example.spans.actors == actor)[0])
            first, last = example.spans.mentions[mention]
            start, end = document.char_span(int(first), int(last) + 1)
            yield Suspect(
                float(row[gold_side]), id, "side", labels.sides[gold_side], labels.sides[row.argmax()],
                _passage(document.text, start, end),
            )  # fmt: skip


def _tag(tag: int, names: tuple[str, ...]) -> str:
    return "nothing" if tag == 0 else ("begin " if tag % 2 else "in ") + names[(tag - 1) // 2]


def _passage(text: str, start: int, end: int) -> str:
    parts = (text[max(start - 40, 0) : start], "[", text[start:end], "]", text[end : end + 40])
    return " ".join("".join(parts).split())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument("--top", type=int, default=100)
    args = parser.parse_args()
    transformers.utils.logging.disable_progress_bar()
    try:
        tagger = load(args.checkpoint, backend="torch", device="cpu")
        rows = load_corpus(args.corpus)[args.split]
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    assert isinstance(tagger.engine, TorchEngine)
    found: list[Suspect] = []
    with torch.inference_mode():
        for id, example in zip(tqdm(rows["id"]), encode_rows(rows, tagger.windower, tagger.labels), strict=True):
            inputs, _ = collate([example])
            output = tagger.engine.model(**inputs)
            probabilities = {
                "actor": output.actor_logits.float().softmax(-1).numpy(),
                "claim": output.claim_logits.float().softmax(-1).numpy(),
            }
            sides = output.side_logits.float().softmax(-1).numpy()
            found += suspects(id, example, probabilities, sides, tagger.labels)
    found.sort(key=lambda suspect: suspect.probability)
    print(tabulate([vars(suspect) for suspect in found[: args.top]], headers="keys", tablefmt="github", floatfmt=".3f"))
    print(f"\n{len(found)} labels that the model would have set otherwise")
    return 0


if __name__ == "__main__":
    sys.exit(main())
