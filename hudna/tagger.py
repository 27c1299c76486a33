"""`Tagger`: articles in, analyses out. `predict` and `load` are the package's front door."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, overload

from tokenizers import Tokenizer

from hudna.batching import Spans, batch_windows, pack_relations
from hudna.dates import Date, parse_date, resolve_start
from hudna.decoding import FloatArray, WordSpan, choose_makers, decode_spans, sigmoid, softmax
from hudna.engine import Engine, Tagged, load_engine
from hudna.linking import Lexicon, LinkedActor, SpanToLink, link
from hudna.manifest import verify
from hudna.results import Actor, Analysis, Claim, Mention
from hudna.settings import Settings
from hudna.windows import Document, Windower

RELEASED = Path(__file__).parent / "checkpoint"
# Articles that are read together, and characters, with which one batch of long articles ends earlier.
_READ_AHEAD = 32
_READ_AHEAD_CHARACTERS = 200_000

_MISSING: Any = object()


def load(
    path: str | Path | None = None,
    *,
    backend: str | None = None,
    device: str | None = None,
    threads: int | None = None,
) -> Tagger:
    """Loads a tagger.

    Args:
        path: a checkpoint folder; without it, the released checkpoint.
        backend: the run-time. `openvino` compiles the model for the CPU and needs no torch; `torch` runs any encoder on
            a CPU or a GPU. Without it: `torch` where a GPU or a device is asked for or the encoder is none that
            `openvino` knows, else `openvino`.
        device: a torch device; the default is the GPU where there is one, else the CPU.
        threads: how many threads of `openvino` work on one call; the default is all cores. With fewer, as many calls
            run side by side as there are cores for. (For `torch`, there is `torch.set_num_threads`.)

    Raises:
        ValueError: the folder is no checkpoint or not as it was written (see `manifest.verify`), or the backend or the
            device is unknown or cannot run it.
        ImportError: the backend is not installed.

    Example:
        >>> tagger = load()
        >>> analysis = tagger.predict("Ankara said the truce was holding.")
    """
    folder = Path(path) if path is not None else RELEASED
    verify(folder)
    settings = Settings.read(folder)
    engine = load_engine(folder, backend=backend, device=device, threads=threads)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return Tagger(engine, settings, tokenizer, Lexicon.from_json(folder / "lexicon.json"))


@overload
def predict(articles: str, *, date: Date = None) -> Analysis: ...  # type: ignore[overload-overlap]
@overload
def predict(articles: Iterable[str], *, date: Date | Sequence[Date] = None) -> list[Analysis]: ...
def predict(articles: str | Iterable[str], *, date: Date | Sequence[Date] = None) -> Analysis | list[Analysis]:
    """Reads articles with the released checkpoint. See `Tagger.predict`."""
    return _released().predict(articles, date=date)


@lru_cache(maxsize=1)
def _released() -> Tagger:
    return load()


class Tagger:
    """A model with all that turns articles into analyses. Threads may share one.

    Args:
        engine: runs the model.
        settings: of its checkpoint.
        tokenizer: the encoder's fast tokenizer.
        lexicon: the actors that keep their id from article to article.

    Attributes:
        labels: the model's label sets.
        windower: cuts articles as the model reads them.
    """

    def __init__(self, engine: Engine, settings: Settings, tokenizer: Tokenizer, lexicon: Lexicon) -> None:
        self.engine = engine
        self.settings = settings
        self.lexicon = lexicon
        self.labels = settings.labels
        self.windower = Windower(tokenizer, max_length=settings.window_length, overlap=settings.window_overlap)

    @overload
    def predict(self, articles: str, *, date: Date = None) -> Analysis: ...  # type: ignore[overload-overlap]
    @overload
    def predict(self, articles: Iterable[str], *, date: Date | Sequence[Date] = None) -> list[Analysis]: ...
    def predict(
        self, articles: str | Iterable[str], *, date: Date | Sequence[Date] = None
    ) -> Analysis | list[Analysis]:
        """Reads one article or many.

        Args:
            articles: a string, or any iterable of strings.
            date: the publication date (`date` or ISO string), which resolves "on Saturday night"; for several
                articles one for all of them, or a sequence with one each.

        Returns:
            An `Analysis` for a string, else a list of them in the order of the articles.

        Raises:
            TypeError: an article is not a string.
            ValueError: a date is no date, or there are not as many dates as articles.
        """
        if isinstance(articles, str):
            if not (date is None or isinstance(date, str | datetime.date)):
                raise TypeError(f"one article has one date, not {type(date).__name__}")
            return self._read([articles], [parse_date(date)])[0]
        return list(self.stream(articles, date=date))

    def stream(self, articles: Iterable[str], *, date: Date | Iterable[Date] = None) -> Iterator[Analysis]:
        """Reads articles lazily, in order, in memory that does not grow with their number.

        Arguments and errors are those of `predict`.
        """
        if isinstance(articles, str):
            raise TypeError("stream() takes an iterable of articles; for one article call predict()")
        if not isinstance(articles, Iterable):
            raise TypeError(f"articles must be a string or an iterable of strings, not {type(articles).__name__}")
        if date is None or isinstance(date, str | datetime.date):
            same = parse_date(date)
            return self._stream((text, same) for text in articles)
        return self._stream((text, parse_date(day)) for text, day in _zip_dates(articles, date))

    def _stream(self, items: Iterable[tuple[str, datetime.date | None]]) -> Iterator[Analysis]:
        for chunk in _chunks(items):
            yield from self._read([text for text, _ in chunk], [day for _, day in chunk])

    def _read(self, texts: Sequence[str], dates: Sequence[datetime.date | None]) -> list[Analysis]:
        documents = self.windower(texts)
        tagged = self._tag(documents)
        mentions: list[list[WordSpan]] = []
        claims: list[list[WordSpan]] = []
        actors: list[list[LinkedActor]] = []
        spans: list[Spans] = []
        settings = self.settings
        start = 0
        for document in documents:
            rows = slice(start, start + len(document))
            start += len(document)
            mentions.append(
                decode_spans(
                    tagged.actor_logits[rows],
                    self.labels.types,
                    threshold=settings.mention_threshold,
                    calibration=settings.mention_calibration,
                )
            )
            claims.append(
                decode_spans(
                    tagged.claim_logits[rows],
                    self.labels.kinds,
                    threshold=settings.claim_threshold,
                    calibration=settings.claim_calibration,
                )
            )
            to_link = [SpanToLink(*document.char_span(m.first, m.last), m.label, m.score) for m in mentions[-1]]
            actors.append(link(document.text, to_link, self.lexicon))
            groups = [actor.mentions for actor in actors[-1]]
            spans.append(Spans.of(len(document), mentions[-1], groups, claims[-1]))
        relations = pack_relations(spans)
        side_logits, shares, claimant_logits = self.engine.relate(tagged.words, relations)
        sides = softmax(side_logits / settings.side_temperature)
        makers = choose_makers(
            relations.links,
            sigmoid(claimant_logits),
            threshold=settings.claimant_threshold,
            fallback=settings.claimant_fallback,
        )

        analyses = []
        first_claim = first_actor = 0
        for number, document in enumerate(documents):
            n_actors, n_claims, n_mentions = len(actors[number]), len(claims[number]), len(mentions[number])
            by = [
                [actor - first_actor for actor in makers.get(claim, ())]
                for claim in range(first_claim, first_claim + n_claims)
            ]
            analyses.append(
                self._assemble(
                    document,
                    dates[number],
                    mentions[number],
                    claims[number],
                    actors[number],
                    sides[:n_actors],
                    shares[:n_mentions],
                    by,
                )
            )
            sides, shares = sides[n_actors:], shares[n_mentions:]
            first_claim, first_actor = first_claim + n_claims, first_actor + n_actors
        return analyses

    def _tag(self, documents: list[Document]) -> Tagged[Any]:
        """What the encoder says of the words of some articles."""
        return self.engine.tag(*batch_windows(documents, tokens=self.engine.batch_tokens))

    def _assemble(
        self,
        document: Document,
        date: datetime.date | None,
        mention_spans: list[WordSpan],
        claim_spans: list[WordSpan],
        linked: list[LinkedActor],
        sides: FloatArray,
        shares: FloatArray,
        makers: list[list[int]],
    ) -> Analysis:
        actors = []
        for actor, probabilities in zip(linked, sides, strict=True):
            mentions = []
            votes: dict[str, float] = {}
            for index in actor.mentions:
                span = mention_spans[index]
                start, end = document.char_span(span.first, span.last)
                mentions.append(Mention(start, end, document.text[start:end], span.label, span.score, actor.id))
                votes[span.label] = votes.get(span.label, 0.0) + span.score
            best = int(probabilities.argmax())
            evidence = mentions[int(shares[actor.mentions].argmax())]
            actors.append(
                Actor(
                    id=actor.id,
                    name=actor.name,
                    type=max(votes, key=votes.__getitem__),
                    side=self.labels.sides[best],
                    side_score=float(probabilities[best]),
                    sides=dict(zip(self.labels.sides, map(float, probabilities), strict=True)),
                    mentions=mentions,
                    evidence=evidence,
                    known=actor.known,
                )
            )
        claims = []
        for span, indices in zip(claim_spans, makers, strict=True):
            start, end = document.char_span(span.first, span.last)
            by = [actors[index].id for index in indices]
            effective = resolve_start(document.text[start:end], date)
            claims.append(Claim(start, end, document.text[start:end], span.label, span.score, by, effective))
        return Analysis(document.text, actors, claims)


def _chunks(
    items: Iterable[tuple[str, datetime.date | None]],
) -> Iterator[list[tuple[str, datetime.date | None]]]:
    chunk: list[tuple[str, datetime.date | None]] = []
    size = 0
    for position, (text, day) in enumerate(items):
        if not isinstance(text, str):
            raise TypeError(f"article {position} is not a string but {type(text).__name__}")
        chunk.append((text, day))
        size += len(text)
        if len(chunk) == _READ_AHEAD or size >= _READ_AHEAD_CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _zip_dates(articles: Iterable[str], dates: Iterable[Date]) -> Iterator[tuple[str, Date]]:
    # Not zip(strict=True), whose ValueError could as well come from one of the iterables.
    for text, date in itertools.zip_longest(articles, dates, fillvalue=_MISSING):
        if text is _MISSING or date is _MISSING:
            raise ValueError("there must be as many dates as articles")
        yield text, date
