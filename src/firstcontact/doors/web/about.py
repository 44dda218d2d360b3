"""What a figure is: what it counts, by what rule, what it rests on, and how it would mislead. Beside every figure."""

from __future__ import annotations

from dataclasses import dataclass

from firstcontact.doors.report.answer import window_words
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.place import N_
from firstcontact.doors.web.snapshot import Snapshot
from firstcontact.measurement.measures.catalog import MEASURES, TITLES
from firstcontact.services.run import Run


@dataclass(frozen=True, slots=True)
class About:
    """One figure, explained.

    Attributes:
        title: What it is called.
        estimand: What is counted, of what.
        rule: What the policy calls settled, where the figure judges that.
        windows: The windows it rests on; empty where it rests on none.
        rests: What the data must hold for it.
        lies: How it would mislead.
        more: Where the handbook says more.
    """

    title: str
    estimand: str
    rule: str
    windows: str
    rests: str
    lies: str
    more: str


LIES: dict[str, str] = {
    "fcr_issue": N_(
        "Whoever gives up unheard counts as settled. Where customers are not recognised, their returns are not seen, "
        "and the figure is too high."
    ),
    "fcr_contact": N_(
        "A customer who comes five times weighs five times, so a few heavy callers move it. It is lower than the share "
        "of issues."
    ),
    "r_fcr": N_(
        "Returns under another reason or another identity are not seen; coincidence is taken off by a model, which "
        "needs some months of history."
    ),
    "t_fcr": N_(
        "It is as good as the labels behind it: reviews of a biased choice of contacts, or too few of them, would bend "
        "it."
    ),
    "s_fcr": N_(
        "Only those who answer are heard. The correction knows what they have in common with the silent, and no more."
    ),
    "repeat_rate": N_("Coincidental returns count too. A longer window always raises it."),
    "call_resolution": N_(
        "Resolved is what the agent or the record says, and a contact nobody took counts against it."
    ),
    "reopen_rate": N_("A new record opened for an old matter is not seen: then it is too low."),
    "transfer_rate": N_(
        "One transfer to the right place may be what the customer needed. A warm hand-over that is not recorded is not "
        "seen."
    ),
    "escalation_rate": N_("Rises where problems are harder, not only where people know less."),
    "abandonment_rate": N_("Those who hang up at once by mistake count too, unless the policy leaves them out."),
    "handle_time": N_("A mean is moved by a few long contacts. Shorter is not better where customers come back."),
    "service_level": N_("Says nothing of those who waited beyond the limit, nor of what became of the matter."),
    "survey_fcr": N_("Only of those who answered, and few do. Not corrected for those who did not: see S-FCR."),
    "csat": N_("Only of those who answered; moods and prices move it as much as service does."),
    "nps": N_("Judges the company more than the contact. Small samples swing widely."),
    "ces": N_("Only of those who answered; scales differ from tool to tool."),
}
"""How each measure would mislead."""

_JUDGED = frozenset({"fcr_issue", "fcr_contact"})


def about(shown: Snapshot, measure: str) -> About:
    """Explain a figure of a run.

    Args:
        shown: The run, for a visitor.
        measure: Id of the measure.
    """
    return explained(shown.run, shown.writer, measure)


def explained(run: Run, writer: Writer, measure: str) -> About:
    """The same for pieces of pages that are made once for all visitors of a language.

    Args:
        run: What was measured.
        writer: Speaks the reader's language.
        measure: Id of the measure.
    """
    known = MEASURES.get(measure)
    return About(
        title=writer.say(TITLES.get(measure, measure)),
        estimand=writer.tell(known.estimand) if known else "",
        rule=writer.tell(run.policy.title) if measure in _JUDGED else "",
        windows=window_words(run, writer) if known and known.rests_on_windows(run.policy) else "",
        rests=writer.tell(known.needs) if known and known.needs else "",
        lies=writer.say(LIES[measure]) if measure in LIES else "",
        more=f"/help/measures#{measure}",
    )
