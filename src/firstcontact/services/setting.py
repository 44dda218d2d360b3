"""What an administrator decides while the service runs: settings by name, each checked before it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, Faults, FirstcontactError
from firstcontact.kernel.sentence import Sentence, clause
from firstcontact.services.measuring import MEASUREMENT, Measuring, wrong_measuring
from firstcontact.text.personal_number import COUNTRIES
from firstcontact.text.redact import Kind, Redaction, redact
from firstcontact.text.telephone import REGIONS

SETTING_UNFIT = ErrorKind(
    "FC9601",
    "A setting cannot be meant",
    EXIT_INPUT,
    "The value of a setting of the running service has another form than the setting takes. `docs/service.md` "
    "describes each.",
)


SETTING_CHANGED = ErrorKind(
    "FC9602",
    "The setting has changed meanwhile",
    EXIT_INPUT,
    "Somebody else changed it since it was read. Read it again and decide anew.",
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it stands.

    Attributes:
        name: Its name.
        value: Its value, as plain data.
        edition: Grows with every change; 0 where nobody ever changed it.
    """

    name: str
    value: dict[str, Any]
    edition: int = 0


class Settings(Protocol):
    """Where settings are kept."""

    def get(self, name: str) -> Setting | None:
        """A setting that somebody changed; None where nobody did. May be a second old."""

    def put(self, name: str, value: dict[str, Any], *, edition: int, actor: str, now: datetime) -> Setting:
        """Change a setting, and note it in the audit.

        Raises:
            FirstcontactError: `edition` is not the newest (FC9602).
        """


def changed_meanwhile(name: str) -> FirstcontactError:
    """The error for a setting that is not as its reader knows it."""
    fault = SETTING_CHANGED.fault(
        where=clause("the setting {name}", name=name),
        saw="a later edition",
        allowed="the one that was read",
        cure="read it again",
    )
    return FirstcontactError([fault])


RETAINED: dict[str, str] = {
    "contacts": "contacts with all that belongs to them, from their start",
    "texts": "free text of contacts, from when it was stored",
    "earlier_versions": "earlier versions of contacts, from when they were replaced",
    "companions": "records beside the contacts, from when they were received",
    "quarantine": "records that were set aside, from when they were received",
    "uploads": "files of imports, from the end of the import",
    "jobs": "jobs, from their end",
    "deliveries": "outgoing webhooks, from when they were made",
    "audit": "the audit, from the event",
    "runs": "runs that are no longer current, from their end",
}
"""What may be kept for a limited time, and from when its days count."""

_DAY_LIMIT = 36_500


def _redaction(value: Mapping[str, Any], faults: Faults) -> dict[str, Any]:
    allowed = {"kinds": [kind.value for kind in Kind], "countries": list(COUNTRIES), "regions": list(REGIONS)}
    _known(value, allowed, "redaction", faults)
    found = {}
    for name, words in allowed.items():
        given = value.get(name, words)
        if not isinstance(given, list) or any(one not in words for one in given):
            _unfit(faults, f"redaction.{name}", clause("a list of {names}", names=", ".join(words)))
            continue
        found[name] = [word for word in words if word in given]
    return found


def _retention(value: Mapping[str, Any], faults: Faults) -> dict[str, Any]:
    _known(value, RETAINED, "retention", faults)
    found = {}
    for name in RETAINED:
        days = value.get(name)
        if days is not None and (isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= _DAY_LIMIT):
            _unfit(faults, f"retention.{name}", clause("days, 1 or more, or null for as long as the service lives"))
            continue
        found[name] = days
    return found


def _hooks(value: Mapping[str, Any], faults: Faults) -> dict[str, Any]:
    _known(value, ("private_hosts",), "webhooks", faults)
    hosts = value.get("private_hosts", [])
    fits = (
        isinstance(hosts, list)
        and len(hosts) <= 100
        and all(isinstance(one, str) and 0 < len(one) < 254 for one in hosts)
    )
    if not fits:
        _unfit(faults, "webhooks.private_hosts", clause("a list of host names"))
        return {"private_hosts": []}
    return {"private_hosts": sorted({one.strip().lower() for one in hosts})}


def _measurement(value: Mapping[str, Any], faults: Faults) -> dict[str, Any]:
    default = {name: list(one) if isinstance(one, tuple) else one for name, one in asdict(Measuring()).items()}
    _known(value, default, MEASUREMENT, faults)
    for name, allowed in wrong_measuring(value):
        _unfit(faults, f"{MEASUREMENT}.{name}", allowed)
    return default | {name: value[name] for name in default if name in value}


CHECKS: dict[str, Callable[[Mapping[str, Any], Faults], dict[str, Any]]] = {
    "redaction": _redaction,
    "retention": _retention,
    MEASUREMENT: _measurement,
    "webhooks": _hooks,
}
"""Every setting: gives its value in full, with the default of what was left out, and notes what cannot be meant."""


def read_setting(settings: Settings, name: str) -> Setting:
    """A setting, or its default.

    Raises:
        LookupError: There is no such setting.
    """
    check = CHECKS[name]
    return settings.get(name) or Setting(name, check({}, Faults()))


def change_setting(
    settings: Settings, name: str, value: Mapping[str, Any], *, edition: int, actor: str, now: datetime
) -> Setting:
    """Change a setting.

    Args:
        settings: Where it is kept.
        name: Its name.
        value: What it shall be; what is left out is the default.
        edition: The edition that was read.
        actor: Who changes it.
        now: The moment.

    Returns:
        The setting.

    Raises:
        FirstcontactError: The value cannot be meant (FC9601), every fault at once; or somebody else changed it
            meanwhile (FC9602).
        LookupError: There is no such setting.
    """
    faults = Faults()
    checked = CHECKS[name](value, faults)
    faults.raise_if_any()
    return settings.put(name, checked, edition=edition, actor=actor, now=now)


def redaction_of(setting: Setting) -> Redaction:
    """The setting `redaction` as rules."""
    return Redaction(
        kinds=frozenset(Kind(kind) for kind in setting.value["kinds"]),
        countries=frozenset(setting.value["countries"]),
        regions=frozenset(setting.value["regions"]),
    )


def redactor(settings: Settings) -> Callable[[str], tuple[str, dict[str, int]]]:
    """What free text goes through before it is kept, as the setting stands now: the argument of `ingest`."""
    rules: list[Redaction] = []

    def clean(text: str) -> tuple[str, dict[str, int]]:
        # Read only where there is a text at all, and once.
        if not rules:
            rules.append(redaction_of(read_setting(settings, "redaction")))
        return redact(text, rules[0])

    return clean


def _known(value: Mapping[str, Any], allowed: Any, name: str, faults: Faults) -> None:
    unknown = [key for key in value if key not in allowed]
    if unknown:
        _unfit(
            faults,
            name,
            clause("only {names}", names=", ".join(allowed)),
            clause("{count} other names", count=len(unknown)),
        )


def _unfit(faults: Faults, where: str, allowed: Sentence, saw: Sentence | None = None) -> None:
    faults.add(SETTING_UNFIT, where=where, saw=saw or "something else", allowed=allowed, cure="correct it")
