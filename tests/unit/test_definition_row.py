"""What may be printed of a definition beside the run's own: the same as of a headline."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firstcontact import bootstrap
from firstcontact.kernel.engine import Engine
from firstcontact.kernel.result import ONE_CUSTOMER_DOMINATES, SUPPRESSED, TOO_FEW, Estimate, Refusal
from firstcontact.measurement.measures.row import DefinitionRow
from firstcontact.measurement.policy.model import Policy, Publish
from firstcontact.measurement.policy.preset import load_preset
from firstcontact.services.define import Defined, define
from firstcontact.services.measure import Measured, measure
from firstcontact.services.prepare import Options
from firstcontact.services.publish import harmless, harmless_text
from firstcontact.services.publish_definitions import definition_table, publish_definitions
from tests.drawn import DAY_0, Drawing, contact, on


def _measured(engine: Engine, contacts: Iterable[dict[str, Any]], policy: Policy) -> Measured:
    options = Options(policy, since=on(0), cutoff=on(300), detail=False)
    return measure(engine, Drawing(contacts), [], options, now=lambda: DAY_0, version="test")


def _defined(engine: Engine, contacts: Iterable[dict[str, Any]], policy: Policy) -> Defined:
    return define(engine, Drawing(contacts), [], Options(policy, since=on(0), cutoff=on(300)))


def _everyone(n: int, **columns: Any) -> list[dict[str, Any]]:
    # The first one begins the data, so that others are known to be openers.
    return [contact(f"c{k}", f"K{k}", 50 + k / 1000 if k else 0, channel="phone", **columns) for k in range(n)]


def _one_of_half(n: int = 60) -> list[dict[str, Any]]:
    """Half of all contacts are of one customer."""
    return _everyone(n) + [contact(f"b{k}", "BIG", 50 + k, channel="phone") for k in range(n)]


def _named(rows: Iterable[DefinitionRow]) -> dict[str, DefinitionRow]:
    return {row.preset: row for row in rows}


def test_one_customer_with_most_contacts_gives_no_figure_in_any_definition(engine: Engine) -> None:
    """What is refused as the headline is refused beside it, and so under `definitions`."""
    drawn, preset = _one_of_half(), load_preset("repeat-30d")
    run = _measured(engine, drawn, preset).run
    beside, told = _named(run.definitions), _named(_defined(engine, drawn, preset).rows)
    assert isinstance(run.headline, Refusal)
    for row in (beside["repeat-30d"], told["repeat-30d"]):
        assert row.result == run.headline
        assert row.result.kind is ONE_CUSTOMER_DOMINATES
        assert "50%" in row.result.reason
        assert (row.reading_low, row.reading_high) == (None, None)
        assert row.counted == 120
    # Openers are one a customer, whoever calls most.
    assert isinstance(beside["firstcontact"].result, Estimate)
    assert beside == told


@pytest.mark.parametrize(
    ("publish", "kind"),
    [(Publish(dominance=1.0), None), (Publish(dominance=1.0, minimum_sample=121), TOO_FEW)],
)
def test_ones_own_limits_hold_for_every_definition(engine: Engine, publish: Publish, kind: Any) -> None:
    """Who raises or lowers a limit does so for the whole table, not for one row of it."""
    drawn, own = _one_of_half(), dataclasses.replace(load_preset("repeat-30d"), publish=publish)
    run = _measured(engine, drawn, own).run
    beside, told = _named(run.definitions), _named(_defined(engine, drawn, own).rows)
    assert beside["repeat-30d"].result == told["own"].result == told["repeat-30d"].result == run.headline
    if kind is None:
        assert isinstance(run.headline, Estimate)
    else:
        assert isinstance(beside["repeat-7d"].result, Refusal)
        assert beside["repeat-7d"].result.kind is kind
    assert {name: row for name, row in told.items() if name != "own"} == beside


def test_the_level_of_intervals_is_ones_own_in_every_definition(engine: Engine) -> None:
    """One table has one confidence level."""
    own = Policy(publish=Publish(level=0.8))
    rows = _measured(engine, _everyone(60), own).run.definitions
    assert {row.result.level for row in rows if isinstance(row.result, Estimate)} == {0.8}


def test_a_definition_of_too_few_contacts_to_show_shows_no_count(engine: Engine, tmp_path: Any) -> None:
    """Three answers to a survey: neither how many, nor how many said yes, nor by whom it differs from others."""
    drawn = _everyone(60)
    for place, one in enumerate(drawn[:3]):
        one["survey"] = {"contacts_needed": 1 + place, "resolved": place == 0}
    preset = load_preset("firstcontact")
    beside, defined = _named(_measured(engine, drawn, preset).run.definitions), _defined(engine, drawn, preset)
    told = _named(defined.rows)
    row = beside["sqm-survey"]
    assert row == told["sqm-survey"] == DefinitionRow(row.preset, row.title, row.source, row.result)
    assert isinstance(row.result, Refusal)
    assert (row.result.kind, row.result.n) == (SUPPRESSED, 0)
    assert not [pair for pair in defined.pairs if "sqm-survey" in (pair.one, pair.other)]
    assert [pair for pair in defined.pairs if "repeat-7d" in (pair.one, pair.other)]
    (written,) = [one for one in definition_table(defined).to_pylist() if one["definition"] == "sqm-survey"]
    counts = ("judged", "resolved", "unsettled", "left_out", "left_out_by_cause", "yes_here_only", "no_here_only")
    assert {written[name] for name in counts} == {None}
    publish_definitions(engine, defined, bootstrap.definitions_folder(tmp_path / "out", force=False))
    assert pq.read_table(tmp_path / "out" / "definitions.parquet").num_rows == len(defined.rows)


def test_nothing_differs_from_a_figure_too_small_to_show(engine: Engine) -> None:
    """Where one's own policy judges three contacts, no other definition says on how many of them it disagrees."""
    drawn = _everyone(60)
    for place, one in enumerate(drawn[:3]):
        one["survey"] = {"contacts_needed": 1 + place, "resolved": place == 0}
    own = load_preset("sqm-survey")
    for rows in (_measured(engine, drawn, own).run.definitions, _defined(engine, drawn, own).rows):
        told = _named(rows)
        assert isinstance(told["repeat-7d"].result, Estimate)
        assert {row.differs for name, row in told.items() if isinstance(row.result, Estimate)} == {None}


