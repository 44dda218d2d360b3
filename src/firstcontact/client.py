"""A program's side of the service's interface: send contacts, bring files, ask for figures. Needs `httpx` only.

Everything it does is one or a few requests of the interface, which `/api/v1/openapi.json` describes; what it adds is
that long things are cut into parts, that what the service asks to wait is waited for, and that an upload goes on where
it was broken off.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from firstcontact.kernel import clock

if TYPE_CHECKING:
    import httpx

BATCH = 1_000
"""Records of one request."""

PART = 8 << 20
"""Bytes of one part of a file."""

TRIES = 6
"""How often a request is sent that the service could not take yet, or that got lost on the way."""

LONGEST = 3_600.0
"""Seconds that an import is waited for."""

_ENDED = frozenset({"done", "failed", "cancelled", "undone"})


class ServiceError(Exception):
    """The service refused a request.

    Attributes:
        status: HTTP status.
        code: Permanent code of the first fault, `FC9301`.
        faults: Everything that is wrong, in four clauses each.
    """

    def __init__(self, status: int, code: str, detail: str, faults: Sequence[Mapping[str, str]]) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.faults = tuple(faults)


@dataclass(slots=True)
class Received:
    """What became of the records that were sent.

    Attributes:
        outcomes: How many of each: `stored`, `replaced`, `unchanged`, `older`, `erased`, `quarantined`.
        faults: By place among what was sent, what is wrong with a quarantined record.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: dict[int, list[dict[str, str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """Something done in the background.

    Attributes:
        id: Its id.
        kind: What is done.
        state: `waiting`, `running`, `done`, `failed` or `cancelled`.
        share: How much is done, 0 to 1; None where that is not known.
        result: What came of it.
        faults: What went wrong.
    """

    id: str
    kind: str
    state: str
    share: float | None
    result: dict[str, Any] | None
    faults: list[dict[str, str]] | None


@dataclass(frozen=True, slots=True)
class Import:
    """A file that is or was taken in.

    Attributes:
        id: Its id.
        state: `uploading`, `uploaded`, `running`, `done`, `failed`, `cancelled`, `undoing` or `undone`.
        received: Bytes that have arrived.
        preview: How it would be understood.
        counts: What became of its records.
        faults: What went wrong.
    """

    id: str
    state: str
    received: int
    preview: dict[str, Any] | None
    counts: dict[str, Any] | None
    faults: list[dict[str, str]] | None


class Client:
    """A connection to a service.

    Args:
        url: Where it listens, for example `https://fcr.example.org`.
        token: A token of an account there; `POST /api/v1/tokens` makes one.
        timeout: Seconds that one request may take.
    """

    def __init__(self, url: str, token: str, *, timeout: float = 60) -> None:
        self._http = open_http(url, token, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_ended: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._http.close()

    def send(self, records: Iterable[Mapping[str, Any]], *, source: str = "api", table: str = "contacts") -> Received:
        """Send records. They are durable when this returns; sending the same again changes nothing.

        Args:
            records: Contacts, or records of another table, as the reference describes their columns.
            source: The system they come from, where a record does not say.
            table: Their table: `contacts`, `surveys`, `customers`, ...

        Returns:
            What became of them.

        Raises:
            ServiceError: The service refused; batches before it are stored.
        """
        path = "/api/v1/contacts" if table == "contacts" else f"/api/v1/records/{table}"
        found, place = Received(), 0
        for batch in _batches(records, BATCH):
            answer = self._ask("POST", path, params={"source": source}, json=batch)
            found.outcomes.update(answer["outcomes"])
            found.faults |= {place + int(at): faults for at, faults in answer["faults"].items()}
            place += len(batch)
        return found

    def upload(self, path: Path | str, *, source: str, resume: str | None = None) -> Import:
        """Bring a file to the service, in parts.

        Args:
            path: The file.
            source: The system its contacts come from.
            resume: Id of an upload of the same file that was broken off; it goes on where that ended.
        """
        file = Path(path)
        if resume is None:
            with file.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
            sent = {"name": file.name, "size": file.stat().st_size, "source": source, "digest": digest}
            one = _import(self._ask("POST", "/api/v1/imports", json=sent))
        else:
            one = self.imported(resume)
        with file.open("rb") as opened:
            while one.state == "uploading":
                opened.seek(one.received)
                headers = {"Upload-Offset": str(one.received), "Content-Type": "application/offset+octet-stream"}
                try:
                    place = f"/api/v1/imports/{one.id}"
                    one = _import(self._ask("PATCH", place, content=opened.read(PART), headers=headers))
                except ServiceError as error:
                    if error.code != "FC9452":
                        raise
                    one = self.imported(one.id)  # the part arrived, its answer did not
                while one.state == "uploading" and one.received == file.stat().st_size:
                    if one.faults:  # there was no room to put it together
                        return one
                    time.sleep(0.25)
                    one = self.imported(one.id)
        return one

    def preview(self, import_id: str, mapping: Mapping[str, Any] | None = None) -> Import:
        """Find out how an uploaded file would be understood.

        Args:
            import_id: Its id.
            mapping: A corrected mapping; guessed where None.
        """
        self._ask("POST", f"/api/v1/imports/{import_id}/preview", json={"mapping": mapping})
        return self._until(import_id, lambda one: one.preview is not None)

    def start(self, import_id: str, *, wait: bool = True) -> Import:
        """Read an uploaded file into the service, with the mapping of its last preview."""
        one = _import(self._ask("POST", f"/api/v1/imports/{import_id}/start"))
        return self._until(one.id, lambda now: now.state in _ENDED) if wait else one

    def undo(self, import_id: str, *, wait: bool = True) -> Import:
        """Take back everything that an import brought, and put back what it had replaced."""
        one = _import(self._ask("POST", f"/api/v1/imports/{import_id}/undo"))
        return self._until(one.id, lambda now: now.state in _ENDED) if wait else one

    def imported(self, import_id: str) -> Import:
        """An import as it stands."""
        return _import(self._ask("GET", f"/api/v1/imports/{import_id}"))

    def measure(self, *, wait: bool = True) -> Job:
        """Have everything that has arrived measured now."""
        job = _job(self._ask("POST", "/api/v1/jobs", json={"kind": "measure"}))
        return self.wait(job.id) if wait else job

    def job(self, job_id: str) -> Job:
        """A job as it stands."""
        return _job(self._ask("GET", f"/api/v1/jobs/{job_id}"))

    def wait(self, job_id: str, *, every: float = 0.5) -> Job:
        """A job once it has ended."""
        while (job := self.job(job_id)).state in {"waiting", "running"}:
            time.sleep(every)
        return job

    def figures(self, run: str = "current", **wanted: str) -> Iterator[dict[str, Any]]:
        """Figures of a run, one by one.

        Args:
            run: Its id; the one in force where not said.
            **wanted: `measure`, `by`, `team`, `since`, ... as `GET /api/v1/runs/{run}/results` takes them.
        """
        return self.pages(f"/api/v1/runs/{run}/results", **wanted)

    def look_up(self, **named: Any) -> dict[str, Any]:
        """Who this is, what happened, and whether a contact now is a repeat.

        Args:
            **named: `kind` and `value` of an identifier, or `person_id`.
        """
        found: dict[str, Any] = self._ask("POST", "/api/v1/people/look-up", json=named)
        return found

    def export_subject(self, **named: Any) -> bytes:
        """Everything that is kept about one person, as a zip of JSON files. Named as in `look_up`."""
        return self._send("POST", "/api/v1/subjects/export", json=named).content

    def replay(self, *, wait: bool = True, **asked: Any) -> Job:
        """Take in many records that were set aside, corrected alike; or only look what would become of them.

        Args:
            wait: Until the job has ended, whose result says how many there were and what became of them.
            asked: Which ones (`code`, `source`, `kind`, `import_id`), their `correction`, `mapping`, and `look`: as
                `POST /api/v1/quarantine/replay` has them.
        """
        job = _job(self._ask("POST", "/api/v1/quarantine/replay", json=asked))
        return self.wait(job.id) if wait else job

    def erase_subject(self, *, wait: bool = True, **named: Any) -> Job:
        """Erase one person everywhere; the job's result says what cannot be reached. Named as in `look_up`."""
        job_id = self._ask("POST", "/api/v1/subjects/erase", json=named)["job_id"]
        return self.wait(job_id) if wait else self.job(job_id)

    def pages(self, path: str, **wanted: str | int) -> Iterator[dict[str, Any]]:
        """Everything that a list of the interface holds, page after page."""
        after: dict[str, str | int] = {}
        while True:
            page = self._ask("GET", path, params={**wanted, **after})
            yield from page["items"]
            if page["next"] is None:
                return
            after = {"after": page["next"]}

    def _until(self, import_id: str, over: Callable[[Import], bool]) -> Import:
        ending = time.monotonic() + LONGEST
        while not over(one := self.imported(import_id)):
            if time.monotonic() > ending:
                raise TimeoutError(f"the import {import_id} is still {one.state}")
            time.sleep(0.25)
        return one

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        return self._send(method, path, **more).json()

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        import httpx

        for attempt in range(TRIES):
            last = attempt == TRIES - 1
            try:
                answer = self._http.request(method, path, **more)
            except httpx.TransportError:
                # Only what may be sent twice without harm is sent again: everything here but announcing.
                if last or path == "/api/v1/imports":
                    raise
                time.sleep(2**attempt / 4)
                continue
            if answer.status_code not in {429, 503} or last:
                break
            time.sleep(min(60.0, float(answer.headers.get("Retry-After", "1"))))
        if answer.is_success:
            return answer
        try:
            said = answer.json()
        except ValueError:
            said = {}
        detail = said.get("detail", f"HTTP {answer.status_code}")
        raise ServiceError(answer.status_code, said.get("code", ""), detail, said.get("faults", ()))


def open_http(url: str, token: str, timeout: float) -> httpx.Client:
    """What carries requests to a service."""
    import httpx

    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=url, headers=headers, timeout=timeout, follow_redirects=False)


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: float | None = None) -> bool:
    """Whether a webhook came from the service that the secret belongs to, within the last five minutes.

    Args:
        secret: As the subscription's answer showed it.
        headers: Of the request.
        body: Its bytes, before anything read them.
        now: Seconds since 1970; the clock's where None.

    >>> verify("secret", {"Firstcontact-Timestamp": "1767603600", "Firstcontact-Signature": "v1=0"}, b"{}")
    False
    """
    import hmac

    low = {name.lower(): value for name, value in headers.items()}
    stamp, signed = low.get("firstcontact-timestamp", ""), low.get("firstcontact-signature", "")
    if not stamp.isdecimal() or abs((clock.now().timestamp() if now is None else now) - int(stamp)) > 300:
        return False
    expected = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v1={expected}", signed)


def _batches(records: Iterable[Mapping[str, Any]], size: int) -> Iterator[list[Mapping[str, Any]]]:
    rest = iter(records)
    while batch := list(islice(rest, size)):
        yield batch


def _import(said: Mapping[str, Any]) -> Import:
    return Import(**{name: said[name] for name in Import.__dataclass_fields__})


def _job(said: Mapping[str, Any]) -> Job:
    return Job(**{name: said[name] for name in Job.__dataclass_fields__})
