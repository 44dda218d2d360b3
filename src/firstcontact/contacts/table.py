"""The tables everything stands on: each column with its type, its meaning, and what a missing value means.

All timestamps are UTC without zone information (`timestamp`), all durations seconds, all shares 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from firstcontact.kernel.sentence import clause

ColumnType = Literal["string", "timestamp", "float64", "int64", "boolean", "list<string>"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: Its name, with the unit in it where there is one.
        type: Its type, in words that every engine has.
        meaning: What it holds.
        missing: What a missing value means; empty where a value is required.
        personal: Whether it can identify a customer, and so never reaches logs or errors.
        least: Smallest figure that is possible; None where the column holds no figures.
        most: Largest figure that is possible.
        above: Whether `least` itself is not possible.
    """

    name: str
    type: ColumnType
    meaning: str
    missing: str = ""
    personal: bool = False
    least: float | None = None
    most: float | None = None
    above: bool = False

    @property
    def required(self) -> bool:
        return not self.missing

    def holds(self, figure: float) -> bool:
        """Whether a figure is possible.

        >>> SURVEYS.column("nps").holds(10), SURVEYS.column("nps").holds(11)
        (True, False)
        >>> REVIEWS.column("sampling_probability").holds(0)
        False
        """
        if self.least is None or self.most is None:
            return True
        return figure <= self.most and (figure > self.least if self.above else figure >= self.least)

    @property
    def bounds(self) -> str:
        """Which figures are possible, in words; empty where the column holds none.

        >>> SURVEYS.column("nps").bounds, REVIEWS.column("sampling_probability").bounds
        ('0 to 10', 'above 0 to 1')
        """
        if self.least is None or self.most is None:
            return ""
        if self.above:
            return clause("above {least:,g} to {most:,g}", least=self.least, most=self.most)
        return clause("{least:,g} to {most:,g}", least=self.least, most=self.most)


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table: what a row is, what identifies it, and its columns in order."""

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column of this name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


MOST_SECONDS = 315_576_000
"""Longest duration that is believed: ten years."""

MOST_TIMES = 1_000_000
"""How often anything can have happened within one contact."""

MOST_MONEY = 1e12
"""Largest amount that is believed, in either direction."""

CHANNELS: tuple[str, ...] = (
    "phone",
    "email",
    "chat",
    "messaging",
    "social",
    "web",
    "self-service",
    "walk-in",
    "remote",
)
DIRECTIONS: tuple[str, ...] = ("inbound", "outbound")

CASE_EVENT_KINDS: tuple[str, ...] = (
    "public_reply",  # an agent wrote or spoke to the customer
    "internal_note",  # seen by colleagues only
    "customer_message",  # the customer wrote again, after the description
    "reassignment",  # another agent or queue took over
    "escalation",  # a higher level took over
    "reopen",  # settled before, now open again
    "awaiting",  # put on hold for information or a third party
    "settled",  # solved or closed
    "update",  # any other change of the record
)

REASON_SEPARATOR = " > "
"""Joins the levels of a reason's path: `billing > invoice > wrong amount`."""

NO_REASON = "(none)"
"""The reason of contacts without one. It is a reason of its own and is never joined with another."""

EXTRA_PREFIX = "x_"
"""Further columns of the source that a run slices by stand beside the contact columns as `x_<their own name>`."""

