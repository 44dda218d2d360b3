"""What a run says on the terminal: the answer, what to know before believing it, and where the rest is."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from firstcontact.doors.priority import foremost
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.measures.catalog import TITLES
from firstcontact.services.run import Run
from firstcontact.services.suspect_codes import if_wrong


def say(run: Run, folder: Path) -> None:
    """Print a run's summary on standard output."""
    console = Console(highlight=False, soft_wrap=False)
    console.print()
    console.print(Text(_answer(run), style="bold"))
    console.print(Text(_basis(run)))
    if target := _target(run):
        console.print(Text(target))
    warnings = [finding for finding in run.findings if finding.level == "warning"]
    for finding in warnings:
        console.print()
        console.print(Text(f"Note: {finding.text}", style="yellow"))
        if finding.override:
            console.print(Text(f"      To decide otherwise: {finding.override}"))
    console.print()
    console.print(_table(run))
    for line in _if_wrong(run):
        console.print(Text(line))
    if steps := first_steps(run):
        console.print()
        console.print(Text("What to do first", style="bold"))
        for number, step in enumerate(steps, 1):
            console.print(Text(f"{number}. {step}"))
        console.print()
    console.print(Text(_rows(run)))
    console.print(Text(f"Report: {folder / 'report.html'}"))


def percent(value: float, digits: int = 1) -> str:
    """A share as a person reads it.

    >>> percent(0.77134)
    '77.1 %'
    """
    return f"{100 * value:.{digits}f} %"


def figure(result: Estimate | Refusal) -> tuple[str, str]:
    """A result as its value and its interval, or why there is none."""
    if isinstance(result, Refusal):
        return "refused", result.reason
    if result.unit == "share":
        return percent(result.value), f"{percent(result.low)} to {percent(result.high)}"
    if result.unit == "seconds":
        return f"{result.value:,.0f} s", f"{result.low:,.0f} to {result.high:,.0f} s"
    return f"{result.value:.3f}", f"{result.low:.3f} to {result.high:.3f}"


def _answer(run: Run) -> str:
    result = run.headline
    if isinstance(result, Refusal):
        return f"No FCR figure: {result.reason} What would help: {result.would_help}"
    unit = "issues" if run.headline_measure == "fcr_issue" else "contacts"
    value, interval = figure(result)
    return f"FCR {value} ({interval}, {result.level:.0%} interval) of {result.n:,} {unit}."


def _basis(run: Run) -> str:
    windows = {window.days for window in run.fit.windows}
    length = f"{min(windows):g} days" if len(windows) == 1 else f"{min(windows):g} to {max(windows):g} days"
    source = "declared, not learned" if run.fit.kind == "declared" else "learned from the data"
    asks = f" Window: {length} ({source})." if "returned" in run.policy.signals else ""
    result = run.headline
    mature = ""
    if isinstance(result, Estimate):
        units = "issues" if run.headline_measure == "fcr_issue" else "contacts"
        mature = f" {percent(result.maturity)} of all {units} so far are judged"
        mature += "; the windows of the others are open." if result.maturity < 1 else "."
    return f"Policy {run.policy.name} {run.policy.version}: {run.policy.title}.{any_reason(run)}{asks}{mature}"


def _target(run: Run) -> str:
    """Whether the figure reaches its target; empty where it has none."""
    from firstcontact.doors.report.target import against
    from firstcontact.doors.report.writer import Writer

    has_one = run.policy.target(run.headline_measure) is not None
    return against(run, run.headline_measure, Writer.of("en", run.zone)) if has_one else ""


def any_reason(run: Run) -> str:
    """That any return counts, where the policy asks for the same reason and the data name none; empty elsewhere."""
    same = "returned" in run.policy.signals and run.policy.link.reason_level != 0
    if not same or run.names_reasons or isinstance(run.headline, Refusal):
        return ""
    return " The data name no reasons, so a return for any reason counts."


def _table(run: Run) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading, justify in (("measure", "left"), ("figure", "right"), ("interval", "left"), ("n", "right")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for row in run.rows:
        # Explanations have rows for the whole as well; they need more than a line.
        if row.by or row.measure not in TITLES:
            continue
        value, interval = figure(row.result)
        table.add_row(TITLES[row.measure], value, Text(interval), f"{row.result.n:,}" if row.result.n else "")
    return table


def _if_wrong(run: Run) -> list[str]:
    """What wrong codes and split records would make of R-FCR, a line each; none where it is not known."""
    tried = if_wrong(run.rows)
    if not tried:
        return []
    shares = "/".join(f"{100 * share:.0f}" for share, _, _ in tried)
    codes, splits = (" / ".join(percent(one[place]) for one in tried) for place in (1, 2))
    said = f"R-FCR, if {shares} % of the codes were wrong: {codes}; "
    return ["", f"{said}if {shares} % of the contacts stood under a second record of their customer: {splits}."]


def first_steps(run: Run) -> list[str]:
    """The best opportunity, what failures have most in common, and the commonest next issue, a line each."""
    gain, cause, edge = foremost(run)
    said = []
    if gain:
        worth = f", worth {_money(gain.money, run)}" if gain.money else ""
        contacts = gain.contacts
        said.append(
            f"{gain.reason}, as good as at its best: {contacts.value:,.0f} contacts a month "
            f"({contacts.low:,.0f} to {contacts.high:,.0f}) need not come{worth}."
        )
    if cause:
        inside = f", for {cause.reason}" if cause.reason else ""
        excess = cause.excess
        said.append(
            f"Read what went wrong here: {cause.cause}{inside}. {100 * excess.value:.1f} points more of these fail "
            f"than of comparable contacts ({100 * excess.low:.1f} to {100 * excess.high:.1f}; n = {excess.n:,})."
        )
    if edge:
        share = edge.share
        said.append(
            f"With {edge.cause}, settle {edge.effect} too: it brings {percent(share.value)} of them back "
            f"({percent(share.low)} to {percent(share.high)})."
        )
    return said


def _money(result: Estimate, run: Run) -> str:
    currency = run.policy.cost.currency or "in the currency of the data"
    return f"{result.value:,.0f} {currency} ({result.low:,.0f} to {result.high:,.0f})"


def _rows(run: Run) -> str:
    ledger = run.row_ledger
    parts = [f"{ledger.contacts:,} contacts"]
    parts += [f"{count:,} absorbed ({cause})" for cause, count in ledger.absorbed.items()]
    quarantined = sum(ledger.quarantined.values())
    parts += [f"{quarantined:,} quarantined"] if quarantined else []
    known = f"The customer is known for {percent(run.identity.coverage)} of them."
    return f"{ledger.read:,} rows = {' + '.join(parts)}. {known}"
