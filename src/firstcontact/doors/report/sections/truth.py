"""What was really resolved: nobody came back because of it, it is settled, the customer says so, the policy says so.

Four answers to four questions, one below the other and never averaged.
"""

from __future__ import annotations

from dataclasses import dataclass

from firstcontact.doors.report import words
from firstcontact.doors.report.answer import asks_return
from firstcontact.doors.report.charts.dots import dots
from firstcontact.doors.report.charts.drawing import Drawing
from firstcontact.doors.report.figure import Figure, dot
from firstcontact.doors.report.section import Section
from firstcontact.doors.report.target import against
from firstcontact.doors.report.theme import DEFINITION_ROW
from firstcontact.doors.report.words import N_
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.measures.catalog import MISCODED, SPLIT_RECORDS
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.run import Run
from firstcontact.services.suspect_codes import code_findings, if_wrong, split_findings


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the answers.

    Attributes:
        name: In a few words.
        about: Which question it answers.
        figure: The answer, or why there is none.
        rests: What it rests on.
        measure: Its id.
        own: Whether it is the policy's.
    """

    name: str
    about: str
    figure: Figure
    rests: str
    measure: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Wrong:
    """R-FCR, were so much of the records wrong.

    Attributes:
        share: Of the contacts.
        codes: Were their codes wrong.
        records: Stood they under a second record of their customer.
    """

    share: str
    codes: str
    records: str


@dataclass(frozen=True, slots=True)
class Truth:
    """The section.

    Attributes:
        takeaway: What the answers come to, in plain words.
        kinds: The answers.
        drawing: Theirs; its first row is the scale.
        relation: How they hang together.
        wrong: What R-FCR would be, were codes wrong or records split.
    """

    takeaway: str
    kinds: list[Kind]
    drawing: Drawing
    relation: list[str]
    wrong: list[Wrong]


def write(run: Run, writer: Writer) -> list[Section]:
    """The section; none where the run holds nothing but the policy's figure."""
    rows = {row.measure: row for row in run.select(*words.TRUTHS, run.headline_measure, by="")}
    results = {name: rows[name].result for name in words.TRUTHS if name in rows}
    if not results:
        return []
    shown = [(run.headline_measure, run.headline), *((name, results[name]) for name in words.TRUTHS if name in results)]
    kinds = [_kind(measure, result, rows.get(measure), run, writer) for measure, result in shown]
    drawing = dots(
        [dot(result, strong=place == 0) for place, (_, result) in enumerate(shown)],
        reference=None,
        label=writer.notation.percent,
        row=DEFINITION_ROW,
    )
    percent = writer.notation.percent
    wrong = [
        Wrong(percent(one), percent(codes, 1), percent(records, 1))
        for one, codes, records in if_wrong(run.select(by=""))
    ]
    relation = _relation(results, run, writer) + _suspected(run, writer)
    told = Truth(_takeaway(results, writer), kinds, drawing, relation, wrong)
    return [Section("truth", writer.say("What was really resolved"), part="truth", data=told)]


def _kind(measure: str, result: Estimate | Refusal, row: ResultRow | None, run: Run, writer: Writer) -> Kind:
    own = measure == run.headline_measure
    name, about, rests = words.POLICY_TRUTH if own else words.TRUTHS[measure]
    told = writer.figure(result)
    rests_on = writer.say(rests, n=told.n)
    rests_on = writer.linked(rests_on, writer.behind(row) if row else "")
    said = writer.say(about)
    if not own and (target := against(run, measure, writer)):
        said = writer.notation.running((said + writer.notation.stop, target))
    return Kind(writer.say(name), said, told, rests_on, measure, own)


def _takeaway(results: dict[str, Estimate | Refusal], writer: Writer) -> str:
    known = {measure: result for measure, result in results.items() if isinstance(result, Estimate)}
    if not known:
        return writer.say(
            "These data cannot say how many issues were really resolved: the policy's figure is what its rule sees, "
            "and no more."
        )
    said = [
        writer.say(words.TRUTH_SENTENCES[measure], about=writer.notation.count(100 * result.value))
        for measure, result in known.items()
    ]
    if "t_fcr" in results and "t_fcr" not in known:
        said.append(writer.say("How many were truly resolved, these data cannot say."))
    return writer.notation.running(said)


