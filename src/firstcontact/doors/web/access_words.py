"""What accounts may do, in words: roles, permissions, and which roles hold one."""

from __future__ import annotations

from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.place import N_
from firstcontact.services.access import GRANTS, Permission, Role, Scope

ROLES: dict[Role, str] = {
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.MANAGER: N_("Manager"),
    Role.QUALITY: N_("Quality"),
    Role.TEAM_LEAD: N_("Team lead"),
    Role.AGENT: N_("Agent"),
    Role.WALLBOARD: N_("Wallboard"),
}

PERMISSIONS: dict[str, str] = {
    Permission.INGEST: N_("sending contacts"),
    Permission.READ_CONTACTS: N_("seeing contacts"),
    Permission.READ_PEOPLE: N_("seeing customers"),
    Permission.JOIN_PEOPLE: N_("saying who is who"),
    Permission.READ_QUARANTINE: N_("seeing what was set aside"),
    Permission.MEND_QUARANTINE: N_("correcting what was set aside"),
    Permission.IMPORT: N_("bringing files"),
    Permission.READ_FIGURES: N_("seeing figures"),
    Permission.READ_OWN_FIGURES: N_("seeing one's own figures"),
    Permission.READ_BOARD: N_("seeing the wallboard"),
    Permission.READ_JOBS: N_("seeing jobs"),
    Permission.RUN_JOBS: N_("starting and stopping jobs"),
    Permission.READ_POLICIES: N_("seeing the policy"),
    Permission.DRAFT_POLICIES: N_("drafting and trying policies"),
    Permission.PUBLISH_POLICIES: N_("putting a policy into force"),
    Permission.READ_SETTINGS: N_("seeing the settings"),
    Permission.CHANGE_SETTINGS: N_("changing the settings"),
    Permission.READ_ACCOUNTS: N_("seeing accounts"),
    Permission.CHANGE_ACCOUNTS: N_("adding and changing accounts"),
    Permission.OWN_TOKENS: N_("making tokens"),
    Permission.READ_AUDIT: N_("seeing the audit"),
    Permission.EXPORT_SUBJECT: N_("giving a person what is kept about them"),
    Permission.ERASE_SUBJECT: N_("erasing a person"),
    Permission.HOOKS: N_("setting up webhooks"),
    Permission.READ_SELF: N_("seeing one's own account"),
    Permission.OWN_ACCOUNT: N_("changing one's own account"),
}
"""By what tokens and answers call it."""


def permission(word: str, writer: Writer) -> str:
    """What may be done.

    Args:
        word: As tokens and answers call it.
        writer: Speaks the visitor's language.
    """
    return writer.say(PERMISSIONS[word]) if word in PERMISSIONS else writer.name(word)


def holders(word: str, writer: Writer) -> tuple[str, str]:
    """Which roles hold a permission for everybody's data, and which for a part: their teams, or themselves.

    Args:
        word: As tokens and answers call it.
        writer: Speaks the visitor's language.
    """
    found: tuple[list[str], list[str]] = ([], [])
    for role, held in GRANTS.items():
        scope = held.get(Permission(word))
        if scope is not None:
            found[scope is not Scope.ALL].append(writer.say(ROLES[role]))
    return writer.notation.listed(found[0]), writer.notation.listed(found[1])
