"""The tables of the operational store, the same on SQLite and PostgreSQL.

Moments are UTC without zone information, as everywhere inside. What is only ever read back whole is JSON. `seq` is the
number of the change: it grows over all tables, so whoever remembers the last one seen can ask for what is new. A change
here needs a migration beside it (`migrations/versions`); a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql_text
from sqlalchemy.types import TypeDecorator, TypeEngine

from firstcontact.contacts.table import CONTACTS, ColumnType
from firstcontact.kernel.sentence import kept_with, restored_with

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Whole = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit number; SQLite numbers rows by itself only where the type is called INTEGER."""


class Moment(TypeDecorator[datetime]):
    """A UTC moment without zone information. One that carries a zone is converted, so none is ever stored wrongly."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - theirs
        if value is not None and value.tzinfo is not None:
            return value.astimezone(UTC).replace(tzinfo=None)
        return value


class Faults(TypeDecorator[list[dict[str, str]]]):
    """Faults as plain data, with how their clauses were made, so that a page can say them in another language."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - theirs
        return [kept_with(one) for one in value] if isinstance(value, list) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - theirs
        return [restored_with(one) for one in value] if isinstance(value, list) else value


_TYPES: dict[ColumnType, TypeEngine[Any] | type[TypeEngine[Any]]] = {
    "string": Text,
    "timestamp": Moment,
    "float64": Float,
    "int64": Whole,
    "boolean": Boolean,
    "list<string>": JSON,
}


def _arrival() -> list[Column[Any]]:
    """How something came in: columns that every arriving record has."""
    return [
        Column("version", Whole, nullable=False, default=0, doc="Newer versions replace older; 0 where not said."),
        Column("digest", String(64), nullable=False, doc="SHA-256 of the content: an identical copy changes nothing."),
        Column("seq", Whole, nullable=False, index=True),
        Column("received_at", Moment, nullable=False),
        Column("import_id", String(32), index=True, doc="The import that brought it; empty where it was sent."),
    ]


sequence = Table(
    "sequence",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Whole, nullable=False),
)

contact = Table(
    "contact",
    metadata,
    Column("source", Text, primary_key=True),
    Column("contact_id", Text, primary_key=True),
    *(
        Column(column.name, _TYPES[column.type], nullable=not column.required)
        for column in CONTACTS.columns
        if column.name not in {"source", "contact_id"}
    ),
    Column("attributes", JSON, nullable=False, default=dict, doc="Further columns by their own name, as text."),
    *_arrival(),
    Column("person_id", Whole, index=True, doc="The customer as linked live; empty where unknown or not yet linked."),
    Index("ix_contact_started_at", "started_at"),
    Index("ix_contact_team_started_at", "team", "started_at"),
    Index("ix_contact_customer_id", "customer_id"),
    Index("ix_contact_agent_id", "agent_id"),
)

contact_before = Table(
    "contact_before",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False),
    Column("contact_id", Text, nullable=False),
    Column("version", Whole, nullable=False),
    Column("digest", String(64), nullable=False, doc="SHA-256 of its content, as `contact` has it."),
    Column("body", JSON, nullable=False, doc="The contact as it was, with its identifiers."),
    Column("import_id", String(32), doc="The import that had brought that version."),
    Column("replaced_by", String(32), index=True, doc="The import that replaced it; empty where it was sent."),
    Column("replaced_at", Moment, nullable=False),
    Index("ix_contact_before_contact", "source", "contact_id"),
)

contact_gone = Table(
    "contact_gone",
    metadata,
    Column("source", Text, primary_key=True),
    Column("contact_id", Text, primary_key=True),
    Column("seq", Whole, nullable=False, index=True),
    Column("cause", String(16), nullable=False),
    Column("gone_at", Moment, nullable=False),
    CheckConstraint("cause IN ('erased', 'expired', 'undone')", name="cause"),
)

