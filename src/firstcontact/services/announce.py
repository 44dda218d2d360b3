"""Tell other programs what happened: signed, tried again with patience, and kept where nobody took it.

What is told names contacts by source and id and never a customer, so that a webhook that goes astray tells nobody who
called.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, FirstcontactError
from firstcontact.kernel.time_id import time_id
from firstcontact.services.erase import ERASE
from firstcontact.services.measure_history import MEASURE
from firstcontact.services.seal import Seal
from firstcontact.services.setting import Settings, read_setting
from firstcontact.services.take_import import LINK
from firstcontact.services.upload import Import
from firstcontact.services.webhook_address import check_url
from firstcontact.services.work import Handler, Task

STILL_WAITING = ErrorKind(
    "FC9702",
    "The delivery is still on its way",
    EXIT_INPUT,
    "Only what was given up, or was delivered, can be delivered again.",
)

EVENTS: dict[str, str] = {
    "run.finished": "Figures were measured; the run is in force.",
    "import.finished": "A file was taken in, failed, or was undone.",
    "contact.repeat": "A contact of the last two days turned out to be a repeat.",
    "subject.erased": "A person was erased; whoever holds a copy should look.",
}
"""What can be subscribed to."""

PING = "ping"
"""The event by which a subscription is tried."""

REPEAT = "contact.repeat"
"""The event that says that somebody came back."""

DELIVER = "deliver"
"""The kind of job."""

PATIENCE: tuple[timedelta, ...] = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
)
"""How long is waited after each try that failed; after the last one it is given up."""

FRESH = timedelta(days=2)
"""Repeats among older contacts are history that came late, and are not announced one by one."""

MOST_AT_ONCE = 500

DeliveryState = Literal["waiting", "delivered", "dead"]


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who wants to be told what.

    Attributes:
        id: Its id.
        url: Where to.
        secret: What signs it, sealed.
        events: Of what.
        created_by: Who asked for it.
        created_at: When.
        disabled_at: Since when it rests; None where it does not.
    """

    id: str
    url: str
    secret: bytes
    events: tuple[str, ...]
    created_by: str
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing told to one subscription.

    Attributes:
        id: Its id, the same for every try.
        subscription_id: To whom.
        event: What.
        body: As it is sent.
        state: Whether it waits for a try, was taken, or was given up.
        attempts: How often it was tried.
        status: HTTP status of the last answer.
        failure: Why the last try failed, in a word or two.
        created_at: When it was made.
        ended_at: When it was taken or given up.
        key: What makes it the same as an earlier one to the same subscription.
    """

    id: str
    subscription_id: str
    event: str
    body: str
    state: DeliveryState
    attempts: int
    status: int | None
    failure: str | None
    created_at: datetime
    ended_at: datetime | None
    key: str | None = None


class Subscriptions(Protocol):
    """Where subscriptions and deliveries are kept."""

    def add(self, one: Subscription) -> None:
        """Keep a new one."""

    def find(self, subscription_id: str) -> Subscription | None:
        """One; None where there is none."""

    def page(self, *, before: str | None, limit: int) -> list[Subscription]:
        """Subscriptions, newest first."""

    def change(self, subscription_id: str, **values: Any) -> Subscription | None:
        """Change one; None where there is none."""

    def drop(self, subscription_id: str) -> bool:
        """Forget one with all its deliveries; False where there is none."""

    def of(self, event: str) -> list[Subscription]:
        """Those that want an event now."""

    def put(self, some: Sequence[Delivery]) -> frozenset[str]:
        """Keep deliveries and ask for each to be delivered, all at once; gives the ids of those not told before."""

    def delivery(self, delivery_id: str) -> Delivery | None:
        """One delivery; None where there is none."""

    def deliveries(
        self, *, subscription_id: str | None, state: DeliveryState | None, before: str | None, limit: int
    ) -> list[Delivery]:
        """Deliveries, newest first."""

    def tried(self, delivery_id: str, *, now: datetime, again_at: datetime | None = None, **values: Any) -> None:
        """Note what came of a try, and with it ask for the next one where a moment is named."""

    def told_until(self, begin: datetime) -> datetime:
        """Up to which moment of linking repeats are told; `begin` where none ever was, which is then kept."""

    def tell_until(self, moment: datetime) -> None:
        """Keep up to which moment of linking repeats are told."""

    def repeats(
        self, linked: datetime, started: datetime, after: tuple[datetime, str, str] | None, limit: int
    ) -> list[dict[str, Any]]:
        """Contacts found to be repeats since a moment, begun since another, in the order in which they were found.

        Args:
            linked: Found from then on.
            started: Begun from then on.
            after: `linked_at`, source and id of the last one known.
            limit: At most so many.
        """


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a try.

    Attributes:
        status: HTTP status; None where there was no answer.
        failure: Why it failed; None where it was taken.
    """

    status: int | None
    failure: str | None


