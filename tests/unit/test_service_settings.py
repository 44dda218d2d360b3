"""What the surroundings tell the service is checked before anything is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstcontact import bootstrap
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.service_settings import ServiceSettings, read_settings


def codes(error: pytest.ExceptionInfo[FirstcontactError]) -> list[str]:
    return [fault.kind.code for fault in error.value.faults]


def test_everything_that_cannot_be_meant_is_named_at_once() -> None:
    """FC9103 for each, without repeating what was typed: it may be a secret."""
    typed = {
        "FIRSTCONTACT_PORT": "port-secret",
        "FIRSTCONTACT_URL": "centre.example",
        "FIRSTCONTACT_WORKER": "perhaps",
        "FIRSTCONTACT_OIDC_ISSUER": "https://id.example",
        "FIRSTCONTACT_STATEMENT_SECONDS": "0",
    }
    with pytest.raises(FirstcontactError) as error:
        read_settings(typed)
    assert codes(error) == ["FC9103"] * 5
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("url", ["mysql://user@host/name", "no address at all"])
def test_another_kind_of_database_is_refused(tmp_path: Path, url: str) -> None:
    """FC9101, and the address, which may hold a password, is not repeated."""
    with pytest.raises(FirstcontactError) as error:
        bootstrap.open_service(ServiceSettings(data=tmp_path, database=url))
    assert codes(error) == ["FC9101"]
    assert url not in str(error.value)


def test_a_database_that_does_not_answer_is_said(tmp_path: Path) -> None:
    """FC9102, not a traceback of the driver's with the address in it."""
    with pytest.raises(FirstcontactError) as error:
        bootstrap.open_service(ServiceSettings(data=tmp_path, database=f"postgresql://nobody@/none?host={tmp_path}"))
    assert codes(error) == ["FC9102"]
    assert str(tmp_path) not in str(error.value)
