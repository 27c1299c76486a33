"""What `predict()` returns: plain objects with exact character offsets into the input text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Mention:
    """One mention of an actor; `text == article[start:end]`.

    Attributes:
        start: offset of the first character.
        end: offset after the last character.
        text: the words of the mention.
        type: one of the model's actor types.
        score: probability that this span is a mention of this type, in [0, 1].
        actor: the id of the actor that is mentioned.
    """

    start: int
    end: int
    text: str
    type: str
    score: float
    actor: str


@dataclass(frozen=True)
class Actor:
    """Someone or something that acts in the article, with the side the article shows it on.

    Attributes:
        id: the lexicon's slug, the same in every article; for an actor it does not have, a slug of this article.
        name: the lexicon's name, or the fullest mention.
        type: one of the model's actor types.
        side: the most probable side.
        side_score: the probability of `side`.
        sides: the probability of every side; they sum to 1.
        mentions: the actor's mentions, in text order.
        evidence: the mention whose context decided the side most.
        known: whether the actor is in the lexicon.
    """

    id: str
    name: str
    type: str
    side: str
    side_score: float
    sides: dict[str, float]
    mentions: list[Mention]
    evidence: Mention | None
    known: bool


@dataclass(frozen=True)
class Claim:
    """Words that say someone calls for, accepts, rejects, keeps or breaks a ceasefire.

    Attributes:
        start: offset of the first character.
        end: offset after the last character.
        text: the words of the claim.
        kind: one of the model's claim kinds.
        score: probability that this span is a claim of this kind, in [0, 1].
        by: ids of the actors that make the claim; may be empty.
        effective: ISO 8601 date or date-time at which the ceasefire is to start or did, if the text says so.
    """

    start: int
    end: int
    text: str
    kind: str
    score: float
    by: list[str]
    effective: str | None = None


@dataclass(frozen=True)
class Analysis:
    """One article, read.

    Attributes:
        text: the input, unchanged.
        actors: in the order of their first mention.
        claims: in text order.
    """

    text: str
    actors: list[Actor]
    claims: list[Claim]

    @property
    def mentions(self) -> list[Mention]:
        """Every actor's mentions, in text order."""
        return sorted(
            (mention for actor in self.actors for mention in actor.mentions), key=lambda mention: mention.start
        )

    def to_dict(self) -> dict[str, Any]:
        """The analysis as JSON-ready dictionaries, lists, strings and numbers, with the attributes' names as keys."""
        data = asdict(self)
        data["mentions"] = [asdict(mention) for mention in self.mentions]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Analysis:
        """Rebuilds an analysis from `to_dict()`.

        Raises:
            ValueError: a key is missing or unknown.
        """
        try:
            actors = [
                Actor(
                    **{
                        **actor,
                        "mentions": [Mention(**mention) for mention in actor["mentions"]],
                        "evidence": Mention(**actor["evidence"]) if actor["evidence"] else None,
                    }
                )
                for actor in data["actors"]
            ]
            claims = [Claim(**claim) for claim in data["claims"]]
            return cls(data["text"], actors, claims)
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is no analysis: {error}") from None
