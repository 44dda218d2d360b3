"""Who may: permissions, the roles that hold them, and the one question that every door asks.

A permission names what is done to what. A role holds permissions, each for everybody's data, for those of one's own
teams, or for oneself alone. Nothing is allowed that is not named here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from firstcontact.kernel.errors import EXIT_REFUSED, ErrorKind, FirstcontactError
from firstcontact.kernel.sentence import clause

NOT_ALLOWED = ErrorKind(
    "FC9201",
    "This may not be done by whoever asks",
    EXIT_REFUSED,
    "The account's role, or the token's permissions, do not include what was asked, or not for that team. An "
    "administrator gives roles; `GET /api/v1/me` shows one's own.",
)
NOT_KNOWN = ErrorKind(
    "FC9202",
    "It is not known who asks",
    EXIT_REFUSED,
    "The request carries no session and no token, or one that has ended.",
)


class Permission(StrEnum):
    """What may be done; the value is what tokens and answers call it."""

    INGEST = "contacts:write"
    READ_CONTACTS = "contacts:read"
    READ_PEOPLE = "people:read"
    JOIN_PEOPLE = "people:join"
    READ_QUARANTINE = "quarantine:read"
    MEND_QUARANTINE = "quarantine:write"
    IMPORT = "imports:write"
    READ_FIGURES = "figures:read"
    READ_OWN_FIGURES = "own-figures:read"
    READ_BOARD = "board:read"
    READ_JOBS = "jobs:read"
    RUN_JOBS = "jobs:write"
    READ_POLICIES = "policies:read"
    DRAFT_POLICIES = "policies:draft"
    PUBLISH_POLICIES = "policies:publish"
    READ_SETTINGS = "settings:read"
    CHANGE_SETTINGS = "settings:write"
    READ_ACCOUNTS = "accounts:read"
    CHANGE_ACCOUNTS = "accounts:write"
    OWN_TOKENS = "tokens:own"
    READ_AUDIT = "audit:read"
    EXPORT_SUBJECT = "privacy:export"
    ERASE_SUBJECT = "privacy:erase"
    HOOKS = "webhooks:write"
    READ_SELF = "me:read"
    OWN_ACCOUNT = "me:write"


class Scope(StrEnum):
    """Whose data a permission reaches."""

    ALL = "all"
    TEAMS = "teams"
    SELF = "self"


class Role(StrEnum):
    """What an account is for."""

    ADMINISTRATOR = "administrator"
    MANAGER = "manager"
    QUALITY = "quality"
    TEAM_LEAD = "team-lead"
    AGENT = "agent"
    WALLBOARD = "wallboard"


_P = Permission
_EVERYBODY = {_P.READ_SELF: Scope.SELF, _P.OWN_ACCOUNT: Scope.SELF}
_READING = {_P.READ_FIGURES: Scope.ALL, _P.READ_BOARD: Scope.ALL, _P.READ_POLICIES: Scope.ALL, _P.READ_JOBS: Scope.ALL}

GRANTS: dict[Role, dict[Permission, Scope]] = {
    # Runs the service and gives roles. Looking at customers is another's work, so it is not included.
    Role.ADMINISTRATOR: {
        **_EVERYBODY,
        **_READING,
        _P.INGEST: Scope.ALL,
        _P.IMPORT: Scope.ALL,
        _P.READ_QUARANTINE: Scope.ALL,
        _P.MEND_QUARANTINE: Scope.ALL,
        _P.RUN_JOBS: Scope.ALL,
        _P.DRAFT_POLICIES: Scope.ALL,
        _P.PUBLISH_POLICIES: Scope.ALL,
        _P.READ_SETTINGS: Scope.ALL,
        _P.CHANGE_SETTINGS: Scope.ALL,
        _P.READ_ACCOUNTS: Scope.ALL,
        _P.CHANGE_ACCOUNTS: Scope.ALL,
        _P.OWN_TOKENS: Scope.SELF,
        _P.READ_AUDIT: Scope.ALL,
        _P.EXPORT_SUBJECT: Scope.ALL,
        _P.ERASE_SUBJECT: Scope.ALL,
        _P.HOOKS: Scope.ALL,
    },
    Role.MANAGER: {
        **_EVERYBODY,
        **_READING,
        _P.READ_CONTACTS: Scope.ALL,
        _P.READ_PEOPLE: Scope.ALL,
        _P.IMPORT: Scope.ALL,
        _P.RUN_JOBS: Scope.ALL,
        _P.DRAFT_POLICIES: Scope.ALL,
        _P.PUBLISH_POLICIES: Scope.ALL,
        _P.READ_SETTINGS: Scope.ALL,
        _P.READ_QUARANTINE: Scope.ALL,
        _P.OWN_TOKENS: Scope.SELF,
    },
    Role.QUALITY: {
        **_EVERYBODY,
        **_READING,
        _P.READ_CONTACTS: Scope.ALL,
        _P.READ_PEOPLE: Scope.ALL,
        _P.JOIN_PEOPLE: Scope.ALL,
        _P.READ_QUARANTINE: Scope.ALL,
        _P.MEND_QUARANTINE: Scope.ALL,
        _P.DRAFT_POLICIES: Scope.ALL,
        _P.OWN_TOKENS: Scope.SELF,
    },
    Role.TEAM_LEAD: {
        **_EVERYBODY,
        _P.READ_FIGURES: Scope.TEAMS,
        # Their own, where they handle contacts too; nobody's but their own.
        _P.READ_OWN_FIGURES: Scope.SELF,
        _P.READ_BOARD: Scope.ALL,
        _P.READ_POLICIES: Scope.ALL,
        _P.READ_CONTACTS: Scope.TEAMS,
        _P.READ_PEOPLE: Scope.TEAMS,
    },
    # The team's figures, privately their own, and the customer in front of them; no lists of contacts or of people.
    Role.AGENT: {
        **_EVERYBODY,
        _P.READ_FIGURES: Scope.TEAMS,
        _P.READ_OWN_FIGURES: Scope.SELF,
        _P.READ_BOARD: Scope.ALL,
        _P.READ_POLICIES: Scope.ALL,
        _P.READ_PEOPLE: Scope.TEAMS,
    },
    # A screen that everybody passes: the board, and nothing that could be changed from there.
    Role.WALLBOARD: {_P.READ_SELF: Scope.SELF, _P.READ_BOARD: Scope.ALL},
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    Attributes:
        account_id: The account.
        name: What the audit calls it: the account's e-mail address, or `token:<name> of <address>`.
        role: Its role.
        teams: Teams it belongs to or leads.
        agent_id: As contacts name this person.
        only: What a token is limited to; None for a session, which has all that the role holds.
        session: Hash of the session's token; None for a token.
    """

    account_id: str
    name: str
    role: Role
    teams: frozenset[str] = frozenset()
    agent_id: str | None = None
    only: frozenset[Permission] | None = None
    session: str | None = None

    def scope(self, permission: Permission) -> Scope | None:
        """How far a permission reaches for this one; None where it is not held.

        >>> Principal("1", "a", Role.AGENT).scope(Permission.READ_FIGURES)
        <Scope.TEAMS: 'teams'>
        """
        if self.only is not None and permission not in self.only:
            return None
        return GRANTS[self.role].get(permission)

    def may(self, permission: Permission) -> bool:
        """Whether this may be done at all; whose data it reaches is another question (`reaches`, `visible_teams`)."""
        return self.scope(permission) is not None

    def reaches(self, permission: Permission, team: str | None) -> bool:
        """Whether a permission reaches the data of a team; None for data that belong to no team.

        >>> lead = Principal("1", "a", Role.TEAM_LEAD, frozenset({"North"}))
        >>> [lead.reaches(Permission.READ_CONTACTS, team) for team in ("North", "South", None)]
        [True, False, False]
        """
        scope = self.scope(permission)
        return scope is Scope.ALL or (scope is Scope.TEAMS and team in self.teams)

    def visible_teams(self, permission: Permission) -> frozenset[str] | None:
        """Teams whose data a permission reaches; None for all, also data of no team.

        A permission for oneself alone reaches no team.

        Raises:
            FirstcontactError: The permission is not held at all (FC9201).
        """
        scope = self.scope(permission)
        if scope is None:
            raise refused(permission)
        if scope is Scope.ALL:
            return None
        return self.teams if scope is Scope.TEAMS else frozenset()

    @property
    def permissions(self) -> frozenset[Permission]:
        """Everything that may be done."""
        return frozenset(one for one in GRANTS[self.role] if self.only is None or one in self.only)


def refused(permission: Permission) -> FirstcontactError:
    """The error for what may not be done."""
    return FirstcontactError(
        [
            NOT_ALLOWED.fault(
                where="this request",
                saw="a role or token without it",
                allowed=clause("the permission {name}", name=permission.value),
                cure="ask an administrator",
            )
        ]
    )
