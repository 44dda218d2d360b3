"""`firstcontact upload`: bring a file to a running service, have it measured, and say the figure."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, FirstcontactError

if TYPE_CHECKING:
    from firstcontact.client import Client

TOKEN = "FIRSTCONTACT_TOKEN"  # noqa: S105 - the name of a variable
NOT_TAKEN = ErrorKind(
    "FC9456",
    "The service did not take the file in",
    EXIT_INPUT,
    "It does not answer, the token is missing or may not bring files, or the file cannot be read. What the service "
    "says of it stands beside it.",
)


def upload(
    file: Annotated[Path, typer.Argument(help="CSV, Excel, Parquet or JSON lines.", exists=True, show_default=False)],
    source: Annotated[
        Optional[str], typer.Option(help="The system its contacts come from; the file's name where not said.")
    ] = None,
    zone: Annotated[Optional[str], typer.Option(help="In which its local times are, as Europe/Sofia.")] = None,
) -> None:
    """Bring a file to a running service, have everything measured, and say the figure.

    Needs a token in FIRSTCONTACT_TOKEN (`firstcontact account token`), and FIRSTCONTACT_URL where the service is not at
    its usual place.
    """
    import httpx

    from firstcontact.client import Client, ServiceError
    from firstcontact.doors.cli.surroundings import surroundings

    url = surroundings().url
    token = os.environ.get(TOKEN, "")
    if not token:
        raise _not_taken(TOKEN, "no token", f"export {TOKEN}=$(firstcontact account token you@example.org)")
    with Client(url, token) as client:
        try:
            _bring(client, file, source or file.stem, zone)
        except ServiceError as error:
            one = error.faults[0] if error.faults else {}
            raise _not_taken(one.get("where") or file.name, str(error), one.get("cure") or "correct it") from None
        except httpx.TransportError as error:
            raise _not_taken(url, type(error).__name__, "see that `firstcontact serve` runs there") from None
    print(f"All figures: {url}")


def _bring(client: Client, file: Path, source: str, zone: str | None) -> None:
    one = client.preview(client.upload(file, source=source).id)
    if one.preview is not None and not one.faults and zone is not None:
        one = client.preview(one.id, one.preview["mapping"] | {"zone": zone})
    _see(one.faults, file)
    columns = (one.preview or {})["mapping"]["columns"]
    for ours, theirs in columns.items():
        print(f"  {ours:20} {theirs if isinstance(theirs, str) else ', '.join(map(str, theirs))}", file=sys.stderr)
    done = client.start(one.id)
    _see(done.faults, file)
    print(f"{file.name}: {_brought(done.counts or {})}.")
    job = client.measure()
    _see(job.faults, file)
    for run in client.pages("/api/v1/runs", state="current"):
        found = run["headline"]
        if found["value"] is None:
            print(f"{found['measure']}: no figure. {found['reason']}")
        else:
            print(
                f"{found['measure']}: {found['value']:.1%} ({found['low']:.1%} to {found['high']:.1%}), "
                f"from {found['n']:,} contacts"
            )


def _brought(counts: dict[str, Any]) -> str:
    """What became of the contacts, and how many records stand beside them.

    >>> _brought({"outcomes": {"quarantined": 1, "stored": 5}, "beside": {"case_events": {"stored": 2}}})
    'contacts: 1 quarantined, 3 stored; beside them 2 case events'
    """
    beside = counts.get("beside", {})
    of_contacts = Counter(counts.get("outcomes", {}))
    for found in beside.values():
        of_contacts.subtract(found)
    said = [f"{number:,} {name}" for name, number in of_contacts.items() if number]
    text = f"contacts: {', '.join(said) or 'none'}"
    for table, found in beside.items():
        text += f"; beside them {sum(found.values()):,} {table.replace('_', ' ')}"
    return text


def _see(faults: list[dict[str, Any]] | None, file: Path) -> None:
    if faults:
        one = faults[0]
        raise _not_taken(f"{file.name}: {one['where']}", one["saw"], one["cure"])


def _not_taken(where: str, saw: str, cure: str) -> FirstcontactError:
    fault = NOT_TAKEN.fault(where=where, saw=saw, allowed="a service that takes the file in", cure=cure)
    return FirstcontactError([fault])
