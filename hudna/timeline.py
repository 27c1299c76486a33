"""What `hudna tag` wrote of an archive as an interactive page: claims over time, and who was on which side when."""

from __future__ import annotations

import html
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hudna.rendering import GREY, PALETTE

# Rows and choices beyond these make a page that nobody reads.
_MAKERS = 40
_ACTORS = 60


@dataclass
class Archive:
    """Counts over the articles of an archive.

    Attributes:
        claims: by (month, kind, maker's name); a claim of several makers counts for each, one of nobody for "".
        kinds: claims by (month, kind), each once.
        sides: articles by (actor's name, month, side), for actors that the lexicon knows.
        articles: by month.
        undated: articles without a date; they are in no other count.
    """

    claims: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    sides: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    articles: Counter[str] = field(default_factory=Counter)
    undated: int = 0


def count(rows: Iterable[Mapping[str, Any]]) -> Archive:
    """Counts an archive by the month of publication, in memory that does not grow with the number of articles."""
    archive = Archive()
    for row in rows:
        if not row.get("date"):
            archive.undated += 1
            continue
        month = row["date"][:7]
        archive.articles[month] += 1
        names = {actor["id"]: actor["name"] for actor in row["actors"]}
        for actor in row["actors"]:
            if actor["known"]:
                archive.sides[actor["name"], month, actor["side"]] += 1
        for claim in row["claims"]:
            archive.kinds[month, claim["kind"]] += 1
            for maker in claim["by"] or [""]:
                archive.claims[month, claim["kind"], names.get(maker, "")] += 1
    return archive


def draw(archive: Archive, *, sides: list[str], kinds: list[str], title: str = "hudna") -> str:
    """One HTML page with both plots, which needs no network.

    Args:
        archive: the counts.
        sides: the side labels, in their order.
        kinds: the claim kinds, in their order.
        title: the page's title.

    Raises:
        ValueError: plotly, of the extra `timeline`, is missing, or no article has a date.
    """
    try:
        import plotly.graph_objects as go
        from plotly.subplots import make_subplots
    except ImportError:
        raise ValueError("the time line needs the extra 'timeline' (pip install 'hudna[timeline]')") from None
    months = _months(archive)
    if not months:
        raise ValueError("no article has a date (see --date-column of 'hudna tag')")
    makers = Counter[str]()
    for (_, _, maker), number in archive.claims.items():
        makers[maker] += number
    chosen = [name for name, _ in makers.most_common() if name][:_MAKERS]
    actors = _most_named(archive)
    figure = make_subplots(
        rows=2,
        cols=1,
        shared_xaxes=True,
        row_heights=[320, 22 * len(actors) + 40],
        vertical_spacing=0.04,
        subplot_titles=("Ceasefire claims", "Who is shown on which side"),
    )
    patterns = ("", "/", ".", "x", "\\", "-", "|", "+")
    for index, kind in enumerate(kinds):
        figure.add_bar(
            x=months,
            y=[archive.kinds[month, kind] for month in months],
            name=kind,
            marker={"color": PALETTE[index % len(PALETTE)], "pattern": {"shape": patterns[index % len(patterns)]}},
            row=1,
            col=1,
        )
    figure.add_trace(_map_of_sides(go, archive, actors, months, sides), row=2, col=1)
    figure.update_layout(
        title={
            "text": f"{html.escape(title)}: {archive.articles.total():,} articles, {archive.undated:,} without a date",
            "x": 0.01,
            "y": 1,
            "yanchor": "top",
            "pad": {"t": 16},
        },
        barmode="stack",
        height=480 + 22 * len(actors),
        margin={"l": 10, "r": 10, "t": 110},
        legend={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 1, "xanchor": "right"},
        updatemenus=[_menu(archive, months, kinds, chosen)],
    )
    figure.update_xaxes(type="date", dtick="M12", tickformat="%Y", showticklabels=True)
    figure.data[-1].colorbar.update(y=figure.layout.yaxis2.domain[1], yanchor="top")
    figure.update_yaxes(autorange="reversed", automargin=True, dtick=1, row=2, col=1)
    page: str = figure.to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False})
    return page


def _months(archive: Archive) -> list[str]:
    """Every month from the first to the last, those without an article too."""
    if not archive.articles:
        return []
    months, last = [min(archive.articles)], max(archive.articles)
    year, month = map(int, months[0].split("-"))
    while months[-1] < last:
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        months.append(f"{year:04d}-{month:02d}")
    return months


def _most_named(archive: Archive) -> list[str]:
    """The actors that most articles name, each side's together, the most frequent first."""
    total = Counter[str]()
    side_of: dict[str, Counter[str]] = defaultdict(Counter)
    for (name, _, side), number in archive.sides.items():
        total[name] += number
        side_of[name][side] += number
    most = [name for name, _ in total.most_common(_ACTORS)]
    return sorted(most, key=lambda name: (side_of[name].most_common(1)[0][0], -total[name]))


def _map_of_sides(go: Any, archive: Archive, actors: list[str], months: list[str], sides: list[str]) -> Any:
    """A cell an actor and month, coloured by the side that most articles of that month show it on."""
    colours = [GREY if side == sides[-1] else PALETTE[index % len(PALETTE)] for index, side in enumerate(sides)]
    values, words = [], []
    for name in actors:
        row: list[int | None] = []
        said = []
        for month in months:
            here = {side: archive.sides[name, month, side] for side in sides if archive.sides[name, month, side]}
            most = max(here, key=here.__getitem__) if here else None
            row.append(None if most is None else sides.index(most))
            said.append(", ".join(f"{side} {number}" for side, number in sorted(here.items(), key=lambda x: -x[1])))
        values.append(row)
        words.append(said)
    n = len(sides)
    return go.Heatmap(
        x=months,
        y=actors,
        z=values,
        text=words,
        hovertemplate="%{y}, %{x|%B %Y}: %{text}<extra></extra>",
        hoverongaps=False,
        zmin=-0.5,
        zmax=n - 0.5,
        colorscale=[[(index + edge) / n, colour] for index, colour in enumerate(colours) for edge in (0, 1)],
        colorbar={"tickvals": list(range(n)), "ticktext": sides, "lenmode": "pixels", "len": 220, "title": "side"},
        xgap=1,
        ygap=1,
    )


def _menu(archive: Archive, months: list[str], kinds: list[str], makers: list[str]) -> dict[str, Any]:
    """The choice of a maker, whose claims alone are then drawn."""

    def button(label: str, heights: list[list[int]]) -> dict[str, Any]:
        return {"label": label, "method": "restyle", "args": [{"y": heights}, list(range(len(kinds)))]}

    everybody = button("all makers", [[archive.kinds[month, kind] for month in months] for kind in kinds])
    nobody = button("nobody named", [[archive.claims[month, kind, ""] for month in months] for kind in kinds])
    each = [
        button(maker, [[archive.claims[month, kind, maker] for month in months] for kind in kinds]) for maker in makers
    ]
    return {
        "buttons": [everybody, *each, nobody],
        "x": 0,
        "xanchor": "left",
        "y": 1,
        "yanchor": "bottom",
        "pad": {"b": 8},
    }
