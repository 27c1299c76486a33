"""The pages of `hudna show` and `hudna timeline` in a real browser: headless Chromium (Debian's package `chromium`)."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from readings import read

from hudna.rendering import render
from hudna.results import Actor, Analysis, Claim, Mention
from hudna.timeline import count, draw
from training.corpus import load_labels, load_split
from training.markdown import as_analysis, read_article

CORPUS = Path(__file__).parents[2] / "corpus"
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt-get install chromium)")

# The contrast of text with what it stands on (WCAG 2.1, 1.4.3): the least over all texts in the article.
CONTRAST = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const paint = colours => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = rgb => {
    const [r, g, b] = rgb.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let least = Infinity;
  const page = getComputedStyle(document.body).backgroundColor;
  for (const mark of document.querySelectorAll("mark")) {
    const ground = paint([page, getComputedStyle(mark).backgroundColor]);
    for (const part of [null, "::after"]) {
      const text = paint([page, getComputedStyle(mark, part).color]);
      const [high, low] = [luminance(ground), luminance(text)].sort((a, b) => b - a);
      least = Math.min(least, (high + 0.05) / (low + 0.05));
    }
  }
  return least;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test if a script of it fails or it asks for anything but itself."""
    context = browser.new_context()
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text))
    page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: problems.append(request.url) if not request.url.startswith("file:") else None)
    yield page
    context.close()
    assert problems == []


def article() -> Analysis:
    """A labelled article of dev; each actor is on its side with 0.7."""
    labels = load_labels(CORPUS)
    analysis = read(read_article(CORPUS / "dev" / "v1-01-ajdabiya-eleven-days.md", labels))
    shares = {side: 0.3 / (len(labels.sides) - 1) for side in labels.sides}
    actors = [dataclasses.replace(actor, sides=shares | {actor.side: 0.7}) for actor in analysis.actors]
    return dataclasses.replace(analysis, actors=actors)


def show(page: Page, folder: Path, analysis: Analysis, title: str = "a test") -> None:
    file = folder / "page.html"
    file.write_text(render(analysis, title=title), encoding="utf-8", newline="")
    page.goto(file.as_uri())


def test_article_is_shown_character_for_character(page: Page, tmp_path: Path) -> None:
    analysis = article()
    show(page, tmp_path, analysis)
    assert page.evaluate("document.querySelector('article').textContent") == analysis.text
    assert page.locator("mark[id]").count() == len(analysis.mentions)
    assert page.locator(".claim[id]").count() == len(analysis.claims)


def test_keyboard_reaches_every_mention_and_claim(page: Page, tmp_path: Path) -> None:
    analysis = article()
    show(page, tmp_path, analysis)
    page.locator("#tags").focus()
    page.keyboard.press("Tab")
    reached = []
    for _ in range(len(analysis.mentions) + len(analysis.claims)):
        reached.append(page.evaluate("document.activeElement.id"))
        assert page.locator("#card").is_visible()
        page.keyboard.press("ArrowRight")
    assert len(set(reached)) == len(reached)
    assert page.evaluate("document.activeElement.id") == reached[-1]  # There is nothing after the last.
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.id") == reached[0]
    page.keyboard.press("Escape")
    assert page.locator("#card").is_hidden()
    page.keyboard.press("Tab")  # One stop for the whole article.
    assert page.evaluate("!!document.activeElement.closest('aside')")


def test_pointing_at_a_mention_tells_what_is_known(page: Page, tmp_path: Path) -> None:
    analysis = article()
    show(page, tmp_path, analysis)
    page.locator("#m1").hover()
    mention = analysis.mentions[1]
    actor = next(actor for actor in analysis.actors if actor.id == mention.actor)
    note = page.locator("#card").inner_text()
    assert actor.name in note
    assert f"{actor.side} 0.70" in note
    assert mention.type in note
    assert actor.evidence is not None
    assert actor.evidence.text in note
    page.locator("h1").hover()
    assert page.locator("#card").is_hidden()


def test_a_link_from_the_side_leads_to_the_place_and_opens_its_note(page: Page, tmp_path: Path) -> None:
    analysis = article()
    show(page, tmp_path, analysis)
    last = len(analysis.claims) - 1
    page.locator(f"aside ol a[href='#c{last}']").click()
    page.wait_for_function(f"document.activeElement.id === 'c{last}'")
    assert analysis.claims[last].kind in page.locator("#card").inner_text()
    page.locator(f"#c{last}").scroll_into_view_if_needed()
    assert page.locator(f"#c{last}").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_on_every_colour(page: Page, tmp_path: Path, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    show(page, tmp_path, article())
    assert page.evaluate(CONTRAST) >= 4.5
    page.evaluate("document.querySelectorAll('mark').forEach(mark => mark.classList.add('lit'))")
    assert page.evaluate(CONTRAST) >= 3  # While pointed at; the note says the same in full.


def test_a_phone_needs_no_scrolling_sideways(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    show(page, tmp_path, article(), title="x" * 300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "</script><script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "' onmouseover='alert(1)",
        "<!--<script>",
        "{{ 7 * 7 }}${alert(1)}`",
        "\u2028alert(1)//\u202e",
        "&lt;b&gt;&amp;",
        "]]></style><svg onload=alert(1)>",
    ],
)
def test_nothing_in_an_analysis_is_run(page: Page, tmp_path: Path, attack: str) -> None:
    text = f"{attack} said {attack}"
    mention = Mention(0, len(attack), attack, attack, 0.5, attack)
    actor = Actor(attack, attack, attack, attack, 0.5, {attack: 0.5, "b": 0.5}, [mention], mention, False)
    claim = Claim(len(attack) + 1, len(text), text[len(attack) + 1 :], attack, 0.5, [attack], None)
    show(page, tmp_path, Analysis(text, [actor], [claim]), title=attack)
    assert page.evaluate("document.querySelector('article').textContent") == text
    page.locator("#m0").focus()
    assert attack.split()[0] in page.locator("#card").inner_text()
    page.locator("#c0").focus()
    page.locator("aside a").first.hover()
    assert page.locator("img, aside svg, b").count() == 0
    assert page.title().split() == attack.split()


def test_timeline_lets_one_choose_a_maker(page: Page, tmp_path: Path) -> None:
    labels = load_labels(CORPUS)
    articles = [article for article in load_split(CORPUS, "dev") if article.date]
    rows = [as_analysis(article).to_dict() | {"date": str(article.date)} for article in articles]
    archive = count(rows)
    file = tmp_path / "page.html"
    sides, kinds = list(labels.sides), list(labels.kinds)
    file.write_text(draw(archive, sides=sides, kinds=kinds, title="<img src=x onerror=alert(1)>"), encoding="utf-8")
    page.goto(file.as_uri())
    page.wait_for_selector(".hm")
    drawn = "document.querySelector('.js-plotly-plot').data"
    total = f"{drawn}.filter(trace => trace.type === 'bar').flatMap(trace => trace.y).reduce((a, b) => a + b)"
    assert page.evaluate(f"{drawn}.length") == len(kinds) + 1
    assert page.evaluate(total) == sum(len(article.claims) for article in articles)
    page.locator(".updatemenu-header").click()
    page.locator(".updatemenu-dropdown-button").nth(1).click()
    name = page.locator(".updatemenu-header").text_content()
    assert name is not None
    own = sum(name in claim.by for article in articles for claim in article.claims)
    page.wait_for_function(f"{total} === {own}")
    assert own > 0
