"""Articles side by side in one batch: windows padded to one length, words and relations packed without padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from hudna.decoding import WordSpan
from hudna.windows import Document

IntArray = npt.NDArray[np.int64]

# Words to either side of a claim in which its makers are looked for: more than an ordinary article has, yet a bound,
# so that time and memory grow with the length of a text and not with its square.
CLAIM_REACH = 400
# Upper ends of the buckets for the distance in words from a claim to a mention (negative: before the claim). Two more
# buckets are for what is further and for mentions within the claim.
_DISTANCES = np.array([-200, -100, -50, -25, -12, -6, -3, -1, 0, 3, 6, 12, 25, 50, 100, 200])
DISTANCE_BUCKETS = len(_DISTANCES) + 2

# A batch of at least so many tokens takes no window that is shorter than this share of its longest: less padding. (A
# smaller batch would not be worth a call.)
_ENOUGH, _ALIKE = 512, 0.9

Array = TypeVar("Array")  # of integers: numpy's, or a run-time's own


@dataclass(frozen=True)
class EncoderInputs:
    """Windows as an encoder takes them.

    Attributes:
        input_ids: token ids. *Shape:* (windows, tokens)
        attention_mask: 1 for a token, 0 for padding. *Shape:* (windows, tokens)
        word_index: where each word's vector is, in the flattened (windows x tokens). *Shape:* (words,)
    """

    input_ids: IntArray
    attention_mask: IntArray
    word_index: IntArray


@dataclass(frozen=True)
class Relations(Generic[Array]):
    """Who is to be judged in a batch: spans of words, and which of them belong together.

    Attributes:
        article_words: the number of words of each article. *Shape:* (articles,)
        actor_article: the article of each actor, ascending. *Shape:* (actors,)
        mention_words: first and last (inclusive) word of each mention. *Shape:* (mentions, 2)
        mention_actor: the actor of each mention. *Shape:* (mentions,)
        claim_words: first and last (inclusive) word of each claim. *Shape:* (claims, 2)
        pair_claim: the claim of each pair of a claim and a mention within its reach. *Shape:* (pairs,)
        pair_mention: the mention of each such pair. *Shape:* (pairs,)
        pair_link: the link that each such pair speaks for. *Shape:* (pairs,)
        pair_distance: how far apart the two are, as one of `DISTANCE_BUCKETS` buckets. *Shape:* (pairs,)
        links: claim and actor of each link, ascending. *Shape:* (links, 2)
    """

    article_words: Array
    actor_article: Array
    mention_words: Array
    mention_actor: Array
    claim_words: Array
    pair_claim: Array
    pair_mention: Array
    pair_link: Array
    pair_distance: Array
    links: Array


@dataclass(frozen=True)
class Spans:
    """The mentions, actors and claims of one article, in words.

    Attributes:
        n_words: the article's words.
        mentions: first and last (inclusive) word of each mention. *Shape:* (mentions, 2)
        actors: the actor of each mention, from 0. *Shape:* (mentions,)
        n_actors: the article's actors.
        claims: first and last (inclusive) word of each claim. *Shape:* (claims, 2)
    """

    n_words: int
    mentions: IntArray
    actors: IntArray
    n_actors: int
    claims: IntArray

    @classmethod
    def of(
        cls, n_words: int, mentions: Sequence[WordSpan], groups: Sequence[Sequence[int]], claims: Sequence[WordSpan]
    ) -> Spans:
        """From decoded spans; `groups` holds the mentions of each actor, as indices."""
        actors = np.zeros(len(mentions), dtype=np.int64)
        for actor, members in enumerate(groups):
            actors[list(members)] = actor
        return cls(n_words, _bounds(mentions), actors, len(groups), _bounds(claims))


def _bounds(spans: Sequence[WordSpan]) -> IntArray:
    return np.array([(span.first, span.last - 1) for span in spans], dtype=np.int64).reshape(-1, 2)


def pack_windows(documents: Sequence[Document]) -> EncoderInputs:
    """The windows of all articles as one batch; words come in the order of the articles and of their text."""
    windows, word_window, word_position = _join(documents)
    return _pad(windows, word_window, word_position)


def batch_windows(documents: Sequence[Document], *, tokens: int) -> tuple[list[EncoderInputs], IntArray]:
    """The windows of all articles as batches of windows of like length, the longest first.

    Args:
        documents: the articles.
        tokens: how many a batch holds at most, padding included, if one window has no more.

    Returns:
        The batches, and where in their words, taken one batch after another, each word of the articles is.
        *Shape:* (words,)
    """
    windows, word_window, word_position = _join(documents)
    by_length = sorted(range(len(windows)), key=lambda index: -len(windows[index]))
    batches: list[list[int]] = []
    for index in by_length:
        if batches:
            length, count = len(windows[batches[-1][0]]), len(batches[-1])
            unlike = length * count >= _ENOUGH and len(windows[index]) < _ALIKE * length
            if (count + 1) * length <= tokens and not unlike:
                batches[-1].append(index)
                continue
        batches.append([index])
    # The words of a window are a run of all words: in a text, a later word is in the same or in a later window.
    firsts = np.searchsorted(word_window, np.arange(len(windows) + 1))
    inputs, order = [], []
    for batch in batches:
        words = np.concatenate([np.arange(firsts[index], firsts[index + 1]) for index in batch])
        rows = np.repeat(np.arange(len(batch)), [firsts[index + 1] - firsts[index] for index in batch])
        inputs.append(_pad([windows[index] for index in batch], rows, word_position[words]))
        order.append(words)
    return inputs, np.argsort(np.concatenate(order))


def _join(documents: Sequence[Document]) -> tuple[list[IntArray], IntArray, IntArray]:
    """All windows, and the window and the position in it of every word. *Shapes:* (tokens,) each, (words,), (words,)"""
    windows = [window for document in documents for window in document.windows]
    firsts = np.cumsum([0] + [len(document.windows) for document in documents])
    word_window = np.concatenate([d.word_window + first for d, first in zip(documents, firsts, strict=False)])
    return windows, word_window, np.concatenate([document.word_position for document in documents])


def _pad(windows: Sequence[IntArray], word_window: IntArray, word_position: IntArray) -> EncoderInputs:
    """One batch of windows, padded to the longest."""
    length = max(map(len, windows))
    input_ids = np.zeros((len(windows), length), dtype=np.int64)
    mask = np.zeros((len(windows), length), dtype=np.int64)
    for row, window in enumerate(windows):
        input_ids[row, : len(window)] = window
        mask[row, : len(window)] = 1
    return EncoderInputs(input_ids, mask, word_window * length + word_position)


def pack_relations(articles: Sequence[Spans]) -> Relations[IntArray]:
    """The spans of all articles of a batch, numbered through.

    A claim is paired with the mentions of its article that begin within `CLAIM_REACH` words of its first word.
    """
    mention_words, mention_actor, actor_article, claim_words, links = [], [], [], [], []
    pair_claim, pair_mention, pair_link, pair_distance = [], [], [], []
    word = mention = actor = claim = link = 0
    for article, spans in enumerate(articles):
        actor_article.append(np.full(spans.n_actors, article, dtype=np.int64))
        mention_words.append(spans.mentions + word)
        mention_actor.append(spans.actors + actor)
        claim_words.append(spans.claims + word)
        claims, mentions = _pairs(spans)
        keys, inverse = np.unique(claims * spans.n_actors + spans.actors[mentions], return_inverse=True)
        pair_claim.append(claims + claim)
        pair_mention.append(mentions + mention)
        pair_link.append(inverse + link)
        pair_distance.append(_buckets(spans.claims[claims], spans.mentions[mentions]))
        link_claim, link_actor = np.divmod(keys, max(spans.n_actors, 1))
        links.append(np.stack([link_claim + claim, link_actor + actor], axis=1))
        word += spans.n_words
        mention += len(spans.mentions)
        actor += spans.n_actors
        claim += len(spans.claims)
        link += len(keys)

    return Relations(
        article_words=np.array([spans.n_words for spans in articles], dtype=np.int64),
        actor_article=np.concatenate(actor_article),
        mention_words=np.concatenate(mention_words),
        mention_actor=np.concatenate(mention_actor),
        claim_words=np.concatenate(claim_words),
        pair_claim=np.concatenate(pair_claim),
        pair_mention=np.concatenate(pair_mention),
        pair_link=np.concatenate(pair_link),
        pair_distance=np.concatenate(pair_distance),
        links=np.concatenate(links),
    )


def _pairs(spans: Spans) -> tuple[IntArray, IntArray]:
    """Claim and mention of each pair within reach; mentions and claims are in text order. *Shapes:* (pairs,)"""
    firsts = spans.mentions[:, 0]
    low = np.searchsorted(firsts, spans.claims[:, 0] - CLAIM_REACH)
    high = np.searchsorted(firsts, spans.claims[:, 0] + CLAIM_REACH, side="right")
    counts = high - low
    claims = np.repeat(np.arange(len(spans.claims)), counts)
    within = np.arange(len(claims)) - np.repeat(np.cumsum(counts) - counts, counts)
    return claims, np.repeat(low, counts) + within


def _buckets(claims: IntArray, mentions: IntArray) -> IntArray:
    """The bucket of the distance of each pair. *Shapes:* (pairs, 2), (pairs, 2) -> (pairs,)"""
    before, after = mentions[:, 1] - claims[:, 0], mentions[:, 0] - claims[:, 1]
    bucket = np.searchsorted(_DISTANCES, np.where(before < 0, before, after))
    return np.where((before < 0) | (after > 0), bucket, DISTANCE_BUCKETS - 1)