@pytest.mark.parametrize("name", ["firstcontact", "repeat-7d", "agent-says"])
def test_a_preset_has_the_same_figure_as_headline_and_as_one_of_many(engine: Engine, name: str) -> None:
    """Value, interval, status and maturity are those of the run, and no contact differs."""
    drawn = [
        contact(f"c{k}", f"K{k % 70}", 60 + k / 3 if k else 0, channel="phone", agent_says_resolved=k % 4 > 0)
        for k in range(210)
    ]
    run = _measured(engine, drawn, load_preset(name)).run
    row = _named(run.definitions)[name]
    assert row.result == run.headline
    assert isinstance(row.result, Estimate)
    assert row.differs == (0, 0)
    assert _named(_defined(engine, drawn, load_preset(name)).rows) == _named(run.definitions)


@pytest.mark.parametrize("sign", ["=", "\n=", "\t", "\uff1d", "\uff20"])
def test_both_guards_against_formulas_know_the_same_signs(engine: Engine, sign: str) -> None:
    """A column that the engine writes is made harmless like a cell that Python writes."""
    texts = [f"{sign}1+1", "1=1", "", None]
    table = engine.register(pa.table({"text": texts}), "texts")
    tame = engine.execute(table.select(tame=harmless_text(table.text)))["tame"].to_pylist()
    assert [text or "" for text in tame] == [harmless(text) for text in texts]
    assert tame[0] == f"'{sign}1+1"


def test_conditions_on_channels_hold_where_no_channel_is_recorded(engine: Engine) -> None:
    """A definition that asks something of telephone calls alone asks it of nobody then; that is no error."""
    drawn = [
        contact(f"c{k}", f"K{k}", 50 + k / 9, events=[("settled", 51 + k / 9), ("public_reply", 50.5 + k / 9)])
        for k in range(60)
    ]
    preset = load_preset("zendesk-one-touch")
    run = _measured(engine, drawn, preset).run
    assert isinstance(run.headline, Estimate)
    assert _named(_defined(engine, drawn, preset).rows) == _named(run.definitions)
