"""Figures that ask one question each of analyses, beside the overall ones of `metrics`.

A question that the articles do not ask (no contrast pair, no marked evidence) has no figure.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from hudna.linking import Lexicon, normalise
from hudna.results import Actor, Analysis, Mention
from hudna.tagger import Tagger
from training.markdown import Article
from training.metrics import Counts, match_actors, match_spans


def linking(golds: Sequence[Article], predictions: Sequence[Analysis], lexicon: Lexicon) -> dict[str, float]:
    """How well mentions are joined into actors, over the mentions whose span is exactly right.

    - `linking_b_cubed_f1`: F1 of B-cubed precision and recall (Bagga and Baldwin, "Entity-Based Cross-Document
      Coreferencing Using the Vector Space Model", ACL 1998);
    - `linking_id_accuracy`: the share of mentions of the lexicon's actors that bear the right id.
    """
    precision, recall, right = 0.0, 0.0, []
    total = 0
    for gold, prediction in zip(golds, predictions, strict=True):
        entity = {(m.start, m.end): m.entity for m in gold.mentions}
        actor = {(m.start, m.end): m.actor for m in prediction.mentions if (m.start, m.end) in entity}
        pairs = Counter((entity[span], actor[span]) for span in actor)
        of_entity, of_actor = Counter(entity[span] for span in actor), Counter(actor.values())
        precision += sum(n * n / of_actor[id] for (_, id), n in pairs.items())
        recall += sum(n * n / of_entity[id] for (id, _), n in pairs.items())
        total += len(actor)
        right += [entity[span] == actor[span] for span in actor if entity[span] in lexicon.entries]
    return {
        "linking_b_cubed_f1": 2 * precision * recall / (precision + recall) / total if total else 0.0,
        "linking_id_accuracy": sum(right) / len(right) if right else 0.0,
    }


def evidence(golds: Sequence[Article], predictions: Sequence[Analysis]) -> dict[str, float]:
    """Whether the mention that decided an actor's side is one whose context shows it.

    Over the labelled entities with marked evidence whose actor was found and that have other mentions too:
    `evidence_accuracy`, and `evidence_chance`, what a mention drawn at random would reach.
    """
    hits, chance = [], []
    for gold, prediction in zip(golds, predictions, strict=True):
        for id, numbers in gold.evidence.items():
            spans = [(m.start, m.end) for m in gold.mentions if m.entity == id]
            marked = {spans[number - 1] for number in numbers}
            actors = [a for a in prediction.actors if a.evidence and any((m.start, m.end) in spans for m in a.mentions)]
            if len(marked) == len(spans) or not actors:
                continue
            actor = max(actors, key=lambda a: sum((m.start, m.end) in spans for m in a.mentions))
            assert actor.evidence is not None
            hits.append((actor.evidence.start, actor.evidence.end) in marked)
            chance.append(len(marked) / len(spans))
    if not hits:
        return {}
    return {"evidence_accuracy": sum(hits) / len(hits), "evidence_chance": sum(chance) / len(chance)}


def deletion(tagger: Tagger, golds: Sequence[Article], predictions: Sequence[Analysis]) -> dict[str, float]:
    """Whether a side goes when the sentence with its evidence goes.

    Over the actors of the articles with marked evidence whose side was predicted rightly, is not the label set's last
    ("unclear") and whose mentions stand in several sentences: the share of those whose predicted side changes when the
    sentence of their evidence is cut out of the article, `evidence_deletion`, and when the first of their other
    sentences is, `other_deletion`.

    Source: comprehensiveness in DeYoung et al., "ERASER: A Benchmark to Evaluate Rationalized NLP Models", ACL 2020.
    """
    cut: dict[str, list[str]] = {"evidence": [], "other": []}
    asked: list[Actor] = []
    for gold, prediction in zip(golds, predictions, strict=True):
        if not gold.evidence:
            continue
        entity_of = match_actors(gold, prediction)
        for actor in prediction.actors:
            entity = gold.entities.get(entity_of.get(actor.id, ""))
            if entity is None or actor.side != entity.side or actor.side == tagger.labels.sides[-1]:
                continue
            assert actor.evidence is not None
            told = sentence(gold.text, actor.evidence)
            others = [place for m in actor.mentions if (place := sentence(gold.text, m)) != told]
            if others:
                asked.append(actor)
                for name, (start, end) in (("evidence", told), ("other", others[0])):
                    cut[name].append(gold.text[:start] + gold.text[end:])
    if not asked:
        return {}
    figures = {}
    for name, texts in cut.items():
        left = [{a.id: a.side for a in analysis.actors} for analysis in tagger.predict(texts)]
        changed = [sides.get(actor.id) != actor.side for actor, sides in zip(asked, left, strict=True)]
        figures[f"{name}_deletion"] = sum(changed) / len(changed)
    return figures


_SENTENCE_END = re.compile(r"[.!?][\"'”’)]*\s+(?=[\"'“‘(]?[A-Z\d])|\n")


def sentence(text: str, mention: Mention) -> tuple[int, int]:
    """Where the sentence of a mention starts and ends, in characters. A title ("Gen. Haftar") may cut it short."""
    ends = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    start = max(end for end in ends if end <= mention.start)
    return start, min(end for end in ends if end >= mention.end)


def known_names(articles: Iterable[Article]) -> set[str]:
    """The normalised words of every mention."""
    return {normalise(article.text[m.start : m.end]) for article in articles for m in article.mentions}


def unseen_entities(article: Article, known: set[str]) -> set[str]:
    """The ids of the entities none of whose mentions is known by its words."""
    seen = {m.entity for m in article.mentions if normalise(article.text[m.start : m.end]) in known}
    return set(article.entities) - seen


def by_novelty(golds: Sequence[Article], predictions: Sequence[Analysis], train: Iterable[Article]) -> dict[str, float]:
    """Recall of mentions (exact span and type) and accuracy of sides, for actors that train names and for others."""
    known = known_names(train)
    found: dict[str, Counts] = defaultdict(Counts)
    sides: dict[str, Counts] = defaultdict(Counts)
    for gold, prediction in zip(golds, predictions, strict=True):
        unseen = unseen_entities(gold, known)
        side_of = {actor.id: actor.side for actor in prediction.actors}
        predicted = {(m.start, m.end): m for m in prediction.mentions}
        for mention in gold.mentions:
            group = "unseen" if mention.entity in unseen else "seen"
            entity = gold.entities[mention.entity]
            match = predicted.get((mention.start, mention.end))
            found[group].add(int(match is not None and match.type == entity.type), 0, 1)
            if match is not None:
                sides[group].add(int(side_of[match.actor] == entity.side), 0, 1)
    return {
        **{f"actor_recall_{group}": found[group].recall for group in ("seen", "unseen")},
        **{f"side_accuracy_{group}": sides[group].recall for group in ("seen", "unseen")},
    }


def contrast_pairs(golds: Sequence[Article], predictions: Sequence[Analysis]) -> dict[str, float]:
    """The share of contrast pairs of which both members are right: `pairs_right`, and by kind of contrast.

    A member is right if its labels on the layer of the contrast are:

    - `side`, `backer`: the entities whose side differs are found and on the right side;
    - `place`: of the words that are an actor in one member and a place in the other, exactly the actors are marked;
    - `claim`, `kind`: all claims are found (overlap) with the right kind, and no others;
    - `by`: the same, and each has the right makers.
    """
    pairs: dict[str, list[tuple[Article, Analysis]]] = defaultdict(list)
    for gold, prediction in zip(golds, predictions, strict=True):
        if "pair" in gold.metadata:
            pairs[gold.metadata["pair"]].append((gold, prediction))
    right: dict[str, list[bool]] = defaultdict(list)
    for members in pairs.values():
        if len(members) == 2:
            (a, read_a), (b, read_b) = members
            right[a.metadata["contrast"]].append(_told_apart(a, b, read_a) and _told_apart(b, a, read_b))
    if not right:
        return {}
    every = [value for values in right.values() for value in values]
    return {
        "pairs_right": sum(every) / len(every),
        **{f"pairs_right_{kind}": sum(values) / len(values) for kind, values in sorted(right.items())},
    }


def _told_apart(gold: Article, twin: Article, prediction: Analysis) -> bool:
    contrast = gold.metadata["contrast"]
    if contrast in ("side", "backer"):
        side_of = {actor.id: actor.side for actor in prediction.actors}
        predicted = {(m.start, m.end): side_of[m.actor] for m in prediction.mentions}
        for id, entity in gold.entities.items():
            if id in twin.entities and twin.entities[id].side != entity.side:
                spans = [(m.start, m.end) for m in gold.mentions if m.entity == id]
                if {predicted[span] for span in spans if span in predicted} != {entity.side}:
                    return False
        return True
    if contrast == "place":
        actors, places = _surfaces(gold), _surfaces(twin)
        marked = Counter(m.text for m in prediction.mentions)
        return all(marked[words] == actors[words] for words in actors | places if actors[words] != places[words])
    labelled = [(c.start, c.end, c.kind) for c in gold.claims]
    found = [(c.start, c.end, c.kind) for c in prediction.claims]
    matches = match_spans(labelled, found, minimum=0.5)
    if not len(matches) == len(labelled) == len(found):
        return False
    entity_of = match_actors(gold, prediction)
    return contrast != "by" or all(
        {entity_of.get(id) for id in prediction.claims[j].by} == set(gold.claims[i].by) for i, j in matches
    )


def _surfaces(article: Article) -> Counter[str]:
    return Counter(article.text[m.start : m.end] for m in article.mentions)


def probe(
    golds: Sequence[Article], predictions: Sequence[Analysis], *, train: Sequence[Article], lexicon: Lexicon
) -> dict[str, Any]:
    """All figures of this module."""
    return {
        **linking(golds, predictions, lexicon),
        **by_novelty(golds, predictions, train),
        **evidence(golds, predictions),
        **contrast_pairs(golds, predictions),
    }
