from __future__ import annotations

import datetime
import itertools
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hudna
from hudna.results import Analysis
from hudna.tagger import Tagger, load
from hudna.torch_engine import TorchEngine

ARTICLE = (
    "The Government of National Accord (GNA) accused Haftar of breaking the truce on Sunday.\n"
    "Turkey, which has sent drones to the GNA, urged both sides to hold their fire from midnight on Monday."
)


def test_the_tagger_of_these_tests_finds_plenty(tagger: Tagger) -> None:
    analysis = tagger.predict(ARTICLE)
    assert len(analysis.actors) > 5
    assert len(analysis.claims) > 5
    assert any(claim.by for claim in analysis.claims)


def check(analysis: Analysis, text: str, tagger: Tagger) -> None:
    """What holds for every analysis, however little the model knows."""
    assert analysis.text == text
    mentions = analysis.mentions
    for span in (*mentions, *analysis.claims):
        assert text[span.start : span.end] == span.text
        assert span.text.strip() == span.text != ""
        assert 0 < span.score <= 1
    for spans in (mentions, analysis.claims):
        assert all(left.end <= right.start for left, right in itertools.pairwise(spans))
    assert len({actor.id for actor in analysis.actors}) == len(analysis.actors)
    for actor in analysis.actors:
        assert all(mention.actor == actor.id for mention in actor.mentions)
        assert actor.evidence in actor.mentions
        assert actor.type in tagger.labels.types
        assert tuple(actor.sides) == tagger.labels.sides
        assert sum(actor.sides.values()) == pytest.approx(1, abs=1e-4)
        assert actor.side_score == max(actor.sides.values()) == actor.sides[actor.side]
        assert actor.known == (actor.id in tagger.lexicon.entries)
    for claim in analysis.claims:
        assert claim.kind in tagger.labels.kinds
        assert set(claim.by) <= {actor.id for actor in analysis.actors}
        assert claim.effective is None or datetime.datetime.fromisoformat(claim.effective)
    assert Analysis.from_dict(analysis.to_dict()) == analysis


texts = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("aeht .,\n\r\t\0\u0301\u200b\u202e\u2066عاليبيا🙂\U0001f469\u200d\U0001f680\ud800\udfff中")
    ),
    max_size=200,
)  # fmt: skip
pieces = st.lists(
    st.one_of(texts, st.sampled_from(["Haftar", " the GNA's ", "Hiftar\u0301", "truce\r\n", " Ankara ", "(LNA)"])),
    max_size=8,
).map("".join)


@settings(max_examples=150, deadline=None)
@given(pieces)
def test_any_text_has_exact_offsets(tagger: Tagger, text: str) -> None:
    check(tagger.predict(text), text, tagger)


@pytest.mark.parametrize(
    "text",
    ["", " \n\t", "\0", "\ufeff", "\ud800", "x" * 5000, ".\n" * 3000, "\u0301" * 50, "[SEP] [CLS] [MASK]"],
    ids=["empty", "white", "nul", "bom", "surrogate", "one word", "dots", "marks", "specials"],
)
def test_odd_texts(tagger: Tagger, text: str) -> None:
    check(tagger.predict(text), text, tagger)


def test_nothing_in_an_empty_article(tagger: Tagger) -> None:
    assert tagger.predict(" \n") == Analysis(" \n", [], [])


def test_a_very_long_article_is_read_to_its_end(tagger: Tagger) -> None:
    text = "\n".join(f"{number}. {ARTICLE}" for number in range(1100))
    assert len(text) > 200_000
    analysis = tagger.predict(text)
    check(analysis, text, tagger)
    ends = [mention.end for mention in analysis.mentions]
    assert max(ends) > len(text) - len(ARTICLE)
    # The same words in the same surroundings are read alike: nothing is lost between windows.
    counts = [sum(start <= end < start + 2000 for end in ends) for start in range(0, 200_000, 2000)]
    assert min(counts) > 0.5 * max(counts)


