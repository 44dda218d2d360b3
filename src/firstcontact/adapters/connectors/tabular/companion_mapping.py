"""What a mapping file says of the files beside the contacts: which of their columns holds what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from firstcontact.adapters.connectors.tabular import fault
from firstcontact.adapters.connectors.tabular.answer import read_answers
from firstcontact.adapters.connectors.tabular.evidence import Evidence
from firstcontact.adapters.connectors.tabular.mapping import SCALED, Source, nearest
from firstcontact.adapters.connectors.tabular.survey import Answers
from firstcontact.kernel.errors import Faults
from firstcontact.kernel.sentence import clause


def named_columns(given: dict[str, Source], columns: Iterable[str], file: str, table: str) -> dict[str, Source]:
    """The sources that a mapping names, as the file spells their columns.

    Args:
        given: Source by column of ours.
        columns: Columns of the file.
        file: Its name, for faults.
        table: What it holds, likewise.

    Raises:
        FirstcontactError: FC1023, for every column that the file does not have.
    """
    spelt = {name.casefold(): name for name in columns}
    faults = Faults()
    for ours, source in given.items():
        for name in source.columns:
            if name.casefold() in spelt:
                continue
            near = nearest(name, spelt.values())
            faults.add(
                fault.MAPPING_COLUMN,
                where=f"{file}: companions.{table}.{ours} = {name[:60]}",
                saw="no such column",
                allowed=", ".join(list(spelt.values())[:40]) or "no column",
                cure=clause("did you mean {near}?", near=near) if near else "name a column of the file",
            )
    faults.raise_if_any()
    return {
        ours: replace(source, columns=tuple(spelt[name.casefold()] for name in source.columns))
        for ours, source in given.items()
    }


def named_answers(found: Answers, named: dict[str, Source], seen: Evidence) -> Answers:
    """Answers as found by name, with those that a mapping names in their place; their scales are found alike.

    Args:
        found: What was found by name.
        named: What the mapping names.
        seen: The file.
    """
    answers = Answers(
        {ours: source for ours, source in found.columns.items() if ours not in named},
        {ours: scale for ours, scale in found.scales.items() if ours not in named},
        {ours: words for ours, words in found.values.items() if ours not in named},
        dict(found.missing),
    )
    for ours in SCALED:
        column = named[ours].columns[0] if ours in named else ""
        read = read_answers(seen.values[column]) if column else None
        if read is not None:
            answers.scales[ours], answers.values[ours] = read.scale, read.values
            answers.missing[column] = read.missing
    return answers
