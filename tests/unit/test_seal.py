"""What is sealed is readable with the service's own key alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstcontact.adapters.stores.seal import KeySeal
from firstcontact.kernel.errors import FirstcontactError


def test_only_the_key_opens(tmp_path: Path) -> None:
    """A sealed value shows nothing of itself, opens again, and not with another key."""
    seal = KeySeal(tmp_path)
    closed = seal.close(b"Miriam")
    assert b"Miriam" not in closed
    assert KeySeal(tmp_path).open(closed) == b"Miriam"
    assert (tmp_path / "service.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FirstcontactError, match="FC9603"):
        KeySeal(tmp_path, "another").open(closed)


def test_a_secret_of_the_surroundings_leaves_no_file(tmp_path: Path) -> None:
    """Where the surroundings give a secret, none is kept."""
    seal = KeySeal(tmp_path, "given")
    assert seal.open(seal.close(b"x")) == b"x"
    assert list(tmp_path.iterdir()) == []
