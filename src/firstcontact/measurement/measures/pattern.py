"""How a contact enters every measure at once, as a number: contacts that enter all of them alike are counted together.

A measure either counts a contact, with a score, or leaves it out for a cause. These states are the digits of a number,
the pattern. Few different patterns occur, so the engine counts contacts by pattern in one narrow pass, however many
measures there are, and NumPy takes the digits apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np

from firstcontact.measurement.linking.judge import NOT_RECORDED
from firstcontact.measurement.linking.portable import grained
from firstcontact.measurement.measures.cause import EXCLUSIONS

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from numpy.typing import NDArray

    from firstcontact.measurement.measures.measure import Reduction
    from firstcontact.measurement.policy.model import Policy

COLUMN_CODES = ("excluded_code", "outside", "outcome_code")
"""Cause codes that stand for the value of the linked column of that name."""

PLAIN, SCORED, OPEN, CAUSES = 0, 1, 2, 3
"""Digits: counted, counted with score 1, counted but open; from 3 on left out, in the order of `Patterns.codes`."""

_LARGEST = 2**62


@dataclass(frozen=True, slots=True)
class Asked:
    """What a measure asks of each contact.

    Attributes:
        reduction: How contacts enter it.
        policy: The policy, which knows the causes of its own.
        share: Whether scores are 0 or 1 and so fit into the pattern; other scores and terms are summed beside it.
    """

    reduction: Reduction
    policy: Policy
    share: bool

    def summed(self, name: str) -> dict[str, ir.NumericValue]:
        """What is summed beside the pattern, by the column it is kept under, for the measure of this id."""
        if self.reduction.terms:
            return {term_column(name, term): grained(value) for term, value in self.reduction.terms.items()}
        return {} if self.share or self.reduction.score is None else {name: grained(self.reduction.score)}

    @property
    def codes(self) -> list[str]:
        """Every cause there can be."""
        held: dict[str, tuple[str, ...]] = {
            "excluded_code": (*(rule.code for rule in self.policy.exclude), *EXCLUSIONS),
            "outside": EXCLUSIONS,
            "outcome_code": (*(one.code or one.signal for one in self.policy.left_out_when), NOT_RECORDED),
        }
        return [code for name, _ in self.reduction.causes for code in held.get(_column(name), (name,))]


@dataclass(frozen=True, slots=True)
class Patterns:
    """The digits of some measures, lowest first, in as few columns as hold them.

    Attributes:
        asked: By measure id.
    """

    asked: Mapping[str, Asked]

    @property
    def codes(self) -> list[str]:
        """Every cause for which any of the measures can leave a contact out."""
        return list(dict.fromkeys(code for one in self.asked.values() for code in one.codes))

    def digit_of(self, code: str) -> int:
        """The digit of a cause; -1 where none of the measures has it."""
        return CAUSES + self.codes.index(code) if code in self.codes else -1

    @property
    def packed(self) -> dict[str, list[str]]:
        """Ids of the measures whose digits a pattern column holds."""
        size, ids = CAUSES + len(self.codes), list(self.asked)
        width = 1
        while size ** (width + 1) < _LARGEST:
            width += 1
        return {f"pattern_{place}": ids[place : place + width] for place in range(0, len(ids), width)}

    @property
    def summed(self) -> dict[str, ir.NumericValue]:
        """What does not fit into the pattern and is summed beside it, by column."""
        return {column: value for name, one in self.asked.items() for column, value in one.summed(name).items()}

    def columns(self, linked: ir.Table) -> dict[str, ir.Value]:
        """The pattern columns, and what is summed beside them."""
        codes = self.codes
        found: dict[str, ir.Value] = {}
        for name, ids in self.packed.items():
            found[name] = digit(linked, self.asked[ids[-1]], codes)
            for one in reversed(ids[:-1]):
                found[name] = found[name] * (CAUSES + len(codes)) + digit(linked, self.asked[one], codes)
        return found | self.summed

    def digits(self, rows: pa.Table) -> dict[str, NDArray[np.int16]]:
        """The digit of each measure in rows that have the pattern columns."""
        size = CAUSES + len(self.codes)
        found: dict[str, NDArray[np.int16]] = {}
        for name, ids in self.packed.items():
            if rows[name].null_count:
                raise AssertionError("a contact is left out for a cause that nobody declared")
            # Few different patterns occur: each is taken apart once.
            alike = rows[name].combine_chunks().dictionary_encode()
            rest, which = alike.dictionary.to_numpy(), alike.indices.to_numpy()
            for one in ids:
                rest, own = np.divmod(rest, size)
                found[one] = own.astype(np.int16)[which]
        return found


def term_column(measure: str, term: str) -> str:
    """Under which column a term of a measure is summed."""
    return f"{measure}__{term}"


def _column(code: str) -> str:
    """The kind of a cause's column; several definitions side by side have an `outcome_code_<number>` each."""
    return "outcome_code" if code.startswith("outcome_code") else code


def digit(linked: ir.Table, one: Asked, codes: list[str]) -> ir.IntegerValue:
    """How a contact enters one measure: the first cause that holds, else how it is counted.

    Args:
        linked: Linked contacts.
        one: What the measure asks.
        codes: Every cause there can be; digits from 3 on are their places.
    """
    numbers = {code: ibis.literal(place, "int16") for place, code in enumerate(codes, start=CAUSES)}
    branches: list[tuple[ir.BooleanValue, ir.IntegerValue]] = []
    for code, condition in one.reduction.causes:
        if _column(code) in COLUMN_CODES:
            named = linked[code]
            number = ibis.cases(*((named == value, place) for value, place in numbers.items()))
        else:
            number = numbers[code]
        branches.append((condition.fill_null(False), number))
    if one.reduction.open is not None:
        branches.append((one.reduction.open.fill_null(False), ibis.literal(OPEN, "int16")))
    if one.share and one.reduction.score is not None:
        branches.append((one.reduction.score > 0, ibis.literal(SCORED, "int16")))
    # Small numbers until here, so that the cast is real and the engine multiplies in 64 bits.
    return ibis.cases(*branches, else_=ibis.literal(PLAIN, "int16")).cast("int64")
