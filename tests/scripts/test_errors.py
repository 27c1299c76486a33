from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from hudna.labels import LabelSet
from hudna.results import Actor, Analysis, Claim, Mention
from scripts.errors import KINDS, Mistake, counts, mistakes, page
from training.markdown import Article, parse_article

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "corpus"

SOURCE = """---
date: 2019-04-10
entities:
  gna: institution gna
  turkey: state neutral
  lna: armed_group lna
---
The [Government of National Accord](gna) {called for a truce}(call by gna) in Ankara.
[Turkey](turkey) said the [army](lna) {had rejected it}(reject by lna).
"""
TEXT = """The Government of National Accord called for a truce in Ankara.
Turkey said the army had rejected it."""


def mention(words: str, type: str, actor: str) -> Mention:
    start = TEXT.index(words)
    return Mention(start, start + len(words), words, type, 0.9, actor)


def actor(side: str, *mentions: Mention) -> Actor:
    first = mentions[0]
    return Actor(first.actor, first.text, first.type, side, 0.9, {side: 0.9}, list(mentions), first, False)


def claim(words: str, kind: str, *by: str) -> Claim:
    start = TEXT.index(words)
    return Claim(start, start + len(words), words, kind, 0.9, list(by))


RIGHT = Analysis(
    TEXT,
    [
        actor("gna", mention("Government of National Accord", "institution", "gna")),
        actor("neutral", mention("Turkey", "state", "turkey")),
        actor("lna", mention("army", "armed_group", "army")),
    ],
    [claim("called for a truce", "call", "gna"), claim("had rejected it", "reject", "army")],
)


def article(labels: LabelSet) -> Article:
    return parse_article(SOURCE, labels)


def found(labels: LabelSet, analysis: Analysis) -> list[tuple[str, str]]:
    return [(m.kind, m.words) for m in mistakes(article(labels), analysis, {"turkey": "gna"})]


def with_actor(number: int, changed: Actor) -> Analysis:
    return replace(RIGHT, actors=[changed if i == number else a for i, a in enumerate(RIGHT.actors)])


def test_nothing_to_find_in_a_right_analysis(labels: LabelSet) -> None:
    assert found(labels, RIGHT) == []


def test_mentions(labels: LabelSet) -> None:
    part = actor("gna", mention("National Accord", "institution", "gna"))
    # Without an exact mention, nobody stands for the maker of the first claim.
    assert found(labels, with_actor(0, part)) == [
        ("mention boundary", "Government of National Accord"),
        ("claimant", "called for a truce"),
    ]
    assert found(labels, with_actor(1, actor("neutral", mention("Turkey", "institution", "turkey")))) == [
        ("mention type", "Turkey")
    ]
    missed = replace(RIGHT, actors=[RIGHT.actors[0], RIGHT.actors[2]])
    assert found(labels, missed) == [("mention missed", "Turkey")]
    more = [*RIGHT.actors, actor("gna", mention("Ankara", "state", "ankara"))]
    assert found(labels, replace(RIGHT, actors=more)) == [("place for actor", "Ankara")]
    more = [*RIGHT.actors, actor("gna", mention("said", "state", "said"))]
    assert found(labels, replace(RIGHT, actors=more)) == [("mention invented", "said")]


def test_sides(labels: LabelSet) -> None:
    turkey = mention("Turkey", "state", "turkey")
    assert found(labels, with_actor(1, actor("gna", turkey))) == [("side by prior", "Turkey")]
    assert found(labels, with_actor(1, actor("lna", turkey))) == [("side", "Turkey")]


def test_claims(labels: LabelSet) -> None:
    call, reject = RIGHT.claims
    cases = [
        ([claim("called for a truce", "accept", "gna"), reject], "claim kind", "called for a truce"),
        ([claim("called for a truce in", "call", "gna"), reject], "claim boundary", "called for a truce"),
        ([claim("called", "call", "gna"), reject], "claim missed", "called for a truce"),
        ([reject], "claim missed", "called for a truce"),
        ([call, claim("said the", "breach"), reject], "claim invented", "said the"),
        ([claim("called for a truce", "call", "turkey"), reject], "claimant", "called for a truce"),
        ([claim("called for a truce", "call"), reject], "claimant", "called for a truce"),
    ]
    for claims, kind, words in cases:
        assert found(labels, replace(RIGHT, claims=claims)) == [(kind, words)]


def test_page_and_counts() -> None:
    mistake = Mistake("claim kind", "a1", "call", "accept", "He ", "<called for a truce>", " again.")
    html = page({"dev": [mistake], "real": []})
    assert "&lt;called for a truce&gt;" in html
    assert all(f'<h2 id="{kind.replace(" ", "-")}"' in html for kind in KINDS)
    rows = [line for line in counts({"dev": [mistake], "real": []}).splitlines() if "claim kind" in line]
    assert [cell.strip() for cell in rows[0].strip("|").split("|")] == ["claim kind", "1", "0"]


def test_command(run_folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.errors", str(run_folder / "checkpoint"), "--corpus", str(DATA)]
    command += ["--articles", str(DATA / "test"), "-o", str(tmp_path / "errors.html")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "mention missed" in done.stdout
    assert "<h2" in (tmp_path / "errors.html").read_text()
