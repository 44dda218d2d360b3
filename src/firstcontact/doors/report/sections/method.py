"""How the figure came about: the policy in words, windows, period, identity, inputs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from markupsafe import Markup

from firstcontact.doors.report import words
from firstcontact.doors.report.answer import asks_return
from firstcontact.doors.report.notation import shown
from firstcontact.doors.report.section import Section
from firstcontact.doors.report.writer import Writer
from firstcontact.measurement.measures.flag import FALSE_FLAGS, flagged
from firstcontact.measurement.policy.explain import explain
from firstcontact.measurement.policy.model import Condition
from firstcontact.services.reach import judged
from firstcontact.services.run import Run

WINDOWS = 30
"""Windows shown; all of them are in fit.json."""

TOLD = frozenset(
    (
        "explain.role",
        "explain.nobody",
        "explain.nobody.single",
        "explain.no-reason",
        "explain.no-reason.own",
        "explain.publish",
    )
)
"""Points of a policy's explanation that stand among the rules already."""


@dataclass(frozen=True, slots=True)
class Method:
    """How the figure came about.

    Attributes:
        rules: (question, answer) of the policy, in words.
        windows: (reason, days, look-back) of those that differ from the commonest, then that.
        more_windows: How many are not shown.
        period: (what, value) of the frame.
        identity: (what, value) of how well customers are known.
        inputs: (name, size, SHA-256).
        run: (what, value) that name the run.
        points: Decisions of the policy that the rules do not hold, a sentence each.
        looked: How many cells were looked at, and how many of them were flagged.
    """

    rules: list[tuple[str, str]]
    windows: list[tuple[str, str, str]]
    more_windows: int
    period: list[tuple[str, str]]
    identity: list[tuple[str, str]]
    inputs: list[tuple[str, str, str]]
    run: list[tuple[str, str]]
    points: list[str]
    looked: str


def write(run: Run, writer: Writer) -> list[Section]:
    """The section, which every report has."""
    return [Section("how", writer.say("How this was computed"), part="method", data=method(run, writer))]


def _looked(run: Run, writer: Writer) -> str:
    cells = [row for row in run.select(run.headline_measure) if row.by and row.period_grain == "all"]
    number = writer.notation
    said = writer.say(
        "%(count)s cells were looked at for this report. All figures, with those that are not shown here, are in "
        "results.csv and results.parquet.",
        count=number.count(len(cells)),
    )
    tested = sum(row.q_value is not None for row in cells)
    if not tested:
        return said
    compared = writer.say(
        "Cells with enough contacts of enough customers to be compared with the rest of the run: %(tested)s; the "
        "others are not tested. Flagged as different from it: %(flagged)s (Benjamini and Hochberg, over all that were "
        "tested, at a rate of %(rate)s).",
        tested=number.count(tested),
        flagged=number.count(sum(map(flagged, cells))),
        rate=number.percent(FALSE_FLAGS),
    )
    return number.running((said, compared))


def method(run: Run, writer: Writer) -> Method:
    """Say how the figure came about."""
    return Method(
        _rules(run, writer),
        *_windows(run, writer),
        period_lines(run, writer),
        identity_lines(run, writer),
        [
            (
                shown(str(file.get("name", ""))),
                writer.notation.count(size) if isinstance(size := file.get("bytes", file.get("size")), int) else "",
                shown(str(file.get("sha256", ""))),
            )
            for file in run.inputs
        ],
        [
            (writer.say("Run"), shown(run.run_id)),
            (writer.say("Made"), writer.notation.moment(run.created_at)),
            (writer.say("Version of firstcontact"), shown(run.version)),
            (writer.say("Policy"), f"{shown(run.policy.name)} {shown(run.policy.version)}"),
            (writer.say("Effective policy (hash of policy and fit)"), shown(run.policy_hash)),
        ],
        [writer.tell(point) for point in explain(run.policy).points if point.code not in TOLD],
        _looked(run, writer),
    )


def _days(days: float, writer: Writer) -> str:
    return writer.notation.decimal(days, 0 if days == int(days) else 1)


def _windows(run: Run, writer: Writer) -> tuple[list[tuple[str, str, str]], int]:
    """The windows that differ from the commonest, which one line sums up; and how many are not shown."""
    windows = run.fit.windows
    if not windows:
        return [], 0
    usual, count = Counter((window.days, window.look_back_days) for window in windows).most_common(1)[0]
    other = [window for window in windows if (window.days, window.look_back_days) != usual]
    lines = [
        (writer.name(window.reason), _days(window.days, writer), _days(window.look_back_days, writer))
        for window in sorted(other, key=lambda window: window.reason)[:WINDOWS]
    ]
    if other:
        name = writer.say_many("%(number)s other reason", "%(number)s other reasons", count)
    elif count == 1:
        name = writer.name(windows[0].reason) if windows[0].reason else writer.say("all reasons")
    else:
        name = writer.say_many("%(number)s reason", "all %(number)s reasons", count)
    lines.append((name, _days(usual[0], writer), _days(usual[1], writer)))
    return lines, max(0, len(other) - WINDOWS)


