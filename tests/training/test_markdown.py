from __future__ import annotations

import datetime
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hudna.labels import LabelSet
from training.markdown import (
    Article,
    ClaimSpan,
    Entity,
    MarkdownError,
    MentionSpan,
    format_article,
    parse_article,
    read_article,
    read_articles,
)

LABELS = LabelSet(types=("person", "state"), sides=("gna", "lna"), kinds=("call", "accept"))
HEAD = "---\ndate: 2020-08-22\ngenre: wire\nentities:\n  saleh: person lna\n  egypt: state lna\n---\n"


def parse(body: str, head: str = HEAD) -> Article:
    return parse_article(head + body, LABELS, name="x.md")


def test_reads_mentions_claims_and_front_matter() -> None:
    article = parse(
        "[Saleh](saleh) {urged [Egypt](egypt) to hold its fire}(call by saleh @2020-08-23T00:00).\nA \\[b\\] \\(c\\)\n"
    )
    assert article.text == "Saleh urged Egypt to hold its fire.\nA [b] (c)"
    assert article.date == datetime.date(2020, 8, 22)
    assert article.metadata == {"genre": "wire"}
    assert article.entities == {"saleh": Entity("person", "lna"), "egypt": Entity("state", "lna")}
    assert article.mentions == (MentionSpan(0, 5, "saleh"), MentionSpan(12, 17, "egypt"))
    assert article.claims == (ClaimSpan(6, 34, "call", ("saleh",), "2020-08-23T00:00"),)


def test_reads_evidence() -> None:
    head = HEAD.replace("---\ndate", "---\nevidence:\n  egypt: 1\n  saleh: 1 2\ndate")
    article = parse("[Saleh](saleh) met [Egypt](egypt); [Saleh](saleh) left", head)
    assert article.evidence == {"egypt": (1,), "saleh": (1, 2)}
    assert parse_article(format_article(article), LABELS) == article
    with pytest.raises(MarkdownError, match=r"x\.md:2: evidence for 'saleh' is mention 2, but it has 1"):
        parse("[Saleh](saleh) met [Egypt](egypt)", head)
    with pytest.raises(MarkdownError, match=r"x\.md:3: evidence for 'egypt' must be numbers"):
        parse("[Egypt](egypt)", head.replace("egypt: 1\n", "egypt: first\n"))
    with pytest.raises(MarkdownError, match=r"x\.md:2: 'evidence' must map"):
        parse("", head.replace("evidence:\n  egypt: 1\n  saleh: 1 2\n", "evidence: 1\n"))


def test_a_mention_in_plain_parentheses_needs_no_escape() -> None:
    article = parse("Aguila Saleh ([Saleh](saleh)) spoke")
    assert article.text == "Aguila Saleh (Saleh) spoke"


@pytest.mark.parametrize(
    ("body", "line", "problem"),
    [
        ("one\n[Saleh(saleh) spoke\ntwo", 9, "unbalanced: the mention 'Saleh(saleh) spoke"),
        ("one\n{urged a truce (call)\n", 9, "unbalanced: the claim"),
        ("Saleh](saleh)", 8, "']' closes nothing"),
        ("urged}(call)", 8, "'}' closes nothing"),
        ("[Saleh](sisi)", 8, "unknown entity 'sisi'"),
        ("[Saleh]", 8, "must be followed by its label"),
        ("[Saleh ](saleh)", 8, "outer white space"),
        ("{ urged}(call)", 8, "outer white space"),
        ("[](saleh)", 8, "an empty mention"),
        ("{a {b}(call)}(call)", 8, "a claim in a claim".replace("in a", "inside a")),
        ("[a [b](saleh)](saleh)", 8, "a mention inside a mention"),
        ("[a {b}(call)](saleh)", 8, "a claim inside a mention"),
        ("{urged [Saleh}(call)](saleh)", 8, "the claim ends inside a mention"),
        ("{urged}(shout by saleh)", 8, "'shout' is no kind"),
        ("{urged}(call by sisi)", 8, "unknown entity 'sisi'"),
        ("{urged}(call saleh)", 8, "is no claim label"),
        ("{urged}(call @2020-13-40)", 8, "'2020-13-40' is no date"),
        ("{urged}(call @12 January)", 8, "is no claim label"),
    ],
)
def test_errors_name_file_line_and_problem(body: str, line: int, problem: str) -> None:
    with pytest.raises(MarkdownError) as caught:
        parse(body)
    assert str(caught.value).startswith(f"x.md:{line}: ")
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no front matter", "x.md:1: an article starts with a line '---'"),
        ("---\ndate: 2020-01-01\n", "x.md:1: the front matter is not closed"),
        ("---\na: [\n---\n", "front matter is not YAML"),
        ("---\n- a\n---\n", "x.md:2: front matter is not a mapping"),
        ("---\ndate: 2020-01-01\n---\n", "x.md:2: front matter has no 'entities'"),
        ("---\ndate: yesterday\nentities:\n---\n", "x.md:2: 'yesterday' is no date"),
        ("---\nentities:\n  a: person\n---\n", "x.md:3: entity 'a' must be 'type side'"),
        ("---\nentities:\n  a: ghost lna\n---\n", "x.md:3: 'ghost' is no type"),
        ("---\nentities:\n  a: person west\n---\n", "x.md:3: 'west' is no side"),
        ("---\nentities:\n  a: person lna\n  a: person gna\n---\n", "x.md:4: entity 'a' is given twice"),
        ("---\nentities:\n  A b: person lna\n---\n", "x.md:3: entity id 'A b' is no slug"),
        ("---\ngenre: a\ngenre: b\nentities:\n---\n", "x.md:3: 'genre' is given twice"),
    ],
)
def test_bad_front_matter(source: str, message: str) -> None:
    with pytest.raises(MarkdownError, match=message.replace("(", r"\(")):
        parse_article(source, LABELS, name="x.md")


