"""What a door is given when the service runs: its settings and its parts, each behind a protocol of the use case.

A new part is a protocol beside the use case that needs it, a field here, and a line in `bootstrap.open_service`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from firstcontact.kernel.service_settings import ServiceSettings

if TYPE_CHECKING:
    from firstcontact.services.account import Accounts
    from firstcontact.services.announce import Announcer, Subscriptions
    from firstcontact.services.audit import Audit
    from firstcontact.services.condition import Conditions
    from firstcontact.services.decide_identity import Identities
    from firstcontact.services.erase import Erasure, Subjects
    from firstcontact.services.find_contacts import KeptContacts
    from firstcontact.services.ingest import Inbox
    from firstcontact.services.list_contacts import ContactList
    from firstcontact.services.live_rules import LiveRules
    from firstcontact.services.look_up import People
    from firstcontact.services.measure_history import Runs
    from firstcontact.services.mend import Quarantine
    from firstcontact.services.own_figures import Handled
    from firstcontact.services.password import Passwords
    from firstcontact.services.policy_version import Policies
    from firstcontact.services.queue import Queue
    from firstcontact.services.schedule import Recurring
    from firstcontact.services.seal import Seal
    from firstcontact.services.sent_form import SentForms
    from firstcontact.services.session import Sessions
    from firstcontact.services.setting import Settings
    from firstcontact.services.sign_on import Provider
    from firstcontact.services.take_import import FileReader
    from firstcontact.services.take_webhook import WebhookSources
    from firstcontact.services.upload import Imports, Uploads
    from firstcontact.services.view import Views
    from firstcontact.services.work import Handler


@dataclass(frozen=True, slots=True)
class Service:
    """The running service's parts.

    Attributes:
        settings: What its surroundings told it.
        now: The clock: UTC, without zone information.
        inbox: Takes in records, durably.
        queue: What is to be done in the background.
        accounts: Who may log in.
        sessions: Who is logged in, and by which tokens programs act.
        passwords: How passwords are kept and compared.
        provider: Who says who somebody is, where single sign-on is set up.
        audit: Who did what, and looked at whom.
        handled: Who handled which contacts.
        contact_list: Contacts, latest first.
        kept_contacts: Contacts of measured runs, as they were when their figures were made.
        views: Saved views of them.
        sent_forms: Forms that were sent, so that none is done twice.
        runs: Measured figures.
        policies: Versions of the policy.
        preferences: What is decided while the service runs, by name.
        seal: Closes and opens what must not be readable in the store.
        imports: Files that were or are taken in.
        uploads: Those files.
        file_reader: What reads them.
        people: Customers, for whoever asks who this is and what happened.
        identities: What people decided about who is who.
        quarantine: What was set aside.
        webhook_sources: Where other programs send records by themselves.
        rules: Under what contacts are linked as they arrive.
        subjects: People, for whoever asks what is kept about them.
        erasure: Erases one, and what was kept too long.
        subscriptions: Who is told what happens.
        announcer: Tells them.
        handlers: What does each kind of job.
        recurring: What is done again and again.
        conditions: How the service is.
        together: A block in which what is changed, asked for and noted is one transaction.
        looking: A block in which all that is read is one state of the store, asked for in one transaction.
        alive: Raises where the operational store does not answer.
        close: Gives everything back.
    """

    settings: ServiceSettings
    now: Callable[[], datetime]
    inbox: Inbox
    queue: Queue
    accounts: Accounts
    sessions: Sessions
    passwords: Passwords
    provider: Provider | None
    audit: Audit
    handled: Handled
    contact_list: ContactList
    kept_contacts: KeptContacts
    views: Views
    sent_forms: SentForms
    runs: Runs
    policies: Policies
    preferences: Settings
    seal: Seal
    imports: Imports
    uploads: Uploads
    file_reader: FileReader
    people: People
    identities: Identities
    quarantine: Quarantine
    webhook_sources: WebhookSources
    rules: LiveRules
    subjects: Subjects
    erasure: Erasure
    subscriptions: Subscriptions
    announcer: Announcer
    handlers: Mapping[str, Handler]
    recurring: Sequence[Recurring]
    conditions: Conditions
    together: Callable[[], AbstractContextManager[None]]
    looking: Callable[[], AbstractContextManager[None]]
    alive: Callable[[], None]
    close: Callable[[], None]
