"""Invented runs for tests of what is made of a run: figures that hang together, and the odd cases."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import random
from datetime import date, datetime, timedelta
from typing import Any

from firstcontact.contacts.ledger import MeasureLedger, RowLedger
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.result import (
    NONE_MATURE,
    NOTHING_TO_COUNT,
    SIGNAL_ABSENT,
    SUPPRESSED,
    TOO_FEW,
    Estimate,
    Refusal,
    RefusalKind,
)
from firstcontact.measurement.fit.declared import Fit, declare, effective_hash
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.measures.row import DefinitionRow, ResultRow
from firstcontact.measurement.policy.model import Policy
from firstcontact.services.run import IdentityCoverage, Run

POLICY = Policy()
CUTOFF = datetime.fromisoformat("2016-06-01")
SINCE = datetime.fromisoformat("2016-02-29")
ESTIMAND = "share of issues without a return for the same reason inside the window"

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</style><style>*{display:none}</style>",
    "\u202egnp.exe\u202c evil",
    '=HYPERLINK("http://example.invalid","click")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "שאלה על חשבון > bill",
    "x" * 10_000,
    "a very long name " * 600,
    "nul\x00and\x1bescape",
    "lone \ud800 surrogate",
    "{{ 7 * 7 }} {% raw %} %(name)s ${x}",
    "]]><!-- --!> &amp;&lt;",
    "  ",
)


def share(value: float, n: int, maturity: float = 1.0, **other: Any) -> Estimate:
    """A share with a Wilson interval, widened as if customers came back 1.5 times."""
    z, m = 1.96, max(n / 1.5, 1)
    middle = (value + z * z / (2 * m)) / (1 + z * z / m)
    half = z * math.sqrt(value * (1 - value) / m + z * z / (4 * m * m)) / (1 + z * z / m)
    status = "final" if maturity >= 1 else "provisional"
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Estimate(value, low, high, 0.95, n, ESTIMAND, maturity=maturity, **{"status": status, **other})


def amount(value: float, half: float, n: int, unit: str) -> Estimate:
    """A figure that is not a share."""
    return Estimate(value, value - half, value + half, 0.95, n, "mean", unit)  # type: ignore[arg-type]


def refusal(kind: RefusalKind, n: int = 0, maturity: float = 0.0, reason: str = "", helps: str = "") -> Refusal:
    """A refusal in words that look like the program's."""
    said = {
        TOO_FEW: (f"{n} issues, fewer than the policy's minimum of 30", "more data, or a lower publish.minimum_sample"),
        NONE_MATURE: ("no window of 30 days has closed before the cut-off", "wait, or set a later --cutoff"),
        SIGNAL_ABSENT: ("the file has no column that holds it", "map a column in the mapping file"),
        NOTHING_TO_COUNT: ("all contacts were left out", "see the ledger"),
        SUPPRESSED: (f"{n} contacts, fewer than the policy's suppression limit of 5", "more data"),
    }
    default = said.get(kind, ("it cannot be said", "other data"))
    return Refusal(kind, reason or default[0], helps or default[1], n, ESTIMAND, maturity)


def row(
    measure: str,
    result: Estimate | Refusal,
    by: str = "",
    cell: dict[str, str] | None = None,
    start: date | None = None,
    policy: Policy = POLICY,
    q_value: float | None = None,
) -> ResultRow:
    """One figure."""
    grain = by if by in {"week", "month"} else "all"
    cells = cell if cell is not None else ({by: str(start)} if start else {})
    return ResultRow(measure, by, cells, grain, start, result, policy.name, "0" * 16, CUTOFF, "0.1.0", q_value=q_value)