def test_ids_that_yaml_would_turn_into_something_else() -> None:
    article = parse("[No](no)", "---\nentities:\n  no: state gna\n---\n")
    assert article.entities == {"no": Entity("state", "gna")}


def test_reading_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_bytes(HEAD.encode() + b"caf\xe9")
    with pytest.raises(MarkdownError, match=r"x\.md:8: not UTF-8 \(byte \d+\)"):
        read_article(path, LABELS)


def test_a_folder_without_articles(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("not an article")
    with pytest.raises(MarkdownError, match="no annotated article"):
        read_articles(tmp_path, LABELS)


@st.composite
def articles(draw: st.DrawFn) -> Article:
    """Any article whose spans the format can hold."""
    alphabet = string.ascii_letters + " \n()[]{}.\\é🙂\u0301ع"
    parts: list[str] = []
    mentions: list[MentionSpan] = []
    claims: list[ClaimSpan] = []
    word = st.text(string.ascii_letters + "()[]{}é🙂", min_size=1, max_size=6)
    filler = st.text(alphabet, max_size=8).map(lambda text: text.rstrip("\\") + " ")
    length = 0

    def add(text: str) -> tuple[int, int]:
        nonlocal length
        parts.append(text)
        length += len(text)
        return length - len(text), length

    for _ in range(draw(st.integers(0, 5))):
        add(draw(filler))
        what = draw(st.sampled_from(["mention", "claim", "both"]))
        start = length
        if what != "mention":
            add(draw(word))
        if what == "both":
            add(" ")
        if what != "claim":
            mentions.append(MentionSpan(*add(draw(word)), draw(st.sampled_from(["saleh", "egypt"]))))
        if what != "mention":
            by = tuple(draw(st.lists(st.sampled_from(["saleh", "egypt"]), unique=True)))
            effective = draw(st.sampled_from([None, "2020-08-23", "2020-08-23T06:00"]))
            claims.append(ClaimSpan(start, length, draw(st.sampled_from(["call", "accept"])), by, effective))
    add(draw(filler))
    entities = {"saleh": Entity("person", "lna"), "egypt": Entity("state", "gna")}
    date = draw(st.sampled_from([None, datetime.date(2020, 8, 22)]))
    return Article("x", "".join(parts), entities, tuple(mentions), tuple(claims), date, {"genre": "wire: a"})


@given(articles())
def test_format_and_parse_are_inverse(article: Article) -> None:
    assert parse_article(format_article(article), LABELS, id="x") == article


def test_format_refuses_overlapping_spans() -> None:
    article = parse("[Saleh](saleh) and [Egypt](egypt)")
    crossed = Article("x", article.text, article.entities, article.mentions, (ClaimSpan(2, 8, "call"),))
    with pytest.raises(ValueError, match="overlaps"):
        format_article(crossed)


def test_small_corpus_is_read_whole(labels: LabelSet) -> None:
    folder = Path(__file__).parents[1] / "data" / "corpus" / "train"
    read = read_articles(folder, labels)
    assert [article.id for article in read] == ["a1", "a2", "a3"]
    for article in read:
        for mention in article.mentions:
            assert article.text[mention.start : mention.end].strip()
