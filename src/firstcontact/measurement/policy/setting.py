"""Every setting of a policy file: its type, its limits, and the words beside it.

Names are those of the dataclasses in `model`; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from firstcontact.contacts.table import CONTACTS, EXTRA_PREFIX, REASON_SEPARATOR
from firstcontact.kernel.sentence import Sentence, clause

Kind = Literal["text", "number", "whole", "flag", "texts", "wholes", "value", "day", "days_by_reason"]

KIND_WORDS: dict[Kind, Sentence] = {
    "text": clause('text in quotes, like "billing"'),
    "number": clause("a number, like 30 or 1.5"),
    "whole": clause("a whole number, like 3"),
    "flag": clause("true or false"),
    "texts": clause('a list of texts, like ["phone", "email"]'),
    "wholes": clause("a list of whole numbers, like [1, 2, 3, 4, 5]"),
    "value": clause("true, false, a number or text"),
    "day": clause("a day without quotes, like 2026-01-31"),
    "days_by_reason": clause('a table of days by reason, like { "billing" = 45 }'),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of one section.

    Attributes:
        key: As typed.
        kind: What its value may be.
        words: What it decides, for the comment above it.
        low, high: Limits of numbers, both included; `above` makes the lower one excluded.
        choices: The only values allowed, where there are few.
        required: Whether it must be given.
        optional: Whether leaving it out means something that no value says; `unset` says what.
    """

    key: str
    kind: Kind
    words: str
    low: float | None = None
    high: float | None = None
    above: bool = False
    choices: tuple[str, ...] = ()
    required: bool = False
    unset: str = ""


DAYS = 3650.0
SHORTEST_CYCLE, LONGEST_CYCLE = 2.0, 60.0
"""In days: lags are told apart by the day, and returns are followed for 180, of which two cycles must be seen."""
ROLES = ("count", "return_only", "ignore")
MISSING = ("fails", "holds", "left_out", "unsettled")
COLUMNS = tuple(c.name for c in CONTACTS.columns if c.type in ("string", "int64", "boolean"))

TOP = (
    Setting("name", "text", "Short name", required=True),
    Setting("version", "text", "Raised whenever the meaning changes"),
    Setting("title", "text", "One line for a table"),
    Setting("source", "text", "Where the definition was published; empty for one's own"),
    Setting("note", "text", "What a reader should know"),
)

WINDOW = (
    Setting("default_days", "number", "A return within so many days is a repeat", 0, DAYS, above=True),
    Setting("source", "text", "Declared here, or learned from the data", choices=("declared", "learned")),
    Setting(
        "by_reason",
        "days_by_reason",
        f"Days for single reasons; a path ({REASON_SEPARATOR.strip()} between levels) stands for all below it",
        0,
        DAYS,
        above=True,
    ),
)

LINK = (
    Setting("index", "text", "Which contacts are judged: openers of issues, or all", choices=("openers", "all")),
    Setting(
        "gap_from",
        "text",
        "Gaps run from a contact's start or end; auto: start for tickets, end for contacts",
        choices=("auto", "start", "end"),
    ),
    Setting(
        "reason_level",
        "whole",
        "How many levels of the reason must agree; 0: reasons do not matter",
        0,
        20,
        unset="the whole path must agree",
    ),
    Setting("channels", "texts", "Only these channels exist for the policy; empty: all"),
    Setting("look_back_days", "number", "An opener has been quiet for at least this long", 0, DAYS),
    Setting("look_back_factor", "number", "... and for at least this many times its window", 0, 100),
    Setting(
        "same_contact_seconds", "number", "A contact so soon after the last one is a transferred leg; 0: none", 0, 86400
    ),
    Setting("same_contact_any_channel", "flag", "Legs may change the channel"),
    Setting("redial_minutes", "number", "An abandoned contact is redialled within so many minutes", 0, 10080),
    Setting("outbound", "text", "Contacts made by the centre: count, return_only or ignore", choices=ROLES),
    Setting("abandoned", "text", "Contacts abandoned before an answer", choices=ROLES),
    Setting("self_service", "text", "Contacts with self-service", choices=ROLES),
    Setting(
        "missing_customer",
        "text",
        "Unknown customers: exclude them, or take each contact for a single one",
        choices=("exclude", "single"),
    ),
    Setting(
        "missing_reason",
        "text",
        "Contacts without a reason: their own reason, or excluded",
        choices=("own_reason", "exclude"),
    ),
    Setting(
        "events_days",
        "number",
        "Case events later than this after the start do not count",
        0,
        DAYS,
        above=True,
        unset="all count",
    ),
)

RELATED = (
    Setting("earlier", "text", "A contact for this reason ...", required=True),
    Setting("later", "text", "... and a later one for this reason can be one issue", required=True),
    Setting("days", "number", "... within so many days", 0, DAYS, above=True, required=True),
    Setting("both_ways", "flag", "In either order"),
)

