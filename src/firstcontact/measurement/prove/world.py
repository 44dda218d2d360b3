"""The worlds in which estimators are tried, by name. Each differs from the base world in one thing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, Faults
from firstcontact.measurement.simulator.world import World
from firstcontact.measurement.simulator.world_file import read_world

UNKNOWN_WORLD = ErrorKind(
    "FC7020",
    "There is no such world",
    EXIT_USAGE,
    "`firstcontact prove` names worlds and proofs. `firstcontact prove --list` shows all of them.",
)


@dataclass(frozen=True, slots=True)
class Trial:
    """A world with a name.

    Attributes:
        name: What `--world` takes.
        about: What is special about it.
        settings: Knobs turned, as `firstcontact simulate --set` takes them.
        breaks: Which assumption of the estimators it breaks; empty where it meets all.
    """

    name: str
    about: str
    settings: tuple[str, ...] = ()
    breaks: str = ""

    def world(self, *further: str) -> World:
        """The world, with further knobs turned."""
        return world_with((*self.settings, *further))


def world_with(settings: Iterable[str]) -> World:
    """The default world with knobs turned.

    Raises:
        FirstcontactError: A knob does not exist or has an impossible value.
    """
    faults = Faults()
    world = read_world(None, settings, faults)
    world.check(faults)
    return world


def _all_reasons(knob: str, factor: float) -> tuple[str, ...]:
    return tuple(f"reasons.{reason.name}.{knob}={getattr(reason, knob) * factor:.6g}" for reason in World().reasons)


CLEAN: tuple[str, ...] = (
    "coding.wrong=0",
    "coding.missing=0",
    "coding.missing_abandoned=0",
    "identity.split=0",
    "identity.merged=0",
    "identity.missing=0",
    "identity.missing_abandoned=0",
)
"""Reasons and customers are recorded without error."""

_HOLIDAYS = "1, 2, 107, 108, 121, 245, 358, 359, 360, 365"

TRIALS: dict[str, Trial] = {
    trial.name: trial
    for trial in (
        Trial("base", "Reasons and customers are recorded without error.", CLEAN),
        Trial(
            "null",
            "Every contact resolves its issue: whoever comes back has a new issue.",
            (*CLEAN, *_all_reasons("unresolved", 0.0)),
        ),
        Trial("frailty", "Some customers call very much more often.", (*CLEAN, "customers.frailty_shape=0.7")),
        Trial("alike", "All customers call equally often.", (*CLEAN, "customers.frailty_shape=0")),
        Trial(
            "give-up",
            "More customers give up silently: 30 % fewer of the unresolved come back.",
            (*CLEAN, *_all_reasons("rho", 0.7)),
            breaks="of S-FCR alone: who gives up in silence looks satisfied in all that is recorded",
        ),
        Trial(
            "transfers",
            "Contacts are handed on three times as often, and half of these twice.",
            (
                *CLEAN,
                "handling.transfer_resolved=0.24",
                "handling.transfer_unresolved=0.54",
                "handling.second_transfer=0.5",
            ),
        ),
        Trial(
            "heavy-callers",
            "Two in a thousand customers call thirty times as often.",
            (*CLEAN, "customers.heavy_share=0.002", "customers.heavy_factor=30"),
        ),
        Trial(
            "holidays",
            "The volume grows by 40 % a year, swings with the season and collapses on holidays.",
            (
                *CLEAN,
                "arrival.growth=0.4",
                "arrival.season=0.3",
                f"arrival.holidays=[{_HOLIDAYS}]",
                "arrival.holiday_factor=0.15",
            ),
        ),
        Trial(
            "channels",
            "Customers change channels at every contact, and three in ten contacts carry no customer record.",
            (*CLEAN, "customers.channel_loyalty=0", "identity.missing=0.3"),
            "some returns come under an identifier that nothing joins to the first",
        ),
        Trial(
            "wrong-codes",
            "One contact in ten is recorded with a wrong reason, drawn from all.",
            (*CLEAN, "coding.wrong=0.1", "coding.wrong_within_family=0"),
            "a return under another reason is not recognised",
        ),
        Trial(
            "split",
            "One contact in ten is recorded under a second customer record with other identifiers.",
            (*CLEAN, "identity.split=0.1", "identity.split_new_identifier=1"),
            "a return under another record is not recognised",
        ),
        Trial(
            "merged",
            "One person in twenty is recorded under another person's record and telephone.",
            (*CLEAN, "identity.merged=0.05"),
            "contacts of two people look like returns of one",
        ),
        Trial("default", "The simulator's default: two in a hundred codes wrong, two in a hundred records split.", (),
              "a few codes and records are wrong"),
    )
}  # fmt: skip


def find_trials(names: Iterable[str]) -> tuple[Trial, ...]:
    """Worlds by name; all where none is named.

    Raises:
        FirstcontactError: FC7020, with every name that is not known.
    """
    faults = Faults()
    chosen = list(dict.fromkeys(names))
    for name in chosen:
        if name not in TRIALS:
            faults.add(
                UNKNOWN_WORLD,
                where="--world",
                saw="another name",
                allowed=", ".join(TRIALS),
                cure="Name one of these worlds.",
            )
    faults.raise_if_any()
    return tuple(TRIALS[name] for name in chosen or TRIALS)
