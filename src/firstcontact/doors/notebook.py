"""How a measurement shows itself in a notebook: small, calm, and readable on light and dark."""

from __future__ import annotations

from html import escape

from firstcontact.doors.cli.summary import any_reason, figure, first_steps
from firstcontact.kernel.result import Refusal
from firstcontact.measurement.measures.catalog import TITLES
from firstcontact.services.run import Run

_CELL = "padding:2px 12px 2px 0;text-align:left;border:0"


def card(run: Run) -> str:
    """The headline in a sentence and the overall figures as a table.

    Args:
        run: The run.

    Returns:
        HTML that needs no style sheet.
    """
    value, interval = figure(run.headline)
    refused = isinstance(run.headline, Refusal)
    head = f"FCR refused: {interval}" if refused else f"FCR {value} <small>({interval}; n = {run.headline.n:,})</small>"
    rows = "".join(
        _row(row.measure, *figure(row.result), row.result.n) for row in run.rows if not row.by and row.measure in TITLES
    )
    todo = "".join(f"<li>{escape(step)}</li>" for step in first_steps(run))
    steps = f'<p style="margin:.6em 0 0">What to do first</p><ol style="margin:.2em 0">{todo}</ol>' if todo else ""
    windows = "declared, not learned" if run.fit.kind == "declared" else "learned from the data"
    return (
        f'<div><p style="font-size:1.3em;margin:0">{head if not refused else escape(head)}</p>'
        f'<p style="margin:.2em 0;opacity:.75">{escape(run.policy.name)} {escape(run.policy.version)}: '
        f"{escape(run.policy.title)}.{any_reason(run)} Windows {windows}. "
        f"Until {run.frame.cutoff:%Y-%m-%d %H:%M} UTC.</p>"
        f'<table style="border-collapse:collapse"><tbody>{rows}</tbody></table>{steps}</div>'
    )


def _row(measure: str, value: str, interval: str, n: int) -> str:
    cells = (TITLES[measure], value, interval, f"{n:,}" if n else "")
    return "<tr>" + "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in cells) + "</tr>"