class Sender(Protocol):
    """What sends over the network."""

    def send(self, url: str, headers: Mapping[str, str], body: bytes, *, private_hosts: Collection[str]) -> Sent:
        """Send once. Never raises; never goes where it may not, and follows nobody elsewhere."""


def signature(secret: bytes, timestamp: int, body: bytes) -> str:
    """What proves who sent a body and when: HMAC-SHA256 over the seconds, a point, and the body.

    >>> signature(b"secret", 1767603600, b"{}")[:11]
    'v1=65bddcef'
    """
    return "v1=" + hmac.new(secret, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


class Announcer:
    """Tells subscribers, and does the jobs that deliver.

    Args:
        subscriptions: Who wants to be told.
        sender: What sends.
        seal: Opens secrets.
        settings: Which hosts inside the network may be told.
        now: The clock.
    """

    def __init__(
        self,
        subscriptions: Subscriptions,
        sender: Sender,
        seal: Seal,
        settings: Settings,
        now: Callable[[], datetime],
    ) -> None:
        self._subscriptions = subscriptions
        self._sender = sender
        self._seal = seal
        self._settings = settings
        self._now = now

    def tell(self, event: str, data: Mapping[str, Any], *, key: str | None = None) -> int:
        """Tell everybody who wants an event; gives how many that are.

        Args:
            event: One of `EVENTS`.
            data: What happened, as plain data without a customer's value.
            key: What makes it the same as an earlier one, which nobody is told twice.
        """
        some = [self._delivery(one, event, data, key) for one in self._subscriptions.of(event)]
        return len(self._subscriptions.put(some)) if some else 0

    def ping(self, to: Subscription, asked_by: str) -> Delivery:
        """Try a subscription."""
        one = self._delivery(to, PING, {"asked_by": asked_by}, None)
        self._subscriptions.put([one])
        return one

    def _delivery(self, to: Subscription, event: str, data: Mapping[str, Any], key: str | None) -> Delivery:
        now = self._now()
        delivery_id = time_id(now)
        told = {"id": delivery_id, "event": event, "at": f"{now.isoformat()}Z", "data": dict(data)}
        return Delivery(delivery_id, to.id, event, json.dumps(told), "waiting", 0, None, None, now, None, key)

    def again(self, one: Delivery) -> None:
        """Deliver again what was given up or taken.

        Raises:
            FirstcontactError: It still waits (FC9702).
        """
        if one.state == "waiting":
            fault = STILL_WAITING.fault(
                where="the delivery", saw=one.state, allowed="dead or delivered", cure="wait for its next try"
            )
            raise FirstcontactError([fault])
        now = self._now()
        self._subscriptions.tried(
            one.id, now=now, again_at=now, state="waiting", attempts=0, failure=None, ended_at=None
        )

    def deliver(self, task: Task) -> dict[str, Any]:
        """Try one delivery once; where it fails, ask for the next try."""
        one = self._subscriptions.delivery(task.job.arguments["delivery_id"])
        to = self._subscriptions.find(one.subscription_id) if one is not None else None
        if one is None or to is None or one.state != "waiting":
            return {"delivered": False}
        sent = self._send(one, to)
        now, attempts = self._now(), one.attempts + 1
        if sent.failure is None:
            self._subscriptions.tried(
                one.id, now=now, state="delivered", attempts=attempts, status=sent.status, failure=None, ended_at=now
            )
            return {"delivered": True, "status": sent.status}
        over = attempts > len(PATIENCE)
        self._subscriptions.tried(
            one.id, now=now, again_at=None if over else now + PATIENCE[attempts - 1],
            state="dead" if over else "waiting", attempts=attempts, status=sent.status, failure=sent.failure,
            ended_at=now if over else None,
        )  # fmt: skip
        return {"delivered": False, "failure": sent.failure}

    def after_link(self, handler: Handler) -> Handler:
        """The handler that links, and afterwards announces fresh repeats where somebody wants to know."""

        def link(task: Task) -> dict[str, Any] | None:
            began = self._now()
            # Kept before anything is linked: a worker that dies half way leaves nothing untold.
            known = self._subscriptions.told_until(began) if self._subscriptions.of(REPEAT) else None
            result = handler(task)
            if known is not None:
                self._tell_repeats(known, began - FRESH)
            return result

        return link

    def _tell_repeats(self, known: datetime, started: datetime) -> None:
        """Tell all repeats found since a moment, a page at a time; a page that was told is not looked at again."""
        to = self._subscriptions.of(REPEAT)
        linked = max(known, min((one.created_at for one in to), default=known))
        after: tuple[datetime, str, str] | None = None
        while page := self._subscriptions.repeats(linked, started, after, MOST_AT_ONCE):
            after = (page[-1]["linked_at"], page[-1]["source"], page[-1]["contact_id"])
            some = [self._delivery(one, REPEAT, _told(found), _key_of(found)) for found in page for one in to]
            self._subscriptions.put(some)
            self._subscriptions.tell_until(after[0])

    def after(self, handler: Handler, event: str, names: tuple[str, ...] = ()) -> Handler:
        """A handler that afterwards announces some of its result; a trial of a policy is nobody else's affair."""

        def announcing(task: Task) -> dict[str, Any] | None:
            result = handler(task)
            if "policy" not in task.job.arguments:
                told = {name: (result or {}).get(name) for name in names}
                self.tell(event, {"job_id": task.job.id, **told}, key=task.job.id)
            return result

        return announcing

    def around(self, handlers: Mapping[str, Handler]) -> dict[str, Handler]:
        """Handlers of jobs that announce what is worth it, and the one that delivers."""
        wrapped = dict(handlers)
        if MEASURE in wrapped:
            wrapped[MEASURE] = self.after(wrapped[MEASURE], "run.finished", ("run",))
        if ERASE in wrapped:
            wrapped[ERASE] = self.after(wrapped[ERASE], "subject.erased")
        if LINK in wrapped:
            wrapped[LINK] = self.after_link(wrapped[LINK])
        return {**wrapped, DELIVER: self.deliver}

    def imported(self, one: Import) -> None:
        """Announce an import that ended."""
        told = {"import_id": one.id, "state": one.state, "counts": (one.counts or {}).get("outcomes")}
        self.tell("import.finished", told, key=f"{one.id}{one.state}")

    def _send(self, one: Delivery, to: Subscription) -> Sent:
        if to.disabled_at is not None:
            return Sent(None, "the subscription rests")
        hosts = frozenset(read_setting(self._settings, "webhooks").value["private_hosts"])
        try:
            check_url(to.url, hosts)
            secret = self._seal.open(to.secret)
        except FirstcontactError as error:
            return Sent(None, error.faults[0].kind.code)
        body = one.body.encode()
        seconds = _seconds(self._now())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "firstcontact",
            "Firstcontact-Event": one.event,
            "Firstcontact-Delivery": one.id,
            "Firstcontact-Timestamp": str(seconds),
            "Firstcontact-Signature": signature(secret, seconds, body),
        }
        return self._sender.send(to.url, headers, body, private_hosts=hosts)


def _told(found: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in found.items() if name != "linked_at"}
    return told | {"started_at": f"{found['started_at'].isoformat()}Z"}


def _key_of(found: Mapping[str, Any]) -> str:
    named = "\0".join(str(found[name]) for name in ("source", "contact_id", "repeat_of"))
    return hashlib.sha256(named.encode()).hexdigest()


def _seconds(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001 - UTC without zone, as everywhere inside
