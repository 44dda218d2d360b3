"""Accounts, sessions and tokens keep the same promises on every database."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.access import NOT_ALLOWED, Permission, Principal, Role
from firstcontact.services.account import ACCOUNT_LAST, ACCOUNT_WRONG, Account, add_account
from firstcontact.services.audit import Event
from firstcontact.services.log_in import (
    FREE_ANYWHERE,
    FREE_HERE,
    LOG_IN_FAILED,
    change_password,
    log_in,
    reset_password,
)
from firstcontact.services.password import PASSWORD_WEAK, Passwords
from firstcontact.services.service import Service
from firstcontact.services.session import (
    IDLE,
    LONGEST,
    RESET_LIFE,
    WALLBOARD_LONGEST,
    SignOn,
    hash_of,
    make_reset,
    make_token,
    open_session,
    recognise,
)

NOW = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 - UTC, as everywhere inside
WORDS = "seven quiet green lamps"
CHEAP = Passwords(memory_kib=8, rounds=1)


def _account(service: Service, email: str = "dana@example.org", role: Role = Role.AGENT, **more: Any) -> Account:
    return add_account(
        service.accounts,
        email=email,
        name="Dana",
        role=role,
        password_hash=CHEAP.keep(WORDS),
        actor="test",
        now=NOW,
        new_id=hash_of(email)[:32],
        **more,
    )


def _code(error: pytest.ExceptionInfo[FirstcontactError]) -> str:
    return error.value.faults[0].kind.code


def _log_in(service: Service, email: str, password: str, now: datetime = NOW, place: str = "192.0.2.1") -> Account:
    return log_in(service.accounts, service.sessions, CHEAP, email=email, password=password, place=place, now=now)


def _event(action: str = "test.event", now: datetime = NOW) -> Event:
    return Event("test", action, now)


def test_an_account_is_found_by_what_is_typed(service: Service) -> None:
    """Case and spaces around an address make no other account, and a second one with it is refused."""
    made = _account(service, " Dana@Example.org", teams=("South", "North", "North"), agent_id="a7")
    assert made == service.accounts.find(made.id) == service.accounts.find_email("dana@example.org")
    assert (made.email, made.teams, made.agent_id, made.has_password) == (
        "dana@example.org",
        ("North", "South"),
        "a7",
        True,
    )
    with pytest.raises(FirstcontactError) as taken:
        add_account(
            service.accounts, email="DANA@example.org", name="D", role="agent", actor="t", now=NOW, new_id="1" * 32
        )
    assert _code(taken) == ACCOUNT_WRONG.code


def test_an_account_that_cannot_be_is_refused_with_everything_that_is_wrong(service: Service) -> None:
    """No address, no name, an unknown role and a team without a name are said at once."""
    with pytest.raises(FirstcontactError) as wrong:
        add_account(
            service.accounts, email="dana", name=" ", role="chief", teams=("",), actor="t", now=NOW, new_id="1" * 32
        )
    assert [fault.where for fault in wrong.value.faults] == ["email", "name", "role", "teams"]


def test_accounts_come_by_page(service: Service) -> None:
    """A page goes on after the last address of the one before."""
    for letter in "cab":
        _account(service, f"{letter}@example.org")
    first = service.accounts.page(after=None, limit=2)
    rest = service.accounts.page(after=first[-1].email, limit=2)
    assert [one.email[0] for one in first + rest] == ["a", "b", "c"]


def test_two_who_change_an_account_do_not_overwrite_one_another(service: Service) -> None:
    """Of two changes of one edition the second is refused."""
    made = _account(service)
    changed = service.accounts.change(made.id, {"name": "Dana K."}, _event(), edition=made.edition)
    assert changed == replace(made, name="Dana K.", edition=2)
    assert service.accounts.change(made.id, {"name": "Other"}, _event(), edition=made.edition) is None
    assert service.accounts.change("0" * 32, {"name": "Other"}, _event(), edition=None) is None


@pytest.mark.parametrize("fields", [{"role": Role.MANAGER}, {"disabled_at": NOW}])
def test_the_last_administrator_stays(service: Service, fields: dict[str, Any]) -> None:
    """Nobody can take the last administrator away, and one who cannot log in does not count."""
    first = _account(service, "first@example.org", Role.ADMINISTRATOR)
    add_account(service.accounts, email="no@way.in", name="N", role="administrator", actor="t", now=NOW, new_id="n")
    with pytest.raises(FirstcontactError) as last:
        service.accounts.change(first.id, fields, _event(), edition=None)
    assert _code(last) == ACCOUNT_LAST.code
    assert service.accounts.find(first.id) == first
    _account(service, "second@example.org", Role.ADMINISTRATOR)
    assert service.accounts.change(first.id, fields, _event(), edition=None) is not None


def test_of_two_administrators_who_step_down_at_once_one_stays(service: Service) -> None:
    """The rule about the last administrator holds for changes that happen at the same moment."""
    made = [_account(service, f"{n}@example.org", Role.ADMINISTRATOR) for n in (1, 2)]
    barrier = threading.Barrier(2)
    refused: list[str] = []

    def step_down(account: Account) -> None:
        barrier.wait()
        try:
            service.accounts.change(account.id, {"role": Role.AGENT}, _event(), edition=None)
        except FirstcontactError as error:
            refused.append(error.faults[0].kind.code)

    threads = [threading.Thread(target=step_down, args=(one,)) for one in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [ACCOUNT_LAST.code]


def test_only_the_right_password_of_an_able_account_logs_in(service: Service) -> None:
    """A wrong password, an unknown address, a disabled account and one without a password fail in the same words."""
    made = _account(service)
    add_account(service.accounts, email="sso@example.org", name="S", role="agent", actor="t", now=NOW, new_id="s")
    gone = _account(service, "gone@example.org")
    service.accounts.change(gone.id, {"disabled_at": NOW}, _event(), edition=None)
    assert _log_in(service, " DANA@example.org ", WORDS) == made
    said = set()
    for email, password in (
        ("dana@example.org", WORDS + "!"),
        ("nobody@example.org", WORDS),
        ("gone@example.org", WORDS),
        ("sso@example.org", ""),
    ):
        with pytest.raises(FirstcontactError) as failed:
            _log_in(service, email, password)
        said.add(str(failed.value))
    assert len(said) == 1
    assert LOG_IN_FAILED.code in said.pop()


@pytest.mark.parametrize("email", ["dana@example.org", "nobody@example.org"])
def test_guessing_locks_an_address_known_or_not(service: Service, email: str) -> None:
    """After five failures an address is locked for a while, even for the right password; the lock doubles and ends."""
    _account(service)
    for _ in range(5):
        with pytest.raises(FirstcontactError):
            _log_in(service, email, "wrong password!!")
    with pytest.raises(FirstcontactError):
        _log_in(service, email, WORDS, NOW + timedelta(seconds=29))
    here = {hash_of(f"{email} 192.0.2.1"): FREE_HERE}
    assert service.sessions.attempt(here, NOW + timedelta(seconds=30))
    assert not service.sessions.attempt(here, NOW + timedelta(seconds=89))
    assert service.sessions.attempt(here, NOW + timedelta(seconds=91))


def test_a_stranger_locks_nobody_out(service: Service) -> None:
    """Guessing from one place locks the address for that place; its owner logs in from another. Only very many failures
    from many places lock it for all."""
    made = _account(service)
    for _ in range(20):
        with pytest.raises(FirstcontactError):
            _log_in(service, made.email, "wrong password!!", place="198.51.100.9")
    assert _log_in(service, made.email, WORDS) == made
    everywhere = {hash_of(made.email): FREE_ANYWHERE}
    for _ in range(FREE_ANYWHERE):
        assert service.sessions.attempt(everywhere, NOW)
    with pytest.raises(FirstcontactError):
        _log_in(service, made.email, WORDS, place="203.0.113.1")


def test_knowing_the_password_forgives_failures(service: Service) -> None:
    """Four failures and a success, three times over, lock nothing."""
    _account(service)
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(FirstcontactError):
                _log_in(service, "dana@example.org", "wrong password!!")
        assert _log_in(service, "dana@example.org", WORDS).email == "dana@example.org"


def test_many_guesses_at_once_are_all_counted(service: Service) -> None:
    """Guesses are counted before they are judged, so that none slips through beside the others."""
    judged = []

    def guess() -> None:
        judged.append(service.sessions.attempt({"k" * 64: FREE_HERE, "l" * 64: FREE_ANYWHERE}, NOW))

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(judged) == 5


def test_a_log_in_compares_a_hash_whoever_it_is_for(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """As much is computed for an unknown, disabled or locked account as for a known one: time tells nothing."""
    _account(service)
    gone = _account(service, "gone@example.org")
    service.accounts.change(gone.id, {"disabled_at": NOW}, _event(), edition=None)
    locked = _account(service, "locked@example.org")
    for _ in range(6):
        service.sessions.attempt({hash_of(f"{locked.email} 192.0.2.1"): FREE_HERE}, NOW)
    compared: list[bool] = []
    right = Passwords.right

    def noted(self: Passwords, kept: str | None, password: str) -> bool:
        compared.append(right(self, kept, password))
        return compared[-1]

    monkeypatch.setattr(Passwords, "right", noted)
    for email in ("dana@example.org", "nobody@example.org", "gone@example.org", "locked@example.org"):
        with pytest.raises(FirstcontactError):
            _log_in(service, email, "wrong password!!")
    assert compared == [False] * 4


def test_a_session_ends_when_idle_and_at_last_in_any_case(service: Service) -> None:
    """Use keeps a session alive, but not beyond a working day."""
    account = _account(service)
    token = open_session(service.sessions, account, device="Firefox", now=NOW, how="password")

    def who(now: datetime) -> Principal | None:
        return recognise(service.sessions, token=None, cookie=token, now=now)

    used = NOW
    while used + IDLE < NOW + LONGEST:
        used += IDLE - timedelta(seconds=1)
        assert (found := who(used)) is not None
        assert (found.account_id, found.session) == (account.id, hash_of(token))
    assert who(NOW + LONGEST) is None
    other = open_session(service.sessions, account, device=None, now=NOW, how="password")
    assert recognise(service.sessions, token=None, cookie=other, now=NOW + IDLE) is None


def test_a_wallboard_stays_logged_in(service: Service) -> None:
    """A screen on a wall has nobody to log in every morning."""
    account = _account(service, role=Role.WALLBOARD)
    token = open_session(service.sessions, account, device=None, now=NOW, how="password")
    now = NOW
    while now < NOW + WALLBOARD_LONGEST - timedelta(days=6):
        now += timedelta(days=6)
        assert recognise(service.sessions, token=None, cookie=token, now=now) is not None
    assert recognise(service.sessions, token=None, cookie=token, now=NOW + WALLBOARD_LONGEST) is None


def test_logging_in_ends_the_session_the_browser_had(service: Service) -> None:
    """Each log-in makes a new secret, and the old one is worth nothing."""
    account = _account(service)
    first = open_session(service.sessions, account, device=None, now=NOW, how="password")
    second = open_session(service.sessions, account, device=None, now=NOW, how="password", instead_of=first)
    assert recognise(service.sessions, token=None, cookie=first, now=NOW) is None
    assert recognise(service.sessions, token=None, cookie=second, now=NOW) is not None
    assert len(service.sessions.of(account.id, NOW)) == 1


@pytest.mark.parametrize("fields", [{"role": Role.MANAGER}, {"teams": ["East"]}, {"disabled_at": NOW}])
def test_sessions_end_with_what_they_rest_on(service: Service, fields: dict[str, Any]) -> None:
    """Another role, other teams and being disabled end every session at once."""
    account = _account(service)
    token = open_session(service.sessions, account, device=None, now=NOW, how="password")
    service.accounts.change(account.id, fields, _event(), edition=None)
    assert recognise(service.sessions, token=None, cookie=token, now=NOW) is None


def test_a_password_is_changed_by_who_knows_it(service: Service) -> None:
    """The old one stops working, other sessions end, the present one stays; a weak one or a wrong current one is
    refused."""
    account = _account(service)
    mine, other = (open_session(service.sessions, account, device=None, now=NOW, how="password") for _ in range(2))

    def change(current: str, new: str) -> None:
        change_password(
            service.accounts,
            service.sessions,
            CHEAP,
            account,
            current=current,
            new=new,
            session=hash_of(mine),
            place="192.0.2.1",
            now=NOW,
        )

    for current, new, code in (
        ("not this one!", "nine loud red kettles", LOG_IN_FAILED.code),
        (WORDS, "short", PASSWORD_WEAK.code),
    ):
        with pytest.raises(FirstcontactError) as refused:
            change(current, new)
        assert _code(refused) == code
    change(WORDS, "nine loud red kettles")
    assert recognise(service.sessions, token=None, cookie=mine, now=NOW) is not None
    assert recognise(service.sessions, token=None, cookie=other, now=NOW) is None
    assert _log_in(service, account.email, "nine loud red kettles").id == account.id
    with pytest.raises(FirstcontactError):
        _log_in(service, account.email, WORDS)


def test_a_reset_works_once_and_for_a_day(service: Service) -> None:
    """A reset sets the password, ends every session and token and is void afterwards; a later one voids an earlier."""
    account = _account(service)
    session = open_session(service.sessions, account, device=None, now=NOW, how="password")
    who = Principal(account.id, account.email, account.role)
    _, value = make_token(service.sessions, who, name="x", permissions=[], expires_at=None, now=NOW)
    assert recognise(service.sessions, token=value, cookie=None, now=NOW) is not None
    void = make_reset(service.sessions, account, actor="test", now=NOW)
    token = make_reset(service.sessions, account, actor="test", now=NOW)

    def reset(secret: str, now: datetime = NOW, new: str = "nine loud red kettles") -> Account:
        return reset_password(service.sessions, CHEAP, token=secret, new=new, now=now)

    for secret, now in ((void, NOW), ("guessed", NOW), (token, NOW + RESET_LIFE)):
        with pytest.raises(FirstcontactError) as refused:
            reset(secret, now)
        assert _code(refused) == LOG_IN_FAILED.code
    with pytest.raises(FirstcontactError) as weak:
        reset(token, new="short")
    assert _code(weak) == PASSWORD_WEAK.code
    assert reset(token).id == account.id
    assert recognise(service.sessions, token=None, cookie=session, now=NOW) is None
    assert recognise(service.sessions, token=value, cookie=None, now=NOW) is None
    assert _log_in(service, account.email, "nine loud red kettles").id == account.id
    with pytest.raises(FirstcontactError):
        reset(token)


def test_a_password_kept_at_an_old_cost_is_kept_anew(service: Service) -> None:
    """Logging in brings a hash to today's cost without asking anybody."""
    account = _account(service)
    dearer = Passwords(memory_kib=16, rounds=1)
    log_in(service.accounts, service.sessions, dearer, email=account.email, password=WORDS, place="x", now=NOW)
    kept = service.accounts.password_hash(account.id)
    assert kept is not None
    assert not dearer.outdated(kept)
    assert dearer.right(kept, WORDS)


