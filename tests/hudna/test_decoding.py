from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from hudna.decoding import _NEIGHBOURS, _score, _search, choose_makers, decode_spans, encode_spans, tag_count, viterbi

LABELS = ("x", "y")


def well_formed(tags: tuple[int, ...]) -> bool:
    pairs = itertools.pairwise((0, *tags))
    return all(tag == 0 or tag % 2 == 1 or previous in (tag, tag - 1) for previous, tag in pairs)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 200), st.sampled_from([0.0, 2.0, 4.0, 8.0]))
def test_viterbi_around_breaches_is_viterbi_over_all(seed: int, n_words: int, outside: float) -> None:
    scores = np.random.default_rng(seed).normal(0, 4, (n_words, 7)).astype(np.float32)
    scores[:, 0] += outside
    one, other = viterbi(scores), _search(scores)
    assert well_formed(tuple(one.tolist()))
    assert _score(scores, one) == pytest.approx(_score(scores, other), abs=1e-3)


@given(arrays(np.float32, st.tuples(st.integers(1, 5), st.just(5)), elements=st.floats(-12, 0, width=16)))
def test_viterbi_finds_the_best_well_formed_sequence(scores: np.ndarray) -> None:
    found = tuple(viterbi(scores).tolist())
    assert well_formed(found)

    def total(tags: tuple[int, ...]) -> float:
        neighbours = sum(before > 0 and tag % 2 == 1 for before, tag in itertools.pairwise(tags))
        return float(sum(scores[word, tag] for word, tag in enumerate(tags))) - _NEIGHBOURS * neighbours

    best = max(total(tags) for tags in itertools.product(range(5), repeat=len(scores)) if well_formed(tags))
    assert total(found) == pytest.approx(best, abs=1e-5)


@given(
    arrays(
        np.float32, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=30), elements=st.floats(-50, 50, width=16)
    )
)
def test_spans_are_ordered_and_disjoint(scores: np.ndarray) -> None:
    n_labels = max(1, (scores.shape[1] - 1) // 2)
    labels = [f"l{i}" for i in range(n_labels)]
    logits = np.zeros((len(scores), tag_count(labels)), dtype=np.float32)
    logits[:, : min(scores.shape[1], logits.shape[1])] = scores[:, : logits.shape[1]]
    spans = decode_spans(logits, labels)
    assert all(0 <= span.first < span.last <= len(scores) and 0 < span.score <= 1 for span in spans)
    assert all(left.last <= right.first for left, right in itertools.pairwise(spans))


@st.composite
def span_lists(draw: st.DrawFn) -> tuple[list[tuple[int, int, str]], int]:
    spans, position = [], 0
    for _ in range(draw(st.integers(0, 4))):
        first = position + draw(st.integers(0, 3))
        position = first + draw(st.integers(1, 3))
        spans.append((first, position, draw(st.sampled_from(LABELS))))
    return spans, position + draw(st.integers(0, 2))


@given(span_lists())
def test_encoding_and_decoding_are_inverse(case: tuple[list[tuple[int, int, str]], int]) -> None:
    spans, n_words = case
    tags = encode_spans(spans, n_words, LABELS)
    logits = np.where(np.arange(tag_count(LABELS)) == tags[:, None], 20.0, 0.0).astype(np.float32)
    assert [(span.first, span.last, span.label) for span in decode_spans(logits, LABELS)] == spans


def test_score_is_the_geometric_mean_of_the_words_probabilities() -> None:
    logits = np.log(np.array([[0.1, 0.8, 0.1], [0.3, 0.2, 0.5]], dtype=np.float32))
    (span,) = decode_spans(logits, ("x",))
    assert (span.first, span.last, span.label) == (0, 2, "x")
    assert span.score == pytest.approx((0.8 * 0.5) ** 0.5, rel=1e-5)


def test_unlikely_spans_are_left_out() -> None:
    logits = np.array([[0.0, 4.0, 0.0], [4.0, 0.0, 0.0], [0.0, 0.5, 0.0]], dtype=np.float32)
    sure, unsure = decode_spans(logits, ["a"])
    assert sure.score > 0.9 > 0.6 > unsure.score > 0.4
    assert decode_spans(logits, ["a"], threshold=0.6) == [sure]


def test_makers_reach_the_threshold_or_are_the_likeliest() -> None:
    links = np.array([[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [3, 2]])
    probabilities = np.array([0.9, 0.2, 0.8, 0.3, 0.4, 0.1])
    assert choose_makers(links, probabilities, threshold=0.8, fallback=1.1) == {0: [0, 2]}
    assert choose_makers(links, probabilities, threshold=0.8, fallback=0.3) == {0: [0, 2], 1: [1]}
    assert choose_makers(links[:0], probabilities[:0], threshold=0.5, fallback=0.5) == {}
