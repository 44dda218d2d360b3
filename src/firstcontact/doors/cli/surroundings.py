"""What every command of the service begins with: its packages are there, its settings can be meant."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, Faults

if TYPE_CHECKING:
    from firstcontact.kernel.service_settings import ServiceSettings

PACKAGES_MISSING = ErrorKind(
    "FC9104",
    "The service's packages are not installed",
    EXIT_USAGE,
    "Measuring files needs little; the service needs more, which comes as an extra: "
    "`pip install 'firstcontact[service]'`, and `'firstcontact[service,postgresql]'` for PostgreSQL.",
)

_NEEDED = ("alembic", "argon2", "authlib", "cryptography", "fastapi", "granian", "prometheus_client", "sqlalchemy")


def surroundings() -> ServiceSettings:
    """The service's settings.

    Raises:
        FirstcontactError: Packages are missing (FC9104), or settings cannot be meant (FC9103).
    """
    from firstcontact.kernel.service_settings import read_settings

    faults = Faults()
    lacking = [name for name in _NEEDED if not _there(name)]
    if lacking:
        faults.add(
            PACKAGES_MISSING,
            where="this installation",
            saw=f"no {', '.join(lacking)}",
            allowed="all packages of the service",
            cure="pip install 'firstcontact[service]'",
        )
        faults.raise_if_any()
    settings = read_settings()
    if settings.database.startswith("postgres") and not _there("psycopg"):
        faults.add(
            PACKAGES_MISSING,
            where="this installation",
            saw="no psycopg",
            allowed="the driver of PostgreSQL, which FIRSTCONTACT_DATABASE names",
            cure="pip install 'firstcontact[service,postgresql]'",
        )
    faults.raise_if_any()
    return settings


def _there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:
        return False
