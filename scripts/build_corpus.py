"""Writes the corpus in another format: `python -m scripts.build_corpus FORMAT OUT [--corpus FOLDER]`.

parquet, jsonl   one file a split, for `datasets.load_dataset(OUT)`
conll            one file a split: word, actor tag, claim tag, entity, side
brat             a folder a split, with annotation.conf
label-studio     a file of tasks a split, with config.xml
markdown         back from Label Studio, with `--from-label-studio EXPORT.json`
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from hudna.formats import brat_configuration, to_brat, to_conll
from scripts.label_studio import from_label_studio, label_studio_configuration, to_label_studio
from training.corpus import SPLITS, load_corpus, load_labels, load_split
from training.markdown import as_analysis, format_article


def write_parquet(corpus: Path, out: Path) -> None:
    for split, rows in load_corpus(corpus).items():
        rows.to_parquet(out / f"{split}.parquet")


def write_jsonl(corpus: Path, out: Path) -> None:
    # Labels as words: whoever reads the lines has no features to look numbers up in.
    types, sides, kinds = vars(load_labels(corpus)).values()
    for split, rows in load_corpus(corpus).items():
        with (out / f"{split}.jsonl").open("w", encoding="utf-8") as file:
            for row in rows:
                for entity in row["entities"]:
                    entity["type"], entity["side"] = types[entity["type"]], sides[entity["side"]]
                for claim in row["claims"]:
                    claim["kind"] = kinds[claim["kind"]]
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_conll(corpus: Path, out: Path) -> None:
    for split in SPLITS:
        text = "".join(to_conll(article.id, as_analysis(article)) for article in load_split(corpus, split))
        (out / f"{split}.conll").write_text(text, encoding="utf-8")


def write_brat(corpus: Path, out: Path) -> None:
    for split in SPLITS:
        folder = out / split
        folder.mkdir(exist_ok=True)
        (folder / "annotation.conf").write_text(brat_configuration(load_labels(corpus)), encoding="utf-8")
        for article in load_split(corpus, split):
            (folder / f"{article.id}.txt").write_text(article.text, encoding="utf-8")
            (folder / f"{article.id}.ann").write_text(to_brat(as_analysis(article)), encoding="utf-8")


def write_label_studio(corpus: Path, out: Path) -> None:
    (out / "config.xml").write_text(label_studio_configuration(load_labels(corpus)), encoding="utf-8")
    for split in SPLITS:
        tasks = [to_label_studio(article) for article in load_split(corpus, split)]
        (out / f"{split}.json").write_text(json.dumps(tasks, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


FORMATS: dict[str, Callable[[Path, Path], None]] = {
    "parquet": write_parquet,
    "jsonl": write_jsonl,
    "conll": write_conll,
    "brat": write_brat,
    "label-studio": write_label_studio,
}


def import_label_studio(export: Path, out: Path) -> None:
    """Writes the tasks of a Label Studio export (JSON) as annotated Markdown.

    Raises:
        ValueError: the file is no export, or one of its tasks is not labelled as it should be.
    """
    try:
        tasks = json.loads(export.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{export}: not JSON: {error}") from None
    if not isinstance(tasks, list):
        raise ValueError(f"{export}: an export is a list of tasks")
    for number, task in enumerate(tasks):
        try:
            article = from_label_studio(task)
            (out / f"{article.id}.md").write_text(format_article(article), encoding="utf-8")
        except ValueError as error:
            raise ValueError(f"{export}: task {number}: {error}") from None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("format", choices=[*FORMATS, "markdown"], help="markdown: with --from-label-studio")
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--from-label-studio", type=Path, metavar="EXPORT.json")
    args = parser.parse_args()
    if (args.format == "markdown") != (args.from_label_studio is not None):
        parser.error("'markdown' and --from-label-studio go together")
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        if args.from_label_studio:
            import_label_studio(args.from_label_studio, args.out)
        else:
            FORMATS[args.format](args.corpus, args.out)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
