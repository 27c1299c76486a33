"""The joint model: one encoder pass, and four heads on the words it reads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers.utils.generic import ModelOutput

from hudna.batching import DISTANCE_BUCKETS, EncoderInputs, IntArray, Relations
from hudna.configuration import HudnaConfig
from hudna.decoding import tag_count
from hudna.manifest import reseal


class TensorRelations(Relations[Tensor]):
    """The relations of a batch as the model takes them."""

    @classmethod
    def of(cls, relations: Relations[IntArray]) -> TensorRelations:
        """From numpy's arrays, whose memory is shared."""
        return cls(**{name: torch.from_numpy(array) for name, array in vars(relations).items()})

    def to(self, device: torch.device) -> TensorRelations:
        """The same relations with their tensors on a device."""
        return TensorRelations(**{name: array.to(device) for name, array in vars(self).items()})


def tensors(inputs: EncoderInputs, device: torch.device | str = "cpu") -> dict[str, Tensor]:
    """An encoder's inputs as arguments of `HudnaModel.tag`."""
    return {name: torch.from_numpy(array).to(device) for name, array in vars(inputs).items()}


@dataclass
class HudnaOutput(ModelOutput):
    """What the heads say.

    Attributes:
        actor_logits: scores of the BIO tags over actor types. *Shape:* (words, 1 + 2 types)
        claim_logits: scores of the BIO tags over claim kinds. *Shape:* (words, 1 + 2 kinds)
        side_logits: scores of the sides. *Shape:* (actors, sides)
        attention: each mention's share in its actor's side; sums to 1 over an actor's mentions. *Shape:* (mentions,)
        claimant_logits: log-odds that the actor makes the claim. *Shape:* (links,)
    """

    # ModelOutput wants defaults; the model always sets all five.
    actor_logits: Tensor = None  # type: ignore[assignment]
    claim_logits: Tensor = None  # type: ignore[assignment]
    side_logits: Tensor = None  # type: ignore[assignment]
    attention: Tensor = None  # type: ignore[assignment]
    claimant_logits: Tensor = None  # type: ignore[assignment]


