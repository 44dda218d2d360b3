"""Every figure of a run leads to exactly as many contacts as its n says, every bucket of the ledger to its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from firstcontact import bootstrap
from firstcontact.adapters.stores.kept_contact import ParquetContacts
from firstcontact.contacts.table import REASON_SEPARATOR
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.measurement.policy.model import Policy
from firstcontact.services.ask_contacts import asked_pairs
from firstcontact.services.behind import NotContacts, behind, learned_reasons
from firstcontact.services.contact_question import Question, conditions_of, membership
from firstcontact.services.explained import EXPLAINED
from firstcontact.services.find_contacts import CONTACTS_FILE, Show, find_contacts
from firstcontact.services.measure import measure
from firstcontact.services.prepare import Options
from firstcontact.services.publish import Exports, publish
from firstcontact.services.simulate import simulate

NOW = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
LEFT_OUT = ("not_opener", "left_censored", "immature")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over every table that a centre may hold, cut in several ways, its definitions kept."""
    folder = tmp_path_factory.mktemp("behind")
    simulate(bootstrap.simulation_folder(folder / "log"), contacts=6_000, seed=3, settings=[])
    with bootstrap.engine(threads=1) as engine:
        options = Options(policy=Policy(), by=("team,channel",), members=True)
        paths = sorted((folder / "log").glob("*.parquet"))
        measured = measure(engine, bootstrap.connector(), paths, options, now=lambda: NOW, version="1")
        exports = Exports(key=b"k" * 32, members=True)
        publish(engine, measured, bootstrap.run_folder(folder / "run"), lambda _run: "", exports)
    return folder / "run"


@pytest.fixture(scope="module")
def kept() -> Iterator[ParquetContacts]:
    """What reads contacts."""
    opened = ParquetContacts(lambda: bootstrap.open_engine("512MB", threads=1))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def rows(run: Path) -> list[dict[str, Any]]:
    """All figures of the run."""
    return pq.read_table(run / "results.parquet").to_pylist()


def _plainly(contact: Mapping[str, Any], question: Question) -> bool:
    """Whether a contact belongs to a question's answer, told from the question's words alone."""
    told = membership(question.measure or "")
    assert told is not None
    state = contact[told.column]
    inside = state is not None and not state.startswith("out:")
    inside = inside and (question.part == "counted" or state in told.rests)
    inside = inside and not (question.part == "followed" and state == "new")
    if question.measure == "team_share":
        inside = inside and contact["team"] is not None
    for name, value in question.cell.items():
        if name.startswith("reason_"):
            path = contact["reason"] or "(none)"
            cut = REASON_SEPARATOR.join(path.split(REASON_SEPARATOR)[: int(name.removeprefix("reason_"))])
            inside = inside and cut == value
        else:
            inside = inside and (contact[name] or "(unknown)") == value
    period = question.period
    return inside and (period is None or period.start <= contact["local_day"] < period.end)


def test_every_estimate_leads_to_as_many_contacts_as_its_n(run, kept, rows) -> None:
    """All rows of the results, whatever their cut; the few whose n is no number of contacts say why."""
    learned = learned_reasons(rows)
    asked = odd = 0
    for row in rows:
        question = behind(row, learned)
        if isinstance(question, NotContacts):
            assert question.reason
            odd += row["refusal_code"] != "suppressed"
            continue
        asked += 1
        found = kept.count(run / CONTACTS_FILE, list(conditions_of(question)))
        assert found == row["n"], (row["measure"], row["by"], row["period_start"], row["status"])
    assert asked > 10 * odd > 0


