"""What happened is told: signed, tried again, kept where nobody took it, and never sent where it may not go."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from starlette.testclient import TestClient

from firstcontact.adapters.notify import webhook
from firstcontact.adapters.notify.webhook import HttpSender
from firstcontact.services.access import Role
from firstcontact.services.announce import PATIENCE, Announcer, signature
from firstcontact.services.service import Service
from firstcontact.services.webhook_address import is_public
from firstcontact.services.work import Worker
from tests.service_fixture import caller_of


@dataclass
class Other:
    """Another program, listening on this machine."""

    url: str
    status: int = 200
    location: str = ""
    delay: float = 0.0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def other() -> Iterator[Other]:
    """A program that takes webhooks."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listening.got.append((dict(self.headers), body))
            for _ in range(int(listening.delay * 10)):
                time.sleep(0.1)
            self.send_response(listening.status)
            if listening.location:
                self.send_header("Location", listening.location)
            self.end_headers()

        def log_message(self, *_said: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening = Other(f"http://127.0.0.1:{server.server_port}/hook")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield listening
    server.shutdown()
    server.server_close()


def work(service: Service) -> None:
    """Do what waits, but for measuring."""
    handlers = {kind: done for kind, done in service.handlers.items() if kind != "measure"}
    Worker(service.queue, handlers, service.now).drain()


def subscribed(client: TestClient, url: str, *events: str) -> dict[str, Any]:
    client.put("/api/v1/settings/webhooks", json={"private_hosts": ["127.0.0.1"]}, headers={"If-Match": '"0"'})
    answer = client.post("/api/v1/subscriptions", json={"url": url, "events": events or ["run.finished"]})
    assert answer.status_code == 201, answer.text
    return answer.json()


def due(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next try be due now."""
    monkeypatch.setattr("firstcontact.services.announce.PATIENCE", (timedelta(),) * len(PATIENCE))


def test_what_happened_is_told_and_signed(service: Service, client: TestClient, other: Other) -> None:
    """A subscriber is told once, with a signature over time and body that its secret proves."""
    made = subscribed(client, other.url, "import.finished")
    assert made["secret"] not in client.get(f"/api/v1/subscriptions/{made['id']}").text
    data = b"id,opened\n1,2026-01-05T09:00:00Z"
    import_id = client.post("/api/v1/imports", json={"name": "a.csv", "size": len(data), "source": "x"}).json()["id"]
    client.patch(f"/api/v1/imports/{import_id}", content=data, headers={"Upload-Offset": "0"})
    client.post(f"/api/v1/imports/{import_id}/start")
    work(service)
    ((headers, body),) = other.got
    told = json.loads(body)
    assert (told["event"], told["data"]["import_id"], told["data"]["state"]) == ("import.finished", import_id, "done")
    stamp = headers["Firstcontact-Timestamp"]
    expected = hmac.new(made["secret"].encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["Firstcontact-Signature"] == f"v1={expected}"
    assert abs(int(stamp) - time.time()) < 60
    (delivery,) = client.get("/api/v1/deliveries").json()["items"]
    assert (delivery["state"], delivery["status"], delivery["attempts"]) == ("delivered", 200, 1)


def test_a_failing_subscriber_is_tried_with_patience_and_then_listed(
    service: Service, client: TestClient, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delivery is tried again after growing waits, given up after the last, and delivered when asked for again."""
    made = subscribed(client, other.url)
    other.status = 500
    first = client.post(f"/api/v1/subscriptions/{made['id']}/ping").json()
    early = client.post(f"/api/v1/deliveries/{first['id']}/redeliver")
    assert (early.status_code, early.json()["code"]) == (409, "FC9702")
    work(service)
    assert len(other.got) == 1
    waiting = client.get(f"/api/v1/deliveries/{first['id']}").json()
    assert (waiting["state"], waiting["attempts"], waiting["status"]) == ("waiting", 1, 500)
    (job,) = [one for one in service.queue.page(state="waiting", before=None, limit=10) if one.kind == "deliver"]
    service.queue.cancel(job.id, service.now())
    due(service, monkeypatch)
    service.queue.ask("deliver", {"delivery_id": first["id"]}, asked_by="test", now=service.now())
    work(service)
    assert len(other.got) == len(PATIENCE) + 1
    (dead,) = client.get("/api/v1/deliveries?state=dead").json()["items"]
    assert dead["attempts"] == len(PATIENCE) + 1
    other.status = 204
    assert client.post(f"/api/v1/deliveries/{dead['id']}/redeliver").status_code == 202
    work(service)
    assert client.get(f"/api/v1/deliveries/{dead['id']}").json()["state"] == "delivered"
    assert {headers["Firstcontact-Delivery"] for headers, _ in other.got} == {dead["id"]}


def test_a_fresh_repeat_is_told_once_without_naming_anybody(sqlite_service: Service, other: Other) -> None:
    """A repeat of the last days is announced once; history that comes late is not."""
    client = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    subscribed(client, other.url, "contact.repeat")
    now = sqlite_service.now()
    moments = {"old-1": 40.0, "old-2": 39.0, "new-1": 1.0, "new-2": 0.5}
    sent = [
        {
            "contact_id": name,
            "started_at": f"{(now - timedelta(days=days)).isoformat()}Z",
            "ended_at": f"{(now - timedelta(days=days) + timedelta(minutes=5)).isoformat()}Z",
            "customer_id": "cust-77",
            "reason": name[:3],
        }
        for name, days in moments.items()
    ]
    client.post("/api/v1/contacts?source=pbx", json=sent)
    work(sqlite_service)
    client.post("/api/v1/contacts?source=pbx", json=[sent[0] | {"version": 1, "team": "North"}])
    work(sqlite_service)
    told = [json.loads(body)["data"] for _, body in other.got]
    assert [(one["contact_id"], one["repeat_of"]) for one in told] == [("new-2", "new-1")]
    assert "cust-77" not in str(told)


def returning(service: Service, customers: int) -> list[dict[str, Any]]:
    """Contacts of customers who each come twice within the last day."""
    now = service.now()
    return [
        {
            "contact_id": f"{customer}-{hours}",
            "started_at": f"{(now - timedelta(hours=hours)).isoformat()}Z",
            "ended_at": f"{(now - timedelta(hours=hours - 0.1)).isoformat()}Z",
            "customer_id": f"c{customer}",
            "reason": "bill",
        }
        for customer in range(customers)
        for hours in (20, 2)
    ]


def test_no_repeat_is_left_untold(service: Service, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one page of them, told by the next try where the worker that linked them died before it told."""
    subscribed(client, "https://hooks.example.org/x", "contact.repeat")
    monkeypatch.setattr("firstcontact.services.announce.MOST_AT_ONCE", 5)
    client.post("/api/v1/contacts?source=pbx", json=returning(service, 12))
    with monkeypatch.context() as patched:

        def die(*_given: Any) -> None:
            raise OSError("gone")

        patched.setattr(Announcer, "_tell_repeats", die)
        Worker(service.queue, {"link": service.handlers["link"]}, service.now).once()
    assert client.get("/api/v1/deliveries").json()["items"] == []
    later = service.now() + timedelta(minutes=5)
    monkeypatch.setattr(service.announcer, "_now", lambda: later)
    Worker(service.queue, {"link": service.handlers["link"]}, lambda: later).drain()
    told = client.get("/api/v1/deliveries?limit=100").json()["items"]
    assert len(told) == 12
    service.queue.ask("link", {}, asked_by="test", now=later)
    Worker(service.queue, {"link": service.handlers["link"]}, lambda: later).drain()
    assert len(client.get("/api/v1/deliveries?limit=100").json()["items"]) == 12


def test_a_delivery_and_its_job_are_kept_together(
    service: Service, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut between them neither is there, so that telling again tells; the next try is asked for with the last."""
    subscribed(client, "https://hooks.example.org/x")
    with monkeypatch.context() as patched:

        def cut(*_given: Any, **_more: Any) -> None:
            raise OSError("cut")

        patched.setattr("firstcontact.adapters.stores.sql.subscription.ask_within", cut)
        with pytest.raises(OSError, match="cut"):
            service.announcer.tell("run.finished", {}, key="one")
    assert client.get("/api/v1/deliveries").json()["items"] == []
    assert service.announcer.tell("run.finished", {}, key="one") == 1
    assert service.announcer.tell("run.finished", {}, key="one") == 0
    (job,) = service.queue.page(state="waiting", before=None, limit=10)
    (delivery,) = client.get("/api/v1/deliveries").json()["items"]
    assert (job.kind, job.key) == ("deliver", delivery["id"])


def test_a_delivery_whose_job_is_gone_is_listed_and_can_be_sent_again(service: Service, client: TestClient) -> None:
    """Its job was cancelled, or its workers died one after another: it does not wait for ever."""
    subscribed(client, "https://hooks.example.org/x")
    service.announcer.tell("run.finished", {"n": 1})
    service.announcer.tell("run.finished", {"n": 2})
    job = service.queue.page(state="waiting", before=None, limit=10)[0]
    service.queue.cancel(job.id, service.now())
    later = service.now() + timedelta(days=2)
    service.subscriptions.sweep(later)
    (dead,) = client.get("/api/v1/deliveries?state=dead").json()["items"]
    assert (dead["id"], dead["failure"]) == (job.key, "its job ended")
    assert client.post(f"/api/v1/deliveries/{dead['id']}/redeliver").status_code == 202
    service.subscriptions.sweep(later)
    assert len(client.get("/api/v1/deliveries?state=waiting").json()["items"]) == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.8/", "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data", "https://localhost/", "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/", "https://0.0.0.0/", "https://user:pw@example.org/", "ftp://example.org/",
        "file:///etc/passwd", "https://", "https://example.org/#x", "https://exa mple.org/", "https://[::1",
        "https://example.org:0/", "https://100.64.0.1/", "https://224.0.0.1/", "https://[fec0::1]/", "https://127.1/",
        "https://localhost./", "https://2130706433/", "https://0x7f000001/", "https://127.0.0.1./", "https://0177.0.0.1/",
    ],
)  # fmt: skip
def test_addresses_inside_the_network_are_refused(sqlite_service: Service, url: str) -> None:
    """No subscription goes to an address that leads into a network, or that is none."""
    client = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    answer = client.post("/api/v1/subscriptions", json={"url": url, "events": ["run.finished"]})
    assert (answer.status_code, answer.json()["code"]) == (422, "FC9701")


def test_a_name_that_leads_into_the_network_is_not_followed(other: Other, monkeypatch: pytest.MonkeyPatch) -> None:
    """A public name that resolves to an inner address, even beside a public one, is not connected to."""
    port = int(other.url.split(":")[2].split("/")[0])

    def lookup(*names: str) -> None:
        async def resolve(_loop: Any, _host: str, _port: int, **_more: Any) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (name, port)) for name in names]

        monkeypatch.setattr("asyncio.BaseEventLoop.getaddrinfo", resolve)

    for names in (("127.0.0.1",), ("9.9.9.9", "127.0.0.1"), ("169.254.169.254",)):
        lookup(*names)
        sent = HttpSender().send(f"http://inside.example:{port}/", {}, b"{}", private_hosts=())
        assert sent.failure == "an address inside a network"
    lookup("127.0.0.1")
    sent = HttpSender().send(f"http://named.example:{port}/", {}, b"{}", private_hosts={"named.example"})
    assert sent.status == 200
    assert other.got[0][0]["Host"] == f"named.example:{port}"


