"""What tests of faults share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of pseudonyms is not the user's own."""
    monkeypatch.setenv("FIRSTCONTACT_HOME", str(tmp_path_factory.getbasetemp() / "home"))
