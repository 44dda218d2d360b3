"""Policy files are read whole, or refused with everything that is wrong."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given

from firstcontact.contacts.table import CASE_EVENT_KINDS
from firstcontact.kernel.errors import EXIT_POLICY, FirstcontactError
from firstcontact.measurement.fit.declared import Fit
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.policy import model
from firstcontact.measurement.policy.explain import explain
from firstcontact.measurement.policy.model import Condition, Policy
from firstcontact.measurement.policy.preset import find_policy, load_preset, preset_names, preset_text
from firstcontact.measurement.policy.read import policy_from, read_policy
from firstcontact.measurement.policy.setting import LISTS, NAMED, RESERVED_CODES, SECTIONS, TOP
from firstcontact.measurement.policy.signal import SIGNALS
from firstcontact.measurement.policy.toml_text import parse
from firstcontact.measurement.policy.write import write_policy
from tests.drawn import FRAME, contact, draw, on
from tests.generative.strategy import policies


def faults_of(text: str) -> list[str]:
    with pytest.raises(FirstcontactError) as caught:
        policy_from(parse(text, "p.toml"))
    assert caught.value.exit_code == EXIT_POLICY
    return [str(fault) for fault in caught.value.faults]


def test_settings_are_the_fields_of_the_model() -> None:
    """Every field of the model can be typed, and every setting is a field."""
    classes = {
        "window": model.Window,
        "link": model.Link,
        "calendar": model.Calendar,
        "service_level": model.ServiceLevel,
        "publish": model.Publish,
        "cost": model.Cost,
        "returns": model.Returns,
        "related": model.Related,
        "counts_when": model.Condition,
        "exclude": model.Exclusion,
    }
    for name, kind in classes.items():
        settings = SECTIONS.get(name) or LISTS[name]
        assert {s.key for s in settings} == {field.name for field in dataclasses.fields(kind)}, name
    assert {s.key for s in NAMED["targets"]} | {"measure"} == {field.name for field in dataclasses.fields(model.Target)}
    known = {s.key for s in TOP} | set(SECTIONS) | set(LISTS) | set(NAMED)
    assert known == {f.name for f in dataclasses.fields(Policy)}


def test_signals_of_policies_are_the_signals_that_can_be_seen() -> None:
    """A policy can ask for every signal there is, and for no other."""
    from firstcontact.measurement.signals.catalog import SIGNALS as SEEN

    assert list(SIGNALS) == list(SEEN)
    assert all(signal.name == name for name, signal in SEEN.items())


def test_signals_are_seen_as_what_policies_compare(engine) -> None:
    """A flag is seen as true or false, a number as a number, a text as a text, on contacts that record all of them."""
    from firstcontact.measurement.signals.catalog import SIGNALS as SEEN

    kinds = [(kind, 51.0) for kind in CASE_EVENT_KINDS]
    told = {"transfers": 1, "escalated_to": "two", "settled": True, "agent_says_resolved": True, "channel": "phone"}
    full = contact(
        "a", "K", 50, events=kinds, survey={"resolved": True, "contacts_needed": 1}, answered_at=on(50), **told
    )
    tables = draw(engine, [full])
    linked = link(engine, tables, Policy(), Fit(()), FRAME, signals=tuple(SEEN))
    kinds_seen = {name: engine.execute(linked.select(name)).schema.field(name).type for name in SEEN}
    tests = {"flag": pa.types.is_boolean, "text": pa.types.is_string, "number": _is_number}
    assert [name for name, spec in SIGNALS.items() if not tests[spec.type](kinds_seen[name])] == []
    fractional = {name for name, kind in kinds_seen.items() if pa.types.is_floating(kind)}
    assert fractional == {name for name, signal in SEEN.items() if signal.type == "float64"}


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_whole(name: str) -> None:
    """A preset has its file's name, a title and a source, and survives writing and reading."""
    preset = load_preset(name)
    assert preset.name == name
    assert preset.title
    assert preset.source
    assert policy_from(parse(write_policy(preset), name)) == preset


@given(policy=policies())
def test_writing_and_reading_gives_the_same_policy(policy: Policy) -> None:
    """What a policy means survives its file, whatever it is."""
    text = write_policy(policy)
    try:
        again = policy_from(parse(text, "p.toml"))
    except FirstcontactError as error:
        assert {fault.kind.code for fault in error.faults} == {"FC3005"}  # noqa: PT017 - invented contradictions
    else:
        assert again.digest == policy.digest


def test_whole_numbers_and_decimals_mean_the_same() -> None:
    """`30` and `30.0` give one hash."""
    text = 'name = "p"\n[window]\ndefault_days = {}\nby_reason = {{ "a" = {} }}\n'
    one, other = (policy_from(parse(text.format(n, n), "p.toml")) for n in ("30", "30.0"))
    assert one.digest == other.digest


