"""The side and the claimant head of `HudnaModel` in numpy, for run-times without torch.

Every class mirrors the one of the same name in `hudna.modeling`, which explains it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hudna.batching import IntArray, Relations
from hudna.decoding import FloatArray, softmax

Weights = Mapping[str, FloatArray]
_HEADS = 4  # of attention among actors


class SideHead:
    """An actor's mentions, pooled over the whole article with learned attention, to the sides."""

    def __init__(self, weights: Weights, *, layers: int) -> None:
        self._weights = weights
        self._layers = layers

    def __call__(self, words: FloatArray, relations: Relations[IntArray]) -> tuple[FloatArray, FloatArray]:
        """*Shapes:* (words, width) -> (actors, sides), (mentions,)"""
        weights = self._weights
        n_actors = len(relations.actor_article)
        mentions = _span(weights, "side_head.span", words, relations.mention_words)
        scores = np.tanh(_linear(weights, "side_head.key", mentions)) @ weights["side_head.query.weight"][0]
        top = np.full(n_actors, -np.inf, dtype=np.float32)
        np.maximum.at(top, relations.mention_actor, scores)
        exponents = np.exp(scores - top[relations.mention_actor])
        total = np.zeros(n_actors, dtype=np.float32)
        np.add.at(total, relations.mention_actor, exponents)
        attention = exponents / total[relations.mention_actor]
        pooled = np.zeros((n_actors, mentions.shape[1]), dtype=np.float32)
        np.add.at(pooled, relations.mention_actor, attention[:, None] * mentions)
        if self._layers:
            pooled = self._exchange(pooled, words, relations)
        hidden = gelu(_linear(weights, "side_head.hidden", pooled))
        return _linear(weights, "side_head.output", hidden), attention

    def _exchange(self, actors: FloatArray, words: FloatArray, relations: Relations[IntArray]) -> FloatArray:
        """*Shapes:* (actors, head_width), (words, width) -> (actors, head_width)"""
        exchanged = np.empty_like(actors)
        word = 0
        bounds = np.searchsorted(relations.actor_article, np.arange(len(relations.article_words) + 1)).tolist()
        for article, n_words in enumerate(relations.article_words.tolist()):
            here = slice(bounds[article], bounds[article + 1])
            if here.start < here.stop:
                mean = words[word : word + n_words].mean(axis=0, keepdims=True)
                items = np.concatenate([_linear(self._weights, "side_head.exchange.article", mean), actors[here]])
                for layer in range(self._layers):
                    items = self._block(f"side_head.exchange.blocks.{layer}", items)
                exchanged[here] = items[1:]
            word += n_words
        return exchanged

    def _block(self, name: str, items: FloatArray) -> FloatArray:
        """*Shape:* (items, head_width) -> (items, head_width)"""
        weights = self._weights
        n_items, width = items.shape
        normal = _layer_norm(weights, f"{name}.norm_attention", items)
        split = _linear(weights, f"{name}.projections", normal).reshape(n_items, 3, _HEADS, width // _HEADS)
        query, key, value = split.transpose(1, 2, 0, 3)
        shares = softmax(query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(width // _HEADS)))
        seen = (shares @ value).transpose(1, 0, 2).reshape(n_items, width)
        items = items + _linear(weights, f"{name}.output", seen)
        hidden = gelu(_linear(weights, f"{name}.hidden", _layer_norm(weights, f"{name}.norm_hidden", items)))
        return items + _linear(weights, f"{name}.shrink", hidden)


class ClaimantHead:
    """Scores each claim with each mention, by content and by distance, and sums the evidence an actor."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    def __call__(self, words: FloatArray, relations: Relations[IntArray]) -> FloatArray:
        """*Shape:* (words, width) -> (links,)"""
        weights = self._weights
        claims = _span(weights, "claimant_head.claim", words, relations.claim_words)[relations.pair_claim]
        mentions = _span(weights, "claimant_head.mention", words, relations.mention_words)[relations.pair_mention]
        distances = weights["claimant_head.distance.weight"][relations.pair_distance]
        features = np.tanh(claims + mentions + claims * mentions + distances)
        scores = _linear(weights, "claimant_head.output", features)[:, 0]
        top = np.full(len(relations.links), -np.inf, dtype=np.float32)
        np.maximum.at(top, relations.pair_link, scores)
        total = np.zeros(len(relations.links), dtype=np.float32)
        np.add.at(total, relations.pair_link, np.exp(scores - top[relations.pair_link]))
        log_odds: FloatArray = top + np.log(total)
        return log_odds


def gelu(values: FloatArray) -> FloatArray:
    """The exact Gaussian error linear unit. *Shape:* any

    Source of the error function: Abramowitz and Stegun, "Handbook of Mathematical Functions", 1964, 7.1.26 (error below
    1.5e-7, that of single precision).
    """
    x = np.abs(values) * np.float32(np.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * x)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = np.sign(values) * (1 - series * np.exp(-x * x))
    activated: FloatArray = (0.5 * values * (1 + erf)).astype(np.float32)
    return activated


def _span(weights: Weights, name: str, words: FloatArray, spans: IntArray) -> FloatArray:
    return gelu(_linear(weights, f"{name}.linear", words[spans].reshape(len(spans), 2 * words.shape[1])))


def _linear(weights: Weights, name: str, values: FloatArray) -> FloatArray:
    projected: FloatArray = values @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
    return projected


def _layer_norm(weights: Weights, name: str, values: FloatArray) -> FloatArray:
    centred = values - values.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(1e-5))
    scaled: FloatArray = centred / deviation * weights[f"{name}.weight"] + weights[f"{name}.bias"]
    return scaled
