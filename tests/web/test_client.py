"""The client waits where it is asked to, sends again what got lost, and says what was refused."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from firstcontact import client as module
from firstcontact.client import Client, ServiceError, verify


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits are noted, not waited."""
    waited: list[float] = []
    monkeypatch.setattr(module.time, "sleep", waited.append)
    return waited


def connected(monkeypatch: pytest.MonkeyPatch, answer: Callable[[httpx.Request], httpx.Response]) -> Client:
    transport = httpx.MockTransport(answer)
    monkeypatch.setattr(
        module, "open_http", lambda url, _token, _timeout: httpx.Client(base_url=url, transport=transport)
    )
    return Client("http://service.example", "token")


def test_records_go_in_batches_and_wait_when_asked(monkeypatch: pytest.MonkeyPatch, no_waiting: list[float]) -> None:
    """Many records go in several requests; one that is refused for now is sent again after the time that was said."""
    sizes: list[int] = []
    busy = iter([True, False, False])

    def answer(request: httpx.Request) -> httpx.Response:
        if next(busy):
            return httpx.Response(429, headers={"Retry-After": "3"})
        items = json.loads(request.content)
        sizes.append(len(items))
        faults = {"0": [{"code": "FC2001"}]} if len(items) < 1000 else {}
        return httpx.Response(202, json={"outcomes": ["stored"] * len(items), "faults": faults, "seq": 1})

    with connected(monkeypatch, answer) as client:
        received = client.send(({"contact_id": str(n)} for n in range(1_200)), source="pbx")
    assert (sizes, no_waiting) == ([1000, 200], [3.0])
    assert received.outcomes == {"stored": 1200}
    assert received.faults == {1000: [{"code": "FC2001"}]}


def test_a_lost_answer_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request whose answer was lost is sent again; an announcement is not, since it would be made twice."""
    calls = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise httpx.ReadError("lost", request=request)
        return httpx.Response(200, json=dict.fromkeys(module.Job.__dataclass_fields__))

    assert connected(monkeypatch, answer).job("1").state is None
    assert calls == 2
    calls = 0
    with pytest.raises(httpx.ReadError):
        connected(monkeypatch, answer)._ask("POST", "/api/v1/imports", json={})


def test_an_upload_goes_on_where_it_was_broken_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A part that arrived although its answer did not is not sent twice into the file."""
    monkeypatch.setattr(module, "PART", 4)
    got = bytearray()
    broken = iter([False, True, False, False])

    def state() -> dict[str, Any]:
        ended = len(got) == 10
        one = {"id": "i", "state": "uploaded" if ended else "uploading", "received": len(got)}
        return one | {"preview": None, "counts": None, "faults": None}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            if int(request.headers["Upload-Offset"]) != len(got):
                return httpx.Response(409, json={"code": "FC9452", "detail": "no", "faults": []})
            got.extend(request.content)
            if next(broken):
                raise httpx.ReadError("lost", request=request)
        return httpx.Response(200, json=state())

    path = tmp_path / "log.csv"
    path.write_bytes(b"0123456789")
    assert connected(monkeypatch, answer).upload(path, source="x").state == "uploaded"
    assert bytes(got) == b"0123456789"


def test_a_refusal_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal carries its status, its code and every fault; one without a body too."""
    said = {"code": "FC9201", "detail": "may not", "faults": [{"code": "FC9201"}]}
    client = connected(monkeypatch, lambda _request: httpx.Response(403, json=said))
    with pytest.raises(ServiceError, match="may not") as caught:
        client.look_up(person_id=1)
    assert (caught.value.status, caught.value.code, len(caught.value.faults)) == (403, "FC9201", 1)
    client = connected(monkeypatch, lambda _request: httpx.Response(502, text="<html>"))
    with pytest.raises(ServiceError, match="HTTP 502"):
        client.job("1")


def test_lists_are_read_to_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list is read page after page."""

    def answer(request: httpx.Request) -> httpx.Response:
        after = int(request.url.params.get("after", 0))
        return httpx.Response(200, json={"items": [{"n": after}], "next": str(after + 1) if after < 2 else None})

    assert [one["n"] for one in connected(monkeypatch, answer).figures(measure="fcr")] == [0, 1, 2]


def test_a_webhook_is_verified() -> None:
    """A webhook is believed with the right secret, within five minutes, and not otherwise."""
    body = b'{"event": "ping"}'
    proof = hmac.new(b"secret", b"1767603600." + body, hashlib.sha256).hexdigest()
    headers = {"firstcontact-timestamp": "1767603600", "firstcontact-signature": f"v1={proof}"}
    assert verify("secret", headers, body, now=1767603700)
    assert not verify("secret", headers, body, now=1767604000)
    assert not verify("other", headers, body, now=1767603700)
    assert not verify("secret", headers, body + b" ", now=1767603700)
    assert not verify("secret", {}, body, now=1767603700)