def test_all_faults_are_said_at_once_with_line_and_cure() -> None:
    """One look at the message mends the file."""
    text = """name = 3
[link]
indx = "all"
channels = "phone"
look_back_days = -1
outbound = "counts"
[[counts_when]]
signal = "public_reply"
at_most = 1
[[counts_when]]
at_most = 1
[publish]
level = 0.2
"""
    assert [(f[:6], f.partition("line ")[2].partition(" ")[0]) for f in faults_of(text)] == [
        ("FC3003", "1"),
        ("FC3002", "3"),
        ("FC3003", "4"),
        ("FC3004", "5"),
        ("FC3004", "6"),
        ("FC3004", "13"),
        ("FC3006", "10"),
        ("FC3004", "8"),
    ]
    assert "type `index`" in faults_of(text)[1]
    assert 'type `signal = "public_replies"`' in faults_of(text)[-1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[counts_when]]\nsignal = 'settled'\n", "no comparison"),
        ("[[counts_when]]\nsignal = 'reopens'\nat_most = 1\nbelow = 2\n", "`at_most` and `below`"),
        ("[[counts_when]]\nsignal = 'settled'\nat_most = 1\n", "`at_most` for `settled`, which is a flag"),
        ("[[counts_when]]\nsignal = 'reopens'\nequals = true\n", "`equals` for `reopens`, which is a number"),
        ("[[counts_when]]\nsignal = 'channel'\nat_least = 1\n", "which is a text"),
        ("[[left_out_when]]\nsignal = 'settled'\nequals = true\nmissing = 'fails'\n", "`missing` in [[left_out_when]]"),
        ("[[left_out_when]]\nsignal = 'settled'\nequals = true\ncode = 'channel'\n", "which the ledger uses itself"),
        ("counts_when = []\n", "no condition"),
        ("[link]\nreason_level = 0\n[window]\nby_reason = { a = 3 }\n", "reasons that do not matter"),
        ("[link]\nreason_level = 1\n[window]\nby_reason = { 'a > b' = 3 }\n", "longer than reason_level"),
        ("[link]\nreason_level = 0\nmissing_reason = 'exclude'\n", "reasons do not matter"),
        ("[link]\nsame_contact_seconds = 0\nsame_contact_any_channel = true\n", "legs on any channel, and no legs"),
        ("[[related]]\nearlier = 'a'\nlater = 'a'\ndays = 3\n", "a reason related to itself"),
        ("[publish]\nsuppress_below = 50\n", "more than minimum_sample"),
        ("[[exclude]]\ncode = 'no_reason'\ncolumn = 'queue'\nvalues = ['a']\n", "which the ledger uses itself"),
        (
            "[[exclude]]\ncode='a'\ncolumn='queue'\nvalues=['a']\n[[exclude]]\ncode='a'\ncolumn='queue'\nvalues=['b']",
            "twice",
        ),
        ("[calendar]\nopens = '18:00'\ncloses = '09:00'\n", "not after the opening time"),
    ],
)
def test_contradictions_are_refused(text: str, said: str) -> None:
    """FC3005: settings that cannot both have an effect."""
    (fault,) = faults_of(f'name = "p"\n{text}' if text.startswith("[") else f'{text}name = "p"\n')
    assert fault.startswith("FC3005")
    assert said in fault


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("[calendar]\nopens = '9'\n", "FC3004", "no time of day"),
        ("[calendar]\nzone = 'Europe/Sophia'\n", "FC3004", "time zone database"),
        ("[calendar]\nworkdays = [0, 8]\n", "FC3004", "0, 8"),
        ("[window]\ndefault_days = 0\n", "FC3004", "more than 0"),
        ("[window]\ndefault_days = inf\n", "FC3004", "inf"),
        ("[[counts_when]]\nsignal = 'reopens'\nat_most = nan\n", "FC3004", "nan"),
        ("[[exclude]]\ncode = 'a'\ncolumn = 'que'\nvalues = ['b']\n", "FC3004", '`column = "queue"`'),
        ("[link]\nredial_minutes = true\n", "FC3003", "a number, like 30"),
        ("[counts_when]\nsignal = 'settled'\n", "FC3003", "`[[counts_when]]`"),
        ("[[link]]\nindex = 'all'\n", "FC3003", "`[link]`"),
        ("[window]\nby_reason = { a = 'x' }\n", "FC3003", "a table of days by reason"),
        ("[links]\nindex = 'all'\n", "FC3002", "type `link`"),
        ("[[related]]\nearlier = 'a'\n", "FC3006", "no `later`"),
    ],
)
def test_values_outside_are_refused(text: str, code: str, said: str) -> None:
    """Each fault has its code, and says what may stand there."""
    faults = faults_of(f'name = "p"\n{text}')
    assert faults[0].startswith(code)
    assert said in faults[0]
    assert "line 2" in faults[0] or "line 3" in faults[0] or "line 4" in faults[0]


