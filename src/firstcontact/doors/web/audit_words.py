"""What stands in the audit, in words: what was done, to whom or what, and with what."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from firstcontact.doors.api.routes.audit import EventSeen
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.access_words import ROLES, permission
from firstcontact.doors.web.contact_words import measure_name
from firstcontact.doors.web.job_words import KINDS
from firstcontact.doors.web.place import N_
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.access import Role
from firstcontact.services.service import Service

ACTIONS: dict[str, str] = {
    "account.add": N_("added an account"),
    "account.change": N_("changed an account"),
    "account.choose": N_("changed how pages look to them"),
    "account.disable": N_("shut an account out"),
    "account.sign_on": N_("signed on for the first time"),
    "backup.write": N_("wrote a backup"),
    "contact.export": N_("took a list of contacts along"),
    "delivery.again": N_("sent a message to another program again"),
    "import.cancel": N_("stopped taking a file in"),
    "import.create": N_("brought a file"),
    "import.running": N_("had a file taken in"),
    "import.undoing": N_("took a file back"),
    "job.ask": N_("asked for a job"),
    "job.cancel": N_("stopped a job"),
    "linkage-audit.draw": N_("took along contacts to look up"),
    "linkage-audit.look": N_("brought back contacts that were looked up"),
    "mapping.drop": N_("forgot how files of a kind are read"),
    "mapping.save": N_("kept how files of a kind are read"),
    "password.change": N_("changed their password"),
    "password.reset": N_("gave a code for a new password"),
    "password.set": N_("set a password by a code"),
    "people.merge": N_("joined customers"),
    "people.split": N_("split contacts off a customer"),
    "people.undo": N_("took back who is who"),
    "person.look": N_("looked at a customer"),
    "policy.change": N_("changed a draft of the policy"),
    "policy.draft": N_("drafted a policy"),
    "policy.drop": N_("gave up a draft of the policy"),
    "policy.publish": N_("put a policy into force"),
    "policy.try": N_("tried a draft of the policy"),
    "proposal.accepted": N_("joined customers who were proposed as one"),
    "proposal.declined": N_("kept customers apart who were proposed as one"),
    "proposal.stale": N_("let go of a proposal that does not hold any more"),
    "quarantine.discarded": N_("gave up a record that was set aside"),
    "quarantine.look": N_("looked at a record that was set aside"),
    "quarantine.replay-many": N_("corrected many records that were set aside"),
    "quarantine.replayed": N_("took in a record that was set aside"),
    "session.close": N_("logged out, or ended a session"),
    "session.open": N_("logged in"),
    "setting.change": N_("changed a setting"),
    "subject.erase": N_("had a person erased"),
    "subject.export": N_("took along what is kept about a person"),
    "subject.find": N_("looked for what is kept about a person"),
    "subscription.change": N_("changed who is told of what happens"),
    "subscription.create": N_("had another program told of what happens"),
    "subscription.drop": N_("stopped telling another program"),
    "token.add": N_("made a token"),
    "token.revoke": N_("ended a token"),
    "view.change": N_("changed a saved view"),
    "view.drop": N_("forgot a saved view"),
    "view.save": N_("saved a view"),
    "webhook.create": N_("let another program send records"),
    "webhook.disable": N_("let another program send no more"),
}
"""By the audit's own word."""

