"""The opening of the report: the one figure in a sentence, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup

from firstcontact.doors.report.charts.drawing import Drawing
from firstcontact.doors.report.charts.hundred import hundred
from firstcontact.doors.report.figure import Figure
from firstcontact.doors.report.notation import decimals
from firstcontact.doors.report.target import against
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import Estimate
from firstcontact.measurement.policy.model import Policy
from firstcontact.services.reach import judged
from firstcontact.services.run import Run

KNOWN_WELL = 0.995
"""With more contacts of a known customer than this, the rest is not worth a warning."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The opening.

    Attributes:
        figure: The headline in figures.
        sentence: The headline in words; the figures in it are marked.
        rule: What settled means here, where the sentence does not hold it: in the policy's words.
        facts: (what, figure) to believe it by.
        squares: A hundred issues, drawn; None where the figure is refused.
        alternative: What the squares say.
        caveats: What the figure is not.
        target: Whether it reaches its target; empty where it has none.
    """

    figure: Figure
    sentence: Markup
    rule: str
    facts: list[tuple[str, str | Markup]]
    squares: Drawing | None
    alternative: str
    caveats: list[str] = field(default_factory=list)
    target: str = ""


def answer(run: Run, writer: Writer) -> Answer:
    """Put the headline of a run into words."""
    result = run.headline
    told = writer.figure(result)
    issues = run.headline_measure == "fcr_issue"
    # Of what, in so many words: beside weeks that are complete, a bare share of windows reads as if it were theirs.
    if result.maturity < 1:
        old = (
            writer.say("of all issues so far are judged; the windows of the others are open")
            if issues
            else writer.say("of all contacts so far are judged; the windows of the others are open")
        )
    else:
        old = (
            writer.say("of all issues so far are judged") if issues else writer.say("of all contacts so far are judged")
        )
    closed = (old, writer.notation.closed(result.maturity))
    cutoff = (writer.say("cut-off"), writer.notation.moment(run.frame.cutoff))
    if not isinstance(result, Estimate):
        sentence = Markup("{}").format(
            writer.say("No figure. %(why)s.", why=told.refused.title if told.refused else "")
        )
        facts = [(writer.say("to go by"), told.n), closed, cutoff]
        return Answer(told, sentence, "", facts, None, "", target=against(run, run.headline_measure, writer))
    facts = [
        (writer.say("issues judged") if issues else writer.say("contacts judged"), _judged(run, writer, told)),
        closed,
        (writer.say("interval, clustered by customer"), writer.notation.percent(result.level)),
        cutoff,
    ]
    squares = hundred(result.low, result.high, rtl=writer.rtl)
    return Answer(
        told,
        _sentence(run, writer, result),
        "" if asks_return(run.policy) else run.policy.title,
        facts,
        squares,
        writer.say(
            "A hundred squares: %(low)s filled, for those surely settled; up to %(high)s pale, for those inside the "
            "interval; the rest hollow.",
            low=round(result.low * 100),
            high=round(result.high * 100),
        ),
        caveats(run, writer),
        against(run, run.headline_measure, writer),
    )


def asks_return(policy: Policy) -> bool:
    """Whether the policy's only question is if the customer came back."""
    return [(rule.signal, rule.equals) for rule in policy.counts_when] == [("returned", False)]


def _judged(run: Run, writer: Writer, told: Figure) -> str | Markup:
    """How many were judged, and the way to them where there is one."""
    row = next(iter(run.slices(run.headline_measure, "")), None)
    return writer.linked(told.n, writer.behind(row) if row is not None else "")


