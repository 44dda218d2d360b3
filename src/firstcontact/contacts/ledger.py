"""Every row read is accounted for, and every contact, per measure, in exactly one bucket."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RowLedger:
    """Level one: rows read = contacts + absorbed + quarantined + erased.

    Attributes:
        read: Rows (records, not lines) read from all files.
        contacts: Contacts that came of them.
        absorbed: Rows that are part of a contact already counted, by cause (`update`, `duplicate`).
        quarantined: Rows set aside, by error code.
        erased: Rows left out because their customer asked to be forgotten.
    """

    read: int
    contacts: int
    absorbed: dict[str, int] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)
    erased: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether no row is lost or counted twice."""
        parts = self.contacts + sum(self.absorbed.values()) + sum(self.quarantined.values()) + self.erased
        return self.read == parts

    def as_dict(self) -> dict[str, object]:
        """The ledger as plain data."""
        return {
            "read": self.read,
            "contacts": self.contacts,
            "absorbed": dict(self.absorbed),
            "quarantined": dict(self.quarantined),
            "erased": self.erased,
            "adds_up": self.adds_up,
        }


MEASURE_CAUSES: tuple[str, ...] = ("excluded", "not_opener", "left_censored", "immature")


@dataclass(frozen=True, slots=True)
class MeasureLedger:
    """Level two, one a measure: contacts = counted + excluded (by cause) + not opener + left-censored + immature.

    A contact stands in one bucket only: the first cause in that order.
    """

    measure: str
    contacts: int
    counted: int
    excluded: dict[str, int] = field(default_factory=dict)
    not_opener: int = 0
    left_censored: int = 0
    immature: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether every contact stands in exactly one bucket."""
        parts = self.counted + sum(self.excluded.values()) + self.not_opener + self.left_censored + self.immature
        return self.contacts == parts

    def as_dict(self) -> dict[str, object]:
        """The ledger as plain data."""
        return {
            "measure": self.measure,
            "contacts": self.contacts,
            "counted": self.counted,
            "excluded": dict(self.excluded),
            "not_opener": self.not_opener,
            "left_censored": self.left_censored,
            "immature": self.immature,
            "adds_up": self.adds_up,
        }
