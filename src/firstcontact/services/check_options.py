"""Whether what a user decided about a measurement can be meant: said before and apart from what the data hold."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from firstcontact.contacts.rule import EARLIEST, LATEST
from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, Faults, FirstcontactError
from firstcontact.kernel.sentence import clause

if TYPE_CHECKING:
    from firstcontact.measurement.linking.frame import Frame

IMPOSSIBLE_PERIOD = ErrorKind(
    "FC4001",
    "The period holds nothing",
    EXIT_USAGE,
    "`--cutoff` and `--since` name a period that ends before it begins, that lies wholly outside the data, or that no "
    "record of contacts can reach. Leave them out, and the period is found from the volume of contacts.",
)
UNKNOWN_REGION = ErrorKind(
    "FC4002",
    "There is no such country of telephone numbers",
    EXIT_USAGE,
    "`--region` is a country's two-letter code, in which telephone numbers without a country code are read.",
)


def check_options(cutoff: datetime | None, since: datetime | None, region: str | None) -> None:
    """Refuse what no data could make sense of.

    Args:
        cutoff: As typed.
        since: As typed.
        region: As typed.

    Raises:
        FirstcontactError: FC4001 and FC4002, all at once.
    """
    faults = Faults()
    for name, moment in (("--cutoff", cutoff), ("--since", since)):
        if moment is not None and not EARLIEST.year <= moment.year < LATEST.year:
            faults.add(
                IMPOSSIBLE_PERIOD,
                where=name,
                saw=clause("the year {year}", year=str(moment.year)),
                allowed=clause("{first} to {last}", first=str(EARLIEST.year), last=str(LATEST.year - 1)),
                cure="correct the date",
            )
    if region is not None and not _is_region(region):
        faults.add(
            UNKNOWN_REGION,
            where="--region",
            saw=f"{region!r}" if len(region) <= 20 else clause("{count} characters", count=len(region)),
            allowed="a country's two capital letters, such as IL, BG or US",
            cure="correct the code",
        )
    faults.raise_if_any()


def _is_region(code: str) -> bool:
    import phonenumbers

    return code in phonenumbers.SUPPORTED_REGIONS


def check_period(frame: Frame, last: datetime) -> None:
    """Refuse a period in which no contact can lie.

    Args:
        frame: The period, an end of which the user named.
        last: Start of the last contact, UTC.

    Raises:
        FirstcontactError: FC4001.
    """
    if frame.cutoff <= frame.since:
        saw = clause(
            "an end at {end} UTC and a beginning at {beginning} UTC",
            end=f"{frame.cutoff:%Y-%m-%d %H:%M}",
            beginning=f"{frame.since:%Y-%m-%d %H:%M}",
        )
    elif frame.since > last:
        saw = clause(
            "a beginning at {beginning} UTC, after the last contact", beginning=f"{frame.since:%Y-%m-%d %H:%M}"
        )
    else:
        return
    fault = IMPOSSIBLE_PERIOD.fault(
        where="--cutoff, --since",
        saw=saw,
        allowed=clause(
            "a period within {first} to {last}", first=f"{frame.data_start:%Y-%m-%d}", last=f"{last:%Y-%m-%d}"
        ),
        cure="correct the dates, or leave them out: the period is then found from the volume of contacts",
    )
    raise FirstcontactError([fault])
