"""Who is this, what happened, is it a repeat, of what: by any identifier, within one's teams, every look noted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event
from starlette.testclient import TestClient

from firstcontact import bootstrap
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.access import Role
from firstcontact.services.decide_identity import Affected, accept
from firstcontact.services.service import Service
from tests.service_fixture import Caller, caller_of

PHONE = {"kind": "phone", "value": "+1 555 123 4567"}
Days = Callable[[float], str]


@pytest.fixture
def days(service: Service) -> Days:
    """The moment so many days ago, as it is sent."""
    return lambda ago: f"{(service.now() - timedelta(days=ago)).isoformat()}Z"


def contact(number: int, started_at: str, **columns: Any) -> dict[str, Any]:
    return {
        "contact_id": str(number),
        "started_at": started_at,
        "reason": "billing",
        "channel": "phone",
        "team": "North",
        **columns,
    }


def send(service: Service, *items: dict[str, Any]) -> None:
    """Send contacts and have them linked."""
    sender = caller_of(service)(Role.ADMINISTRATOR)
    outcomes = sender.post("/api/v1/contacts?source=pbx", json=list(items)).json()["outcomes"]
    assert "quarantined" not in outcomes
    bootstrap.open_worker(service).drain()


def ask(client: TestClient, **question: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/people/look-up", json=question)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_customer_is_found_by_any_identifier(service: Service, caller: Caller, days: Days) -> None:
    """By telephone however it is written, by address, by the source's id, by a contact, and by number: one answer."""
    mail = {"kind": "email", "value": "Dana@example.com"}
    send(service, contact(1, days(40), identifiers=[PHONE], customer_id="K7"))
    send(service, contact(2, days(3), identifiers=[PHONE, mail]))
    quality = caller(Role.QUALITY)
    first = ask(quality, **PHONE)
    assert (first["state"], first["total"]) == ("known", 2)
    assert [one["contact_id"] for one in first["contacts"]] == ["2", "1"]
    questions: list[dict[str, Any]] = [
        {"value": "001-555-123-4567"},
        {"value": "dana@EXAMPLE.com"},
        {"kind": "customer", "value": "K7"},
        {"contact": {"source": "pbx", "contact_id": "1"}},
        {"person_id": first["person_id"]},
    ]
    for question in questions:
        # Only the clock goes on.
        assert ask(quality, **question) | {"now": []} == first | {"now": []}
    assert ask(quality, value="nobody@example.com")["state"] == "unknown"
    assert quality.post("/api/v1/people/look-up", json={}).json()["code"] == "FC9301"


def test_it_is_said_whether_a_contact_is_a_repeat_and_of_what(service: Service, caller: Caller, days: Days) -> None:
    """Of those that happened, and of one that would begin now, for its reason or for each that the customer had."""
    send(service, contact(1, days(100)), contact(2, days(9), identifiers=[PHONE]), contact(3, days(4)))
    send(service, contact(4, days(2), identifiers=[PHONE]))
    found = ask(caller(Role.QUALITY), **PHONE)
    name = {"source": "pbx", "contact_id": "2"}
    assert [(one["contact_id"], one["repeat"], one["repeat_of"]) for one in found["contacts"]] == [
        ("4", True, name),
        ("2", False, None),
    ]
    assert found["contacts"][0]["issue"] == found["contacts"][1]["issue"] == name
    assert [one["returned"] for one in found["contacts"]] == [False, True]
    (now,) = found["now"]
    assert (now["reason"], now["repeat"], now["issue"]) == ("billing", True, name)
    assert now["repeat_of"] == {"source": "pbx", "contact_id": "4"}
    assert now["days_since"] == pytest.approx(2, abs=0.01)
    other = ask(caller(Role.QUALITY), **PHONE, reason="delivery")["now"]
    assert [(one["reason"], one["repeat"], one["repeat_of"]) for one in other] == [("delivery", False, None)]