NAMES: dict[str, str] = {
    "agent_id": N_("person in the contacts"),
    "before": N_("before"),
    "began": N_("began"),
    "by": N_("further cuts"),
    "code": N_("fault"),
    "contacts": N_("contacts"),
    "countries": N_("countries of personal numbers"),
    "definitions": N_("every known definition"),
    "disabled": N_("shut out"),
    "email": N_("e-mail address"),
    "every_hours": N_("every so many hours"),
    "explanations": N_("explanations"),
    "fields": N_("what"),
    "format": N_("as"),
    "hash": N_("text of the policy"),
    "host": N_("where to"),
    "how": N_("how"),
    "import_id": N_("file"),
    "kind": N_("kind"),
    "kinds": N_("what is taken out"),
    "language": N_("language"),
    "look": N_("only looked what it would do"),
    "measure": N_("measure"),
    "name": N_("name"),
    "part": N_("which of them"),
    "permissions": N_("may"),
    "private_hosts": N_("hosts of one's own network"),
    "region": N_("country of telephone numbers"),
    "regions": N_("countries of telephone numbers"),
    "role": N_("role"),
    "seed": N_("drawn by the number"),
    "shared": N_("shared"),
    "single_sign_on": N_("signs on elsewhere"),
    "size": N_("how many"),
    "source_kind": N_("what one contact is"),
    "teams": N_("teams"),
    "way": N_("how it was corrected"),
    "why": N_("why"),
    "zone": N_("time zone"),
    "texts": N_("free text, days"),
    "earlier_versions": N_("earlier versions, days"),
    "companions": N_("records beside contacts, days"),
    "quarantine": N_("what was set aside, days"),
    "uploads": N_("files, days"),
    "jobs": N_("jobs, days"),
    "deliveries": N_("messages to other programs, days"),
    "audit": N_("audit, days"),
    "runs": N_("earlier figures, days"),
}
"""Of what is noted besides."""

VALUES: dict[str, str] = {
    "password": N_("by password"),
    "single sign-on": N_("by single sign-on"),
    "column": N_("another column"),
    "drop": N_("left out"),
    "moment": N_("another way to write moments"),
    "words": N_("words with another meaning"),
    "contact": N_("A call, chat or message"),
    "ticket": N_("A record of a helpdesk"),
    "ticket-update": N_("An update of such a record"),
    "card": N_("Payment cards"),
    "iban": N_("Bank accounts (IBAN)"),
    "phone": N_("Telephone numbers"),
    "personal-number": N_("Personal numbers"),
}
"""Words of ours among what is noted."""

SETTINGS: dict[str, str] = {
    "measurement": N_("Measuring by itself"),
    "redaction": N_("What is taken out of free text"),
    "retention": N_("How long things are kept"),
    "webhooks": N_("Outgoing webhooks"),
    "targets": N_("Targets"),
    "demonstration": N_("Demonstration"),
}

_CHANGES = frozenset({"role", "teams"})
"""Of these, an account's change notes what was and what is."""

_PROGRAMS: dict[str, str] = {
    "the command line": N_("the command line"),
    "demonstration": N_("the demonstration"),
    "backup": N_("the backup"),
    "service": N_("the service"),
}
"""What acts without an account."""


@dataclass(frozen=True, slots=True)
class Line:
    """One event of the audit, for its reader.

    Attributes:
        at: When.
        actor: Who: an account's address, a token's name and whose it is, or a part of the program.
        action: The audit's own word.
        done: What was done.
        object: To whom or what; empty where the sentence says all.
        href: Where that is seen; empty where it has no page.
        details: (name, value) of what is noted besides.
    """

    at: datetime
    actor: str
    action: str
    done: str
    object: str
    href: str
    details: tuple[tuple[str, str], ...]


