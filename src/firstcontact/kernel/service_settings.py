"""What the service is told by its surroundings: environment variables, all checked at once, no secret in a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, Faults
from firstcontact.kernel.settings import home

SETTING_WRONG = ErrorKind(
    "FC9103",
    "A setting of the service cannot be meant",
    EXIT_USAGE,
    "An environment variable that the service reads holds something it cannot use. `docs/service.md` lists them all.",
)

PREFIX = "FIRSTCONTACT_"


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Where the service keeps its data, where it listens, and whom it trusts to say who somebody is.

    Attributes:
        data: Directory of everything the service keeps (`FIRSTCONTACT_DATA`).
        database: Address of the operational store; SQLite in `data` where empty (`FIRSTCONTACT_DATABASE`).
        host: Address to listen on (`FIRSTCONTACT_HOST`).
        port: Port to listen on (`FIRSTCONTACT_PORT`).
        public_url: How browsers reach it; decides whether cookies need TLS (`FIRSTCONTACT_URL`).
        oidc_issuer: Address of the single sign-on provider; none where empty (`FIRSTCONTACT_OIDC_ISSUER`).
        oidc_client: Client id there (`FIRSTCONTACT_OIDC_CLIENT`).
        oidc_secret: Client secret there (`FIRSTCONTACT_OIDC_SECRET`).
        oidc_email: Whether addresses of that provider count only where it calls them `verified`, or are `trusted` where
            it does not say (`FIRSTCONTACT_OIDC_EMAIL`).
        secret: What seals webhook secrets; made in `data` on first use where empty (`FIRSTCONTACT_SECRET`).
        proxies: How many proxies of one's own stand in front and add to `X-Forwarded-For` (`FIRSTCONTACT_PROXIES`).
        worker: Whether this process also does the jobs (`FIRSTCONTACT_WORKER`, `yes` or `no`).
        statement_seconds: How long one statement of a web process may take on PostgreSQL before it is ended
            (`FIRSTCONTACT_STATEMENT_SECONDS`); jobs may take as long as they need.
    """

    data: Path
    database: str = ""
    host: str = "127.0.0.1"
    port: int = 8400
    public_url: str = ""
    oidc_issuer: str = ""
    oidc_client: str = ""
    oidc_secret: str = ""
    oidc_email: str = "verified"
    secret: str = ""
    proxies: int = 0
    worker: bool = True
    statement_seconds: int = 30

    @property
    def url(self) -> str:
        """How browsers reach the service, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def secure(self) -> bool:
        """Whether browsers reach it through TLS."""
        return self.url.startswith("https://")

    @property
    def shown(self) -> dict[str, str]:
        """The settings as they may be shown: secrets only as whether they are there."""
        return {
            "data": str(self.data),
            "database": "postgresql" if self.database else "sqlite",
            "url": self.url,
            "single sign-on": self.oidc_issuer or "none",
            "worker": "in this process" if self.worker else "elsewhere",
        }


def read_settings(environment: Mapping[str, str] | None = None) -> ServiceSettings:
    """Read the settings.

    Args:
        environment: Variables; those of the process where None.

    Returns:
        The settings.

    Raises:
        FirstcontactError: Some cannot be meant (FC9103), all named at once.

    >>> read_settings({"FIRSTCONTACT_DATA": "centre", "FIRSTCONTACT_PORT": "9000"}).url
    'http://127.0.0.1:9000'
    """
    given = os.environ if environment is None else environment

    def value(name: str, default: str = "") -> str:
        return given.get(PREFIX + name, "").strip() or default

    faults = Faults()

    def wrong(name: str, saw: str, allowed: str) -> None:
        faults.add(SETTING_WRONG, where=PREFIX + name, saw=saw, allowed=allowed, cure="correct it, or leave it out")

    port = value("PORT", "8400")
    if not (port.isdecimal() and 0 < int(port) < 65536):
        wrong("PORT", f"{len(port)} characters", "1 to 65535")
    proxies = value("PROXIES", "0")
    if not (proxies.isdecimal() and int(proxies) < 10):
        wrong("PROXIES", f"{len(proxies)} characters", "0 to 9")
    for name in ("URL", "OIDC_ISSUER"):
        address = value(name)
        if address and (urlsplit(address).scheme not in {"http", "https"} or not urlsplit(address).netloc):
            wrong(name, f"{len(address)} characters that are no address", "http://... or https://...")
    if bool(value("OIDC_ISSUER")) != bool(value("OIDC_CLIENT")):
        wrong("OIDC_CLIENT", "one of issuer and client", "both, or neither")
    email = value("OIDC_EMAIL", "verified")
    if email not in {"verified", "trusted"}:
        wrong("OIDC_EMAIL", f"{len(email)} characters", "verified or trusted")
    worker = value("WORKER", "yes")
    if worker not in {"yes", "no"}:
        wrong("WORKER", f"{len(worker)} characters", "yes or no")
    longest = value("STATEMENT_SECONDS", "30")
    if not (longest.isdecimal() and 0 < int(longest) <= 3600):
        wrong("STATEMENT_SECONDS", f"{len(longest)} characters", "1 to 3600")
    faults.raise_if_any()
    return ServiceSettings(
        data=Path(value("DATA") or home() / "service"),
        database=value("DATABASE"),
        host=value("HOST", "127.0.0.1"),
        port=int(port),
        public_url=value("URL"),
        oidc_issuer=value("OIDC_ISSUER"),
        oidc_client=value("OIDC_CLIENT"),
        oidc_secret=value("OIDC_SECRET"),
        oidc_email=email,
        secret=value("SECRET"),
        proxies=int(proxies),
        worker=worker == "yes",
        statement_seconds=int(longest),
    )