def test_a_token_acts_for_its_account_within_its_limits(service: Service) -> None:
    """A token holds what it was given as far as the role holds it today, until it expires, is revoked, or its account
    is disabled."""
    account = _account(service, role=Role.ADMINISTRATOR)
    _account(service, "other@example.org", Role.ADMINISTRATOR)
    who = Principal(account.id, account.email, account.role)
    until = NOW + timedelta(days=30)
    given = [Permission.INGEST, Permission.READ_FIGURES]
    token, value = make_token(service.sessions, who, name="pbx", permissions=given, expires_at=until, now=NOW)

    def found(now: datetime = NOW) -> Principal | None:
        return recognise(service.sessions, token=value, cookie=None, now=now)

    assert (principal := found()) is not None
    assert (principal.name, principal.session) == (f"token:pbx of {account.email}", None)
    assert principal.permissions == {Permission.INGEST, Permission.READ_FIGURES, Permission.READ_SELF}
    assert found(until) is None
    service.accounts.change(account.id, {"role": Role.MANAGER}, _event(), edition=None)
    assert (lowered := found()) is not None
    assert lowered.permissions == {Permission.READ_FIGURES, Permission.READ_SELF}
    service.accounts.change(account.id, {"disabled_at": NOW}, _event(), edition=None)
    assert found() is None
    service.accounts.change(account.id, {"disabled_at": None}, _event(), edition=None)
    assert service.sessions.revoke_token("0" * 32, token.id, _event()) is None
    assert found() is not None
    assert service.sessions.revoke_token(account.id, token.id, _event()) is not None
    assert found() is None
    assert [one.revoked_at for one in service.sessions.tokens(account.id)] == [NOW]