CONDITION = (
    Setting("signal", "text", "What is looked at", required=True),
    Setting("equals", "value", "It has this value", unset="not compared"),
    Setting("at_most", "number", "It is this or less", unset="not compared"),
    Setting("below", "number", "It is less than this", unset="not compared"),
    Setting("at_least", "number", "It is this or more", unset="not compared"),
    Setting("any_of", "texts", "It has one of these values"),
    Setting("channels", "texts", "Asked on these channels only; empty: all"),
    Setting("missing", "text", "When the signal was not recorded", choices=MISSING),
    Setting("because", "text", "The reason, in words"),
    Setting("code", "text", "Short name in the ledger of contacts left out"),
)

EXCLUDE = (
    Setting("code", "text", "Short name in the ledger", required=True),
    Setting("column", "text", f"A column of the contacts, or {EXTRA_PREFIX}<name>", required=True),
    Setting("values", "texts", 'Values that exclude a contact; "" is a missing one', required=True),
)

CALENDAR = (
    Setting("zone", "text", "Business zone, like Europe/Sofia; auto: that of the data"),
    Setting("week_start", "text", "First day of a week", choices=("monday", "sunday", "saturday")),
    Setting("opens", "text", "Opening time, HH:MM"),
    Setting("closes", "text", "Closing time, HH:MM, up to 24:00"),
    Setting("workdays", "wholes", "Working days, Monday is 1", 1, 7),
)

SERVICE_LEVEL = (
    Setting("seconds", "number", "Answered within so many seconds is in time", 0, 864000, above=True),
    Setting("goal", "number", "The share aimed at", 0, 1),
)

PUBLISH = (
    Setting("level", "number", "Confidence level of intervals", 0.5, 0.999),
    Setting("minimum_sample", "whole", "Fewer than this and a figure is refused", 1, 1_000_000),
    Setting("suppress_below", "whole", "Smaller cells are not shown at all", 0, 1_000_000),
    Setting("dominance", "number", "Largest share of a cell that one customer may have", 0, 1, above=True),
)

COST = (
    Setting(
        "cost_per_contact",
        "number",
        "What a contact costs where its own cost is not recorded",
        0,
        1_000_000,
        unset="recoverable contacts are counted, not priced",
    ),
    Setting("currency", "text", "Currency of all amounts, like EUR"),
)

RETURNS = (
    Setting(
        "return_least",
        "number",
        "At least this share of those with an unresolved issue come back; bounds T-FCR where nothing is reviewed",
        0,
        1,
        above=True,
    ),
    Setting(
        "cycle_days",
        "number",
        "Coincidental returns bunch every so many days, like bills",
        SHORTEST_CYCLE,
        LONGEST_CYCLE,
        unset="looked for in the data",
    ),
    Setting(
        "cycle_by_reason",
        "days_by_reason",
        "The same for single reasons; a path stands for all below it",
        SHORTEST_CYCLE,
        LONGEST_CYCLE,
    ),
)

TARGET = (
    Setting("at_least", "number", "The share aimed at, where more is better", 0, 1, above=True, unset="less is better"),
    Setting("at_most", "number", "The share aimed at, where less is better", 0, 1, unset="more is better"),
    Setting("tolerance", "number", "So far beside it still counts as reached", 0, 0.5),
    Setting("since", "day", "It holds from this day on", unset="the whole period"),
)

SECTIONS: dict[str, tuple[Setting, ...]] = {
    "window": WINDOW,
    "link": LINK,
    "calendar": CALENDAR,
    "service_level": SERVICE_LEVEL,
    "publish": PUBLISH,
    "cost": COST,
    "returns": RETURNS,
}
"""Sections that stand once: `[window]`."""

LISTS: dict[str, tuple[Setting, ...]] = {
    "related": RELATED,
    "counts_when": CONDITION,
    "left_out_when": CONDITION,
    "unsettled_when": CONDITION,
    "exclude": EXCLUDE,
}
"""Sections that may stand several times: `[[counts_when]]`."""

NAMED: dict[str, tuple[Setting, ...]] = {"targets": TARGET}
"""Sections that stand once for each of several names: `[targets.fcr_issue]`."""

NAMED_WORDS: dict[str, str] = {
    "targets": "What a measure of the whole centre is to reach. A target moves no figure, and no hash knows of it",
}

LIST_WORDS: dict[str, str] = {
    "related": "Reasons that can be one issue",
    "counts_when": "A contact counts as resolved at first contact when all of these hold",
    "left_out_when": "It is left out when any of these holds",
    "unsettled_when": "The definition does not say when any of these holds: the figure is given under both readings",
    "exclude": "Contacts that do not exist for the policy",
}

RESERVED_CODES = (
    "channel",
    "outbound",
    "abandoned",
    "self_service",
    "no_customer",
    "no_reason",
    "part_of_contact",
    "before_since",
    "after_cutoff",
    "not_recorded",
)
"""Codes that the ledger already uses."""