def test_a_shared_identifier_names_nobody(service: Service, caller: Caller, days: Days) -> None:
    """A switchboard is said to be one; what has just arrived is said to wait."""
    switchboard = {"kind": "phone", "value": "+1 555 000 0000"}
    send(service, *(contact(n, days(n), customer_id=f"K{n}", identifiers=[switchboard]) for n in range(1, 8)))
    quality = caller(Role.QUALITY)
    assert ask(quality, **switchboard)["state"] == "shared"
    assert ask(quality, kind="customer", value="K3")["total"] == 1
    sender = caller(Role.ADMINISTRATOR)
    sender.post("/api/v1/contacts?source=pbx", json=[contact(99, days(0), identifiers=[PHONE])])
    assert ask(quality, **PHONE)["state"] == "waiting"
    assert ask(quality, contact={"source": "pbx", "contact_id": "99"})["state"] == "waiting"


def test_one_sees_the_contacts_of_ones_own_teams(service: Service, caller: Caller, days: Days) -> None:
    """Others' contacts are not shown, named or counted, and a customer whom only others had is unknown; whether it is a
    repeat is said truly all the same."""
    send(service, contact(1, days(3), identifiers=[PHONE], team="South"))
    lead = caller(Role.TEAM_LEAD, "North")
    everything = ask(caller(Role.QUALITY), **PHONE)
    for question in (PHONE, {"person_id": everything["person_id"]}, {"contact": {"source": "pbx", "contact_id": "1"}}):
        assert ask(lead, **question)["state"] == "unknown"
    assert lead.get(f"/api/v1/people/{everything['person_id']}/contacts").status_code == 404
    send(service, contact(2, days(2), identifiers=[PHONE, {"kind": "email", "value": "d@x.org"}]))
    found = ask(lead, **PHONE)
    assert (found["total"], [one["contact_id"] for one in found["contacts"]]) == (1, ["2"])
    assert (found["contacts"][0]["repeat"], found["contacts"][0]["repeat_of"]) == (True, None)
    assert found["now"][0]["repeat_of"] == {"source": "pbx", "contact_id": "2"}
    assert found["now"][0]["issue"] is None


def test_every_look_is_noted_without_what_was_typed(service: Service, caller: Caller, days: Days) -> None:
    """Who looked, at whom, when; never the identifier."""
    send(service, contact(1, days(3), identifiers=[PHONE]))
    found = ask(caller(Role.TEAM_LEAD, "North"), **PHONE)
    events = service.audit.page(person_id=found["person_id"])
    assert [(one.actor, one.action) for one in events] == [("team-lead@example.org", "person.look")]
    assert "4567" not in str([(one.object, one.detail) for one in events])


def test_contacts_of_a_customer_come_by_page(service: Service, caller: Caller, days: Days) -> None:
    """Newest first, each once."""
    send(service, *(contact(number, days(10 - number), identifiers=[PHONE]) for number in range(1, 8)))
    quality = caller(Role.QUALITY)
    place = f"/api/v1/people/{ask(quality, **PHONE)['person_id']}/contacts?limit=3"
    seen, after = [], ""
    while after is not None:
        page = quality.get(place + (f"&after={after}" if after else "")).json()
        seen += [one["contact_id"] for one in page["items"]]
        after = page["next"]
    assert seen == ["7", "6", "5", "4", "3", "2", "1"]
    assert quality.get(f"{place}&after=bm8").json()["code"] == "FC9301"


