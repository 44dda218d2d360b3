"""Teams on their own mix of work, what the system does, and whether anybody may be compared at all."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from firstcontact.doors.report.alphabet import in_order, shown_of
from firstcontact.doors.report.charts.axis import marks
from firstcontact.doors.report.charts.dots import Dot, dots
from firstcontact.doors.report.difference import apart, points, signed
from firstcontact.doors.report.figure import Figure
from firstcontact.doors.report.section import Block, Line, Paragraph, Rows, Section, Table
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.measures.flag import FALSE_FLAGS, flagged
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.run import Run

EFFECT, TEAM_SHARE, AGENT_SHARE = "team_effect", "team_share", "agent_share"
SUPPORT, COMPARISON = "agent_support", "comparison"
LISTED = 40


def write(run: Run, writer: Writer) -> list[Section]:
    """The section; none where the data say nothing of teams or agents."""
    whole = {row.measure: row.result for row in run.select(by="")}
    teams = sorted(
        (row for row in run.select(EFFECT) if "team" in row.cell), key=lambda row: in_order(row.cell["team"])
    )
    known = [row for row in teams if isinstance(row.result, Estimate)]
    share, support = whole.get(AGENT_SHARE), whole.get(SUPPORT)
    if not known and not isinstance(share, Estimate):
        return []
    blocks: list[Block] = [Paragraph(_takeaway(known, len(teams), share, writer), "strong")]
    if known:
        blocks.append(
            Paragraph(
                writer.say(
                    "Each team against what the other teams would have had on the same mix of reasons and channels, "
                    "drawn towards 0 as far as chance explains its difference. In the order of the alphabet: this is "
                    "no league table. Hard contacts that no column tells apart still make a team look worse."
                )
            )
        )
        drawn = shown_of(known, LISTED, flagged)
        blocks.append(_drawn(drawn, run, writer))
        blocks += _flags(known, len(known) - len(drawn), writer)
    blocks += _shares(whole, writer)
    if support is not None:
        blocks.append(_individuals(support, writer))
    blocks += _not_compared(run, writer)
    return [Section("teams", writer.say("Teams, agents and the system"), blocks)]


def of_team(run: Run, writer: Writer, team: str) -> list[Section]:
    """One team on its own mix of work, without a word of any other; none where nothing was said of teams."""
    rows = {row.measure: row for row in run.about("team", team) if set(row.cell) == {"team"}}
    effect, compared = rows.get(EFFECT), rows.get(COMPARISON)
    support = next((row.result for row in run.select(SUPPORT, by="")), None)
    blocks: list[Block] = []
    refused = next((row.result for row in (compared, effect) if row and isinstance(row.result, Refusal)), None)
    if refused is not None:
        why = writer.figure(refused).refused
        if why:
            reason, helps = (text + writer.notation.stop for text in (why.reason, why.helps))
            blocks = [
                Paragraph(writer.say("Not set beside other teams: %(why)s", why=reason), "strong"),
                Paragraph(writer.say("What would change it: %(helps)s", helps=helps)),
            ]
    elif effect is not None and isinstance(effect.result, Estimate):
        value, span = points(effect.result, writer.notation, 1)
        if flagged(effect):
            said = writer.say(
                "On the same mix of work it stands %(points)s percentage points from the others (%(interval)s): more "
                "than chance.",
                points=value,
                interval=span,
            )
        elif apart(effect.result):
            said = writer.say(
                "On the same mix of work it stands %(points)s percentage points from the others (%(interval)s): no "
                "further than teams usually do.",
                points=value,
                interval=span,
            )
        else:
            said = writer.say(
                "On the same mix of work it stands %(points)s percentage points from the others (%(interval)s): no "
                "more than chance.",
                points=value,
                interval=span,
            )
        blocks = [Paragraph(said, "strong")]
    if support is not None and blocks:
        blocks.append(_individuals(support, writer))
    return [Section("teams", writer.say("The team, its people and the system"), blocks)] if blocks else []


def _takeaway(known: Sequence[ResultRow], teams: int, share: Estimate | Refusal | None, writer: Writer) -> str:
    said = []
    odd = sum(map(flagged, known))
    if odd:
        said.append(
            writer.say_many(
                "%(number)s of %(teams)s teams differs from the others by more than chance.",
                "%(number)s of %(teams)s teams differ from the others by more than chance.",
                odd,
                teams=writer.notation.count(len(known)),
            )
        )
    elif any(apart(row.result) for row in known if isinstance(row.result, Estimate)):
        said.append(
            writer.say("No team stands further from the others than teams usually do, on the same mix of work.")
        )
    elif known:
        said.append(writer.say("No team differs from the others by more than chance, on the same mix of work."))
    if known and teams > len(known):
        said.append(
            writer.say_many(
                "%(number)s more has too few contacts to be set beside them.",
                "%(number)s more have too few contacts to be set beside them.",
                teams - len(known),
            )
        )
    if isinstance(share, Estimate):
        told = writer.figure(_rest(share))
        said.append(
            writer.say(
                "The system, not the person: of what can be explained of failures, %(share)s (%(interval)s) lies "
                "between reasons and channels, the rest between agents.",
                share=told.value,
                interval=told.interval,
            )
        )
    return writer.notation.running(said)


def _rest(share: Estimate) -> Estimate:
    """The share that lies elsewhere: the same figure read the other way round."""
    return Estimate(1 - share.value, 1 - share.high, 1 - share.low, share.level, share.n, share.estimand)


def _drawn(rows: Sequence[ResultRow], run: Run, writer: Writer) -> Rows:
    number = writer.notation
    compared = {row.cell["team"]: row.result for row in run.select(COMPARISON) if "team" in row.cell}
    lines, places = [], []
    for row in rows:
        if not isinstance(row.result, Estimate):
            continue
        name = row.cell["team"]
        value, span = points(row.result, number, 1)
        odd = flag(row, writer)
        count = writer.say_many("%(number)s contact", "%(number)s contacts", row.result.n)
        note = count
        if isinstance(compared.get(name), Refusal):
            note = writer.notation.listed((count, writer.say("see below")), long=True)
        if href := writer.behind(row):
            note = Markup(escape(note).replace(escape(count), writer.linked(count, href), 1))  # noqa: S704 - escaped
        lines.append(Line(writer.name(name), value, span, note, odd))
        ends = 100 * row.result.value, 100 * row.result.low, 100 * row.result.high
        places.append(Dot(*ends, odd=bool(odd)))
    scale = marks(min(0.0, *(dot.low for dot in places)), max(0.0, *(dot.high for dot in places)), 4)
    digits = 0 if all(tick == int(tick) for tick in scale) else 1
    drawing = dots(places, reference=0, label=lambda tick: signed(tick, number, digits), scale=scale)
    headings = (writer.say("Team"), writer.say("points from the others"), writer.say("rests on"))
    return Rows("teams", headings, lines, drawing, True, writer.say("Teams on their own mix of work"))


def flag(row: ResultRow, writer: Writer) -> str:
    """How a team differs from the others, where that is more than chance; empty elsewhere."""
    if not isinstance(row.result, Estimate) or not flagged(row):
        return ""
    return writer.say("above the others") if row.result.value > 0 else writer.say("below the others")


def _flags(known: Sequence[ResultRow], unseen: int, writer: Writer) -> list[Block]:
    said: list[str | Markup] = []
    if any(map(flagged, known)):
        rate = writer.notation.percent(FALSE_FLAGS)
        said.append(writer.say("Of the teams that are flagged (◆), about %(rate)s may be so by chance.", rate=rate))
    if unseen and writer.on_page:
        said.append(writer.linked(writer.say("All teams"), "#all"))
    elif unseen:
        said.append(writer.more(unseen))
    return [Paragraph(text, "more") for text in said]


def _shares(whole: dict[str, Estimate | Refusal], writer: Writer) -> list[Block]:
    rows = []
    names = (
        (TEAM_SHARE, writer.say("between teams")),
        (AGENT_SHARE, writer.say("between agents")),
    )
    for measure, name in names:
        result = whole.get(measure)
        if isinstance(result, Estimate):
            told, rest = writer.figure(result), writer.figure(_rest(result))
            rows.append((name, f"{told.value} ({told.interval})", f"{rest.value} ({rest.interval})"))
    if not rows:
        return []
    columns = [
        writer.say("Of what can be explained of failures"),
        writer.say("lies there"),
        writer.say("lies between reasons and channels"),
    ]
    return [Table(columns, rows, writer.say("How much of the differences is people, and how much is the work"))]


def _individuals(support: Estimate | Refusal, writer: Writer) -> Paragraph:
    """Whether single agents may be compared, with why not."""
    told = writer.figure(support)
    if told.refused and not writer.on_page:
        return Paragraph(
            writer.say(
                "Single agents are not compared: these data do not support it. Why, and what would change that, stands "
                "once, under “%(title)s”.",
                title=writer.say("What cannot be concluded, and what would change that"),
            )
        )
    if told.refused:
        why, helps = (text + writer.notation.stop for text in (told.refused.reason, told.refused.helps))
        return Paragraph(
            writer.say("Single agents are not compared: %(why)s What would change it: %(helps)s", why=why, helps=helps)
        )
    return Paragraph(
        writer.say(
            "These data would support comparing single agents (%(share)s of the variance of a typical agent's figure "
            "is the agent; %(interval)s). The report does not: what no column tells apart may still lie with the work.",
            share=told.value,
            interval=told.interval,
        )
    )


def _not_compared(run: Run, writer: Writer) -> list[Block]:
    """Teams that cannot be set beside the others, and why."""
    rows = []
    for row in sorted(run.select(COMPARISON), key=lambda row: in_order(row.cell.get("team", ""))):
        if "team" in row.cell and isinstance(row.result, Refusal):
            told: Figure = writer.figure(row.result)
            if told.refused:
                why, helps = (text + writer.notation.stop for text in (told.refused.reason, told.refused.helps))
                rows.append((writer.name(row.cell["team"]), why, helps))
    if not rows:
        return []
    caption = writer.say_many(
        "%(number)s team is not set beside the others as a whole: too much of its work has no counterpart",
        "%(number)s teams are not set beside the others as a whole: too much of their work has no counterpart",
        len(rows),
    )
    columns = [writer.say("Team"), writer.say("Why"), writer.say("What would change it")]
    found: list[Block] = [Table(columns, rows[:LISTED], caption, folded=True, words=(1, 2))]
    if len(rows) > LISTED:
        found.append(Paragraph(writer.more(len(rows) - LISTED), "more"))
    return found