def test_many_articles_in_order_and_alike_alone(tagger: Tagger) -> None:
    articles = [ARTICLE * (number % 4) + f" Part {number}." for number in range(70)]
    together = tagger.predict(iter(articles))
    assert [analysis.text for analysis in together] == articles
    for article, analysis in list(zip(articles, together, strict=True))[:12]:
        alone = tagger.predict(article)
        assert [(m.start, m.end, m.type, m.actor) for m in alone.mentions] == [
            (m.start, m.end, m.type, m.actor) for m in analysis.mentions
        ]
        assert [(c.start, c.end, c.kind, c.by) for c in alone.claims] == [
            (c.start, c.end, c.kind, c.by) for c in analysis.claims
        ]


def test_stream_is_lazy(tagger: Tagger) -> None:
    taken = 0

    def articles() -> Iterator[str]:
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield f"Haftar said {number}."

    first = next(tagger.stream(articles()))
    assert first.text == "Haftar said 0."
    assert taken < 100


def test_threads_share_a_tagger(tagger: Tagger) -> None:
    articles = [f"{number}: {ARTICLE}" for number in range(24)]
    serial = [tagger.predict(article) for article in articles]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(tagger.predict, articles)) == serial


@pytest.mark.parametrize("bad", [3, None, b"bytes"])
def test_what_is_no_article(tagger: Tagger, bad: object) -> None:
    with pytest.raises(TypeError):
        tagger.predict(bad)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="article 1 is not a string"):
        tagger.predict(["fine", bad])  # type: ignore[list-item]


def test_dates(tagger: Tagger) -> None:
    for date in ("2020-01-08", datetime.date(2020, 1, 8), datetime.datetime(2020, 1, 8, 12), None):
        tagger.predict(ARTICLE, date=date)
    assert len(tagger.predict([ARTICLE, ARTICLE], date=["2020-01-08", None])) == 2
    with pytest.raises(ValueError, match="'tomorrow' is no date"):
        tagger.predict(ARTICLE, date="tomorrow")
    with pytest.raises(ValueError, match="as many dates as articles"):
        tagger.predict([ARTICLE, ARTICLE], date=["2020-01-08"])
    with pytest.raises(TypeError, match="one article has one date"):
        tagger.predict(ARTICLE, date=["2020-01-08"])  # type: ignore[call-overload]


def test_what_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is no checkpoint: it has no config\.json"):
        load(tmp_path)
    with pytest.raises(ValueError, match="unknown backend 'abacus'"):
        load(backend="abacus")
    with pytest.raises(ValueError, match="unknown device 'abacus'"):
        load(device="abacus")


def test_a_saved_and_loaded_model_says_the_same(tagger: Tagger, run_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(run_folder / "checkpoint", tmp_path, dirs_exist_ok=True)
    assert isinstance(tagger.engine, TorchEngine)
    tagger.engine.model.save_pretrained(tmp_path)
    assert load(tmp_path, backend="torch").predict(ARTICLE) == tagger.predict(ARTICLE)
    (tmp_path / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(ValueError, match=r"model\.safetensors is not the file that manifest\.json names"):
        load(tmp_path)
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(ValueError, match="is no checkpoint"):
        load(tmp_path)


class TestReleased:
    """The checkpoint in the package."""

    def test_reads_an_article(self) -> None:
        analysis = hudna.predict(ARTICLE, date="2020-01-08")
        actors = {actor.id: actor for actor in analysis.actors}
        assert {"gna", "haftar", "turkey"} <= set(actors)
        assert actors["haftar"].type == "person"
        assert actors["turkey"].type == "state"
        assert {claim.kind for claim in analysis.claims} == {"breach", "call"}

    def test_is_small_and_not_pickled(self) -> None:
        files = list((Path(hudna.__file__).parent / "checkpoint").iterdir())
        assert sum(path.stat().st_size for path in files) < 50_000_000
        assert {path.suffix for path in files} == {".json", ".safetensors"}