def _relation(results: dict[str, Estimate | Refusal], run: Run, writer: Writer) -> list[str]:
    """How the answers hang together, and where they seem to contradict each other."""
    said = [
        writer.say(
            "These are answers to different questions and are never averaged. R-FCR is an upper bound of T-FCR: who "
            "was helped has no cause to come back, but who gives up in silence does not come back either."
        )
    ]
    if run.audit and run.audit.get("linked"):
        found = run.audit["linked"]
        said.append(
            writer.say(
                "An audit found that the records link %(share)s (%(low)s to %(high)s) of the returns for the same "
                "issue to their first contact. R-FCR as measured is too high by what they miss; the corrected one is "
                "for all issues together, since single reasons may miss more or less.",
                share=writer.notation.percent(found["value"]),
                low=writer.notation.percent(found["low"]),
                high=writer.notation.percent(found["high"]),
            )
        )
    ours, truly, policy = results.get("r_fcr"), results.get("t_fcr"), run.headline
    if isinstance(ours, Estimate) and isinstance(policy, Estimate) and asks_return(run.policy):
        if ours.low > policy.high:
            said.append(
                writer.say(
                    "The policy's figure is lower than R-FCR: it counts every return inside its window, also those "
                    "that would have come anyway."
                )
            )
        elif ours.high < policy.low:
            said.append(
                writer.say(
                    "The policy's figure is higher than R-FCR: some returns that an issue causes come when its window "
                    "has closed."
                )
            )
    if isinstance(ours, Estimate) and isinstance(truly, Estimate) and truly.low > ours.high:
        said.append(
            writer.say(
                "Here T-FCR stands above R-FCR, which cannot be if both are right: look at how the reviewed contacts "
                "were drawn, and at whether reviewers saw what came later."
            )
        )
    return said


def _suspected(run: Run, writer: Writer) -> list[str]:
    """How far down wrong codes and split records may take R-FCR, as far as the data show them."""
    names = ("r_fcr", MISCODED, SPLIT_RECORDS)
    found = {row.measure: row.result for row in run.select(*names, by="")}
    bounds = {name: one for name, one in found.items() if name != "r_fcr" and isinstance(one, Estimate)}
    whole = run.select(by="")
    if not if_wrong(whole):
        return []
    said = []
    for name, bound in bounds.items():
        ends = {"bound": bound.value, "low": bound.low, "high": bound.high}
        values = {end: writer.notation.percent(value, 1) for end, value in ends.items()}
        said.append(writer.say(_SUSPECTED[name][bool(_FOUND[name](whole))], **values))
    return said


_FOUND = {MISCODED: code_findings, SPLIT_RECORDS: split_findings}
_SUSPECTED = {
    MISCODED: (
        N_(
            "Were all returns for another reason that chance does not explain the same issue under a wrong code, R-FCR "
            "would be %(bound)s (%(low)s to %(high)s)."
        ),
        N_(
            "R-FCR is not to be relied on before codes are looked at: customers come back for another reason more "
            "often than chance explains. Were all of these the same issue under a wrong code, R-FCR would be "
            "%(bound)s (%(low)s to %(high)s). An audit would tell."
        ),
    ),
    SPLIT_RECORDS: (
        N_(
            "Were cases that go on under another customer those of one customer under two records, and other returns "
            "lost as often, R-FCR would be %(bound)s (%(low)s to %(high)s)."
        ),
        N_(
            "R-FCR is not to be relied on before customer records are looked at: cases go on under another customer. "
            "Is that one customer under two records, and are other returns lost as often, R-FCR is %(bound)s "
            "(%(low)s to %(high)s). An audit would tell."
        ),
    ),
}
"""Of each bound, what is said of it, and what is said where a finding warns."""
