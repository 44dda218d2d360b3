"""`firstcontact backup` and `restore`: everything the service keeps as one file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from firstcontact.adapters.stores.backup import BackedUp


def backup(
    file: Annotated[Path, typer.Argument(help="File to write; it appears whole or not at all.", show_default=False)],
) -> None:
    """Write everything that the service keeps to one file, while it runs.

    It holds customers' data and the service's keys: keep it as safe as the service itself.
    """
    from firstcontact import bootstrap
    from firstcontact.doors.cli.surroundings import surroundings

    _say("Backed up", bootstrap.back_up(surroundings(), file))


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.", exists=True, dir_okay=False, show_default=False)],
) -> None:
    """Bring a backup into an empty data directory and an empty database, of either kind."""
    from firstcontact import bootstrap
    from firstcontact.doors.cli.surroundings import surroundings

    settings = surroundings()
    _say(f"Restored to {settings.data}", bootstrap.restore(settings, file))


def _say(done: str, found: BackedUp) -> None:
    rows = sum(found.rows.values())
    print(f"{done}: {found.rows.get('contact', 0):,} contacts, {rows:,} rows, {found.files:,} files.")
