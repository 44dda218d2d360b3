"""Showing the shape of a value without the value, and naming a customer without the customer."""

from __future__ import annotations

import stat

from hypothesis import given
from hypothesis import strategies as st

from firstcontact.kernel.privacy import KEY_BYTES, pattern, pseudonym, pseudonym_key
from firstcontact.kernel.settings import pseudonym_secret


@given(st.text(max_size=60))
def test_a_pattern_holds_no_letter_and_no_digit_of_the_value(value: str) -> None:
    """Whatever the value, its pattern is made of `A`, `a`, `9`, plain punctuation and `?`; a long one is cut."""
    shown = pattern(value)
    body = shown.split("… (")[0]
    assert len(body) <= 24
    assert {c for c in body if c.isalnum()} <= {"A", "a", "9"}
    assert all(c.isascii() for c in body)
    assert ("…" in shown) == (len(value) > 24)


def test_a_pattern_of_nothing_says_so() -> None:
    """A missing value is `missing`, an empty one is empty."""
    assert (pattern(None), pattern(""), pattern(12.5)) == ("missing", "", "99.9")


@given(st.text(max_size=40), st.text(max_size=40), st.binary(min_size=32, max_size=32))
def test_pseudonyms_tell_customers_apart(one: str, other: str, key: bytes) -> None:
    """Equal for equal identifiers, different for different ones, and 16 hexadecimal digits."""
    first, second = pseudonym(one, key), pseudonym(other, key)
    assert (first == second) == (one == other)
    assert len(first) == 16
    assert int(first, 16) >= 0


def test_the_key_is_made_once_and_is_its_owners(tmp_path) -> None:
    """First use makes 32 secret bytes that only the owner can read; later ones find them, and nothing else is left."""
    path = tmp_path / "home" / "pseudonym.key"
    key = pseudonym_key(path)
    assert len(key) == KEY_BYTES == 32
    assert pseudonym_key(path) == key
    assert pseudonym_key(tmp_path / "elsewhere") != key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["pseudonym.key"]


def test_a_file_system_without_links_gets_its_key_too(tmp_path, monkeypatch) -> None:
    """Where hard links are not possible the key is moved into place."""

    def refuse(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr("os.link", refuse)
    path = tmp_path / "pseudonym.key"
    key = pseudonym_key(path)
    assert pseudonym_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_that_another_run_made_meanwhile_is_kept(tmp_path, monkeypatch) -> None:
    """Of two runs that make the key at once, both end with the same one."""
    path = tmp_path / "pseudonym.key"

    def faster(*_: object) -> None:
        path.write_bytes(b"f" * 32)
        raise FileExistsError

    monkeypatch.setattr("os.link", faster)
    assert pseudonym_key(path) == b"f" * 32
    assert [entry.name for entry in tmp_path.iterdir()] == ["pseudonym.key"]


def test_the_key_lies_in_the_home_of_the_program(tmp_path, monkeypatch) -> None:
    """`FIRSTCONTACT_HOME` says where the key is kept."""
    monkeypatch.setenv("FIRSTCONTACT_HOME", str(tmp_path))
    assert pseudonym_secret() == (tmp_path / "pseudonym.key").read_bytes()
