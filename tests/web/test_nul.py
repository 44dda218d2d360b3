"""A NUL character, which no database keeps alike, is refused wherever it comes, on each kind of database."""

from __future__ import annotations

from datetime import timedelta

from firstcontact import bootstrap
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import Caller

NUL = "x\x00y"


def test_what_holds_a_nul_is_refused_by_page_and_interface_alike(service: Service, caller: Caller) -> None:
    """In a form, however it is sent, and in JSON: 422, or for who is to log in 401; and nothing is kept of it."""
    start = f"{(service.now() - timedelta(days=5)).isoformat()}Z"
    sent = [
        {"contact_id": f"{name}1", "started_at": start, "identifiers": [{"kind": "email", "value": f"{name}1@x.org"}]}
        for name in "ab"
    ]
    assert caller().post("/api/v1/contacts?source=t", json=sent).status_code == 202
    bootstrap.open_worker(service).drain()
    page, asked = caller(Role.QUALITY), caller(Role.QUALITY)
    page.headers["Accept"] = "text/html"
    names = [{"source": "t", "contact_id": one} for one in ("a1", "b1")]
    numbers = [
        asked.post("/api/v1/people/look-up", json={"kind": "email", "value": f"{one}1@x.org"}).json()["person_id"]
        for one in "ab"
    ]
    toml = service.policies.published().toml
    forms = {
        "/customers": {"kind": "email", "value": NUL},
        "/customers/merge": {"person_id": numbers[0], "other": numbers[1], "note": NUL},
        "/policy/new": {"toml": toml, "based_on": 1, "note": NUL},
    }
    for path, fields in forms.items():
        assert page.post(path, data=fields).status_code == 422, path
        parts = {name: (None, str(value)) for name, value in fields.items()}
        assert page.post(path, files=parts).status_code == 422, path
    bodies = {
        "people/look-up": {"kind": "email", "value": NUL},
        "people/merge": {"contacts": names, "note": NUL},
        "policies": {"toml": toml, "based_on": 1, "note": NUL},
    }
    for name, body in bodies.items():
        assert asked.post(f"/api/v1/{name}", json=body).status_code == 422, name
    nobody = caller(None)
    assert nobody.post("/api/v1/session", json={"email": NUL, "password": "z" * 12}).status_code == 401
    assert service.identities.decisions(before=None, limit=9) == []
    assert len(service.policies.page(before=None, limit=9)) == 1
