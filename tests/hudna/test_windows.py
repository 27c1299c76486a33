from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from hudna.windows import Document, Windower
from training.encoders import MINILM, encoder_path

TOKENIZER = f"{encoder_path(MINILM)}/tokenizer.json"
SMALL = Windower(Tokenizer.from_file(TOKENIZER), max_length=16, overlap=4)
LARGE = Windower(Tokenizer.from_file(TOKENIZER), max_length=512, overlap=128)


def words(document: Document) -> list[str]:
    return [document.text[a:b] for a, b in zip(document.starts, document.ends, strict=True)]


def test_words_can_be_cut_where_annotators_cut() -> None:
    (document,) = LARGE(["Haftar's U.S.-made Haftar-led (LNA)"])
    assert words(document) == [
        "Haftar",
        "'",
        "s",
        "U",
        ".",
        "S",
        ".",
        "-",
        "made",
        "Haftar",
        "-",
        "led",
        "(",
        "LNA",
        ")",
    ]


def test_marks_and_zero_width_characters_stay_in_their_word() -> None:
    (document,) = LARGE(["S\u0301araj Haf\u200btar \u202eTripoli\u202c"])
    assert words(document) == ["S\u0301araj", "Haf\u200btar", "Tripoli\u202c"]


def test_special_tokens_in_the_text_are_text() -> None:
    (document,) = LARGE(["a [SEP] b [CLS]"])
    assert words(document) == ["a", "[", "SEP", "]", "b", "[", "CLS", "]"]
    assert list(document.windows[0]).count(102) == 1  # the window's own [SEP]


def test_empty_text_is_one_empty_window() -> None:
    (document,) = LARGE([" \n\t"])
    assert len(document) == 0
    assert [list(window) for window in document.windows] == [[101, 102]]


def test_a_word_is_represented_where_it_has_most_context() -> None:
    (document,) = SMALL([" ".join(f"w{i}" for i in range(30))])
    for number, position in zip(document.word_window, document.word_position, strict=True):
        window = document.windows[number]
        first, last = number == 0, number == len(document.windows) - 1
        # An overlap of 4 leaves at least one token of context towards a cut edge (position 0 is [CLS]).
        assert first or position >= 2
        assert last or position <= len(window) - 3


def test_windows_of_a_text_are_about_equally_long() -> None:
    documents = LARGE([" ".join(["word"] * n) for n in (600, 900, 1300)])
    for document in documents:
        lengths = [len(window) for window in document.windows]
        assert len(lengths) > 1
        assert max(lengths) - min(lengths) <= len(lengths)


@pytest.mark.parametrize("overlap", [-1, 14, 20])
def test_impossible_overlap(overlap: int) -> None:
    with pytest.raises(ValueError, match="cannot overlap"):
        Windower(Tokenizer.from_file(TOKENIZER), max_length=16, overlap=overlap)


anything = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("ab \t\r\n\0é\u0301\u200b\u202eع🙂\U0001f469\u200d🚀\ud800[SEP]中"),
    ),
    max_size=300,
)


@settings(max_examples=200, deadline=None)
@given(anything)
def test_any_text(text: str) -> None:
    (document,) = SMALL([text])
    assert document.text == text
    assert np.all(document.starts < document.ends)
    assert np.all(document.ends[:-1] <= document.starts[1:])
    assert not any(
        text[a].isspace() or text[b - 1].isspace() for a, b in zip(document.starts, document.ends, strict=True)
    )
    assert max(map(len, document.windows)) <= 16
    assert np.all(np.diff(document.word_window) >= 0)
    # Every word's token is a real one, and the windows hold every token of the text in order.
    (whole,) = LARGE([text])
    reference = np.concatenate([window[1:-1] for window in whole.windows])
    if len(whole.windows) == 1:
        for index in range(len(document)):
            token = document.windows[document.word_window[index]][document.word_position[index]]
            assert token == whole.windows[0][whole.word_position[index]]
        assert set(reference) == {token for window in document.windows for token in window[1:-1]}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text("abc .", min_size=1, max_size=40), max_size=5))
def test_texts_do_not_influence_each_other(texts: list[str]) -> None:
    for text, together in zip(texts, SMALL(texts), strict=True):
        (alone,) = SMALL([text])
        assert np.array_equal(alone.starts, together.starts)
        assert all(map(np.array_equal, alone.windows, together.windows))


def test_spans_of_words_and_characters_are_inverse() -> None:
    (document,) = LARGE(["The Government of National Accord said"])
    assert document.word_span(4, 33) == (1, 5)
    assert document.char_span(1, 5) == (4, 33)
    assert document.word_span(6, 8) == (1, 2)  # inside a word
    assert document.word_span(3, 4) == (1, 1)  # only white space