def test_redirects_are_not_followed_and_slowness_ends(other: Other, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redirect is a failure, and a subscriber that never ends its answer does not hold a worker."""
    other.status, other.location = 307, "http://127.0.0.1:1/elsewhere"
    sent = HttpSender().send(other.url, {}, b"{}", private_hosts={"127.0.0.1"})
    assert (sent.status, sent.failure) == (307, "a redirect")
    monkeypatch.setattr(webhook, "WHOLE_SECONDS", 0.3)
    other.delay = 1
    assert HttpSender().send(other.url, {}, b"{}", private_hosts={"127.0.0.1"}).failure == "no answer in time"
    assert HttpSender().send("http://127.0.0.1:1/", {}, b"", private_hosts={"127.0.0.1"}).failure is not None


def test_subscriptions_are_changed_and_ended(service: Service, client: TestClient, other: Other) -> None:
    """A subscription that rests is told nothing; one that ended is gone with its deliveries."""
    made = subscribed(client, other.url)
    path = f"/api/v1/subscriptions/{made['id']}"
    assert client.patch(path, json={"disabled": True}).json()["disabled_at"]
    assert service.announcer.tell("run.finished", {}) == 0
    tried = client.post(f"{path}/ping")
    assert (tried.status_code, tried.json()["code"], tried.json()["faults"][0]["saw"]) == (
        409, "FC9303", "one that rests",
    )  # fmt: skip
    assert client.patch(path, json={"disabled": False, "events": ["import.finished"]}).json()["disabled_at"] is None
    assert client.patch(path, json={"url": "https://10.0.0.1/"}).status_code == 422
    client.post(f"{path}/ping")
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get("/api/v1/deliveries").json()["items"] == []
    assert client.get("/api/v1/subscriptions").json()["items"] == []


def test_what_counts_as_public() -> None:
    """Every form of an inner address is told, and a public one is let through."""
    inner = (
        "10.1.2.3",
        "172.16.0.1",
        "::1",
        "fe80::1",
        "fc00::1",
        "2002:7f00:1::",
        "::7f00:1",
        "100.100.100.200",
        "fec0::1",
    )
    assert not any(is_public(ipaddress.ip_address(one)) for one in inner)
    assert all(is_public(ipaddress.ip_address(one)) for one in ("9.9.9.9", "2606:4700::1111"))
    assert signature(b"k", 1, b"x") != signature(b"k", 2, b"x")