def run(
    rows: list[ResultRow],
    *,
    contacts: int = 24_918,
    policy: Policy = POLICY,
    ledger: MeasureLedger | None = None,
    fit: Fit | None = None,
    **changes: Any,
) -> Run:
    """A run around some figures."""
    fit = fit or declare(policy, ["Category 1"])
    base = Run(
        run_id="20161121T101500Z-5f1e",
        created_at=datetime.fromisoformat("2016-11-21T10:15"),
        version="0.1.0",
        inputs=({"name": "export.csv", "bytes": 4_812_331, "sha256": hashlib.sha256(b"export").hexdigest()},),
        mapping={"zone": "UTC"},
        policy=policy,
        fit=fit,
        policy_hash=effective_hash(policy, fit),
        frame=Frame(SINCE, SINCE, CUTOFF, "ticket"),
        zone="UTC",
        rows=tuple(rows),
        row_ledger=RowLedger(contacts, contacts),
        measure_ledgers=(ledger or MeasureLedger("fcr_issue", contacts, contacts),),
        findings=(),
        identity=IdentityCoverage(contacts, contacts, max(1, contacts // 5), kinds={"customer": contacts}),
    )
    return dataclasses.replace(base, **changes)


def companions(contacts: int, asked: bool = False) -> list[ResultRow]:
    """The measures beside the headline; surveys only where asked for."""
    rows = [
        row("fcr_contact", share(0.662, contacts - 8_000 if contacts > 9_000 else contacts)),
        row("call_resolution", share(0.9381, contacts)),
        row("repeat_rate", share(0.338, contacts)),
        row("reopen_rate", share(0.0112, contacts)),
        row("transfer_rate", share(0.456, contacts)),
        row("escalation_rate", refusal(SIGNAL_ABSENT)),
        row("abandonment_rate", refusal(SIGNAL_ABSENT, reason="the file does not say which contacts were abandoned")),
        row("handle_time", amount(372, 14, contacts, "seconds") if asked else refusal(SIGNAL_ABSENT)),
        row("service_level", share(0.78, contacts) if asked else refusal(SIGNAL_ABSENT)),
    ]
    if asked:
        rows += [
            row("survey_fcr", share(0.81, 2_310)),
            row("csat", amount(0.794, 0.012, 2_290, "score")),
            row("nps", amount(0.31, 0.04, 2_201, "score")),
            row("ces", amount(0.66, 0.02, 1_876, "score")),
        ]
    else:
        rows += [row(name, refusal(SIGNAL_ABSENT)) for name in ("survey_fcr", "csat", "nps", "ces")]
    return rows


def weeks(values: list[float], n: int, first: date = date(2016, 2, 29)) -> list[ResultRow]:
    """Weeks of which the last four are not complete, and the very last not begun to be."""
    rows = []
    for index, value in enumerate(values):
        start = first + timedelta(weeks=index)
        left = len(values) - index
        maturity = {1: 0.0, 2: 0.0, 3: 0.08, 4: 0.27, 5: 0.71}.get(left, 1.0)
        size = round(n * (1 - 0.03 * (index % 3)) * maturity)
        result = share(value, size, maturity) if maturity else refusal(NONE_MATURE, n)
        rows.append(row("fcr_issue", result, "week", start=start))
    return rows


def definitions(contacts: int) -> tuple[DefinitionRow, ...]:
    """Every preset: some supported, some under two readings, some not supported."""

    def supported(
        name: str, title: str, source: str, value: float, differs: tuple[int, int], **other: Any
    ) -> DefinitionRow:
        counted = other.pop("counted", contacts)
        return DefinitionRow(
            name,
            title,
            source,
            share(value, counted),
            counted=counted,
            resolved=round(value * counted),
            differs=differs,
            **other,
        )

    def unsupported(name: str, title: str, source: str, reason: str) -> DefinitionRow:
        return DefinitionRow(name, title, source, refusal(SIGNAL_ABSENT, reason=reason, helps="map such a column"))

    replies = "no agent replies in this file"
    return (
        supported("firstcontact", POLICY.title, "", 0.744, (0, 0), counted=9_120),
        supported(
            "servicenow-itsm", "Resolved with no reassignment", "common out-of-box reading", 0.512, (1_204, 3_311)
        ),
        supported(
            "servicenow-csm",
            "True after a single update; false if reopened or awaiting information",
            "ServiceNowDocs, case report form",
            0.284,
            (311, 4_506),
            reading_low=0.241,
            reading_high=0.337,
            unsettled=2_391,
        ),
        supported(
            "repeat-7d", "No same-customer same-reason contact within 7 days", "common practice", 0.815, (911, 0)
        ),
        supported(
            "repeat-30d", "No same-customer same-reason contact within 30 days", "common practice", 0.662, (0, 688)
        ),
        supported(
            "genesys-nca",
            "No contact in any medium for 7 days, whatever the reason",
            "Genesys next contact avoidance",
            0.495,
            (402, 2_914),
        ),
        supported("egain", "Closed with one inbound activity", "eGain case resolution reports", 0.948, (2_117, 60)),
        unsupported(
            "zendesk-one-touch",
            "Solved with fewer than two public agent replies",
            "Zendesk help 4408820618266",
            replies,
        ),
        unsupported(
            "freshservice",
            "Resolved with no customer message after the description",
            "Freshservice 50000004904",
            "no customer messages in this file",
        ),
        unsupported(
            "intercom", "Closed once, one teammate took part", "Intercom 7022438", "no names of those who took part"
        ),
        unsupported(
            "sqm-survey",
            "The customer says resolved, and says it took one call",
            "SQM best practice",
            "no survey answers in this file",
        ),
        unsupported("agent-says", "The wrap-up code says resolved", "common practice", "no wrap-up codes in this file"),
    )


def servicenow_like(seed: int = 7) -> Run:
    """A run that resembles the real incident log: one channel, many small categories, a collapse at the end."""
    dice = random.Random(seed)
    rows = [row("fcr_issue", share(0.744, 9_120, 0.883, status="provisional")), *companions(24_918)]
    rows += weeks([0.73 + 0.025 * math.sin(k / 2.1) + 0.012 * dice.random() for k in range(14)], 930)
    sizes = [round(2_600 / (k + 1) ** 0.9) for k in range(54)]
    for index, size in enumerate(sizes):
        value = min(0.97, max(0.4, 0.74 + dice.gauss(0, 0.09)))
        name = f"Category {(index * 37) % 61 + 2}"
        if size < 5:
            result: Estimate | Refusal = refusal(SUPPRESSED, size)
        elif size < 90:
            result = refusal(TOO_FEW, max(5, size // 4), 0.9)
        else:
            result = share(value, size // 3, 0.88 + 0.01 * (index % 10))
        # As if a cell more than eight points away from the whole were found to differ from the rest.
        apart = (0.004 if abs(value - 0.744) > 0.08 else 0.6) if size >= 150 else None
        rows.append(row("fcr_issue", result, "reason_1", {"reason_1": name}, q_value=apart))
    rows.append(row("fcr_issue", share(0.743, 9_021, 0.883), "channel", {"channel": "phone"}))
    rows.append(row("fcr_issue", refusal(TOO_FEW, 17), "channel", {"channel": "email"}))
    rows.append(row("fcr_issue", share(0.81, 82, 0.92), "channel", {"channel": "self-service"}))
    for index in range(21):
        size = round(1_900 / (index + 1))
        result = share(0.74 + dice.gauss(0, 0.05), size, 0.9) if size > 110 else refusal(TOO_FEW, size // 5)
        rows.append(row("fcr_issue", result, "team", {"team": f"Group {(index * 17) % 70 + 10}"}))
    ledgers = (
        MeasureLedger(
            "fcr_issue",
            24_918,
            9_120,
            {"no_customer": 3, "no_reason": 7},
            6_212,
            8_371,
            1_205,
        ),
        MeasureLedger("fcr_contact", 24_918, 20_816, {"no_customer": 3, "no_reason": 7}, 0, 0, 4_092),
        MeasureLedger("reopen_rate", 24_918, 24_918),
        MeasureLedger("transfer_rate", 24_918, 24_918),
    )
    findings = (
        Finding(
            "cut-off",
            "Volume collapses after 31 May 2016: 24,644 contacts before, 274 after. The cut-off is set to 1 June 2016, "
            "so that missing returns are not mistaken for settled issues.",
            "98.9 % of contacts lie in the 92 days before it",
            "warning",
            "--cutoff 2016-07-01",
        ),
        Finding(
            "history",
            "The data begin on 29 February 2016, less than the look-back of 45 days before many contacts; whether "
            "those were the first of their issue cannot be known, so they are left out.",
            "8,371 contacts",
            "warning",
            "--since",
        ),
        Finding("dates", "Dates are read as day/month/year.", "141,712 of 141,712 values parse so, 85,930 only so"),
        Finding("missing", "'?' is read as missing.", "it stands in 27 of 36 columns", override="missing = []"),
        Finding("rows", "One row is an update of a ticket; the last state counts.", "24,918 ids in 141,712 rows"),
    )
    return run(
        rows,
        inputs=(
            {
                "name": "incident_event_log.zip",
                "bytes": 3_180_119,
                "sha256": hashlib.sha256(b"incidents").hexdigest(),
            },
        ),
        row_ledger=RowLedger(141_712, 24_918, {"update": 116_794}, {}),
        measure_ledgers=ledgers,
        findings=findings,
        identity=IdentityCoverage(24_918, 24_915, 5_244, 0, {"customer": 24_915}, 0, 0.0176),
        definitions=definitions(24_918),
        seconds={"read": 1.2, "link": 0.4, "measure": 0.9},
        fit=declare(POLICY, [f"Category {k}" for k in range(2, 55)]),
    )


def centre() -> Run:
    """A centre with every signal: several channels, teams, surveys, a year of weeks, windows that differ by reason."""
    dice = random.Random(3)
    window = dataclasses.replace(POLICY.window, by_reason=(("billing", 45.0), ("password", 7.0), ("fault", 21.0)))
    policy = dataclasses.replace(POLICY, window=window)
    rows = [row("fcr_issue", share(0.7926, 131_204, 0.957)), *companions(200_000, asked=True)]
    rows += weeks(
        [0.78 + 0.02 * math.sin(k / 8) + 0.006 * dice.gauss(0, 1) + (0.02 if k > 34 else 0) for k in range(53)], 2_600
    )
    for name, value, size in (
        ("billing", 0.691, 24_100),
        ("delivery", 0.741, 21_034),
        ("fault", 0.812, 18_211),
        ("password", 0.955, 22_876),
        ("refund", 0.702, 9_120),
        ("cancel", 0.832, 7_441),
        ("information", 0.934, 24_013),
        ("setup", 0.655, 4_409),
    ):
        rows.append(row("fcr_issue", share(value, size, 0.96), "reason_1", {"reason_1": name}))
    for name, value, size in (
        ("phone", 0.79, 80_411),
        ("chat", 0.812, 22_310),
        ("email", 0.755, 19_022),
        ("web", 0.80, 8_204),
        ("social", 0.77, 1_230),
    ):
        rows.append(row("fcr_issue", share(value, size, 0.96), "channel", {"channel": name}))
    for name in ("Amber", "Birch", "Cedar", "Dahlia", "Elm", "Fern"):
        rows.append(row("fcr_issue", share(0.79 + dice.gauss(0, 0.01), 20_000, 0.96), "team", {"team": name}))
    for name in ("North", "South"):
        rows.append(row("fcr_issue", share(0.79, 60_000, 0.96), "x_region", {"x_region": name}))
    return run(
        rows,
        contacts=200_000,
        policy=policy,
        fit=declare(policy, ["billing", "delivery", "fault", "password", "refund", "cancel", "information", "setup"]),
        row_ledger=RowLedger(200_412, 200_000, {"duplicate": 311}, {"FC2003": 88, "FC2007": 12}, 1),
        measure_ledgers=(
            MeasureLedger(
                "fcr_issue", 200_000, 131_204, {"outbound": 6_104, "abandoned": 9_803}, 31_202, 15_786, 5_901
            ),
        ),
        identity=IdentityCoverage(200_000, 191_302, 40_021, 3_107, {"customer": 120_110, "phone": 150_231}, 4, 0.0009),
        definitions=definitions(200_000),
        frame=Frame(SINCE, SINCE, datetime.fromisoformat("2017-03-06"), "contact"),
        findings=(Finding("dates", "Dates are read as year-month-day.", "every value parses so"),),
    )


def all_immature() -> Run:
    """Every window is still open: every figure is refused."""
    reason = "all 512 contacts are younger than the window of 30 days"
    rows = [
        row(name, refusal(NONE_MATURE, 512, reason=reason, helps="wait until 14 July 2016, or shorten the window"))
        for name in ("fcr_issue", "fcr_contact", "repeat_rate")
    ]
    rows += [
        row("fcr_issue", refusal(NONE_MATURE, 100), "week", start=date(2016, 5, 2) + timedelta(weeks=k))
        for k in range(4)
    ]
    rows += [row("fcr_issue", refusal(NONE_MATURE, 512), "channel", {"channel": "phone"})]
    return run(rows, contacts=512, ledger=MeasureLedger("fcr_issue", 512, 0, immature=512))


def one_contact() -> Run:
    """One row of data."""
    return run([row("fcr_issue", refusal(TOO_FEW, 1, 1.0))], contacts=1)


def wide(by: str, cells: int) -> Run:
    """Very many cells of one slice, one in seven without a figure."""
    dice = random.Random(11)
    rows = [row("fcr_issue", share(0.74, 9_120, 0.9))]
    for index in range(cells):
        result = refusal(TOO_FEW, 9) if index % 7 == 3 else share(0.5 + 0.45 * dice.random(), 40 + index % 900)
        rows.append(row("fcr_issue", result, by, {by: f"{by} {index:05}"}))
    return run(rows)


def hostile() -> Run:
    """Names that would like to be markup, formulas, directions or the whole page."""
    rows = [row("fcr_issue", share(0.74, 9_120, 0.9))]
    for by in ("reason_1", "channel", "team", "queue", "x_<b>region</b>"):
        rows += [row("fcr_issue", share(0.7, 900 + k), by, {by: name}) for k, name in enumerate(HOSTILE)]
    sentence = 'A <b>bold</b> finding "quoted" \u202e turned'
    return run(
        rows,
        inputs=({"name": "<svg onload=alert(1)>.csv", "bytes": 12, "sha256": "0" * 64},),
        findings=(Finding("<i>topic</i>", sentence, sentence, "warning", "--x '<y>'"),),
        measure_ledgers=(MeasureLedger("fcr_issue", 24_918, 24_000, {"<u>spam</u>": 918}),),
    )


def no_reason() -> Run:
    """The source has no reasons; everything is one reason."""
    rows = [row("fcr_issue", share(0.6, 800)), row("fcr_issue", share(0.6, 800), "reason_1", {"reason_1": "(none)"})]
    return run(
        rows,
        contacts=1_000,
        ledger=MeasureLedger("fcr_issue", 1_000, 800, immature=200),
        fit=declare(POLICY, ["(none)"]),
    )