def test_a_token_never_holds_more_than_its_maker(service: Service) -> None:
    """Neither a role nor a limited token can make a token that may more."""
    lead = Principal("1", "lead", Role.QUALITY)
    limited = Principal("1", "token:x", Role.ADMINISTRATOR, only=frozenset({Permission.OWN_TOKENS}))
    for who in (lead, limited):
        with pytest.raises(FirstcontactError) as refused:
            make_token(
                service.sessions, who, name="x", permissions=[Permission.CHANGE_ACCOUNTS], expires_at=None, now=NOW
            )
        assert _code(refused) == NOT_ALLOWED.code


def test_a_token_that_is_not_known_is_nobody_even_beside_a_session(service: Service) -> None:
    """Where a token came, the cookie is not looked at: a program does not act as whoever is logged in."""
    account = _account(service)
    cookie = open_session(service.sessions, account, device=None, now=NOW, how="password")
    assert recognise(service.sessions, token="fc_guessed", cookie=cookie, now=NOW) is None
    assert recognise(service.sessions, token="", cookie=cookie, now=NOW) is None
    assert recognise(service.sessions, token=None, cookie=None, now=NOW) is None


def test_a_log_in_elsewhere_comes_back_once(service: Service) -> None:
    """What is kept for the way to the provider and back is given out once and in time."""
    pending = SignOn("h" * 64, "nonce", "verifier", "/", NOW + timedelta(minutes=10))
    late = replace(pending, state_hash="l" * 64, expires_at=NOW)
    service.sessions.begin_sign_on(late, NOW - timedelta(minutes=1))
    assert service.sessions.end_sign_on("l" * 64, NOW) is None
    service.sessions.begin_sign_on(pending, NOW)
    assert service.sessions.end_sign_on("h" * 64, NOW) == pending
    assert service.sessions.end_sign_on("h" * 64, NOW) is None