def test_the_engine_finds_what_a_plain_look_at_every_contact_finds(run, kept, rows) -> None:
    """A sample of the figures against a loop over all contacts."""
    learned = learned_reasons(rows)
    contacts = pq.read_table(run / CONTACTS_FILE).to_pylist()
    for row in rows[:: max(1, len(rows) // 60)]:
        question = behind(row, learned)
        if not isinstance(question, NotContacts) and question.measure not in EXPLAINED:
            expected = {one["contact_id"] for one in contacts if _plainly(one, question)}
            show = Show(columns=("contact_id",), limit=None)
            found = kept.find(run / CONTACTS_FILE, list(conditions_of(question)), show)
            assert set(found.rows["contact_id"].to_pylist()) == expected
            assert found.total == len(expected) == row["n"]


def test_every_explanation_leads_to_its_contacts(rows) -> None:
    """Root causes, of all contacts and inside a reason; opportunities; ways between channels: none is left without."""
    asked = [behind(row) for row in rows]
    found = {one.measure for one in asked if not isinstance(one, NotContacts)}
    assert {"root_cause", "root_cause_contacts", "opportunity", "channel_path", "other_reason_returns"} <= found
    refused = [row for row in rows if row["measure"] == "root_cause" and row["refusal_code"]]
    assert refused
    assert all(isinstance(behind(row), NotContacts) for row in refused)


def test_a_cause_is_shown_by_the_contacts_that_are_compared(run, kept, rows) -> None:
    """Of the judged contacts those of its weekday, where their reason and channel hold others, too; told by looking at
    each. Those of the ways between channels came back, and by the channel that the figure names."""
    contacts = pq.read_table(run / CONTACTS_FILE).to_pylist()
    judged = [one for one in contacts if one["in_failure"] == "counted"]
    days: dict[tuple[str, str], set[str]] = {}
    for one in judged:
        days.setdefault((one["reason"], one["channel"]), set()).add(f"{one['local_day']:%A}")
    causes = {row["cause"]: row["n"] for row in rows if row["measure"] == "root_cause" and row["by"] == "cause"}
    weekdays = {cause: n for cause, n in causes.items() if cause.startswith("weekday: ")}
    assert len(weekdays) > 4
    for cause, n in weekdays.items():
        expected = {
            one["contact_id"]
            for one in judged
            if f"weekday: {one['local_day']:%A}" == cause and len(days[one["reason"], one["channel"]]) > 1
        }
        assert _ids(kept, run, Question("root_cause", cell={"cause": cause})) == expected
        assert len(expected) == n
    path = next(row for row in rows if row["measure"] == "channel_path" and row["cause"])
    cell = {"channel": path["channel"], "cause": path["cause"]}
    went = _ids(kept, run, Question("channel_path", "met", cell))
    assert len(went) == round(path["value"] * path["n"]) > 0
    behind_n = _ids(kept, run, Question("channel_path", cell=cell))
    back = [one for one in contacts if one["contact_id"] in behind_n]
    assert len(back) == path["n"]
    assert all(one["returned"] and one["channel"] == path["channel"] for one in back)


def test_what_an_explanation_does_not_know_is_refused(run, kept) -> None:
    """A cause that is no pattern, a slice and a part that it does not have, each by its code."""
    for wrong in (
        Question("root_cause", cell={"cause": "luck: bad"}),
        Question("root_cause", cell={"cause": "weekday: Monday", "team": "North"}),
        Question("opportunity", "met", {"reason": "billing"}),
    ):
        with pytest.raises(FirstcontactError, match="FC9504"):
            find_contacts(kept, run, wrong, Show(), None)


def _ids(kept: ParquetContacts, run: Path, question: Question) -> set[str]:
    found = find_contacts(kept, run, question, Show(columns=("contact_id",), limit=None), None)
    return set(found.rows["contact_id"].to_pylist())


def test_every_bucket_of_the_ledger_leads_to_its_contacts(run, kept) -> None:
    """Counted, and each cause: as many as the ledger says, and together all contacts."""
    for ledger in json.loads((run / "ledger.json").read_text())["measures"]:
        buckets = {"counted": ledger["counted"]}
        buckets |= {f"out:{code}": n for code, n in ledger["excluded"].items()}
        buckets |= {f"out:{code}": ledger[code] for code in LEFT_OUT}
        buckets["excluded"] = sum(ledger["excluded"].values())
        for part, n in buckets.items():
            question = Question(ledger["measure"], part)
            assert kept.count(run / CONTACTS_FILE, list(conditions_of(question))) == n, (ledger["measure"], part)


def test_definitions_lead_to_the_contacts_on_which_they_differ(run, kept) -> None:
    """As many as the definitions side by side say, each way by itself and both together."""
    told = json.loads((run / "run.json").read_text())["definitions"]
    compared = [one for one in told if one["differs"] and sum(one["differs"])]
    assert compared
    for one in compared:
        here, ours = one["differs"]
        ways = (
            (here, Question(says={one["preset"]: "met"}, verdict="no")),
            (ours, Question(says={one["preset"]: "not_met"}, verdict="yes")),
            (here + ours, Question(differ=("own", one["preset"]))),
            (one["unsettled"], Question(says={one["preset"]: "open"})),
            (one["counted"] - one["unsettled"], Question(says={one["preset"]: "judged"})),
        )
        for n, ask in ways:
            assert kept.count(run / CONTACTS_FILE, list(conditions_of(ask))) == n
        judged = Question(says={one["preset"]: "met"})
        assert kept.count(run / CONTACTS_FILE, list(conditions_of(judged))) == one["resolved"]


def test_contacts_of_known_customers_are_as_many_as_the_run_says(run, kept) -> None:
    """And with the others they are all contacts."""
    said = json.loads((run / "run.json").read_text())["identity"]
    known, others = (find_contacts(kept, run, Question(known=one), Show(), None).total for one in (True, False))
    assert (known, known + others) == (said["known"], said["contacts"])
    assert 0 < others < known


def test_pages_follow_each_other_without_gap_or_overlap(run, kept) -> None:
    """Whatever they are sorted by, every contact stands on one page only, and who sees one team gets that team."""
    for order in ((), ("reason",), ("-handle_seconds",)):
        seen: list[str] = []
        while True:
            show = Show(columns=("contact_id", "team"), order=order, offset=len(seen), limit=400)
            found = find_contacts(kept, run, Question("fcr_issue", "met"), show, None)
            seen += found.rows["contact_id"].to_pylist()
            if len(seen) >= found.total:
                break
        assert len(set(seen)) == len(seen) == found.total
    team = found.rows["team"].to_pylist()[0]
    limited = find_contacts(kept, run, Question("fcr_issue", "met"), Show(columns=("team",)), frozenset({team}))
    assert set(limited.rows["team"].to_pylist()) == {team}
    assert 0 < limited.total < found.total


def test_a_cell_that_is_suppressed_shows_no_contacts(run, kept, rows) -> None:
    """Neither its contacts nor how many they are, whatever else is asked."""
    small = next(row for row in rows if row["refusal_code"] == "suppressed" and row["team"] and row["channel"])
    cell = {"team": small["team"], "channel": small["channel"]}
    contacts = pq.read_table(run / CONTACTS_FILE).to_pylist()
    few = Question(small["measure"], "n", cell)
    assert isinstance(behind(small), NotContacts)
    if any(_plainly(one, few) for one in contacts):
        with pytest.raises(FirstcontactError, match="FC9505"):
            find_contacts(kept, run, Question(small["measure"], "all", cell), Show(), None)


def test_what_the_run_does_not_have_is_refused(run, kept) -> None:
    """A measure, a definition, a slice and a column, all at once; and a run that noted nothing."""
    question = Question("no_measure", cell={"agent_id": "x"}, says={"no_preset": "met"})
    with pytest.raises(FirstcontactError) as refused:
        find_contacts(kept, run, question, Show(columns=("customer_name",)), None)
    assert [one.kind.code for one in refused.value.faults] == ["FC9504"] * 4
    with pytest.raises(FirstcontactError, match="FC9506"):
        find_contacts(kept, run.parent, Question(), Show(), None)


def test_a_question_can_be_written_into_an_address() -> None:
    """What stands there is what was asked, and nothing else."""
    question = Question("fcr_issue", "n", {"reason_1": "billing"}, team="North", repeat=True)
    assert asked_pairs(question) == [
        ("measure", "fcr_issue"), ("part", "n"), ("cell", "reason_1=billing"), ("team", "North"), ("repeat", "yes"),
    ]  # fmt: skip
