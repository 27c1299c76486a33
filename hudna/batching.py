"""Articles side by side in one batch: windows padded to one length, words and relations packed without padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hudna.decoding import WordSpan
from hudna.modeling import Relations
from hudna.windows import Document

IntArray = npt.NDArray[np.int64]

# Words to either side of a claim in which its makers are looked for: more than an ordinary article has, yet a bound,
# so that time and memory grow with the length of a text and not with its square.
CLAIM_REACH = 400


@dataclass(frozen=True)
class EncoderInputs:
    """Windows as the model takes them. *Shapes:* (windows, tokens) twice, (words,)"""

    input_ids: Tensor
    attention_mask: Tensor
    word_index: Tensor


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


def pack_windows(
    documents: Sequence[Document], device: torch.device | str = "cpu", *, max_windows: int | None = None
) -> Iterator[EncoderInputs]:
    """The windows of all articles as batches of at most `max_windows`, with the words that each batch represents.

    Words come in the order of the articles and of their text.
    """
    windows = [window for document in documents for window in document.windows]
    size = max_windows or max(len(windows), 1)
    # Window and position of every word of the batch; both only ever grow, so a batch of windows is a run of words.
    firsts = np.cumsum([0] + [len(document.windows) for document in documents])
    word_window = np.concatenate([d.word_window + first for d, first in zip(documents, firsts, strict=False)])
    word_position = np.concatenate([document.word_position for document in documents])
    for start in range(0, len(windows), size):
        part = windows[start : start + size]
        length = max(map(len, part))
        input_ids = np.zeros((len(part), length), dtype=np.int64)
        mask = np.zeros((len(part), length), dtype=np.int64)
        for row, window in enumerate(part):
            input_ids[row, : len(window)] = window
            mask[row, : len(window)] = 1
        first, last = np.searchsorted(word_window, [start, start + len(part)])
        index = (word_window[first:last] - start) * length + word_position[first:last]
        yield EncoderInputs(*(torch.from_numpy(array).to(device) for array in (input_ids, mask, index)))


def pack_relations(articles: Sequence[Spans]) -> Relations:
    """The spans of all articles of a batch, numbered through.

    A claim is paired with the mentions of its article that begin within `CLAIM_REACH` words of its first word.
    """
    mention_words, mention_actor, actor_article, claim_words, links = [], [], [], [], []
    pair_claim, pair_mention, pair_link = [], [], []
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
        link_claim, link_actor = np.divmod(keys, max(spans.n_actors, 1))
        links.append(np.stack([link_claim + claim, link_actor + actor], axis=1))
        word += spans.n_words
        mention += len(spans.mentions)
        actor += spans.n_actors
        claim += len(spans.claims)
        link += len(keys)

    def join(parts: list[IntArray]) -> Tensor:
        return torch.from_numpy(np.concatenate(parts))

    return Relations(
        article_words=torch.tensor([spans.n_words for spans in articles], dtype=torch.long),
        actor_article=join(actor_article),
        mention_words=join(mention_words),
        mention_actor=join(mention_actor),
        n_actors=actor,
        claim_words=join(claim_words),
        pair_claim=join(pair_claim),
        pair_mention=join(pair_mention),
        pair_link=join(pair_link),
        links=join(links),
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