def _sentence(run: Run, writer: Writer, result: Estimate) -> Markup:
    places = decimals(result.low, result.high)
    first, last = judged(run)
    of = 10 ** (2 + places)
    parts = {
        "of": writer.notation.count(of),
        "about": Markup("<b>{}</b>").format(writer.notation.count(result.value * of)),
        "low": writer.notation.count(result.low * of),
        "high": writer.notation.count(result.high * of),
        "first": writer.notation.day(first),
        "last": writer.notation.day(last),
        "rule": window_words(run, writer),
    }
    issues = run.headline_measure == "fcr_issue"
    if asks_return(run.policy):
        text = (
            writer.say(
                "Of %(of)s issues opened from %(first)s to %(last)s, about %(about)s (%(low)s to %(high)s) were "
                "settled at the first contact: %(rule)s."
            )
            if issues
            else writer.say(
                "Of %(of)s contacts from %(first)s to %(last)s, about %(about)s (%(low)s to %(high)s) settled the "
                "matter: %(rule)s."
            )
        )
    else:
        text = (
            writer.say(
                "Of %(of)s issues opened from %(first)s to %(last)s, about %(about)s (%(low)s to %(high)s) count as "
                "settled at the first contact by this rule:"
            )
            if issues
            else writer.say(
                "Of %(of)s contacts from %(first)s to %(last)s, about %(about)s (%(low)s to %(high)s) count as "
                "settled at the first contact by this rule:"
            )
        )
    return Markup(text) % parts  # noqa: S704 - a sentence of our own; its parts are escaped


def window_words(run: Run, writer: Writer) -> str:
    """The rule of return in words, with its window and whether that was declared or learned."""
    days = sorted({window.days for window in run.fit.windows}) or [run.policy.window.default_days]
    shortest, longest = (writer.notation.decimal(end, 0 if end == int(end) else 1) for end in (days[0], days[-1]))
    learned = run.fit.kind == "learned"
    if shortest == longest:
        one_or_more = 1 if days[-1] == 1 else 2
        if run.policy.link.reason_level != 0 and not run.names_reasons:
            return (
                writer.say_many(
                    "no return for any reason (the data name none) within the learned window of %(days)s day",
                    "no return for any reason (the data name none) within the learned window of %(days)s days",
                    one_or_more,
                    days=longest,
                )
                if learned
                else writer.say_many(
                    "no return for any reason (the data name none) within the declared window of %(days)s day",
                    "no return for any reason (the data name none) within the declared window of %(days)s days",
                    one_or_more,
                    days=longest,
                )
            )
        if run.policy.link.reason_level == 0:
            return writer.say_many(
                "no return for any reason within the declared window of %(days)s day",
                "no return for any reason within the declared window of %(days)s days",
                one_or_more,
                days=longest,
            )
        if learned:
            return writer.say_many(
                "no return for the same reason within the learned window of %(days)s day",
                "no return for the same reason within the learned window of %(days)s days",
                one_or_more,
                days=longest,
            )
        return writer.say_many(
            "no return for the same reason within the declared window of %(days)s day",
            "no return for the same reason within the declared window of %(days)s days",
            one_or_more,
            days=longest,
        )
    span = writer.notation.span(shortest, longest)
    if learned:
        return writer.say(
            "no return for the same reason within that reason's learned window of %(days)s days", days=span
        )
    return writer.say("no return for the same reason within that reason's declared window of %(days)s days", days=span)


def caveats(run: Run, writer: Writer) -> list[str]:
    """What the figure is not, for this run."""
    said = []
    if asks_return(run.policy):
        said += [
            writer.say(
                "A log sees who came back, not who gave up. Whoever went away unhelped without a word counts as "
                "settled, so the share truly resolved is lower than returns alone can show; by how much, no log can "
                "say."
            ),
            writer.say(
                "Some returns are coincidence: a new need for the same reason inside the window. They count against "
                "the figure here, because the window is declared and nothing has been taken off."
            )
            if run.fit.kind == "declared"
            else "",
        ]
    if run.identity.coverage < KNOWN_WELL:
        said.append(
            writer.say(
                "The customer is known for %(share)s of contacts. A return under another name or number is not seen "
                "as one.",
                share=writer.notation.closed(run.identity.coverage),
            )
        )
    return [sentence for sentence in said if sentence]
