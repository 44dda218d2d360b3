"""How often one may ask: a bucket for each caller, filled steadily. Each process counts for itself."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from firstcontact.doors.api import problem
from firstcontact.kernel.errors import Fault

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Pace:
    """How often: so many at once, then so many a second."""

    burst: float
    per_second: float


KNOWN = Pace(2_000, 1_000)
"""An account or token: more than a browser ever asks, and than ingest one by one needs."""

UNKNOWN = Pace(500, 200)
"""An address from which nobody is logged in: health checks, webhooks, pages before the log-in."""

SECRETS = Pace(60, 1)
"""An address from which passwords and codes are tried: a whole office may begin its day behind one address, and each
account has its own lock against guessing."""

COSTLY = 3
"""Requests with a password that are worked on at once. Comparing one takes a core for a moment; the others wait outside
the threads that answer everything else."""

TRIES_SECRETS = frozenset(
    {
        *(("POST", path) for path in ("/api/v1/session", "/api/v1/password", "/login", "/password")),
        ("GET", "/sso/start"),
        ("GET", "/sso/callback"),
    }
)
TAKES_PASSWORDS = frozenset(
    ("POST", path) for path in ("/api/v1/session", "/api/v1/password", "/login", "/password", "/api/v1/me/password")
)
MOST_BUCKETS = 20_000


class Buckets:
    """The callers seen lately; who has been quiet longest is forgotten first.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, pace: Pace) -> float:
        """Ask once more.

        Args:
            key: The caller.
            pace: How often they may.

        Returns:
            0 where they may; else how many seconds they have to wait.
        """
        now = self._clock()
        left, at = self._left.pop(key, (pace.burst, now))
        left = min(pace.burst, left + (now - at) * pace.per_second)
        may = left >= 1
        self._left[key] = (left - may, now)
        if len(self._left) > MOST_BUCKETS:
            self._left.popitem(last=False)
        return 0.0 if may else (1 - left) / pace.per_second


class Rate:
    """Refuses callers who ask too often, and says when to come again.

    Args:
        app: What comes next.
        proxies: How many proxies of one's own stand in front and append to `X-Forwarded-For`.
        buckets: The callers seen lately.
    """

    def __init__(self, app: ASGIApp, proxies: int = 0, buckets: Buckets | None = None) -> None:
        self._app = app
        self._proxies = proxies
        self._buckets = buckets or Buckets()
        self._turns: tuple[asyncio.AbstractEventLoop | None, asyncio.Semaphore] = (None, asyncio.Semaphore(COSTLY))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            wait = self._wait(scope)
            if wait > 0:
                when = {"Retry-After": str(max(1, ceil(wait)))}
                await problem.refuse(scope, receive, send, [_too_many()], when)
                return
            if (scope["method"], scope["path"]) in TAKES_PASSWORDS:
                async with self._turn():
                    await self._app(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _turn(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        if self._turns[0] is not loop:  # a server has one loop for all its life
            self._turns = (loop, asyncio.Semaphore(COSTLY))
        return self._turns[1]

    def _wait(self, scope: Scope) -> float:
        principal = scope.get("state", {}).get("principal")
        address = client_address(scope, self._proxies)
        if (scope["method"], scope["path"]) in TRIES_SECRETS:
            return self._buckets.take(f"secrets {address}", SECRETS)
        if principal is not None:
            return self._buckets.take(f"account {principal.account_id} {principal.name}", KNOWN)
        return self._buckets.take(f"address {address}", UNKNOWN)


def client_address(scope: Scope, proxies: int) -> str:
    """Where a request comes from, as far as that can be believed.

    Args:
        scope: The request.
        proxies: How many proxies of one's own stand in front. What lies before them in `X-Forwarded-For` is what
            anybody may have written.

    Returns:
        The address; of IPv6 the network of 64 bits, which one subscriber has whole.
    """
    client = scope.get("client")
    nearest = str(client[0]) if client else "?"
    if proxies > 0:
        told = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
        hops = [hop.strip() for hop in told.split(",") if hop.strip()]
        if len(hops) >= proxies:
            return _place(hops[-proxies][:64])
    return _place(nearest)


def _place(address: str) -> str:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64)) + ("" if found.ipv4_mapped else "/64")
    return str(found)


def _too_many() -> Fault:
    return problem.TOO_MANY.fault(
        where="this caller",
        saw="more requests than are answered",
        allowed="what Retry-After leaves time for",
        cure="wait, then send it again",
    )