class HudnaModel(PreTrainedModel):
    """Actors, claims, sides and claimants from one pass of an encoder.

    The words of a whole batch lie one after another in one dimension ("packed"), whatever windows they were read
    in, so that the heads see articles, not windows.
    """

    config_class = HudnaConfig
    base_model_prefix = "encoder"

    def __init__(self, config: HudnaConfig) -> None:
        super().__init__(config)
        encoder_config: Any = config.encoder_config
        width = encoder_config.hidden_size
        self.encoder = AutoModel.from_config(encoder_config, **_without_pooler(encoder_config))
        self.actor_head = TagHead(width, tag_count(config.types), dropout=config.head_dropout)
        self.claim_head = TagHead(width, tag_count(config.kinds), dropout=config.head_dropout)
        self.side_head = SideHead(
            width, config.head_width, len(config.sides), layers=config.side_layers, dropout=config.head_dropout
        )
        self.claimant_head = ClaimantHead(width, config.head_width, dropout=config.head_dropout)
        self.post_init()
        # Few actors make a claim; starting from "no" spares the encoder the shock of unlearning "perhaps".
        nn.init.constant_(self.claimant_head.output.bias, -4.0)

    @classmethod
    def from_encoder(cls, name_or_path: str, **config: Any) -> HudnaModel:
        """A model with a pretrained encoder and fresh heads. The encoder's dropout on attention is switched off.

        Args:
            name_or_path: a folder or a hub name of any transformers encoder.
            config: the other attributes of `HudnaConfig`.
        """
        encoder = AutoModel.from_pretrained(name_or_path, dtype=torch.float32)
        encoder.config.name_or_path = ""  # Where the encoder lay on this machine is nobody's business elsewhere.
        # Without dropout on the attention, torch takes its fused kernel: half the time of a training step on a CPU.
        for name in ("attention_probs_dropout_prob", "attention_dropout"):
            if hasattr(encoder.config, name):
                setattr(encoder.config, name, 0.0)
        model = cls(HudnaConfig(encoder_config=encoder.config, **config))
        # Not strict: a pooler that the heads do not use is left behind.
        missing, _ = model.encoder.load_state_dict(encoder.state_dict(), strict=False)
        if missing:
            raise ValueError(f"{name_or_path} lacks weights of its encoder: {', '.join(missing[:3])} ...")
        return model

    def save_pretrained(self, save_directory: str | os.PathLike[Any], *arguments: Any, **options: Any) -> None:
        """As for every model of transformers; the manifest of a checkpoint folder is brought up to date."""
        super().save_pretrained(save_directory, *arguments, **options)
        reseal(Path(save_directory))

    def forward(
        self,
        *,
        input_ids: Tensor,
        attention_mask: Tensor,
        word_index: Tensor,
        relations: TensorRelations,
    ) -> HudnaOutput:
        """Runs the encoder and all heads.

        Args:
            input_ids: token ids. *Shape:* (windows, tokens)
            attention_mask: 1 for a token, 0 for padding. *Shape:* (windows, tokens)
            word_index: where each word's vector is, in the flattened (windows x tokens). *Shape:* (words,)
            relations: the spans to judge, gold ones in training.
        """
        words, actor_logits, claim_logits = self.tag(input_ids, attention_mask, word_index)
        side_logits, attention, claimant_logits = self.relate(words, relations)
        return HudnaOutput(
            actor_logits=actor_logits,
            claim_logits=claim_logits,
            side_logits=side_logits,
            attention=attention,
            claimant_logits=claimant_logits,
        )

    def tag(self, input_ids: Tensor, attention_mask: Tensor, word_index: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The words' vectors, *shape* (words, width), and the tag scores of `HudnaOutput`."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        words = hidden.reshape(-1, hidden.shape[-1])[word_index]
        return words, self.actor_head(words), self.claim_head(words)

    def relate(self, words: Tensor, relations: TensorRelations) -> tuple[Tensor, Tensor, Tensor]:
        """The side scores, the attention and the claimant scores of `HudnaOutput`."""
        side_logits, attention = self.side_head(words, relations)
        return side_logits, attention, self.claimant_head(words, relations)


class TagHead(nn.Module):
    """Scores the tags of each word on its own; the decoder makes the sequence well-formed."""

    def __init__(self, width: int, n_tags: int, *, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(width, n_tags)

    def forward(self, words: Tensor) -> Tensor:
        """*Shape:* (words, width) -> (words, tags)"""
        return self.linear(self.dropout(words))


class SpanEncoder(nn.Module):
    """A span's vector from its first and last word."""

    def __init__(self, width: int, head_width: int, *, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(2 * width, head_width)

    def forward(self, words: Tensor, spans: Tensor) -> Tensor:
        """*Shapes:* (words, width), (spans, 2) -> (spans, head_width)"""
        return nn.functional.gelu(self.linear(self.dropout(words[spans].flatten(1))))


class SideHead(nn.Module):
    """An actor's mentions, pooled over the whole article with learned attention, to the sides.

    Before the sides are scored, the actors of the article look at each other and at the article as a whole: whom
    somebody backs says nothing until it is known where that one stands.

    Source: the pooling is the attention of Yang et al., "Hierarchical Attention Networks for Document Classification",
    NAACL 2016, eq. 5-7, over mentions instead of words.
    """

    def __init__(self, width: int, head_width: int, n_sides: int, *, layers: int, dropout: float) -> None:
        super().__init__()
        self.span = SpanEncoder(width, head_width, dropout=dropout)
        self.exchange = ActorExchange(width, head_width, layers=layers, dropout=dropout) if layers else None
        self.key = nn.Linear(head_width, head_width)
        self.query = nn.Linear(head_width, 1, bias=False)
        self.hidden = nn.Linear(head_width, head_width)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(head_width, n_sides)

    def forward(self, words: Tensor, relations: TensorRelations) -> tuple[Tensor, Tensor]:
        """*Shapes:* (words, width) -> (actors, sides), (mentions,)"""
        mentions = self.span(words, relations.mention_words)
        scores = self.query(torch.tanh(self.key(mentions))).squeeze(-1).float()
        attention = _segment_softmax(scores, relations.mention_actor, len(relations.actor_article))
        pooled = mentions.new_zeros(len(relations.actor_article), mentions.shape[1], dtype=torch.float32)
        pooled = pooled.index_add(0, relations.mention_actor, attention[:, None] * mentions.float()).to(mentions.dtype)
        if self.exchange is not None:
            pooled = self.exchange(pooled, words, relations)
        hidden = nn.functional.gelu(self.hidden(pooled))
        return self.output(self.dropout(hidden)), attention


class ActorExchange(nn.Module):
    """The actors of each article, and one more item for the article as a whole, attend to each other."""

    def __init__(self, width: int, head_width: int, *, layers: int, dropout: float) -> None:
        super().__init__()
        self.article = nn.Linear(width, head_width)
        self.blocks = nn.ModuleList(AttentionBlock(head_width, dropout=dropout) for _ in range(layers))

    def forward(self, actors: Tensor, words: Tensor, relations: TensorRelations) -> Tensor:
        """*Shapes:* (actors, head_width), (words, width) -> (actors, head_width)"""
        article, lengths = relations.actor_article, relations.article_words
        n_articles = len(lengths)
        word_article = torch.repeat_interleave(torch.arange(n_articles, device=lengths.device), lengths)
        total = words.new_zeros(n_articles, words.shape[1], dtype=torch.float32).index_add(
            0, word_article, words.float()
        )
        mean = (total / lengths.clamp(min=1)[:, None]).to(words.dtype)
        # One row an article: the article itself, then its actors, then padding.
        counts = torch.bincount(article, minlength=n_articles)
        place = torch.arange(len(article), device=article.device) - (counts.cumsum(0) - counts)[article] + 1
        rows = actors.new_zeros(n_articles, int(counts.max()) + 1, actors.shape[1])
        rows = rows.index_put((article, place), actors)
        rows = torch.cat([self.article(mean)[:, None].to(rows.dtype), rows[:, 1:]], dim=1)
        present = torch.arange(rows.shape[1], device=counts.device) <= counts[:, None]
        for block in self.blocks:
            rows = block(rows, present)
        return rows[article, place]


class AttentionBlock(nn.Module):
    """A transformer block that normalises first.

    Source: Xiong et al., "On Layer Normalization in the Transformer Architecture", ICML 2020, figure 1b.
    """

    def __init__(self, width: int, *, heads: int = 4, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(width)
        self.projections = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        self.norm_hidden = nn.LayerNorm(width)
        self.hidden = nn.Linear(width, 2 * width)
        self.shrink = nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, items: Tensor, present: Tensor) -> Tensor:
        """*Shapes:* (rows, items, width), (rows, items) -> (rows, items, width)"""
        split = self.projections(self.norm_attention(items)).unflatten(-1, (3, self.heads, -1))
        query, key, value = split.permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=present[:, None, None])
        items = items + self.dropout(self.output(seen.transpose(1, 2).flatten(2)))
        return items + self.dropout(self.shrink(nn.functional.gelu(self.hidden(self.norm_hidden(items)))))


class ClaimantHead(nn.Module):
    """Scores each claim with each mention, by content and by distance, and sums the evidence an actor.

    An actor's log-odds are the log-sum-exp over its mentions: one telling mention is enough.
    """

    def __init__(self, width: int, head_width: int, *, dropout: float) -> None:
        super().__init__()
        self.claim = SpanEncoder(width, head_width, dropout=dropout)
        self.mention = SpanEncoder(width, head_width, dropout=dropout)
        self.distance = nn.Embedding(DISTANCE_BUCKETS, head_width)
        self.output = nn.Linear(head_width, 1)

    def forward(self, words: Tensor, relations: TensorRelations) -> Tensor:
        """*Shape:* (words, width) -> (links,)"""
        claims = self.claim(words, relations.claim_words)[relations.pair_claim]
        mentions = self.mention(words, relations.mention_words)[relations.pair_mention]
        distances = self.distance(relations.pair_distance)
        scores = self.output(torch.tanh(claims + mentions + claims * mentions + distances)).squeeze(-1).float()
        return _segment_logsumexp(scores, relations.pair_link, len(relations.links))


def _segment_softmax(scores: Tensor, segment: Tensor, n_segments: int) -> Tensor:
    """Softmax within each segment. *Shapes:* (items,), (items,) -> (items,)"""
    top = scores.new_full((n_segments,), -torch.inf).scatter_reduce(0, segment, scores.detach(), "amax")
    exponent = torch.exp(scores - top[segment])
    return exponent / scores.new_zeros(n_segments).index_add(0, segment, exponent)[segment]


def _segment_logsumexp(scores: Tensor, segment: Tensor, n_segments: int) -> Tensor:
    """Log-sum-exp within each segment, none of which is empty. *Shapes:* (items,), (items,) -> (segments,)"""
    top = scores.new_full((n_segments,), -torch.inf).scatter_reduce(0, segment, scores.detach(), "amax")
    return top + torch.log(scores.new_zeros(n_segments).index_add(0, segment, torch.exp(scores - top[segment])))


def _without_pooler(encoder_config: Any) -> dict[str, bool]:
    """BERT-like encoders can be built without the pooler, whose weights no head would use."""
    return (
        {"add_pooling_layer": False} if encoder_config.model_type in ("bert", "roberta", "mpnet", "xlm-roberta") else {}
    )


AutoConfig.register(HudnaConfig.model_type, HudnaConfig)
AutoModel.register(HudnaConfig, HudnaModel)
