"""From a text to the windows that the encoder reads: words, tokens, and overlapping runs of them.

Words, not tokens, are what gets labelled. A word is a run of letters, digits and marks, or one other visible
character, so that `Haftar's` or `U.S.` can be cut anywhere an annotator would cut it, whatever the tokenizer does.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

IntArray = npt.NDArray[np.int64]

# Characters that belong to the letter before them: combining marks, zero-width and bidirectional controls.
_MARKS = (
    "\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u0900-\u0903\u093a-\u094f\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20ff"
    "\ufe00-\ufe0f\ufe20-\ufe2f\ufeff"
)
_WORD = re.compile(rf"(?:\w[{_MARKS}]*)+|[^\w\s{_MARKS}][{_MARKS}]*")
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Document:
    """A text, cut into words, and the windows in which the encoder sees them.

    Attributes:
        text: the article.
        starts: character offset of each word. *Shape:* (words,)
        ends: character offset after each word. *Shape:* (words,)
        windows: token ids of each window, special tokens included. *Shapes:* (tokens,)
        word_window: the window that represents each word. *Shape:* (words,)
        word_position: the position of the word's first token in that window. *Shape:* (words,)
    """

    text: str
    starts: IntArray
    ends: IntArray
    windows: list[IntArray]
    word_window: IntArray
    word_position: IntArray

    def __len__(self) -> int:
        return len(self.starts)

    def word_span(self, start: int, end: int) -> tuple[int, int]:
        """The words `first` to `last` (exclusive) that overlap the characters `start` to `end` (exclusive)."""
        first = int(np.searchsorted(self.ends, start, side="right"))
        last = int(np.searchsorted(self.starts, end, side="left"))
        return first, last

    def char_span(self, first: int, last: int) -> tuple[int, int]:
        """The characters of the words `first` to `last` (exclusive)."""
        return int(self.starts[first]), int(self.ends[last - 1])


def word_offsets(text: str) -> IntArray:
    """Where each word of a text starts and ends (exclusive). *Shape:* (words, 2)"""
    return np.array([match.span() for match in _WORD.finditer(text)], dtype=np.int64).reshape(-1, 2)


class Windower:
    """Cuts texts into windows of at most `max_length` tokens that overlap by about `overlap` tokens.

    Nothing is truncated. The windows of a text are about equally long. A window begins and ends at a word boundary,
    except inside a word of more tokens than a window holds. A word that two windows see is represented by the one in
    which it lies further from the edge.

    Args:
        tokenizer: a fast tokenizer; its own truncation and padding are switched off.
        max_length: the tokens of a window, special tokens included.
        overlap: the tokens that neighbouring windows share.
    """

    def __init__(self, tokenizer: Tokenizer, *, max_length: int, overlap: int) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        # "[SEP]" in an article is four words of text, not the end of a segment.
        tokenizer.encode_special_tokens = True
        self.tokenizer = tokenizer
        empty = tokenizer.encode("")
        probe = tokenizer.encode("a")
        body_start = probe.special_tokens_mask.index(0)
        self._prefix = np.array(probe.ids[:body_start], dtype=np.int64)
        self._suffix = np.array(probe.ids[body_start + len(probe.ids) - len(empty.ids) :], dtype=np.int64)
        self._body = max_length - len(self._prefix) - len(self._suffix)
        if not 0 <= overlap < self._body:
            raise ValueError(f"windows of {max_length} tokens cannot overlap by {overlap}")
        self._overlap = overlap

    def __call__(self, texts: Sequence[str]) -> list[Document]:
        """Cuts each text; offsets are characters of the text as given."""
        # A lone surrogate has no UTF-8 form; one replacement character keeps every offset.
        clean = [_SURROGATES.sub("\ufffd", text) for text in texts]
        encodings = self.tokenizer.encode_batch(clean, add_special_tokens=False)
        return [
            self._document(text, np.array(encoding.ids, dtype=np.int64), np.array(encoding.offsets, dtype=np.int64))
            for text, encoding in zip(texts, encodings, strict=True)
        ]

    def _document(self, text: str, ids: IntArray, offsets: IntArray) -> Document:
        words = word_offsets(text)
        token_starts, token_ends = offsets.reshape(-1, 2).T
        # A word's first token is the first that ends after the word begins. Words that the tokenizer drops have none.
        first_token = np.searchsorted(token_ends, words[:, 0], side="right")
        has_token = first_token < len(ids)
        has_token[has_token] = token_starts[first_token[has_token]] < words[has_token, 1]
        words, first_token = words[has_token], first_token[has_token]

        bounds = self._cut(len(ids), np.unique(first_token))
        windows = [np.concatenate([self._prefix, ids[start:end], self._suffix]) for start, end in bounds]
        # Neighbours share tokens[next start : this end]; the middle of that run is where the later one takes over.
        takeover = [(start + end) // 2 for (_, end), (start, _) in itertools.pairwise(bounds)]
        word_window = np.searchsorted(np.array(takeover, dtype=np.int64), first_token, side="right")
        window_starts = np.array([start for start, _ in bounds], dtype=np.int64)
        word_position = first_token - window_starts[word_window] + len(self._prefix)
        return Document(text, words[:, 0].copy(), words[:, 1].copy(), windows, word_window, word_position)

    def _cut(self, n_tokens: int, word_starts: IntArray) -> list[tuple[int, int]]:
        """Token ranges of the windows; `word_starts` are the tokens at which a word begins, ascending."""

        def boundary(token: int, after: int) -> int:
            """The last word boundary at or before the token, if it lies beyond `after`; else the token itself."""
            index = int(np.searchsorted(word_starts, token, side="right")) - 1
            found = int(word_starts[index]) if index >= 0 else 0
            return found if found > after else token

        bounds = []
        start = 0
        while n_tokens - start > self._body:
            # The rest in windows of one length, so that a batch needs little padding.
            rest = n_tokens - start - self._overlap
            n_windows = -(-rest // (self._body - self._overlap))
            end = boundary(start + self._overlap + -(-rest // n_windows), start + self._overlap)
            bounds.append((start, end))
            start = boundary(end - self._overlap, start)
        bounds.append((start, n_tokens))
        return bounds
