"""The picture of `docs/truth.md`: how far each definition of FCR stands from the truth in simulated centres."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.truth import Outcome


def draw(outcomes: Sequence[Outcome], order: Sequence[str], path: Path) -> None:
    """Draw every figure as a dot and the truth as a line, one panel a centre, and save the picture as SVG.

    Args:
        outcomes: A panel each.
        order: The definitions from the top down.
        path: Where the picture goes.
    """
    import altair as alt
    import pandas as pd

    panels = []
    for position, outcome in enumerate(outcomes):
        dots = pd.DataFrame(
            [
                (told.definition, told.figure, outcome.truth["t_fcr"])
                for told in outcome.told
                if told.figure is not None
            ],
            columns=["definition", "figure", "truth"],
        )
        lines = pd.DataFrame(
            [("T-FCR", outcome.truth["t_fcr"]), ("R-FCR", outcome.truth["r_fcr"]), ("S-FCR", outcome.truth["s_fcr"])],
            columns=["truth", "at"],
        )
        labels = alt.Axis(title=None, labelLimit=240, labelPadding=8, ticks=False) if position == 0 else None
        y = alt.Y("definition:N", sort=list(order), axis=labels)
        x = alt.X("figure:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", title=None, tickCount=5))
        rules = (
            alt.Chart(lines)
            .mark_rule(strokeWidth=1.5)
            .encode(
                x="at:Q",
                color=alt.Color(
                    "truth:N",
                    sort=["T-FCR", "R-FCR", "S-FCR"],
                    scale=alt.Scale(domain=["T-FCR", "R-FCR", "S-FCR"], range=["#1b1f24", "#2f6f9f", "#b3601b"]),
                    legend=alt.Legend(title=None, orient="bottom"),
                ),
                strokeDash=alt.StrokeDash(
                    "truth:N",
                    scale=alt.Scale(domain=["T-FCR", "R-FCR", "S-FCR"], range=[[1, 0], [5, 3], [2, 2]]),
                    legend=None,
                ),
            )
        )
        stems = alt.Chart(dots).mark_rule(color="#c3cad2").encode(y=y, x=x, x2="truth:Q")
        points = alt.Chart(dots).mark_circle(size=60, color="#1b1f24", opacity=1).encode(y=y, x=x)
        panels.append(
            alt.layer(stems, rules, points).properties(width=170, height=alt.Step(17), title=outcome.centre.name)
        )
    chart = alt.hconcat(*panels, spacing=14).configure_view(stroke=None).configure(background="white")
    path.parent.mkdir(parents=True, exist_ok=True)
    chart.save(str(path))