def test_a_merge_joins_and_can_be_taken_back(service: Service, caller: Caller, days: Days) -> None:
    """Two customers become one, with links that follow; undone, they are two again; FC9442 the second time."""
    send(service, contact(1, days(9), customer_id="K1"), contact(2, days(3), customer_id="K2"))
    quality = caller(Role.QUALITY)
    names = [{"source": "pbx", "contact_id": one} for one in ("1", "2")]
    made = quality.post("/api/v1/people/merge", json={"contacts": names, "note": "said so"}).json()
    bootstrap.open_worker(service).drain()
    joined = ask(quality, kind="customer", value="K1")
    assert joined["total"] == 2
    assert joined["contacts"][0]["repeat_of"] == names[0]
    assert [kind for kind, _ in ((one["kind"], one["value"]) for one in joined["identifiers"])] == ["customer"] * 2
    # A later version of a contact does not undo what was decided.
    send(service, contact(2, days(3), customer_id="K2", wrap_up="new"))
    assert ask(quality, kind="customer", value="K2")["total"] == 2
    undone = quality.post(f"/api/v1/identity-decisions/{made['id']}/undo").json()
    bootstrap.open_worker(service).drain()
    assert undone["undone_by"] == "quality@example.org"
    assert [ask(quality, kind="customer", value=value)["total"] for value in ("K1", "K2")] == [1, 1]
    again = quality.post(f"/api/v1/identity-decisions/{made['id']}/undo")
    assert (again.status_code, again.json()["code"]) == (409, "FC9442")
    assert [one.action for one in service.audit.page(object=made["id"])] == ["people.undo", "people.merge"]
    first = ask(quality, kind="customer", value="K1")["person_id"]
    seen = service.people.person(first, None, 1)
    assert seen is not None
    assert service.people.began(("pbx", "1")) == seen.contacts[0].columns["started_at"]
    assert service.people.began(("pbx", "none")) is None
    for asked, found in (({}, [made["id"]]), ({"person_id": first}, [made["id"]]), ({"person_id": 10**9}, [])):
        decisions = quality.get("/api/v1/identity-decisions", params=asked).json()["items"]
        assert [one["id"] for one in decisions] == found


def test_a_split_parts_whatever_the_identifiers_say(service: Service, caller: Caller, days: Days) -> None:
    """The contact is a customer's of its own; later contacts go on to whom their identifiers name."""
    send(service, contact(1, days(9), identifiers=[PHONE]), contact(2, days(3), identifiers=[PHONE]))
    quality = caller(Role.QUALITY)
    split = {"contacts": [{"source": "pbx", "contact_id": "2"}]}
    assert quality.post("/api/v1/people/split", json=split).status_code == 201
    bootstrap.open_worker(service).drain()
    send(service, contact(3, days(1), identifiers=[PHONE]))
    assert [one["contact_id"] for one in ask(quality, **PHONE)["contacts"]] == ["3", "1"]
    alone = ask(quality, contact=split["contacts"][0])
    assert (alone["total"], alone["contacts"][0]["repeat"]) == (1, False)
    absent = {"contacts": [{"source": "pbx", "contact_id": "77"}, {"source": "pbx", "contact_id": "1"}]}
    for verb in ("merge", "split"):
        answer = quality.post(f"/api/v1/people/{verb}", json=absent)
        assert (answer.status_code, answer.json()["code"], len(answer.json()["faults"])) == (422, "FC9441", 1)


def test_a_number_that_went_away_leads_to_the_present_one(service: Service, caller: Caller, days: Days) -> None:
    """A look-up by it answers with the customer's number of now, through one join and the next, and after both were
    taken back; within one's teams. Their contacts by the former number are not there."""
    send(service, *(contact(n, days(20 - n), customer_id="K1") for n in (1, 2, 3)))
    send(service, *(contact(n, days(20 - n), customer_id="K2") for n in (4, 5)), contact(6, days(2), customer_id="K3"))
    quality = caller(Role.QUALITY)
    k1, k2, k3 = (ask(quality, value=one)["person_id"] for one in ("K1", "K2", "K3"))
    made = []
    for pair in (("6", "5"), ("4", "1")):
        names = [{"source": "pbx", "contact_id": one} for one in pair]
        made.append(quality.post("/api/v1/people/merge", json={"contacts": names}).json()["id"])
        waits = service.identities.affected(made)[made[-1]]
        bootstrap.open_worker(service).drain()
        assert (len(waits.people), waits.waits) == (2, True)
    assert service.identities.affected(made) == dict.fromkeys(made, Affected((k1,)))
    assert [ask(quality, person_id=one)["person_id"] for one in (k1, k2, k3)] == [k1] * 3
    assert service.identities.now_called(k1) is None
    assert quality.get(f"/api/v1/people/{k2}/contacts").status_code == 404
    assert ask(caller(Role.TEAM_LEAD, "South"), person_id=k2)["state"] == "unknown"
    assert ask(quality, person_id=10**9)["state"] == "unknown"
    for one in made:
        assert quality.post(f"/api/v1/identity-decisions/{one}/undo").status_code == 200
        bootstrap.open_worker(service).drain()
    for number, value in ((k1, "K1"), (k2, "K2"), (k3, "K3")):
        assert ask(quality, person_id=number)["person_id"] == ask(quality, value=value)["person_id"]
    people = {ask(quality, value=value)["person_id"] for value in ("K1", "K2", "K3")}
    assert (len(people), k1 in people) == (3, True)