@pytest.mark.parametrize("text", ["name = \n", 'name = "p"\n[link', "name = 'p'\nname = 'q'\n"])
def test_what_is_not_toml_is_refused_with_its_line(text: str) -> None:
    """FC3001 names the line at which the parser stopped."""
    (fault,) = faults_of(text)
    assert fault.startswith("FC3001")
    assert "line" in fault


def test_keys_are_found_on_their_line_behind_long_strings() -> None:
    """Text inside a multi-line string is no setting."""
    text = 'name = "p"\nnote = """\n[link]\nindex = "x"\n"""\n[link]\nindex = "x"\n'
    assert "line 7" in faults_of(text)[0]


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """FC3008: no file, a directory, bytes that are no text."""
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "none.toml", tmp_path, tmp_path / "bytes.toml"):
        with pytest.raises(FirstcontactError, match="FC3008"):
            read_policy(path)


def test_policies_are_found_by_name_or_path(tmp_path: Path) -> None:
    """A name is a preset, a path is a file, and an unknown name is FC3007 with the nearest one."""
    (tmp_path / "mine.toml").write_text(preset_text("egain").replace('"egain"', '"mine"'), encoding="utf-8")
    assert find_policy("egain").name == "egain"
    assert find_policy(str(tmp_path / "mine.toml")).name == "mine"
    with pytest.raises(FirstcontactError, match=r"FC3007.*type `zendesk-one-touch`"):
        find_policy("zendesk-onetouch")


def test_reserved_codes_are_those_that_linking_uses() -> None:
    """A policy's own code can be told from the causes that linking gives."""
    from firstcontact.measurement.reference import judge, link

    used = {link.CHANNEL, link.OUTBOUND, link.ABANDONED, link.SELF_SERVICE, link.NO_CUSTOMER, link.NO_REASON_CODE}
    used |= {link.LEG, link.BEFORE_SINCE, link.AFTER_CUTOFF, judge.NOT_RECORDED}
    assert set(RESERVED_CODES) == used


def test_conditions_are_read_as_the_model_has_them() -> None:
    """The strict comparison and the whole one are two."""
    text = 'name = "p"\n[[counts_when]]\nsignal = "minutes_to_settle"\nbelow = 15\n'
    assert policy_from(parse(text, "p")).counts_when == (Condition("minutes_to_settle", below=15.0),)


def test_a_cost_survives_the_file_and_changes_no_count() -> None:
    """What a contact costs is written and read again. Without one, the digest is what it was before costs were known
    to policies; with one, figures in money move, and so does the digest; the currency's name moves nothing."""
    priced = Policy(cost=model.Cost(7.5, "EUR"))
    assert policy_from(parse(write_policy(priced), "p.toml")) == priced
    assert Policy(cost=model.Cost(None, "EUR")).digest == Policy().digest != priced.digest
    assert Policy(cost=model.Cost(7.5, "лв")).digest == priced.digest
    assert any("7.5 EUR" in point for point in explain(priced).points)
    assert faults_of('name = "x"\n[cost]\ncost_per_contact = -1\n')


def test_a_declared_cycle_is_checked_and_said() -> None:
    """A cycle for all reasons and one for a reason are read, written, hashed and said in words; one that is no length
    that can be seen, or names a reason that does not matter or is too long, is refused."""
    billed = Policy(returns=model.Returns(cycle_days=28, cycle_by_reason=(("billing", 30),)))
    assert policy_from(parse(write_policy(billed), "p.toml")) == billed
    assert billed.digest != Policy().digest
    assert [billed.returns.cycle(reason) for reason in ("billing > bill", "delivery")] == [30, 28]
    said = " ".join(explain(billed).points)
    assert "bunch every 28 days" in said
    assert 'Those for "billing" are taken to bunch every 30 days.' in said
    assert "bunch" not in " ".join(explain(Policy()).points)
    for wrong in ("cycle_days = 1", "cycle_days = 90", 'cycle_by_reason = { "billing" = 400 }'):
        assert "FC3004" in faults_of(f'name = "x"\n[returns]\n{wrong}\n')[0]
    named = 'name = "x"\n[link]\nreason_level = {}\n[returns]\ncycle_by_reason = {{ "a > b" = 30 }}\n'
    for level in (0, 1):
        assert "FC3005" in faults_of(named.format(level))[0]
    assert policy_from(parse(named.format(2), "p")).returns.cycle("a > b") == 30


def test_what_is_known_of_returns_is_part_of_the_policy() -> None:
    """The least share of customers who come back is half; another is written, read again, said in words and hashed; one
    that is no share above 0 is refused."""
    assert Policy().returns.return_least == 0.5
    sure = Policy(returns=model.Returns(0.8))
    assert policy_from(parse(write_policy(sure), "p.toml")) == sure
    assert sure.digest != Policy().digest
    assert any(point.startswith("At least 80% of the customers") for point in explain(sure).points)
    for wrong in ("0", "1.2", '"half"'):
        assert faults_of(f'name = "x"\n[returns]\nreturn_least = {wrong}\n')
