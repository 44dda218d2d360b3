"""`firstcontact account`: the first administrator comes into being on the machine itself."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from firstcontact import bootstrap
from firstcontact.kernel.service_settings import read_settings
from firstcontact.services.access import GRANTS, Permission, Role
from firstcontact.services.log_in import log_in, reset_password
from firstcontact.services.session import recognise
from tests.command import run

WORDS = "seven quiet green lamps"


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTCONTACT_DATA", str(tmp_path / "service"))


def test_an_account_takes_its_password_from_the_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is piped in logs in afterwards, and is never printed; a second account with the address is refused."""
    monkeypatch.setattr("sys.stdin", io.StringIO(WORDS + "\n"))
    said = run("account", "add", "Dana@example.org", "--role", "team-lead", "--team", "North", "--name", "Dana")
    assert (said.code, said.err) == (0, "")
    assert "dana@example.org can log in as team-lead" in said.out
    assert WORDS not in said.out
    service = bootstrap.open_service(read_settings())
    found = log_in(
        service.accounts,
        service.sessions,
        service.passwords,
        email="dana@example.org",
        password=WORDS,
        place="192.0.2.1",
        now=service.now(),
    )
    service.close()
    assert found.teams == ("North",)
    monkeypatch.setattr("sys.stdin", io.StringIO(WORDS + "\n"))
    assert run("account", "add", "dana@example.org").codes == ["FC9205"]


def test_a_weak_password_makes_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command fails before anything is stored."""
    monkeypatch.setattr("sys.stdin", io.StringIO("dana\n"))
    said = run("account", "add", "dana@example.org")
    assert said.codes == ["FC9204"]
    assert run("account", "list").out == ""


def test_a_password_is_no_argument() -> None:
    """What stands on a command line is seen by everybody on the machine, so it cannot stand there."""
    assert run("account", "add", "dana@example.org", "--password", WORDS).code == 2


def test_an_owner_sets_a_password_by_a_code() -> None:
    """`--code` and `reset` print a code that works once; `disable` and `list` say what they did."""
    said = run("account", "add", "dana@example.org", "--code")
    again = run("account", "reset", "dana@example.org")
    codes = [re.findall(r"the code (\S+)", one.out)[0] for one in (said, again)]
    service = bootstrap.open_service(read_settings())
    reset_password(service.sessions, service.passwords, token=codes[1], new=WORDS, now=service.now())
    service.close()
    assert "password" in run("account", "list").out
    assert run("account", "disable", "dana@example.org").codes == ["FC9206"]
    assert run("account", "disable", "nobody@example.org").codes == ["FC9205"]
    assert run("account", "add", "lee@example.org", "--code", "--role", "agent").code == 0
    assert run("account", "disable", "lee@example.org").out == "lee@example.org is disabled.\n"
    assert re.search(r"lee@example.org +agent +disabled", run("account", "list").out)


def test_a_token_is_printed_alone_and_asks_what_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs no log-in, holds no more than the role or what it is limited to, and an unknown permission is named."""
    monkeypatch.setattr("sys.stdin", io.StringIO(WORDS + "\n"))
    assert run("account", "add", "dana@example.org").code == 0
    values = [run("account", "token", "dana@example.org").out.split()]
    values.append(run("account", "token", "dana@example.org", "--allow", "imports:write", "--days", "1").out.split())
    assert [len(one) for one in values] == [1, 1]
    assert run("account", "token", "dana@example.org", "--allow", "everything").codes == ["FC9205"]
    assert run("account", "token", "dana@example.org", "--allow", "people:read").codes == ["FC9201"]
    assert run("account", "token", "nobody@example.org").codes == ["FC9205"]
    service = bootstrap.open_service(read_settings())
    whole, limited = (recognise(service.sessions, token=one[0], cookie=None, now=service.now()) for one in values)
    service.close()
    assert whole is not None
    assert limited is not None
    assert whole.permissions == frozenset(GRANTS[Role.ADMINISTRATOR])
    assert limited.permissions == {Permission.IMPORT, Permission.READ_SELF}