def test_every_change_of_who_may_stands_in_the_audit(service: Service) -> None:
    """Accounts, passwords, sessions and tokens leave their trace, latest first, without any secret."""
    account = _account(service, role=Role.ADMINISTRATOR)
    who = Principal(account.id, account.email, account.role)
    session = open_session(service.sessions, account, device=None, now=NOW, how="password")
    _, value = make_token(service.sessions, who, name="pbx", permissions=[], expires_at=None, now=NOW)
    reset = make_reset(service.sessions, account, actor="boss", now=NOW)
    reset_password(service.sessions, CHEAP, token=reset, new="nine loud red kettles", now=NOW)
    service.audit.note("dana", "contact.look", now=NOW + timedelta(hours=1), object="pbx 1", person_id=7)
    events = service.audit.page()
    assert [one.action for one in events] == [
        "contact.look",
        "password.set",
        "password.reset",
        "token.add",
        "session.open",
        "account.add",
    ]
    assert not any(secret in str(events) for secret in (session, value, reset, WORDS))
    assert service.audit.page(person_id=7) == events[:1]
    assert service.audit.page(action="password.") == events[1:3]
    assert service.audit.page(actor="boss") == events[2:3]
    assert service.audit.page(since=NOW + timedelta(hours=1)) == events[:1]
    assert service.audit.page(until=NOW + timedelta(hours=1), before=events[2].id, limit=2) == events[3:5]
    assert service.audit.page(object="pbx 1", action="contact.look") == events[:1]