def test_what_was_split_off_is_said_to_be(service: Service, caller: Caller, days: Days) -> None:
    """An identifier that stands on split contacts alone names nobody, and the answer says whose they are; within one's
    teams. Taken back, it names them again."""
    send(service, contact(1, days(9), customer_id="K1"), contact(2, days(3), customer_id="K1", identifiers=[PHONE]))
    quality = caller(Role.QUALITY)
    split = {"contacts": [{"source": "pbx", "contact_id": "2"}]}
    made = quality.post("/api/v1/people/split", json=split).json()["id"]
    bootstrap.open_worker(service).drain()
    theirs = ask(quality, contact=split["contacts"][0])["person_id"]
    for question in (PHONE, {"value": "001-555-123-4567"}):
        told = ask(quality, **question)
        assert (told["state"], told["person_id"], told["candidates"]) == ("parted", None, [theirs])
    assert ask(quality, value="K1")["state"] == "known"
    assert ask(quality, value="+1 555 123 4568")["state"] == "unknown"
    assert ask(caller(Role.TEAM_LEAD, "South"), **PHONE)["state"] == "unknown"
    page = caller(Role.QUALITY).post("/customers", data={"kind": "phone", "value": PHONE["value"]}).text
    assert ("names nobody any more" in page, f'"/customers/{theirs}"' in page) == (True, True)
    assert quality.post(f"/api/v1/identity-decisions/{made}/undo").status_code == 200
    bootstrap.open_worker(service).drain()
    assert ask(quality, **PHONE)["total"] == 2


def test_not_all_contacts_of_a_customer_are_split_off(service: Service, caller: Caller, days: Days) -> None:
    """Nothing would stay: FC9445, and nothing is changed. All but one may go, together with some of another customer's;
    the last one may not."""
    send(service, *(contact(n, days(n), customer_id="K1") for n in (1, 2, 3)), contact(4, days(4), customer_id="K2"))
    send(service, contact(5, days(5), customer_id="K2"))
    quality = caller(Role.QUALITY)

    def split(*numbers: str) -> Any:
        asked = {"contacts": [{"source": "pbx", "contact_id": one} for one in numbers]}
        answer = quality.post("/api/v1/people/split", json=asked)
        bootstrap.open_worker(service).drain()
        return answer.status_code, answer.json().get("code")

    for every in (("1", "2", "3"), ("3", "2", "1", "4"), ("1", "4", "5")):
        assert split(*every) == (422, "FC9445")
    assert (ask(quality, value="K1")["total"], ask(quality, value="K2")["total"]) == (3, 2)
    assert split("1", "2", "4") == (201, None)
    assert split("3") == (422, "FC9445")
    assert (ask(quality, value="K1")["total"], ask(quality, value="K2")["total"]) == (1, 1)


