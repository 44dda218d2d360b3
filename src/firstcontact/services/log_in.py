"""Log in by password: the same work, the same time and the same words whether the account exists or not."""

from __future__ import annotations

from datetime import datetime

from firstcontact.kernel.errors import EXIT_REFUSED, ErrorKind, FirstcontactError
from firstcontact.services.account import Account, Accounts, clean_email
from firstcontact.services.audit import Event
from firstcontact.services.password import Passwords, weakness
from firstcontact.services.session import Sessions, hash_of

LOG_IN_FAILED = ErrorKind(
    "FC9203",
    "Logging in did not work",
    EXIT_REFUSED,
    "The address or the password is wrong, the account is disabled or signs on elsewhere, or there were too many "
    "attempts and it is locked for a while. Which of these is not said, so nobody can find out which accounts exist.",
)


FREE_HERE = 5
"""Failures in a row for one account from one place that lock nothing: people mistype."""

FREE_ANYWHERE = 200
"""Failures in a row for one account from anywhere: more than one place can reach in a day, so that one stranger locks
nobody out."""


def log_in(
    accounts: Accounts,
    sessions: Sessions,
    passwords: Passwords,
    *,
    email: str,
    password: str,
    place: str,
    now: datetime,
) -> Account:
    """The account that an address and a password belong to.

    Failures are counted by address, whether it is known or not, and by where they come from; they lock that address for
    that place, and after very many for all (`Sessions.attempt`).

    Args:
        accounts: Where accounts are kept.
        sessions: Where failures are counted.
        passwords: How hashes are compared.
        email: As typed.
        password: As typed.
        place: Where it comes from: a network address.
        now: The moment, UTC.

    Returns:
        The account.

    Raises:
        FirstcontactError: It did not work (FC9203).
    """
    address = clean_email(email)
    keys = {hash_of(address): FREE_ANYWHERE, hash_of(f"{address} {place}"): FREE_HERE}
    allowed = sessions.attempt(keys, now)
    account = accounts.find_email(address)
    kept = accounts.password_hash(account.id if account else "")
    # Compared in every case: a refusal that comes sooner would tell which of the reasons it was.
    right = passwords.right(kept, password)
    if not (right and allowed and account is not None and account.disabled_at is None and kept is not None):
        raise log_in_failed()
    sessions.forgive(keys)
    if passwords.outdated(kept):
        accounts.renew_hash(account.id, kept, passwords.keep(password))
    return account


def log_in_failed() -> FirstcontactError:
    """The one error for every way in which logging in fails."""
    return FirstcontactError(
        [
            LOG_IN_FAILED.fault(
                where="this log-in",
                saw="an address and password that do not let in",
                allowed="those of an account that is not locked",
                cure="try again; after several failures wait a while; an administrator resets passwords",
            )
        ]
    )


def change_password(
    accounts: Accounts,
    sessions: Sessions,
    passwords: Passwords,
    account: Account,
    *,
    current: str,
    new: str,
    session: str | None,
    place: str,
    now: datetime,
) -> None:
    """Change one's own password, knowing the current one. Every other session ends.

    Args:
        accounts: Where accounts are kept.
        sessions: Where failures are counted.
        passwords: How hashes are made and compared.
        account: Whose.
        current: The current one.
        new: The new one.
        session: Hash of the session that stays.
        place: Where it comes from: a network address.
        now: The moment, UTC.

    Raises:
        FirstcontactError: The current one is wrong (FC9203), or the new one too easy to guess (FC9204).
    """
    log_in(accounts, sessions, passwords, email=account.email, password=current, place=place, now=now)
    fault = weakness(new, account.email)
    if fault is not None:
        raise FirstcontactError([fault])
    event = Event(account.email, "password.change", now, object=account.id)
    accounts.set_password(account.id, passwords.keep(new), event, keep_session=session)


def reset_password(sessions: Sessions, passwords: Passwords, *, token: str, new: str, now: datetime) -> Account:
    """Set a password by a reset that an administrator gave out. Every session of the account ends.

    Args:
        sessions: Where resets are kept.
        passwords: How hashes are made.
        token: The secret of the reset.
        new: The new password.
        now: The moment, UTC.

    Returns:
        The account.

    Raises:
        FirstcontactError: The reset was used, is late or never was (FC9203), or the password is too easy to guess
            (FC9204).
    """
    account = sessions.reset_account(hash_of(token), now)
    if account is None:
        raise log_in_failed()
    fault = weakness(new, account.email)
    if fault is not None:
        raise FirstcontactError([fault])
    event = Event(account.email, "password.set", now, object=account.id)
    done = sessions.use_reset(hash_of(token), passwords.keep(new), event)
    if done is None:
        raise log_in_failed()
    sessions.forgive([hash_of(account.email)])
    return done
