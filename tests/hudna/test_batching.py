from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hudna.batching import batch_windows, pack_windows
from hudna.tagger import Tagger

texts = st.lists(st.lists(st.sampled_from(["Haftar", "truce", "Tarhuna", "."]), max_size=150).map(" ".join), min_size=1)


@settings(max_examples=30, deadline=None)
@given(texts, st.integers(1, 400))
def test_batches_hold_the_words_of_one_batch_of_all(tagger: Tagger, texts: list[str], tokens: int) -> None:
    documents = tagger.windower(texts)
    whole = pack_windows(documents)
    batches, order = batch_windows(documents, tokens=tokens)
    words = [batch.input_ids.ravel()[batch.word_index] for batch in batches]
    np.testing.assert_array_equal(np.concatenate(words)[order], whole.input_ids.ravel()[whole.word_index])
    assert sum(batch.attention_mask.sum() for batch in batches) == whole.attention_mask.sum()
    assert all(batch.input_ids.size <= tokens or len(batch.input_ids) == 1 for batch in batches)


def test_little_of_a_batch_is_padding(tagger: Tagger) -> None:
    documents = tagger.windower(["Haftar rejected the truce again . " * number for number in range(1, 60)])
    batches, _ = batch_windows(documents, tokens=2048)
    computed = sum(batch.attention_mask.size for batch in batches)
    assert sum(int(batch.attention_mask.sum()) for batch in batches) > 0.95 * computed