def test_nearly_equal_identifiers_are_proposed_once(service: Service, caller: Caller, days: Days) -> None:
    """One telephone with and without its country: proposed, not joined; accepted it joins, declined it stays."""
    send(service, contact(1, days(9), identifiers=[{"kind": "phone", "value": "+972541234567"}]))
    send(service, contact(2, days(3), identifiers=[{"kind": "phone", "value": "054-1234567"}]))
    send(service, contact(3, days(3), identifiers=[{"kind": "email", "value": "dana.l@x.org"}]))
    send(service, contact(4, days(3), identifiers=[{"kind": "email", "value": "danal+shop@x.org"}]))
    quality = caller(Role.QUALITY)
    found = quality.get("/api/v1/identity-proposals").json()["items"]
    assert sorted(one["grounds"]["why"] for one in found) == ["country", "mailbox"]
    by_why = {one["grounds"]["why"]: one["id"] for one in found}
    accepted = quality.post(f"/api/v1/identity-proposals/{by_why['country']}/accept")
    assert accepted.json()["verb"] == "merge"
    seen = service.identities.proposal(by_why["mailbox"])
    assert seen is not None
    assert quality.post(f"/api/v1/identity-proposals/{by_why['mailbox']}/decline").status_code == 204
    # A colleague saw it open and accepts it a moment too late: nothing is merged.
    with pytest.raises(FirstcontactError) as error:
        accept(service.identities, seen, make_id=lambda: "f" * 32, actor="late", now=service.now())
    assert error.value.faults[0].kind.code == "FC9442"
    assert service.identities.decision("f" * 32) is None
    for verb in ("accept", "decline"):
        assert quality.post(f"/api/v1/identity-proposals/{by_why['mailbox']}/{verb}").json()["code"] == "FC9442"
    bootstrap.open_worker(service).drain()
    assert ask(quality, kind="phone", value="0541234567")["total"] == 2
    send(service, contact(4, days(3), identifiers=[{"kind": "email", "value": "danal+shop@x.org"}], wrap_up="x"))
    assert quality.get("/api/v1/identity-proposals").json()["items"] == []


def test_links_follow_the_published_policy(service: Service, caller: Caller, days: Days) -> None:
    """Everything is linked again under a policy with another window."""
    send(service, contact(1, days(9), identifiers=[PHONE]), contact(2, days(3), identifiers=[PHONE]))
    quality, administrator = caller(Role.QUALITY), caller(Role.ADMINISTRATOR)
    assert ask(quality, **PHONE)["contacts"][0]["repeat"]
    policy = service.policies.published().toml.replace("default_days = 30", "default_days = 2")
    assert policy != service.policies.published().toml
    draft = administrator.post("/api/v1/policies", json={"toml": policy}).json()
    drafted = service.policies.find(draft["number"])
    service.policies.publish(drafted.number, drafted.edition, by="test", now=service.now())
    send(service, contact(3, days(100)))
    assert not ask(quality, **PHONE)["contacts"][0]["repeat"]
    assert ask(quality, **PHONE)["now"][0]["window_days"] == 2


def test_a_look_up_asks_the_store_few_questions(service: Service, caller: Caller, days: Days) -> None:
    """All of them in one transaction, the note in the audit in another: each question is a way there and back."""
    send(service, contact(1, days(40), customer_id="K7"), contact(2, days(3), customer_id="K7"))
    quality = caller(Role.QUALITY)
    first = ask(quality, kind="customer", value="K7", reason="billing")
    asked: list[str] = []
    begun: list[int] = []

    def question(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    def beginning(_connection: Any) -> None:
        begun.append(1)

    event.listen(Engine, "before_cursor_execute", question)
    event.listen(Engine, "begin", beginning)
    try:
        assert ask(quality, kind="customer", value="K7", reason="billing")["contacts"] == first["contacts"]
    finally:
        event.remove(Engine, "before_cursor_execute", question)
        event.remove(Engine, "begin", beginning)
    questions = [one for one in asked if one.startswith(("SELECT", "INSERT"))]
    assert len(questions) <= 9, questions  # one of them for a setting that is remembered for a second
    assert len(begun) <= 2
