"""What to do first: the best opportunity, what failures have most in common, and the commonest next issue."""

from __future__ import annotations

from dataclasses import dataclass

from firstcontact.doors.priority import Cause, Edge, Opportunity, foremost
from firstcontact.doors.report.section import Section
from firstcontact.doors.report.sections.opportunity import money
from firstcontact.doors.report.sections.root_cause import named
from firstcontact.doors.report.writer import Writer
from firstcontact.services.run import Run


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do.

    Attributes:
        text: What to do, and what it is worth.
        place: The section that says more.
        link: What the link to it says.
    """

    text: str
    place: str
    link: str


def write(run: Run, writer: Writer) -> list[Section]:
    """The section; none where nothing is beyond chance."""
    gain, cause, edge = foremost(run)
    steps = []
    if gain:
        steps.append(Step(_gain(gain, run, writer), "opportunities", writer.say("What could be saved")))
    if cause:
        steps.append(Step(_cause(cause, writer), "causes", writer.say("What failures have in common")))
    if edge:
        steps.append(Step(_edge(edge, writer), "downstream", writer.say("What comes next")))
    return [Section("first", writer.say("What to do first"), part="first", data=steps)] if steps else []


def _gain(gain: Opportunity, run: Run, writer: Writer) -> str:
    told = writer.figure(gain.contacts)
    parts = {
        "reason": writer.notation.apart(writer.name(gain.reason)),
        "count": told.value,
        "interval": told.interval,
    }
    number = 1 if told.value == "1" else 2
    if gain.money:
        return writer.say_many(
            "Bring %(reason)s to its own best: about %(count)s contact a month (%(interval)s) need not come, worth "
            "%(money)s.",
            "Bring %(reason)s to its own best: about %(count)s contacts a month (%(interval)s) need not come, worth "
            "%(money)s.",
            number,
            money=money(gain.money, run, writer),
            **parts,
        )
    return writer.say_many(
        "Bring %(reason)s to its own best: about %(count)s contact a month (%(interval)s) need not come.",
        "Bring %(reason)s to its own best: about %(count)s contacts a month (%(interval)s) need not come.",
        number,
        **parts,
    )


def _cause(cause: Cause, writer: Writer) -> str:
    told = writer.figure(cause.contacts) if cause.contacts else writer.figure(cause.excess)
    what = named(cause.cause, writer)
    if cause.reason:
        reason = writer.notation.apart(writer.name(cause.reason))
        what = writer.say("%(cause)s, for %(reason)s", cause=what, reason=reason)
    return writer.say(
        "Read what went wrong here: %(cause)s. Of these contacts %(count)s (%(interval)s) failed beyond comparable "
        "ones.",
        cause=what,
        count=told.value,
        interval=told.interval,
    )


def _edge(edge: Edge, writer: Writer) -> str:
    told = writer.figure(edge.share)
    return writer.say(
        "Whoever comes with %(cause)s: settle %(effect)s at the same time. It brings %(share)s of them back "
        "(%(interval)s).",
        cause=writer.notation.apart(writer.name(edge.cause)),
        effect=writer.notation.apart(writer.name(edge.effect)),
        share=told.value,
        interval=told.interval,
    )