CONTACTS = TableSpec(
    "contacts",
    "one attempt by a customer, on one channel, from first words to parting",
    ("contact_id",),
    (
        Column("contact_id", "string", "Identifies the contact within its source."),
        Column("source", "string", "The system or file it came from."),
        Column("customer_id", "string", "The source's own name for the customer.", "customer unknown", personal=True),
        Column("channel", "string", f"One of {', '.join(CHANNELS)}, or the source's own word.", "channel unknown"),
        Column("direction", "string", "`inbound` or `outbound`.", "inbound"),
        Column("queued_at", "timestamp", "When the customer began to wait.", "not recorded"),
        Column("answered_at", "timestamp", "When somebody answered.", "not recorded, or abandoned"),
        Column("started_at", "timestamp", "First words; for a ticket, when it was opened."),
        Column("ended_at", "timestamp", "Parting; for a ticket, when it was settled.", "not over, or not recorded"),
        Column("reason", "string", "Path in the reason tree, levels joined by ` > `.", "no reason given"),
        Column(
            "first_reason",
            "string",
            "The reason it was first given, as a path like `reason`.",
            "as `reason`, or not recorded",
        ),
        Column("reason_source", "string", "Who gave the reason: `agent`, `customer`, `rule`, `model`.", "not recorded"),
        Column("agent_id", "string", "Who handled it last.", "not recorded"),
        Column("team", "string", "That agent's team at the time.", "not recorded"),
        Column("queue", "string", "Where it was handled: queue, skill or assignment group.", "not recorded"),
        Column("first_queue", "string", "The queue it was first put into.", "as `queue`, or not recorded"),
        Column(
            "transfers",
            "int64",
            "How often it went to another agent or queue within the contact.",
            "not recorded",
            least=0,
            most=MOST_TIMES,
        ),
        Column("escalated_to", "string", "The higher level it went to.", "not escalated, or not recorded"),
        Column("wrap_up", "string", "The code the agent chose at the end.", "not recorded"),
        Column("agent_says_resolved", "boolean", "Whether the agent marked it resolved.", "not said"),
        Column("settled", "boolean", "Whether the source's record is in a solved or closed state.", "not recorded"),
        Column("abandoned", "boolean", "Whether the customer left before being answered.", "not abandoned"),
        Column(
            "handle_seconds",
            "float64",
            "Talk, hold and after-contact work.",
            "not recorded",
            least=0,
            most=MOST_SECONDS,
        ),
        Column("hold_seconds", "float64", "Time on hold.", "not recorded", least=0, most=MOST_SECONDS),
        Column("case_id", "string", "The ticket or case that several contacts share.", "none"),
        Column("asset_id", "string", "The asset it was about.", "none"),
        Column("language", "string", "Language tag.", "not recorded"),
        Column("text_ref", "string", "Where the text is kept, never the text.", "no text", personal=True),
        Column("article_ids", "list<string>", "Knowledge articles used.", "none"),
        Column(
            "cost",
            "float64",
            "What handling it cost, in the policy's currency.",
            "not recorded",
            least=-MOST_MONEY,
            most=MOST_MONEY,
        ),
    ),
)

IDENTIFIERS = TableSpec(
    "identifiers",
    "one identifier seen on one contact",
    ("contact_id", "kind", "value"),
    (
        Column("contact_id", "string", "The contact it was seen on."),
        Column("kind", "string", "`phone`, `email`, `account`, or any other name."),
        Column("value", "string", "The identifier as the source has it.", personal=True),
    ),
)

CASE_EVENTS = TableSpec(
    "case_events",
    "one thing that happened to a ticket",
    ("contact_id", "at", "kind"),
    (
        Column("contact_id", "string", "The contact (ticket) it happened to."),
        Column("at", "timestamp", "When."),
        Column("kind", "string", f"One of {', '.join(CASE_EVENT_KINDS)}."),
        Column("agent_id", "string", "Who did it.", "the customer, the system, or not recorded"),
        Column("channel", "string", "Through which channel.", "not recorded"),
    ),
)

SURVEYS = TableSpec(
    "surveys",
    "one answered survey",
    ("contact_id",),
    (
        Column("contact_id", "string", "The contact it asks about."),
        Column("answered_at", "timestamp", "When it was answered.", "not recorded"),
        Column("resolved", "boolean", "Whether the customer says the issue is resolved.", "not asked or not answered"),
        Column(
            "contacts_needed",
            "int64",
            "How many contacts the customer says it took.",
            "not asked or answered",
            least=1,
            most=MOST_TIMES,
        ),
        Column(
            "csat",
            "float64",
            "Satisfaction, on the scale named in the mapping, as 0 to 1.",
            "not asked/answered",
            least=0,
            most=1,
        ),
        Column("nps", "int64", "Likelihood to recommend, 0 to 10.", "not asked or not answered", least=0, most=10),
        Column("ces", "float64", "Effort, as 0 (hard) to 1 (easy).", "not asked or not answered", least=0, most=1),
    ),
)