def _rules(run: Run, writer: Writer) -> list[tuple[str, str]]:
    policy, link = run.policy, run.policy.link
    rules = []
    if link.index == "openers":
        judged = writer.say_many(
            "The first contact of each issue: one with no contact of the same issue for at least %(days)s day "
            "before it, and for longer where the window is longer",
            "The first contact of each issue: one with no contact of the same issue for at least %(days)s days "
            "before it, and for longer where the window is longer",
            1 if link.look_back_days == 1 else 2,
            days=_days(link.look_back_days, writer),
        )
    else:
        judged = writer.say("Every contact")
    rules.append((writer.say("What is judged"), judged))
    if asks_return(policy):
        rules.append(
            (
                writer.say("It counts as settled when"),
                writer.say("the customer does not come back for the same issue inside the window"),
            )
        )
    else:
        for rule in policy.counts_when:
            rules.append((writer.say("It counts as settled when"), _condition(rule, writer)))
    for rule in policy.left_out_when:
        rules.append((writer.say("It is left out when"), _condition(rule, writer)))
    for rule in policy.unsettled_when:
        rules.append((writer.say("The definition does not say when"), _condition(rule, writer)))
    if link.reason_level is None:
        same = writer.say("of the same customer with the same whole reason")
    elif link.reason_level == 0:
        same = writer.say("of the same customer, whatever the reason")
    else:
        same = writer.say_many(
            "of the same customer with the same reason at level %(number)s",
            "of the same customer with the same reason down to level %(number)s",
            link.reason_level,
        )
    rules.append((writer.say("Contacts belong together"), same))
    from_start = link.gap_from == "start" or (link.gap_from == "auto" and run.frame.source_kind != "contact")
    rules.append(
        (
            writer.say("A gap runs"),
            writer.say("from the start of a contact to the start of the next")
            if from_start
            else writer.say("from the end of a contact to the start of the next"),
        )
    )
    for name, role in (
        (writer.say("Outbound contacts"), link.outbound),
        (writer.say("Abandoned contacts"), link.abandoned),
        (writer.say("Self-service"), link.self_service),
    ):
        rules.append((name, writer.say(words.ROLES[role])))
    customer = {"exclude": writer.say("left out"), "single": writer.say("each a customer of its own")}[
        link.missing_customer
    ]
    rules.append((writer.say("Contacts without a customer"), customer))
    reason = {
        "exclude": writer.say("left out"),
        "own_reason": writer.say("a reason of their own, joined with no other"),
    }[link.missing_reason]
    rules.append((writer.say("Contacts without a reason"), reason))
    rules.append(
        (
            writer.say("A figure is refused"),
            writer.say(
                "below %(least)s judged, and when one customer holds more than %(share)s of a cell; cells below "
                "%(small)s are not shown",
                least=writer.notation.count(policy.publish.minimum_sample),
                share=writer.notation.percent(policy.publish.dominance),
                small=writer.notation.count(policy.publish.suppress_below),
            ),
        )
    )
    return rules


def _condition(rule: Condition, writer: Writer) -> str:
    if rule.because:
        return writer.tell(rule.because)
    name = writer.say(words.SIGNALS[rule.signal]) if rule.signal in words.SIGNALS else shown(rule.signal)
    if rule.at_most is not None:
        return writer.say("%(signal)s at most %(value)s", signal=name, value=writer.notation.decimal(rule.at_most))
    if rule.at_least is not None:
        return writer.say("%(signal)s at least %(value)s", signal=name, value=writer.notation.decimal(rule.at_least))
    if rule.any_of:
        return writer.say(
            "%(signal)s one of %(value)s", signal=name, value=writer.notation.listed(map(shown, rule.any_of))
        )
    said = {True: writer.say("yes"), False: writer.say("no")}
    value = said[rule.equals] if isinstance(rule.equals, bool) else shown(str(rule.equals))
    return f"{name}: {value}"


def period_lines(run: Run, writer: Writer) -> list[tuple[str, str]]:
    """Between which moments the run looks: (what, value)."""
    number, frame = writer.notation, run.frame
    return [
        (writer.say("Data complete from"), number.moment(frame.data_start)),
        (writer.say("Judged from"), number.moment(frame.since)),
        (writer.say("Old enough to be judged, and not too early to know"), " – ".join(map(number.day, judged(run)))),
        (writer.say("Cut-off: nothing from here on is known to be complete"), number.moment(frame.cutoff)),
        (writer.say("Days, weeks and months begin in"), shown(run.zone)),
        (writer.say("Whole days of complete data"), number.count(frame.whole_days)),
    ]


def identity_lines(run: Run, writer: Writer) -> list[tuple[str, str]]:
    """How well customers are known: (what, value)."""
    number, identity = writer.notation, run.identity
    lines = [
        (
            writer.say("Contacts whose customer is known"),
            Markup("{} ({})").format(
                writer.linked(
                    number.count(identity.known), writer.links.contacts(known=True) if identity.known else ""
                ),
                number.closed(identity.coverage),
            ),
        ),
        (writer.say("Different customers"), number.count(identity.customers)),
        (writer.say("Customers joined from several identifiers"), number.count(identity.joined)),
        (writer.say("Identifiers shared by too many customers to be used"), number.count(identity.shared)),
        (writer.say("Share of known contacts held by the largest customer"), number.percent(identity.largest_share, 1)),
    ]
    for kind, count in sorted(identity.kinds.items()):
        lines.append(
            (
                writer.say("Contacts with an identifier of the kind “%(kind)s”", kind=number.apart(shown(kind))),
                number.count(count),
            )
        )
    return lines
