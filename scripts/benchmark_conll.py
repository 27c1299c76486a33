"""The actor head on any CoNLL file, beside the plain recipe: `python -m scripts.benchmark_conll TRAIN TEST`.

A file has a token and its tag (O, B-X or I-X) a line, in the first and the last column, and a blank line after each
sentence. Both systems start from the same encoder and see the same sentences, epochs and seeds. Ours is the default
recipe with the other heads' losses at 0; the plain one is `AutoModelForTokenClassification` with the first token of
each word labelled, AdamW at 5e-5 with linear decay, the defaults of the token classification example of transformers.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers
import yaml
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2
from tabulate import tabulate
from torch.utils.data import DataLoader
from tqdm import tqdm
from transformers import AutoModelForTokenClassification, BatchEncoding, PreTrainedTokenizerFast

from hudna.results import Mention
from hudna.tagger import load
from training.config import load_config
from training.encoders import MINILM, encoder_path
from training.markdown import Article, Entity, MentionSpan, format_article
from training.train import load_tokenizer, train

_BATCH = 16
_RATE = 5e-5


@dataclass(frozen=True)
class Sentence:
    """Tokens and their IOB2 tags."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...]

    @property
    def offsets(self) -> list[tuple[int, int]]:
        """Where the tokens are in `" ".join(tokens)`."""
        spans, position = [], 0
        for token in self.tokens:
            spans.append((position, position + len(token)))
            position += len(token) + 1
        return spans


def read_conll(path: Path) -> list[Sentence]:
    """The sentences of a file.

    Raises:
        ValueError: a line has one column only, or a tag is none of O, B-X and I-X.
    """
    sentences: list[Sentence] = []
    tokens: list[str] = []
    tags: list[str] = []
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], start=1):
        columns = line.split()
        if not columns:
            if tokens:
                sentences.append(Sentence(tuple(tokens), tuple(tags)))
            tokens, tags = [], []
            continue
        if len(columns) < 2 or not (columns[-1] == "O" or columns[-1][:2] in ("B-", "I-")):
            raise ValueError(f"{path}:{number}: no token with a tag O, B-... or I-...: {line!r}")
        tokens.append(columns[0])
        tags.append(columns[-1])
    if not sentences:
        raise ValueError(f"{path}: no sentence")
    return sentences


def to_article(sentence: Sentence, id: str, side: str) -> Article:
    """The sentence as an article of its own, each span an entity of its own."""
    spans: list[tuple[int, int, str]] = []
    inside = ""
    for (start, end), tag in zip(sentence.offsets, sentence.tags, strict=True):
        label = tag[2:]
        if label and (tag[0] == "B" or label != inside):
            spans.append((start, end, label))
        elif label:
            spans[-1] = (spans[-1][0], end, label)
        inside = label
    entities = {f"e{number}": Entity(label, side) for number, (_, _, label) in enumerate(spans)}
    mentions = tuple(MentionSpan(start, end, f"e{number}") for number, (start, end, _) in enumerate(spans))
    return Article(id, " ".join(sentence.tokens), entities, mentions, ())


def to_tags(sentence: Sentence, mentions: Sequence[Mention]) -> list[str]:
    """IOB2 tags of the tokens that mentions overlap."""
    tags = ["O"] * len(sentence.tokens)
    for mention in mentions:
        prefix = "B-"
        for index, (start, end) in enumerate(sentence.offsets):
            if start < mention.end and mention.start < end and tags[index] == "O":
                tags[index] = prefix + mention.type
                prefix = "I-"
    return tags


def ours(
    train_set: Sequence[Sentence], test_set: Sequence[Sentence], *, encoder: str, epochs: int, seed: int
) -> list[list[str]]:
    """Tags by the default recipe, trained on a corpus made of the sentences."""
    types = sorted({tag[2:] for sentence in train_set for tag in sentence.tags if tag != "O"})
    with tempfile.TemporaryDirectory() as name:
        corpus = Path(name) / "corpus"
        for split, sentences in (("train", train_set), ("dev", train_set[:20]), ("test", test_set[:1])):
            (corpus / split).mkdir(parents=True)
            for number, sentence in enumerate(sentences):
                article = to_article(sentence, f"{split}-{number:06d}", "none")
                (corpus / split / f"{article.id}.md").write_text(format_article(article), encoding="utf-8")
        labels = {"types": types, "sides": ["none"], "kinds": ["none"]}
        (corpus / "labels.yaml").write_text(yaml.safe_dump(labels), encoding="utf-8")
        (corpus / "lexicon.yaml").write_text("[]\n", encoding="utf-8")
        run = Path(name) / "run"
        train(
            load_config(
                Path("configs/default.yaml"),
                [
                    f"run={run}", f"seed={seed}", f"data.corpus={corpus}", f"data.lexicon={corpus / 'lexicon.yaml'}",
                    f"model.encoder={encoder}", f"train.epochs={epochs}", f"train.evaluate_every={epochs}",
                    f"train.batch_size={_BATCH}", "loss.side=0.0", "loss.claim=0.0", "loss.claimant=0.0",
                ],
            )
        )  # fmt: skip
        tagger = load(run / "checkpoint")
        analyses = tagger.predict([" ".join(sentence.tokens) for sentence in test_set])
    return [to_tags(sentence, analysis.mentions) for sentence, analysis in zip(test_set, analyses, strict=True)]


