"""Use case: the choices that most centres make, read from a policy's text and written into it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Literal

from firstcontact.measurement.policy.model import Condition, Policy, Role, Target
from firstcontact.services.policy_version import read_version

Transfers = Literal["ignored", "fail", "own"]
"""What a transfer says: nothing; that the contact was not settled; or what the text alone can say."""

_NO_TRANSFER = {"signal": "transfers", "at_most": 0, "missing": "holds"}


@dataclass(frozen=True, slots=True)
class Choices:
    """What a policy decides of what most centres decide.

    Attributes:
        days: Window of the reasons that have none of their own.
        transfers: What a transfer within a contact says.
        abandoned: What contacts that were given up before an answer are.
        aim: Share that the headline measure is to reach; None where it has no target.
        tolerance: So far beside it still counts as reached.
        since: Day from which the target holds; None for the whole period.
    """

    days: float
    transfers: Transfers
    abandoned: Role
    aim: float | None = None
    tolerance: float = 0.0
    since: date | None = None


def headline_of(policy: Policy) -> str:
    """The measure that stands at the head: of issues or of contacts, as the policy judges.

    >>> headline_of(Policy())
    'fcr_issue'
    """
    return "fcr_issue" if policy.link.index == "openers" else "fcr_contact"


def choices_of(policy: Policy) -> Choices:
    """What a policy decides.

    >>> choices_of(Policy())
    Choices(days=30.0, transfers='ignored', abandoned='ignore', aim=None, tolerance=0.0, since=None)
    """
    target = policy.target(headline_of(policy)) or Target("")
    return Choices(
        policy.window.default_days,
        _transfers(policy),
        policy.link.abandoned,
        target.at_least,
        target.tolerance,
        target.since,
    )


def _transfers(policy: Policy) -> Transfers:
    said = [one for one in policy.counts_when if one.signal == "transfers"]
    said += [one for one in policy.left_out_when + policy.unsettled_when if one.signal == "transfers"]
    if not said:
        return "ignored"
    plain = len(said) == 1 and said[0] in policy.counts_when and len(policy.counts_when) > 1
    return "fail" if plain and replace(said[0], because="") == Condition(**_NO_TRANSFER) else "own"  # type: ignore[arg-type]


def choose(toml: str, was: Choices, wanted: Choices) -> str | None:
    r"""Write choices into the text of a policy. What they do not touch stays as it was typed: comments, order, layout.

    Args:
        toml: A text that can be read as a policy.
        was: What whoever chose saw. What they left as they saw it is left as the text has it.
        wanted: What they want. What only the text can say of transfers stays.

    Returns:
        The text anew; None where it is laid out so that only a person can change it.

    Raises:
        FirstcontactError: The text cannot be read, before or after.

    >>> text = "name = 'x'\n[window]\ndefault_days = 30 # a month\n"
    >>> print(choose(text, choices_of(Policy()), Choices(14, "ignored", "ignore")))
    name = 'x'
    [window]
    default_days = 14 # a month
    <BLANKLINE>
    """
    if was == wanted:
        return toml
    policy = read_version(toml)
    now = choices_of(policy)
    chosen = {one.name: getattr(wanted, one.name) for one in fields(Choices)}
    chosen = {name: value for name, value in chosen.items() if value != getattr(was, name)}
    if now.transfers == "own":
        chosen.pop("transfers", None)
    asked = replace(now, **chosen)
    from tomlkit.exceptions import TOMLKitError

    try:
        text = _written(toml, policy, now, asked)
    except (TOMLKitError, LookupError, TypeError, ValueError):
        return None
    return text if choices_of(read_version(text)) == asked else None


def _written(toml: str, policy: Policy, now: Choices, asked: Choices) -> str:
    import tomlkit

    document: Any = tomlkit.parse(toml)
    if asked.days != now.days:
        _section(document, "window")["default_days"] = _plain(asked.days)
    if asked.abandoned != now.abandoned:
        _section(document, "link")["abandoned"] = asked.abandoned
    if asked.transfers != now.transfers:
        _write_transfers(document, policy, fail=asked.transfers == "fail")
    if (asked.aim, asked.tolerance, asked.since) != (now.aim, now.tolerance, now.since):
        _write_target(document, headline_of(policy), asked)
    return str(tomlkit.dumps(document))


def _plain(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _section(within: Any, name: str, *, header: bool = True) -> Any:
    """A section, made at the end where there is none."""
    import tomlkit

    if name not in within:
        within[name] = tomlkit.table(is_super_table=not header)
    return within[name]


def _write_transfers(document: Any, policy: Policy, *, fail: bool) -> None:
    """Say once, or not at all, that a transferred contact was not settled."""
    import tomlkit

    rules = document.get("counts_when")
    if rules is not None:
        for place in reversed([place for place, one in enumerate(rules) if one.get("signal") == "transfers"]):
            del rules[place]
    if not fail:
        return
    rows: list[dict[str, Any]] = [_NO_TRANSFER]
    if rules is None:  # what holds where the text says nothing is no longer said by silence
        rows = [{"signal": one.signal, "equals": one.equals} for one in policy.counts_when] + rows
    if rules is not None and not hasattr(rules, "body"):
        for row in rows:
            rules.append(tomlkit.inline_table() | row)
        return
    if rules is None:
        rules = document["counts_when"] = tomlkit.aot()
    elif rules and not rules[-1].as_string().endswith("\n\n"):
        rules[-1].add(tomlkit.nl())
    for row in rows:
        made = tomlkit.table()
        made.update(row)
        made.add(tomlkit.nl())
        rules.append(made)


def _write_target(document: Any, measure: str, wanted: Choices) -> None:
    if wanted.aim is None:
        if measure in document.get("targets", {}):
            del document["targets"][measure]
            if not document["targets"]:
                del document["targets"]
        return
    target = _section(_section(document, "targets", header=False), measure)
    told = {"at_least": wanted.aim, "tolerance": wanted.tolerance or None, "since": wanted.since}
    for key, value in told.items():
        if value is not None:
            target[key] = value
        elif key in target:
            del target[key]