identifier = Table(
    "identifier",
    metadata,
    Column("source", Text, primary_key=True),
    Column("contact_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True, doc="As the source has it."),
    Column("spelled", Text, doc="As identifiers are compared; empty where it names nobody."),
    Index("ix_identifier_spelled", "kind", "spelled"),
)

companion = Table(
    "companion",
    metadata,
    Column("kind", String(32), primary_key=True, doc="Its table of contacts.table: surveys, case_events, ..."),
    Column("record_key", String(64), primary_key=True, doc="SHA-256 of source and key columns."),
    Column("source", Text, nullable=False),
    Column("contact_id", Text),
    Column("customer_id", Text),
    Column("body", JSON, nullable=False),
    *_arrival(),
    Index("ix_companion_contact", "source", "contact_id"),
    Index("ix_companion_customer", "customer_id", "kind"),
)

companion_gone = Table(
    "companion_gone",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("record_key", String(64), primary_key=True),
    Column("seq", Whole, nullable=False, index=True),
    Column("cause", String(16), nullable=False),
    Column("gone_at", Moment, nullable=False),
    CheckConstraint("cause IN ('erased', 'expired', 'undone')", name="cause"),
)

text = Table(
    "text",
    metadata,
    Column("text_ref", String(64), primary_key=True),
    Column("source", Text, nullable=False),
    Column("contact_id", Text, nullable=False),
    Column("body", Text, nullable=False, doc="Redacted before it was stored."),
    Column("redacted", JSON, nullable=False, doc="How many of each kind were taken out."),
    Column("stored_at", Moment, nullable=False),
    Index("ix_text_contact", "source", "contact_id"),
)

LINK_REPEATS = sql_text("repeat_of IS NOT NULL")
"""Of these links it is asked since when they are known; the others need no place in that index."""

link = Table(
    "link",
    metadata,
    Column("source", Text, primary_key=True),
    Column("contact_id", Text, primary_key=True),
    Column("person_id", Whole, index=True, doc="Empty where nobody knows who it was."),
    Column("issue_id", Text, index=True),
    Column("issue_source", Text),
    Column("issue_start", Boolean, nullable=False),
    Column("opener", Boolean, nullable=False),
    Column("repeat_of", Text),
    Column("repeat_of_source", Text),
    Column("leg_of", Text),
    Column("leg_of_source", Text),
    Column("returned", Boolean, nullable=False),
    Column("redialled", Boolean, nullable=False),
    Column("previous_gap_days", Float),
    Column("next_gap_days", Float),
    Column("window_days", Float, nullable=False),
    Column("look_back_days", Float, nullable=False, doc="What lies closer to the beginning of the data is no opener."),
    Column("matures_at", Moment, nullable=False, doc="From then on it is known whether the customer came back."),
    Column("excluded_code", Text, doc="Without what only the period of a run excludes."),
    Column("policy_hash", String(64), nullable=False),
    Column("linked_at", Moment, nullable=False),
    Column("seq", Whole, doc="The change of the contact that it knows; empty where an earlier version linked it."),
    Index("ix_link_linked_at", "linked_at", sqlite_where=LINK_REPEATS, postgresql_where=LINK_REPEATS),
)

person_key = Table(
    "person_key",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("spelled", Text, primary_key=True),
    Column("person_id", Whole, nullable=False, index=True),
    Column("blurred", Text, doc="What nearly equal identifiers have in common; empty where nothing may be guessed."),
    Index("ix_person_key_blurred", "kind", "blurred"),
)

identity_decision = Table(
    "identity_decision",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("verb", String(8), nullable=False),
    Column("contacts", JSON, nullable=False, doc="Pairs of source and contact id that the decision is about."),
    Column("note", Text),
    Column("actor", Text, nullable=False),
    Column("decided_at", Moment, nullable=False),
    Column("undone_at", Moment),
    Column("undone_by", Text),
    CheckConstraint("verb IN ('merge', 'split')", name="verb"),
)

identity_override = Table(
    "identity_override",
    metadata,
    Column("source", Text, primary_key=True),
    Column("contact_id", Text, primary_key=True),
    Column("decision_id", String(32), ForeignKey("identity_decision.id"), primary_key=True, index=True),
    Column("verb", String(8), nullable=False),
    Column("person_id", Whole, index=True, doc="Whose the contact was then; by it a number that went away leads on."),
)

identity_proposal = Table(
    "identity_proposal",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("left_person", Whole, nullable=False),
    Column("right_person", Whole, nullable=False),
    Column(
        "left_contact", JSON, nullable=False, doc="A contact of each side, by which the proposal outlives numbering."
    ),
    Column("right_contact", JSON, nullable=False),
    Column("grounds", JSON, nullable=False, doc="Why, without values of a customer."),
    Column("confidence", Float, nullable=False),
    Column("state", String(12), nullable=False, default="open", index=True),
    Column("proposed_at", Moment, nullable=False),
    Column("decided_at", Moment),
    Column("decided_by", Text),
    UniqueConstraint("left_person", "right_person"),
    CheckConstraint("state IN ('open', 'accepted', 'declined', 'stale')", name="state"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=True),
    Column("kind", String(32), nullable=False, doc="The table it was meant for."),
    Column("source", Text),
    Column("raw", Text, nullable=False, doc="As it arrived, so that it can be corrected and replayed."),
    Column("digest", String(64), nullable=False, index=True, doc="SHA-256 of kind, source and raw."),
    Column("codes", JSON, nullable=False),
    Column("faults", Faults, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("import_id", String(32), index=True),
    Column("state", String(12), nullable=False, default="open", index=True),
    Column("ended_at", Moment),
    Column("ended_by", Text),
    CheckConstraint("state IN ('open', 'replayed', 'discarded')", name="state"),
)

import_ = Table(
    "import",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("size", Whole, nullable=False),
    Column("received", Whole, nullable=False, default=0),
    Column("digest", String(64)),
    Column("state", String(12), nullable=False, default="uploading", index=True),
    Column("mapping", JSON),
    Column("preview", JSON),
    Column("counts", JSON),
    Column("faults", Faults),
    Column("job_id", String(32)),
    Column("created_by", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    CheckConstraint(
        "state IN ('uploading', 'uploaded', 'running', 'done', 'failed', 'cancelled', 'undoing', 'undone')",
        name="state",
    ),
)

JOB_WAITS_BY_KEY = sql_text("state = 'waiting' AND key IS NOT NULL")
"""Of these jobs there is one of a kind and key."""

job = Table(
    "job",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("key", Text, doc="One waiting job of a kind has this key; a second asking is the same job."),
    Column("state", String(12), nullable=False, default="waiting"),
    Column("priority", Integer, nullable=False, default=0, doc="Higher goes first."),
    Column("due_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("worker", Text),
    Column("lease_until", Moment),
    Column("cancel_asked", Boolean, nullable=False, default=False),
    Column("step", Text),
    Column("share", Float),
    Column("result", JSON),
    Column("faults", Faults),
    Column("asked_by", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Index("ix_job_due", "state", "priority", "due_at"),
    Index(
        "uq_job_waiting",
        "kind",
        "key",
        unique=True,
        sqlite_where=JOB_WAITS_BY_KEY,
        postgresql_where=JOB_WAITS_BY_KEY,
    ),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="state"),
)

policy_version = Table(
    "policy_version",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", String(12), nullable=False),
    Column("toml", Text, nullable=False),
    Column("policy_hash", String(64), nullable=False),
    Column("note", Text),
    Column("based_on", Integer),
    Column("created_by", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("published_by", Text),
    Column("published_at", Moment),
    Column("edition", Integer, nullable=False, default=1, doc="Grows with every change, for optimistic locking."),
    CheckConstraint("state IN ('draft', 'published', 'retired', 'dropped')", name="state"),
)

run = Table(
    "run",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("state", String(12), nullable=False, index=True),
    Column("purpose", String(12), nullable=False, default="figures"),
    Column("job_id", String(32)),
    Column("policy_number", Integer),
    Column("policy_hash", String(64)),
    Column("cutoff", Moment),
    Column("seq", Whole, doc="The change up to which contacts are in it."),
    Column("code_version", String(32), nullable=False),
    Column("folder", Text),
    Column("summary", JSON),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    CheckConstraint("state IN ('running', 'current', 'earlier', 'trial', 'failed')", name="state"),
    CheckConstraint("purpose IN ('figures', 'trial')", name="purpose"),
)

segment = Table(
    "segment",
    metadata,
    Column("name", Text, primary_key=True, doc="Its file in the warehouse."),
    Column("kind", String(32), nullable=False),
    Column("first_seq", Whole, nullable=False),
    Column("last_seq", Whole, nullable=False),
    Column("rows", Whole, nullable=False),
    Column("written_at", Moment, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("email", Text, nullable=False, unique=True, doc="Lower case."),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("teams", JSON, nullable=False, default=list),
    Column("agent_id", Text, doc="As contacts name this person, for their private page."),
    Column("password_hash", Text, doc="argon2id; empty for single sign-on."),
    Column("subject", Text, doc="Issuer and subject of single sign-on."),
    Column("language", String(16)),
    Column("zone", String(64)),
    Column("disabled_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("password_at", Moment),
    Column("edition", Integer, nullable=False, default=1),
    UniqueConstraint("subject"),
    CheckConstraint(
        "role IN ('administrator', 'manager', 'quality', 'team-lead', 'agent', 'wallboard')",
        name="role",
    ),
)

attempt = Table(
    "attempt",
    metadata,
    Column("key", String(64), primary_key=True, doc="SHA-256 of what was typed as an address, known or not."),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Moment),
    Column("at", Moment, nullable=False, index=True),
)

sign_on = Table(
    "sign_on",
    metadata,
    Column("state_hash", String(64), primary_key=True, doc="A log-in begun at the single sign-on provider."),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(128), nullable=False),
    Column("path", Text, nullable=False, doc="Where to go on afterwards, within the service."),
    Column("expires_at", Moment, nullable=False, index=True),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", String(32), ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("id", String(32), nullable=False, unique=True, doc="By which its owner ends it from elsewhere."),
    Column("device", Text, doc="What the browser called itself."),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("idle_seconds", Integer, nullable=False, doc="How long it lasts without being used."),
    Column("expires_at", Moment, nullable=False),
)

reset = Table(
    "reset",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", String(32), ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("account_id", String(32), ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("permissions", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
)

audit_event = Table(
    "audit_event",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False, index=True),
    Column("actor", Text, nullable=False, index=True),
    Column("action", String(48), nullable=False, index=True),
    Column("object", Text, doc="What it was done to, by an id that names no customer."),
    Column("person_id", Whole, index=True, doc="Whose data were looked at or changed."),
    Column("detail", JSON, nullable=False, default=dict),
)

webhook_source = Table(
    "webhook_source",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("source", Text, nullable=False),
    Column("kind", String(32), nullable=False, default="contacts"),
    Column("secret", LargeBinary, nullable=False, doc="Sealed with the service's key."),
    Column("mapping", JSON),
    Column("created_by", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
)

webhook_seen = Table(
    "webhook_seen",
    metadata,
    Column("webhook_id", String(32), primary_key=True),
    Column("signature", String(128), primary_key=True),
    Column("at", Moment, nullable=False, index=True),
)

form_sent = Table(
    "form_sent",
    metadata,
    Column("digest", String(64), primary_key=True, doc="SHA-256 of where a form was sent and all that it said."),
    Column("place", Text, doc="Where it led; empty while it is being done."),
    Column("at", Moment, nullable=False, index=True),
)

contact_view = Table(
    "contact_view",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account_id", String(32), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("asked", JSON, nullable=False, doc="Pairs of name and value: the question for contacts."),
    Column("columns", JSON, nullable=False),
    Column("sorting", JSON, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("edition", Integer, nullable=False, default=1),
)

subscription = Table(
    "subscription",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False, doc="Sealed with the service's key."),
    Column("events", JSON, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", String(32), primary_key=True),
    Column(
        "subscription_id", String(32), ForeignKey("subscription.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("event", String(48), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(12), nullable=False, default="waiting", index=True),
    Column("attempts", Integer, nullable=False, default=0),
    Column("status", Integer),
    Column("failure", Text),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("key", String(64), doc="What makes it the same as an earlier one; nobody is told twice."),
    UniqueConstraint("subscription_id", "event", "key"),
    CheckConstraint("state IN ('waiting', 'delivered', 'dead')", name="state"),
)

mapping = Table(
    "mapping",
    metadata,
    Column("name", Text, primary_key=True, doc="As a person called it, to use it again."),
    Column("value", JSON, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", Moment, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("name", String(48), primary_key=True),
    Column("value", JSON, nullable=False),
    Column("edition", Integer, nullable=False, default=1),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", Moment, nullable=False),
)