REVIEWS = TableSpec(
    "reviews",
    "one quality review of a case, with the probability with which it was drawn",
    ("contact_id", "reviewer"),
    (
        Column("contact_id", "string", "The contact reviewed."),
        Column("reviewer", "string", "Who reviewed it.", "not recorded"),
        Column("reviewed_at", "timestamp", "When.", "not recorded"),
        Column("resolved", "boolean", "Whether the issue was truly resolved at this contact.", "undecided"),
        Column(
            "sampling_probability",
            "float64",
            "Chance of being drawn, 0 to 1.",
            "not drawn at random",
            least=0,
            most=1,
            above=True,
        ),
    ),
)

CONTACT_AGENTS = TableSpec(
    "contact_agents",
    "one agent's part in a contact that several handled",
    ("contact_id", "agent_id"),
    (
        Column("contact_id", "string", "The contact."),
        Column("agent_id", "string", "Who took part."),
        Column("team", "string", "That agent's team at the time.", "not recorded"),
        Column("role", "string", "`owner`, `helper`, or the source's own word.", "not recorded"),
        Column(
            "handle_seconds",
            "float64",
            "That agent's part of the handling.",
            "not recorded",
            least=0,
            most=MOST_SECONDS,
        ),
    ),
)

ASSETS = TableSpec(
    "assets",
    "one thing that customers need help with",
    ("asset_id",),
    (
        Column("asset_id", "string", "As contacts name it."),
        Column("model", "string", "Model or product.", "not recorded"),
        Column("vendor", "string", "Who made or sold it.", "not recorded"),
        Column("customer_id", "string", "Who uses it.", "shared, or not recorded", personal=True),
        Column("bought_at", "timestamp", "When it was bought or put to use.", "not recorded"),
        Column("retired_at", "timestamp", "When it went out of use.", "in use, or not recorded"),
        Column(
            "cost",
            "float64",
            "What it cost, in the policy's currency.",
            "not recorded",
            least=-MOST_MONEY,
            most=MOST_MONEY,
        ),
    ),
)

CUSTOMERS = TableSpec(
    "customers",
    "one customer as the source knows them",
    ("customer_id",),
    (
        Column("customer_id", "string", "As contacts name them.", personal=True),
        Column("segment", "string", "The source's own grouping.", "not recorded"),
        Column("place", "string", "Where they are: country, region or city.", "not recorded", personal=True),
        Column("language", "string", "Language tag.", "not recorded"),
        Column(
            "value",
            "float64",
            "What they are worth a year, in the policy's currency.",
            "not recorded",
            least=-MOST_MONEY,
            most=MOST_MONEY,
        ),
        Column("joined_at", "timestamp", "Since when they are a customer.", "not recorded"),
    ),
)

AGENTS = TableSpec(
    "agents",
    "one agent's place for a stretch of time",
    ("agent_id", "joined_at"),
    (
        Column("agent_id", "string", "As contacts name them."),
        Column("team", "string", "Team in that stretch.", "not recorded"),
        Column("level", "string", "Level of support: first, second, ...", "not recorded"),
        Column("joined_at", "timestamp", "Beginning of the stretch.", "as far back as the data go"),
        Column("left_at", "timestamp", "End of the stretch, exclusive.", "still there"),
    ),
)

ARTICLES = TableSpec(
    "articles",
    "one knowledge article",
    ("article_id",),
    (
        Column("article_id", "string", "As contacts name it."),
        Column("title", "string", "Its title.", "not recorded"),
        Column("reason", "string", "The reason it serves.", "none in particular"),
        Column("language", "string", "Language tag.", "not recorded"),
        Column("owner", "string", "Who keeps it.", "nobody named"),
        Column("reviewed_at", "timestamp", "When it was last reviewed.", "never, or not recorded"),
    ),
)

CRM_EVENTS = TableSpec(
    "crm_events",
    "one thing that happened between a customer and the organisation outside the contact centre",
    ("customer_id", "at", "kind"),
    (
        Column("customer_id", "string", "Whom it concerns.", personal=True),
        Column("at", "timestamp", "When."),
        Column("kind", "string", "`purchase`, `payment`, `statement`, `address_change`, or the source's own word."),
        Column(
            "amount", "float64", "Its amount, in the policy's currency.", "none", least=-MOST_MONEY, most=MOST_MONEY
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (
    CONTACTS,
    IDENTIFIERS,
    CASE_EVENTS,
    SURVEYS,
    REVIEWS,
    CONTACT_AGENTS,
    ASSETS,
    CUSTOMERS,
    AGENTS,
    ARTICLES,
    CRM_EVENTS,
)
