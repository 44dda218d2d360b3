"""The few functions that expressions need and that engines spell differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
from ibis import udf

if TYPE_CHECKING:
    import ibis.expr.types as ir

DAY_US = 86_400_000_000
SECOND_US = 1_000_000
MINUTE_US = 60_000_000
BUCKETS = 40
"""Groups of customers for the delete-a-group jackknife; the same ones serve every measure."""


GRAIN = 2**33
"""Numbers rounded to this part of 1 add up exactly, in whatever order, as long as sums stay below 2**20 (a million for
each customer bucket of a cell)."""


def grained(value: ir.NumericValue) -> ir.FloatingValue:
    """A number rounded so finely that no figure feels it, and so that its sums do not depend on the order of rows."""
    rounded: ir.FloatingValue = (value * GRAIN).round().cast("float64") / GRAIN
    return rounded


@udf.scalar.builtin(name="epoch_us", signature=(("timestamp",), "int64"))  # type: ignore[untyped-decorator]
def microseconds(moment: Any) -> Any:
    """Microseconds since 1970 of a timestamp without zone. PySpark spells it `unix_micros`."""


def bucket_of(text: ir.StringValue) -> ir.IntegerValue:
    """The customer bucket, 0 to 39, of an identifier: the same on every engine and in every run.

    It is the first four hexadecimal digits of the MD5 digest, as a number, modulo 40.
    """
    digest = text.hexdigest("md5")
    digits = ibis.literal("0123456789abcdef")
    number = ibis.literal(0, type="int32")
    for position in range(4):
        number = number * 16 + digits.find(digest.substr(position, 1)).cast("int32")
    return (number % BUCKETS).cast("int16")
