"""One spelling for one identifier, and none for what identifies nobody."""

from __future__ import annotations

import pyarrow as pa
import pytest

from firstcontact.measurement.linking.identifier import NOBODY, OWN_ID, national_to_international, normalise

SPELLINGS = [
    ("phone", "+15551234567", ["+1 (555) 123-4567", "001 555 123 4567", "tel:+15551234567", "+1-555-123-4567 ext. 12"]),
    ("phone", "+442079460958", ["+44 (0)20 7946 0958", "00442079460958", "+44 20 7946 0958x12", " +44.20.7946.0958 "]),
    ("phone", "0541234567", ["054-1234567", "(054) 123 45 67", "054/1234567"]),
    ("email", "dana@example.com", ["Dana@Example.COM", " dana@example.com "]),
    ("account", "ab-77", ["AB-77", " ab-77"]),
    (OWN_ID, "K1", ["K1", " K1 "]),
    (OWN_ID, "k1", ["k1"]),
    (OWN_ID, "1111", ["1111"]),
]

NO_SPELLINGS = [
    ("phone", ["12345", "0000000", "1111111111", "+0000000", "anonymous", "private", "withheld", "", "ext. 12"]),
    (
        "email",
        ["no-reply@shop.example", "noreply@shop.example", "postmaster@x.example", "dana", "a@b", "a b@c.example"],
    ),
    ("account", ["0000", "99999", "n/a", "Unknown", "-", "?", "לא ידוע", "未知", "НЕИЗВЕСТЕН"]),
    (OWN_ID, ["", "0", "000", " Unknown ", "NULL", "none", "Anonymous", "nan"]),
]


def _spell(engine, kind: str, values: list[str]) -> list[str | None]:
    table = engine.register(pa.table({"kind": [kind] * len(values), "value": values, "n": range(len(values))}), "said")
    spelled = table.mutate(spelled=normalise(table["value"], table["kind"])).order_by("n")
    return engine.execute(spelled)["spelled"].to_pylist()


@pytest.mark.parametrize(("kind", "one", "many"), SPELLINGS)
def test_many_spellings_are_one_identifier(engine, kind: str, one: str, many: list[str]) -> None:
    """Punctuation, dialling prefixes, extensions, case and spaces do not make another person; for the source's own id
    case may."""
    assert _spell(engine, kind, many) == [one] * len(many)


@pytest.mark.parametrize(("kind", "values"), NO_SPELLINGS)
def test_placeholders_are_nobody(engine, kind: str, values: list[str]) -> None:
    """What stands for not knowing who it was has no spelling at all, whatever its kind and language."""
    assert _spell(engine, kind, values) == [None] * len(values)


@pytest.mark.parametrize("kind", ["phone", "email", "account", OWN_ID])
def test_nobody_is_nobody_under_every_kind(engine, kind: str) -> None:
    """Each listed placeholder, in capitals and between spaces, identifies nobody."""
    values = [f" {value.upper()} " for value in NOBODY]
    assert _spell(engine, kind, values) == [None] * len(values)


def test_national_numbers_are_read_in_their_region() -> None:
    """With a region, a number as dialled inside the country is the international one; what is no number stays."""
    numbers = pa.table({"value": ["0541234567", "035551234", "5551234567", "123"]})
    assert national_to_international(numbers, "IL")["spelled"].to_pylist()[:2] == ["+972541234567", "+97235551234"]
    assert national_to_international(numbers, "US")["spelled"].to_pylist()[2:] == ["+15551234567", "123"]
