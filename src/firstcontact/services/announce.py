"""Tell other programs what happened: signed, tried again with patience, and kept where nobody took it.

What is told names contacts by source and id and never a customer, so that a webhook that goes astray tells nobody who
called.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, FirstcontactError
from firstcontact.kernel.time_id import time_id
from firstcontact.services.erase import ERASE
from firstcontact.services.measure_history import MEASURE
from firstcontact.services.queue import Queue
from firstcontact.services.seal import Seal
from firstcontact.services.setting import Settings, read_setting
from firstcontact.services.take_import import LINK
from firstcontact.services.upload import Import
from firstcontact.services.work import Handler, Task

URL_UNFIT = ErrorKind(
    "FC9701",
    "Webhooks cannot go to this address",
    EXIT_INPUT,
    "An address begins with https://, has no user name and no fragment, and does not lead into the service's own "
    "network. Hosts inside it are named in the setting `webhooks`; those may also be reached without TLS.",
)
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

    def put(self, one: Delivery) -> bool:
        """Keep a delivery; False where the subscription was told the same before."""

    def delivery(self, delivery_id: str) -> Delivery | None:
        """One delivery; None where there is none."""

    def deliveries(
        self, *, subscription_id: str | None, state: DeliveryState | None, before: str | None, limit: int
    ) -> list[Delivery]:
        """Deliveries, newest first."""

    def tried(self, delivery_id: str, **values: Any) -> None:
        """Note what came of a try."""

    def repeats_since(self, linked: datetime, started: datetime, limit: int) -> list[dict[str, Any]]:
        """Contacts that were found to be repeats since a moment and began after another, as plain data."""


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


def check_url(url: str, private_hosts: Collection[str]) -> None:
    """See that webhooks may go to an address, as far as can be told before it is looked up.

    Raises:
        FirstcontactError: They may not (FC9701).
    """
    saw = _unfit(url, private_hosts)
    if saw is not None:
        fault = URL_UNFIT.fault(
            where="url", saw=saw, allowed="https://host/path outside the service's network", cure="correct it"
        )
        raise FirstcontactError([fault])


def _unfit(url: str, private_hosts: Collection[str]) -> str | None:
    if not url.isascii() or any(one.isspace() or not one.isprintable() for one in url) or "\\" in url:
        return "characters that no address has"
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return "no address"
    if not host or parts.scheme not in {"https", "http"} or port == 0:
        return "no address of the web"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "a user name or a fragment"
    if host in private_hosts:
        return None
    if parts.scheme != "https":
        return "an address without TLS"
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        return "a name inside this machine" if host == "localhost" or host.endswith(".localhost") else None
    return None if is_public(literal) else "an address inside a network"


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address lies outside every private network, its older forms and detours looked through.

    >>> [is_public(ipaddress.ip_address(one)) for one in ("9.9.9.9", "169.254.169.254", "::ffff:10.0.0.1")]
    [True, False, False]
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64 or int(address) >> 32 == 0:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


class Announcer:
    """Tells subscribers, and does the jobs that deliver.

    Args:
        subscriptions: Who wants to be told.
        queue: Where deliveries wait.
        sender: What sends.
        seal: Opens secrets.
        settings: Which hosts inside the network may be told.
        now: The clock.
    """

    def __init__(
        self,
        subscriptions: Subscriptions,
        queue: Queue,
        sender: Sender,
        seal: Seal,
        settings: Settings,
        now: Callable[[], datetime],
    ) -> None:
        self._subscriptions = subscriptions
        self._queue = queue
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
        return sum(self.tell_one(one, event, data, key=key) is not None for one in self._subscriptions.of(event))

    def tell_one(
        self, to: Subscription, event: str, data: Mapping[str, Any], *, key: str | None = None
    ) -> Delivery | None:
        """Tell one subscription; None where it was told the same before."""
        now = self._now()
        delivery_id = time_id(now)
        told = {"id": delivery_id, "event": event, "at": f"{now.isoformat()}Z", "data": dict(data)}
        one = Delivery(delivery_id, to.id, event, json.dumps(told), "waiting", 0, None, None, now, None, key)
        if not self._subscriptions.put(one):
            return None
        self._ask(one.id, now)
        return one

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
        self._subscriptions.tried(one.id, state="waiting", attempts=0, failure=None, ended_at=None)
        self._ask(one.id, self._now())

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
                one.id, state="delivered", attempts=attempts, status=sent.status, failure=None, ended_at=now
            )
            return {"delivered": True, "status": sent.status}
        over = attempts > len(PATIENCE)
        self._subscriptions.tried(
            one.id, state="dead" if over else "waiting", attempts=attempts, status=sent.status, failure=sent.failure,
            ended_at=now if over else None,
        )  # fmt: skip
        if not over:
            self._ask(one.id, now, after=PATIENCE[attempts - 1])
        return {"delivered": False, "failure": sent.failure}

    def after_link(self, handler: Handler) -> Handler:
        """The handler that links, and afterwards announces fresh repeats where somebody wants to know."""

        def link(task: Task) -> dict[str, Any] | None:
            began = self._now()
            result = handler(task)
            if self._subscriptions.of("contact.repeat"):
                for found in self._subscriptions.repeats_since(began, began - FRESH, MOST_AT_ONCE):
                    named = "\0".join(str(found[name]) for name in ("source", "contact_id", "repeat_of"))
                    self.tell("contact.repeat", found, key=hashlib.sha256(named.encode()).hexdigest())
            return result

        return link

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

    def _ask(self, delivery_id: str, now: datetime, after: timedelta = timedelta()) -> None:
        self._queue.ask(
            DELIVER, {"delivery_id": delivery_id}, asked_by="announce", now=now, key=delivery_id, priority=5,
            due_at=now + after,
        )  # fmt: skip


def _seconds(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001 - UTC without zone, as everywhere inside