def plain(
    train_set: Sequence[Sentence], test_set: Sequence[Sentence], *, encoder: str, epochs: int, seed: int
) -> list[list[str]]:
    """Tags by `AutoModelForTokenClassification`."""
    transformers.set_seed(seed)
    tags = ["O", *sorted({tag for sentence in train_set for tag in sentence.tags if tag != "O"})]
    tokenizer = load_tokenizer(encoder)
    model = AutoModelForTokenClassification.from_pretrained(encoder_path(encoder), num_labels=len(tags))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model.to(device)
    shuffled = torch.Generator().manual_seed(seed)
    loader: DataLoader[Sentence] = DataLoader(
        list(train_set),  # type: ignore[arg-type]
        batch_size=_BATCH,
        shuffle=True,
        generator=shuffled,
        collate_fn=list,
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=0.0)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, 0, len(loader) * epochs)
    model.train()
    for _ in tqdm(range(epochs), desc="plain", unit="epoch"):
        for sentences in loader:
            inputs, firsts = _encode(tokenizer, sentences)
            targets = torch.full(inputs["input_ids"].shape, -100)
            for row, (sentence, positions) in enumerate(zip(sentences, firsts, strict=True)):
                for word, position in positions.items():
                    targets[row, position] = tags.index(sentence.tags[word])
            loss = model(**inputs.to(device), labels=targets.to(device)).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    model.eval()
    predicted = []
    with torch.inference_mode():
        for start in range(0, len(test_set), _BATCH):
            sentences = test_set[start : start + _BATCH]
            inputs, firsts = _encode(tokenizer, sentences)
            best = model(**inputs.to(device)).logits.argmax(-1).cpu()
            for row, (sentence, positions) in enumerate(zip(sentences, firsts, strict=True)):
                found = ["O"] * len(sentence.tokens)
                for word, position in positions.items():
                    found[word] = tags[best[row, position]]
                predicted.append(found)
    return predicted


def _encode(
    tokenizer: PreTrainedTokenizerFast, sentences: Sequence[Sentence]
) -> tuple[BatchEncoding, list[dict[int, int]]]:
    """A padded batch, and the position of each word's first token."""
    inputs = tokenizer(
        [list(sentence.tokens) for sentence in sentences],
        is_split_into_words=True,
        truncation=True,
        max_length=512,
        padding=True,
        return_tensors="pt",
    )
    firsts = []
    for row in range(len(sentences)):
        positions: dict[int, int] = {}
        for position, word in enumerate(inputs.word_ids(row)):
            if word is not None:
                positions.setdefault(word, position)
        firsts.append(positions)
    return inputs, firsts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--encoder", default=MINILM)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, nargs="+", default=[13, 14, 15])
    args = parser.parse_args()
    transformers.utils.logging.disable_progress_bar()
    systems = {"hudna": ours, "plain": plain}
    try:
        train_set, test_set = read_conll(args.train), read_conll(args.test)
        gold = [list(sentence.tags) for sentence in test_set]
        scores = {
            name: [
                float(f1_score(gold, system(train_set, test_set, encoder=args.encoder, epochs=args.epochs, seed=seed),
                               mode="strict", scheme=IOB2))
                for seed in args.seeds
            ]
            for name, system in systems.items()
        }  # fmt: skip
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    rows = [
        [name, *values, statistics.mean(values), statistics.stdev(values) if len(values) > 1 else 0.0]
        for name, values in scores.items()
    ]
    headers = ["strict F1", *(f"seed {seed}" for seed in args.seeds), "mean", "deviation"]
    print(tabulate(rows, headers=headers, tablefmt="github", floatfmt=".3f"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
