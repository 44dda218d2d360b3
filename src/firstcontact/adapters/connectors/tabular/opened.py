"""Files in the engine as they are: those with contacts on top of each other, the others by the table they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstcontact.adapters.connectors.tabular import container
from firstcontact.adapters.connectors.tabular.raw import FileOptions, Raw
from firstcontact.adapters.connectors.tabular.reader import read
from firstcontact.adapters.connectors.tabular.source import Relation, unite
from firstcontact.kernel.errors import Fault, FirstcontactError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SOURCE = "fc_source"


@dataclass(slots=True)
class Opened:
    """Files in the engine, before anything is made of them.

    Attributes:
        relation: The rows that describe contacts.
        raws: One for each file (or sheet) of them.
        companions: Files named after another table, by that table.
        inputs: Name, size and SHA-256 of what was read.
    """

    relation: Relation
    raws: list[Raw]
    companions: dict[str, list[Raw]] = field(default_factory=dict)
    inputs: tuple[dict[str, Any], ...] = ()


def open_files(connection: DuckDBPyConnection, paths: Sequence[Path], scratch: Path, options: FileOptions) -> Opened:
    """Read every file as it is and put those with contacts on top of each other.

    Raises:
        FirstcontactError: The faults of all files at once.
    """
    parts, inputs = container.open_all([Path(path) for path in paths], scratch)
    raws: list[Raw] = []
    companions: dict[str, list[Raw]] = {}
    faults: list[Fault] = []
    # A file named `surveys.csv` is a companion only beside contacts; alone it may be anybody's name for contacts.
    alone = all(part.table != "contacts" for part in parts)
    for number, part in enumerate(parts, start=1):
        try:
            found = read(connection, part, number, scratch, options)
        except FirstcontactError as error:
            faults += error.faults
            continue
        if part.table == "contacts" or alone:
            raws += found
        else:
            companions.setdefault(part.table, []).extend(found)
    if faults:
        raise FirstcontactError(faults)
    return Opened(unite(connection, raws, SOURCE), raws, companions, inputs)
