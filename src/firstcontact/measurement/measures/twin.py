"""Further columns that name agents under another name: one value for each agent, and one agent for each value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ibis import _

from firstcontact.contacts.table import EXTRA_PREFIX
from firstcontact.kernel.errors import Faults
from firstcontact.measurement.measures.cut import AGENT_SLICE

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine

LEAST_AGENTS = 3
"""With fewer agents any column that describes groups may follow them by chance."""
LEAST_SHARE = 0.98
"""Of the rows, so many must follow; a few slips of the pen do not hide a copy."""


def refuse_twins(engine: Engine, contacts: ir.Table, by: Sequence[str], extra: Mapping[str, str]) -> None:
    """Refuse to cut figures by a column that tells agents apart exactly as the agent column does.

    Args:
        engine: Where it runs.
        contacts: Contacts with `agent_id` and the further columns.
        by: What a user asks for, as `measures.cut.asked` takes it.
        extra: Own name of each further column, by its `x_` name.

    Raises:
        FirstcontactError: FC5001 for each such column, all at once.
    """
    asked = {part.strip().casefold() for text in by for part in text.split(",")}
    faults = Faults()
    for column, name in extra.items():
        wanted = {name.casefold(), column.casefold(), f"{EXTRA_PREFIX}{name}".casefold()} & asked
        if wanted and column in contacts.columns and _twin(engine, contacts, column):
            faults.add(
                AGENT_SLICE,
                where=f"--by {name}",
                saw="a column with one value for each agent and one agent for each value",
                allowed="teams, queues, columns that describe groups of contacts",
                cure="type --by team",
            )
    faults.raise_if_any()


def _twin(engine: Engine, contacts: ir.Table, column: str) -> bool:
    """Whether nearly every row has its agent's usual value, and its value's usual agent."""
    named = contacts.select(agent=contacts.agent_id, value=contacts[column].cast("string"))
    both = named.filter(_.agent.notnull() & _.value.notnull())
    pairs = engine.materialise(both.group_by(["agent", "value"]).aggregate(n=_.count()), "fc_agent_twin")
    follow = []
    for key in ("agent", "value"):
        usual = pairs.group_by(key).aggregate(most=_.n.max(), n=_.n.sum())
        row = engine.execute(usual.aggregate(groups=_.count(), most=_.most.sum(), n=_.n.sum())).to_pylist()[0]
        if row["groups"] < LEAST_AGENTS:
            return False
        follow.append(row["most"] / row["n"])
    return bool(min(follow) >= LEAST_SHARE)
