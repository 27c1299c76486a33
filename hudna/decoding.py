"""From tag scores to spans: BIO tag sets and a Viterbi search that only returns well-formed sequences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

# What a span costs, in log-probability, that begins in the word after another: in the train split one in 1,150 does,
# and word by word the model does not know that it has just begun one ("had" | "accepted the truce").
_NEIGHBOURS = 7.0


@dataclass(frozen=True)
class WordSpan:
    """Words `first` to `last` (exclusive) with a label and the probability of that reading."""

    first: int
    last: int
    label: str
    score: float


def tag_count(labels: Sequence[str]) -> int:
    """The number of BIO tags: O is 0, B-label is 1 + 2 i, I-label is 2 + 2 i for the i-th label."""
    return 1 + 2 * len(labels)


def encode_spans(spans: Sequence[tuple[int, int, str]], n_words: int, labels: Sequence[str]) -> IntArray:
    """Tags of a text whose spans are `(first, last, label)` in words, `last` exclusive. *Shape:* (n_words,)"""
    tags = np.zeros(n_words, dtype=np.int64)
    for first, last, label in spans:
        index = labels.index(label)
        tags[first:last] = 2 + 2 * index
        tags[first] = 1 + 2 * index
    return tags


def decode_spans(
    logits: FloatArray,
    labels: Sequence[str],
    *,
    threshold: float = 0.0,
    calibration: Sequence[float] = (1.0, 0.0),
) -> list[WordSpan]:
    """The spans of the most probable well-formed tag sequence, in text order.

    A span's score is the geometric mean of its words' tag probabilities, calibrated.

    Args:
        logits: unnormalised tag scores. *Shape:* (words, tags)
        labels: the label set behind the tags.
        threshold: the least score of a span; the others are left out.
        calibration: slope and offset of `calibrate`.
    """
    if len(logits) == 0:
        return []
    logits = logits.astype(np.float32)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    tags = viterbi(log_probs)
    spans = []
    begins = np.flatnonzero(tags % 2 == 1)
    for first in begins:
        label = (tags[first] - 1) // 2
        last = first + 1
        while last < len(tags) and tags[last] == 2 + 2 * label:
            last += 1
        score = calibrate(float(np.exp(log_probs[np.arange(first, last), tags[first:last]].mean())), *calibration)
        if score >= threshold:
            spans.append(WordSpan(int(first), int(last), labels[label], score))
    return spans


def softmax(logits: FloatArray) -> FloatArray:
    """Probabilities in the last axis. *Shape:* (..., labels)"""
    exponents: FloatArray = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponents / exponents.sum(axis=-1, keepdims=True)


def sigmoid(logits: FloatArray) -> FloatArray:
    """Probabilities from log-odds. *Shape:* any"""
    probabilities: FloatArray = 0.5 * (1 + np.tanh(0.5 * logits))
    return probabilities


def calibrate(score: float, slope: float, offset: float) -> float:
    """A score in [0, 1] as a probability: its log-odds, stretched and shifted.

    Source: Platt, "Probabilistic Outputs for Support Vector Machines", Advances in Large Margin Classifiers, 1999.
    """
    if (slope, offset) == (1.0, 0.0):
        return score
    kept = min(max(score, 1e-6), 1 - 1e-6)
    return 1 / (1 + math.exp(-(slope * math.log(kept / (1 - kept)) + offset)))


def choose_makers(
    links: IntArray, probabilities: FloatArray, *, threshold: float, fallback: float
) -> dict[int, list[int]]:
    """The makers of each claim that has any: the actors that reach the threshold, or the likeliest one alone.

    Args:
        links: claim and actor of each link, claims ascending. *Shape:* (links, 2)
        probabilities: that the actor makes the claim. *Shape:* (links,)
        threshold: from which an actor is a maker.
        fallback: from which the likeliest actor is one where none reaches the threshold.
    """
    makers: dict[int, list[int]] = {}
    for claim, actor in links[probabilities >= threshold].tolist():
        makers.setdefault(claim, []).append(actor)
    for index in np.argsort(-probabilities, kind="stable"):
        if probabilities[index] < fallback:
            break
        claim, actor = links[index].tolist()
        makers.setdefault(claim, [actor])
    return makers


def viterbi(scores: FloatArray) -> IntArray:
    """The best-scoring tag sequence in which every I-label follows B-label or I-label of the same label.

    A span that begins right after another one pays for it: `_NEIGHBOURS`.

    Where the best tags word by word break no rule they are kept. Around the others, the words between two that are
    best outside (O) are searched; the search is widened as long as it could pay to let one of these two be part of a
    span. So the result is that of a search over the whole sequence.

    Args:
        scores: log-probability of each tag at each word. *Shape:* (words, tags)

    Returns:
        Tags. *Shape:* (words,)

    Source: Forney, "The Viterbi algorithm", Proceedings of the IEEE 61(3), 1973.
    """
    tags: IntArray = scores.argmax(axis=1)
    broken = np.flatnonzero(~_well_formed(tags))
    if not len(broken):
        return tags
    best = np.take_along_axis(scores, tags[:, None], axis=1)[:, 0].astype(np.float64)
    # What it costs to let a word be part of a span that is best outside.
    margin = best - scores[:, 1:].max(axis=1)
    outside = np.flatnonzero(tags == 0)
    searched: list[tuple[int, int, float]] = []  # between which two of `outside`, and what keeping to the rules costs
    for word in broken.tolist():
        right = int(np.searchsorted(outside, word))
        left = right - 1
        if searched and left < searched[-1][1]:
            continue  # It lies in what was searched last.
        while True:
            first = int(outside[left]) + 1 if left >= 0 else 0
            last = int(outside[right]) if right < len(outside) else len(tags)
            found = _search(scores[first:last])
            loss = float(best[first:last].sum()) - _score(scores[first:last], found)
            # A word that two searches share would have to pay for both.
            shared = searched[-1][2] if searched and searched[-1][1] == left else 0.0
            beyond = (left >= 0 and margin[first - 1] <= loss + shared, right < len(outside) and margin[last] <= loss)
            if not any(beyond):
                break
            # At least twice as much each time, so that in the end no word was searched often.
            size = right - left
            left -= size * beyond[0]
            while searched and left < searched[-1][1]:
                left = min(left, searched.pop()[0])
            left, right = max(left, -1), min(left + 2 * (right - left), len(outside))
        tags[first:last] = found
        searched.append((left, right, loss))
    return tags


def _search(scores: FloatArray) -> IntArray:
    """`viterbi` without a short cut."""
    n_words, n_tags = scores.shape
    begin, inside = np.arange(1, n_tags, 2), np.arange(2, n_tags, 2)
    best = scores[0].copy()
    best[inside] = -np.inf
    came_from = np.zeros((n_words, n_tags), dtype=np.int64)
    for word in range(1, n_words):
        open_span = 1 + int(best[1:].argmax())
        came_from[word, 0] = best.argmax()
        arrive = np.full(n_tags, best.max())
        came_from[word, begin] = 0 if best[0] > best[open_span] - _NEIGHBOURS else open_span
        arrive[begin] = max(best[0], best[open_span] - _NEIGHBOURS)
        came_from[word, inside] = np.where(best[inside] > best[begin], inside, begin)
        arrive[inside] = np.maximum(best[inside], best[begin])
        best = arrive + scores[word]
    tags = np.zeros(n_words, dtype=np.int64)
    tags[-1] = best.argmax()
    for word in range(n_words - 1, 0, -1):
        tags[word - 1] = came_from[word, tags[word]]
    return tags


def _score(scores: FloatArray, tags: IntArray) -> float:
    """What `viterbi` makes as large as it can."""
    neighbours = np.count_nonzero((tags[1:] % 2 == 1) & (tags[:-1] > 0))
    return float(scores[np.arange(len(tags)), tags].sum(dtype=np.float64)) - _NEIGHBOURS * neighbours


def _well_formed(tags: IntArray) -> npt.NDArray[np.bool_]:
    """Whether each tag can follow the one before it for free. *Shapes:* (words,) -> (words,)"""
    previous = np.concatenate([[0], tags[:-1]])
    inside = (tags > 0) & (tags % 2 == 0)
    begins = tags % 2 == 1
    allowed: npt.NDArray[np.bool_] = (~inside | (previous == tags) | (previous == tags - 1)) & (
        ~begins | (previous == 0)
    )
    return allowed
