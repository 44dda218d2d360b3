"""What every command of the service begins with: its packages are there, its settings can be meant."""

from __future__ import annotations

import socket
from importlib.util import find_spec
from typing import TYPE_CHECKING

from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, Faults, FirstcontactError

if TYPE_CHECKING:
    from firstcontact.kernel.service_settings import ServiceSettings

PACKAGES_MISSING = ErrorKind(
    "FC9104",
    "The service's packages are not installed",
    EXIT_USAGE,
    "Measuring files needs little; the service needs more, which comes as an extra: "
    "`pip install 'firstcontact[service]'`, and `'firstcontact[service,postgresql]'` for PostgreSQL.",
)

PORT_TAKEN = ErrorKind(
    "FC9108",
    "The service cannot listen there",
    EXIT_USAGE,
    "Another program listens on that port, or the address is none of this machine's. `--port` and `--host`, or "
    "`FIRSTCONTACT_PORT` and `FIRSTCONTACT_HOST`, name another.",
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


def check_port(host: str, port: int) -> None:
    """See that the service can listen: the server itself would share a port with another one, and say nothing.

    Raises:
        FirstcontactError: It cannot (FC9108).
    """
    try:
        family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, number) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(address)
            one.listen()
    except OSError as error:
        fault = PORT_TAKEN.fault(
            where=f"{host}:{port}",
            saw=(error.strerror or "an address that is none").lower(),
            allowed="a free port of this machine",
            cure="name another with --port, or end what listens there",
        )
        raise FirstcontactError([fault]) from None


def _there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:
        return False
