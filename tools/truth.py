"""Writes docs/truth.md: simulated centres whose truth is known, measured under every definition of FCR.

Run by `make truth`. The figures on the page are never typed by hand.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firstcontact import bootstrap
from firstcontact.kernel.result import Estimate
from firstcontact.kernel.settings import VERSION
from firstcontact.measurement.policy.preset import DEFAULT, load_preset
from firstcontact.measurement.simulator.world import World
from firstcontact.services.define import Defined, define
from firstcontact.services.prepare import Options
from firstcontact.services.simulate import simulate
from tools.truth_picture import draw

DOCS = Path(__file__).parents[1] / "docs"
PAGE, PICTURE = DOCS / "truth.md", DOCS / "picture" / "truth.svg"
GENERATED = "<!-- Made by `make truth` from simulated centres. Edit tools/truth.py, not this page. -->"

CONTACTS = 200_000
SEED = 20_240_601

CLOSE = 0.03
"""A figure no farther than this from the truth counts as close."""
MUCH = 0.10
"""A definition that is wrong about more than this share of contacts is close, if it is, because errors cancel."""


@dataclass(frozen=True)
class Centre:
    """A simulated centre.

    Attributes:
        name: For headings.
        about: What is special about it.
        settings: Knobs turned, as `firstcontact simulate --set` takes them.
    """

    name: str
    about: str
    settings: tuple[str, ...] = ()


def _all_reasons(knob: str, value: float) -> tuple[str, ...]:
    return tuple(f"reasons.{reason.name}.{knob}={value:g}" for reason in World().reasons)


CENTRES = (
    Centre("default", "The simulator's default world."),
    Centre(
        "coincidence",
        "Every contact resolves its issue. Whoever comes back for the same reason has a new issue.",
        _all_reasons("unresolved", 0.0),
    ),
    Centre(
        "silence",
        "As the default, but only 30 % of those whose issue was not resolved come back; the others give up silently.",
        _all_reasons("rho", 0.3),
    ),
    Centre("miscoded", "As the default, but 10 % of contacts are recorded with a wrong reason.", ("coding.wrong=0.1",)),
)


@dataclass(frozen=True)
class Told:
    """One definition in one centre.

    Attributes:
        definition: Its name.
        figure: Its figure, 0 to 1; None when refused.
        false_yes: Share of the contacts it judges that it counts as resolved and that were not.
        false_no: The reverse.
        silent: Share of the former that gave up silently: nobody came back, so no look-ahead can find them.
        why: Why it has no figure; empty when it has one.
    """

    definition: str
    figure: float | None
    false_yes: float = 0.0
    false_no: float = 0.0
    silent: float = 0.0
    why: str = ""

    def distance(self, truth: float) -> float | None:
        """How far its figure is above the truth; below where negative. None without a figure."""
        return None if self.figure is None else self.figure - truth

    @property
    def wrong(self) -> float:
        """Share of the contacts it judges about which it is wrong, either way."""
        return self.false_yes + self.false_no


@dataclass(frozen=True)
class Outcome:
    """What every definition says of a centre, beside its truth.

    Attributes:
        centre: The centre.
        truth: `t_fcr`, `r_fcr`, `s_fcr` over the issues opened in the log.
        told: One a definition, the default policy first.
    """

    centre: Centre
    truth: dict[str, float]
    told: tuple[Told, ...]

    def of(self, definition: str) -> Told:
        """What one definition says."""
        return next(one for one in self.told if one.definition == definition)


def tell(centre: Centre, contacts: int, seed: int, folder: Path) -> Outcome:
    """Simulate a centre, measure it under every definition, and hold both against the truth.

    Args:
        centre: The centre.
        contacts: How many contacts.
        seed: Of the simulation.
        folder: Where its log goes; must not exist yet.

    Returns:
        Figures beside truths.
    """
    made = simulate(bootstrap.simulation_folder(folder), contacts=contacts, seed=seed, settings=centre.settings)
    truth = made.truth.summary["truth"]
    with bootstrap.engine() as engine:
        defined = define(engine, bootstrap.connector(), [folder], Options(load_preset(DEFAULT)))
        known = made.truth.tables["contact_truth"].select(["contact_id", "resolved", "causes_repeat"])
        wrong = _wrong(engine, defined, engine.register(known, "fc_known"))
    told = []
    for row in defined.rows:
        if isinstance(row.result, Estimate):
            told.append(Told(row.preset, row.result.value, *wrong[row.preset]))
        else:
            told.append(Told(row.preset, None, why=row.result.reason))
    return Outcome(centre, {name: float(truth[name]) for name in ("t_fcr", "r_fcr", "s_fcr")}, tuple(told))


def _wrong(engine: Any, defined: Defined, known: Any) -> dict[str, tuple[float, float, float]]:
    """By definition, over contacts with a verdict and a truth: wrongly yes, wrongly no, and silence in the former."""
    both = defined.verdicts.join(known, "contact_id").filter(known.resolved.notnull())
    sums: dict[str, Any] = {}
    for number in range(len(defined.sides)):
        state = both[f"state_{number}"]
        yes, no = state == "yes", state.startswith("no:")
        sums |= {
            f"n_{number}": (yes | no).sum(),
            f"yes_{number}": (yes & ~both.resolved).sum(),
            f"silent_{number}": (yes & ~both.resolved & ~both.causes_repeat).sum(),
            f"no_{number}": (no & both.resolved).sum(),
        }
    row = engine.execute(both.aggregate(**sums)).to_pylist()[0]
    return {
        side.name: (
            (row[f"yes_{number}"] or 0) / n,
            (row[f"no_{number}"] or 0) / n,
            (row[f"silent_{number}"] or 0) / max(1, row[f"yes_{number}"] or 0),
        )
        for number, side in enumerate(defined.sides)
        for n in (max(1, row[f"n_{number}"] or 0),)
    }


def page(outcomes: Sequence[Outcome], contacts: int, seed: int) -> str:
    """The page about the truth, as Markdown."""
    first = outcomes[0]
    parts = [
        GENERATED,
        "# How far each definition is from the truth",
        (
            "In a simulated centre it is known of every contact whether it resolved the issue. Here such centres are "
            "measured as any export would be, under the default policy and under every preset, and the figures stand "
            f"beside the truth. `make truth` makes this page: {len(outcomes)} centres of {contacts:,} contacts each, "
            f"seed {seed}, firstcontact {VERSION}."
        ),
        (
            "**T-FCR** is the share of issues that the first contact truly resolved. **R-FCR** is the share of which "
            "the first contact brought nobody back: who gives up silently counts as success there. **S-FCR** is the "
            "share whose customer would say that it is resolved, if everybody were asked. These are three questions, "
            "and a definition that answers one cannot answer the others. Distances are in percentage points (pp): "
            "above 0, the figure flatters."
        ),
        "![Every definition's figure in every centre, with the truth as a line](picture/truth.svg)",
        "## The centres",
        _table(("centre", "what is special", "T-FCR", "R-FCR", "S-FCR"), [_centre(outcome) for outcome in outcomes]),
        "Any of them is made by `firstcontact simulate` with these settings:",
        _fenced(_command(outcome.centre, contacts, seed) for outcome in outcomes),
        f"## The {first.centre.name} centre",
        (
            "*Wrongly yes* is the share of the contacts a definition judges that it counts as resolved and that were "
            "not; *wrongly no* the reverse."
        ),
        _table(
            ("definition", "figure", "from T-FCR", "from R-FCR", "from S-FCR", "wrongly yes", "wrongly no"),
            [_row(told, first.truth) for told in by_distance(first)],
        ),
        "## Distance from T-FCR in every centre",
        _table(
            ("definition", *(outcome.centre.name for outcome in outcomes), "spread"),
            [_across(told.definition, outcomes) for told in by_distance(first)],
        ),
        (
            "*Spread* is how far the distance moves from centre to centre. A definition that measured T-FCR would be "
            "at 0 everywhere; one with a small spread is at least wrong by the same amount everywhere."
        ),
        "## Which come close by accident",
        *_accidents(outcomes),
        "## What this does not say",
        (
            "The simulated centre is not yours: how large each error is depends on how often your customers come back "
            "by coincidence, give up, or are recorded under a wrong reason. What carries over is the kind of each "
            "error, and that two errors that happen to cancel in one centre do not in the next. Definitions made for "
            "desks that answer in writing count agent replies and closings; this centre mostly answers by phone, where "
            "there are none, and their figures are low for that reason alone. The figure of the default policy is the "
            "plain one: no coincidence is removed from it and no silence is added."
        ),
    ]
    return "\n\n".join(parts) + "\n"


def by_distance(outcome: Outcome) -> list[Told]:
    """Definitions of a centre, those nearest to T-FCR first; those without a figure last."""

    def far(told: Told) -> tuple[bool, float]:
        distance = told.distance(outcome.truth["t_fcr"])
        return distance is None, abs(distance or 0.0)

    return sorted(outcome.told, key=far)


def order(outcome: Outcome) -> list[str]:
    """The definitions that have a figure, the nearest to the truth first."""
    return [told.definition for told in by_distance(outcome) if told.figure is not None]


def _centre(outcome: Outcome) -> tuple[str, ...]:
    truths = (_percent(outcome.truth[name]) for name in ("t_fcr", "r_fcr", "s_fcr"))
    return (outcome.centre.name, outcome.centre.about, *truths)


def _command(centre: Centre, contacts: int, seed: int) -> str:
    words = [f"firstcontact simulate --contacts {contacts} --seed {seed} --out {centre.name}"]
    return " \\\n    ".join([*words, *(f"--set {setting}" for setting in centre.settings)])


def _row(told: Told, truth: dict[str, float]) -> tuple[str, ...]:
    if told.figure is None:
        return (f"`{told.definition}`", "refused", *[""] * 5)
    distances = (_points(told.distance(truth[name])) for name in ("t_fcr", "r_fcr", "s_fcr"))
    return (
        f"`{told.definition}`",
        _percent(told.figure),
        *distances,
        _percent(told.false_yes),
        _percent(told.false_no),
    )


def _across(definition: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    distances = [outcome.of(definition).distance(outcome.truth["t_fcr"]) for outcome in outcomes]
    return (f"`{definition}`", *(_points(distance) for distance in distances), _points(spread(distances), sign=False))


def spread(distances: Sequence[float | None]) -> float | None:
    """How far distances lie apart; None with fewer than two.

    >>> spread([0.25, None, -0.5]), spread([0.1])
    (0.75, None)
    """
    known = [distance for distance in distances if distance is not None]
    return max(known) - min(known) if len(known) > 1 else None


def _accidents(outcomes: Sequence[Outcome]) -> list[str]:
    first = outcomes[0]
    truth = first.truth["t_fcr"]
    close = [told for told in by_distance(first) if told.figure is not None and abs(told.figure - truth) <= CLOSE]
    if not close:
        return [f"In the {first.centre.name} centre none comes within {100 * CLOSE:g} pp of T-FCR."]
    lines = [
        f"- `{told.definition}` ({_points(told.distance(truth))} pp): {_why(told)} "
        f"Elsewhere: {_elsewhere(told.definition, outcomes)}."
        for told in close
    ]
    cancel = sum(told.wrong > MUCH for told in close)
    lead = (
        f"In the {first.centre.name} centre {len(close)} definitions come within {100 * CLOSE:g} pp of T-FCR. "
        f"{cancel} of them are wrong about more than {100 * MUCH:g} % of the contacts they judge, in both directions; "
        "there they are close because errors cancel. Customers who give up silently, or whose return is not "
        "recognised, make a figure too high; customers who come back by coincidence, or a rule that asks for something "
        "else than a solution, make it too low:"
    )
    return [lead, "\n".join(lines)]


def _why(told: Told) -> str:
    judged = f"it is wrong about {_percent(told.wrong)} of the contacts it judges"
    if told.wrong <= MUCH:
        return f"{judged}, so it is close for a reason."
    balance = told.false_yes - told.false_no
    gave_up = f"of them {_percent(told.silent)} gave up silently"
    kinds = f"{_percent(told.false_yes)} wrongly yes ({gave_up}) against {_percent(told.false_no)} wrongly no"
    if abs(balance) <= CLOSE:
        return f"{judged}; {kinds} nearly cancel."
    return f"{judged}, {kinds}; the rest is made up by judging other contacts than those that open an issue."


def _elsewhere(definition: str, outcomes: Sequence[Outcome]) -> str:
    found = []
    for outcome in outcomes[1:]:
        distance = outcome.of(definition).distance(outcome.truth["t_fcr"])
        found.append(
            f"{outcome.centre.name} {_points(distance)} pp"
            if distance is not None
            else f"{outcome.centre.name} refused"
        )
    return ", ".join(found)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _points(distance: float | None, *, sign: bool = True) -> str:
    if distance is None:
        return ""
    return f"{100 * distance:+.1f}" if sign else f"{100 * distance:.1f}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _fenced(lines: Iterable[str]) -> str:
    return "```text\n" + "\n".join(lines) + "\n```"


def main() -> None:
    """Simulate and measure every centre, and write the page and its picture."""
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="firstcontact-truth-") as folder:
        for centre in CENTRES:
            outcomes.append(tell(centre, CONTACTS, SEED, Path(folder) / centre.name))
            print(f"{centre.name}: T-FCR {_percent(outcomes[-1].truth['t_fcr'])}, {len(outcomes[-1].told)} definitions")
    PAGE.write_text(page(outcomes, CONTACTS, SEED), encoding="utf-8")
    draw(outcomes, order(outcomes[0]), PICTURE)
    print(f"{PAGE.relative_to(Path.cwd())}, {PICTURE.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