@dataclass
class Telling:
    """Puts events into words; asks for each account and file once.

    Attributes:
        service: Knows what things are called.
        writer: Speaks the visitor's language.
        people: Whether the visitor may look at customers, so that their numbers lead to them.
    """

    service: Service
    writer: Writer
    people: bool = False
    _called: dict[str, str] = field(default_factory=dict)

    def line(self, event: EventSeen) -> Line:
        """An event in words."""
        name, href = self._object(event)
        shown = [(key, value) for key, value in event.detail.items() if value not in (None, [], {})]
        if event.action == "setting.change" and isinstance(event.detail.get("value"), Mapping):
            shown = list(event.detail["value"].items())
        details = tuple((self._name(key), self._value(key, value, event)) for key, value in shown)
        done = self.writer.say(ACTIONS[event.action]) if event.action in ACTIONS else self.writer.name(event.action)
        return Line(event.at, self._actor(event.actor), event.action, done, name, href, details)

    def _actor(self, actor: str) -> str:
        found = re.fullmatch(r"token:(.*) of (\S+)", actor, re.DOTALL)
        if found:
            names = {"name": self.writer.name(found[1]), "address": self.writer.name(found[2])}
            return self.writer.say("the token “%(name)s” of %(address)s", **names)
        return self.writer.say(_PROGRAMS[actor]) if actor in _PROGRAMS else self.writer.name(actor)

    def _object(self, event: EventSeen) -> tuple[str, str]:
        """What something was done to, and its page."""
        writer, noun = self.writer, event.action.partition(".")[0]
        if event.person_id is not None:
            place = f"/customers/{event.person_id}" if self.people else ""
            return writer.say("customer %(id)s", id=event.person_id), place
        if not event.object:
            return "", ""
        if noun in ("account", "password"):
            return self._account(event.object), f"/accounts/{event.object}"
        if noun == "import":
            return self._file(event.object), f"/imports/{event.object}"
        if noun == "policy":
            return writer.say("version %(number)s", number=event.object), f"/policy/{event.object}"
        if noun == "quarantine" and event.object.isdecimal():
            return writer.say("record %(number)s", number=event.object), f"/quality/aside/{event.object}"
        if noun == "job" or event.action == "quarantine.replay-many":
            kind = "quarantine.replay" if noun == "quarantine" else str(event.detail.get("kind", ""))
            return (writer.say(KINDS[kind]) if kind in KINDS else ""), f"/jobs/{event.object}"
        if noun == "setting":
            return (writer.say(SETTINGS[event.object]) if event.object in SETTINGS else writer.name(event.object)), ""
        if noun == "view":
            return self._view(event.object), ""
        return (writer.name(event.object) if noun in ("mapping", "backup") else ""), ""

    def _account(self, account_id: str) -> str:
        def ask() -> str:
            found = self.service.accounts.find(account_id)
            return found.email if found else ""

        return self._once(account_id, ask, N_("an account that is gone"))

    def _file(self, import_id: str) -> str:
        def ask() -> str:
            found = self.service.imports.find(import_id)
            return found.name if found else ""

        return self._once(import_id, ask, N_("a file that is gone"))

    def _view(self, view_id: str) -> str:
        def ask() -> str:
            found = self.service.views.find(view_id)
            return found.name if found else ""

        return self._once(view_id, ask, N_("a view that is gone"))

    def _once(self, key: str, ask: Callable[[], str], gone: str) -> str:
        if key not in self._called:
            found = ""
            with suppress(FirstcontactError):  # an id that was never one
                found = ask()
            self._called[key] = self.writer.name(found) if found else self.writer.say(gone)
        return self._called[key]

    def _name(self, key: str) -> str:
        return self.writer.say(NAMES[key]) if key in NAMES else self.writer.name(key)

    def _value(self, key: str, value: Any, event: EventSeen) -> str:
        """A value in words; of a change what was, and what is."""
        if event.action == "account.change" and key in _CHANGES and isinstance(value, list) and len(value) == 2:
            was, now = (self._plain(key, one) for one in value)
            return self.writer.say("%(before)s before, %(now)s now", before=was, now=now)
        return self._plain(key, value)

    def _plain(self, key: str, value: Any) -> str:
        writer = self.writer
        if isinstance(value, Mapping):
            return writer.notation.listed((f"{self._name(str(k))}: {self._plain(str(k), v)}" for k, v in value.items()),
                                          long=True)  # fmt: skip
        if isinstance(value, list | tuple):
            return writer.notation.listed(self._plain(key, one) for one in value) or "–"
        if value is None or value == "":
            return "–"
        if isinstance(value, bool):
            return writer.say("yes") if value else writer.say("no")
        if isinstance(value, int | float):
            return str(value) if key == "seed" else writer.notation.count(value)
        return self._word(key, str(value))

    def _word(self, key: str, value: str) -> str:
        writer = self.writer
        if key == "role" and value in frozenset(Role):
            return writer.say(ROLES[Role(value)])
        if key == "permissions":
            return permission(value, writer)
        if key == "fields":
            return self._name(value)
        if key == "kind" and value in KINDS:
            return writer.say(KINDS[value])
        if key == "measure":
            return measure_name(value, writer)
        if key == "import_id":
            return self._file(value)
        if key == "hash":
            return value[:12]
        if key in ("how", "way", "kinds", "source_kind") and value in VALUES:
            return writer.say(VALUES[value])
        return writer.name(value)
