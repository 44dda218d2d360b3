"""Wiring: the one place that names concrete adapters. Everything is imported where it is needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from firstcontact.services.simulate import Destination


def simulation_folder(folder: Path, *, force: bool = False) -> Destination:
    """A directory for a simulated log, which appears whole or not at all.

    Args:
        folder: Where.
        force: Whether an earlier simulation there may be replaced; nothing else ever is.
    """
    from firstcontact.adapters.stores.table_file import TableFolder
    from firstcontact.services.simulate import WORLD_FILE

    return TableFolder(folder, force=force, mark=WORLD_FILE)
