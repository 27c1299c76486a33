from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import (
    AutoModel,
    DebertaV2Config,
    DebertaV2Model,
    ModernBertConfig,
    ModernBertModel,
    MPNetConfig,
    MPNetModel,
)

from hudna.batching import Spans
from hudna.batching import pack_relations as pack
from hudna.decoding import WordSpan
from hudna.modeling import HudnaModel, TensorRelations
from hudna.settings import Settings

LABELS = {"types": ["a", "b"], "sides": ["x", "y", "z"], "kinds": ["k"]}


def inputs(n_words: int = 10) -> dict[str, torch.Tensor]:
    return {
        "input_ids": torch.arange(5, 29).reshape(2, 12),
        "attention_mask": torch.ones(2, 12, dtype=torch.long),
        "word_index": torch.arange(1, n_words + 1),
    }


def pack_relations(articles: list[Spans]) -> TensorRelations:
    return TensorRelations.of(pack(articles))


def spans(n_words: int, groups: list[list[int]], claims: list[tuple[int, int]]) -> Spans:
    mentions = [WordSpan(i, i + 1, "a", 1.0) for i in range(sum(map(len, groups)))]
    return Spans.of(n_words, mentions, groups, [WordSpan(first, last, "k", 1.0) for first, last in claims])


@pytest.fixture
def model(tiny_encoder: Path) -> HudnaModel:
    return HudnaModel.from_encoder(str(tiny_encoder), head_width=16, side_layers=1, **LABELS).eval()


def test_shapes_and_attention(model: HudnaModel) -> None:
    relations = pack_relations([spans(6, [[0, 2], [1]], [(3, 5)]), spans(4, [[0]], [(1, 2), (2, 4)])])
    output = model(**inputs(), relations=relations)
    assert output.actor_logits.shape == (10, 5)
    assert output.claim_logits.shape == (10, 3)
    assert output.side_logits.shape == (3, 3)
    assert output.claimant_logits.shape == (1 * 2 + 2 * 1,)
    sums = torch.zeros(3).index_add(0, relations.mention_actor, output.attention)
    torch.testing.assert_close(sums, torch.ones(3))


def test_an_article_is_judged_alike_alone_and_in_a_batch(model: HudnaModel) -> None:
    first, second = spans(6, [[0, 2], [1]], [(3, 5)]), spans(4, [[0]], [(1, 2), (2, 4)])
    words, _, _ = model.tag(**inputs())
    sides, attention, makers = model.relate(words, pack_relations([first, second]))
    alone = model.relate(words[6:], pack_relations([second]))
    torch.testing.assert_close(sides[2:], alone[0])
    torch.testing.assert_close(attention[3:], alone[1])
    torch.testing.assert_close(makers[2:], alone[2])


def test_every_parameter_gets_a_gradient_even_without_mentions_and_claims(model: HudnaModel) -> None:
    output = model(**inputs(), relations=pack_relations([spans(10, [], [])]))
    sum(value.sum() for value in output.values()).backward()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []


def test_a_mention_far_away_moves_the_side(model: HudnaModel) -> None:
    words = torch.randn(10, 32)
    changed = words.clone()
    changed[9] += 1.0
    relations = pack_relations([Spans.of(10, [WordSpan(0, 1, "a", 1.0), WordSpan(9, 10, "a", 1.0)], [[0, 1]], [])])
    assert not torch.allclose(model.relate(words, relations)[0], model.relate(changed, relations)[0])


def test_other_actors_and_the_article_move_the_side(model: HudnaModel) -> None:
    words = torch.randn(10, 32)
    relations = pack_relations([spans(10, [[0], [1]], [])])
    before = model.relate(words, relations)[0][0]
    for position in (1, 9):  # the other actor; a word that is no mention
        changed = words.clone()
        changed[position] += 1.0
        assert not torch.allclose(before, model.relate(changed, relations)[0][0])


def test_save_and_load(model: HudnaModel, tmp_path: Path) -> None:
    model.save_pretrained(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "model.safetensors"}
    again = AutoModel.from_pretrained(tmp_path)
    assert type(again) is HudnaModel
    assert Settings.of(again.config) == Settings.of(model.config)
    assert again.config.encoder_config.hidden_size == 32
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 60}


@pytest.mark.parametrize(
    "encoder",
    [
        lambda: DebertaV2Model(DebertaV2Config(**TINY, relative_attention=True, pos_att_type=["c2p", "p2c"])),
        lambda: ModernBertModel(ModernBertConfig(**TINY, pad_token_id=0)),
        lambda: MPNetModel(MPNetConfig(**TINY)),
    ],
    ids=["deberta-v3", "modernbert", "mpnet"],
)
def test_other_encoders(encoder, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    encoder().save_pretrained(tmp_path)
    model = HudnaModel.from_encoder(str(tmp_path), **LABELS)
    output = model(**inputs(), relations=pack_relations([spans(10, [[0, 1]], [(3, 5)])]))
    assert output.actor_logits.shape == (10, 5)
    assert torch.isfinite(output.side_logits).all()
