"""`firstcontact simulate`: a contact centre with known truth."""

from __future__ import annotations

import enum
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from firstcontact.kernel.progress import Progress
    from firstcontact.measurement.simulator.generate import Simulation


class Format(enum.StrEnum):
    """What kind of file a table becomes."""

    PARQUET = "parquet"
    CSV = "csv"


def simulate(
    out: Annotated[Optional[Path], typer.Option(help="Directory to write; it appears whole or not at all.")] = None,
    contacts: Annotated[int, typer.Option(help="How many contacts, repeats and redials included.")] = 200_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 0,
    world: Annotated[Optional[Path], typer.Option(help="TOML file of knobs, such as an earlier world.toml.")] = None,
    settings: Annotated[
        Optional[list[str]], typer.Option("--set", metavar="KNOB=VALUE", help="Turn one knob; may be repeated.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="Kind of the table files.")] = Format.PARQUET,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier simulation in the directory.")] = False,
    knobs: Annotated[bool, typer.Option("--knobs", help="List all knobs with their defaults, and stop.")] = False,
) -> None:
    """Simulate a contact centre whose true first contact resolution is known.

    Writes the tables a centre would hold, and under truth/ what really happened.
    """
    if knobs:
        _list_knobs()
        return
    if out is None:
        raise typer.BadParameter("say where to write, for example --out simulated", param_hint="--out")
    from firstcontact.bootstrap import simulation_folder
    from firstcontact.services.simulate import simulate as run

    with _progress() as progress:
        simulation = run(
            simulation_folder(out, force=force),
            contacts=contacts,
            seed=seed,
            world_file=world,
            settings=settings or (),
            form=form.value,
            progress=progress,
        )
    _say(simulation, out)


@contextmanager
def _progress() -> Iterator[Progress]:
    """A moving line on a terminal; nothing where the output is read by a program."""
    from firstcontact.kernel.progress import silent

    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console

    with Console(stderr=True).status("simulating") as status:
        yield status.update


def _say(simulation: Simulation, out: Path) -> None:
    summary = simulation.truth.summary
    print(
        f"{summary['contacts']:,} contacts of {summary['people']:,} people in {simulation.world.days} days: {out}\n"
        f"The truth is in {out / 'truth'}:"
    )
    truth, customary = summary["truth"], summary["customary"]
    lines = [
        ("truly resolved at first contact (T-FCR)", truth["t_fcr"]),
        ("brought nobody back (R-FCR)", truth["r_fcr"]),
        ("everybody asked, would say resolved (S-FCR)", truth["s_fcr"]),
        ("the surveys that were answered say", customary["survey"]),
        ("the agents' wrap-up codes say", customary["agent_says"]),
        ("no repeat within 7 days says", customary["repeat_7d"]),
        ("no repeat within 30 days says", customary["repeat_30d"]),
    ]
    for words, value in lines:
        print(f"  {words:<45}{'nothing to go by' if value is None else format(value, '.1%')}")


def _list_knobs() -> None:
    from firstcontact.measurement.simulator.knob import in_words, knobs
    from firstcontact.measurement.simulator.world import World

    for knob in knobs(World()):
        limits = "" if knob.low is None and knob.high is None else f" ({in_words(knob.low, knob.high)})"
        value = "none" if knob.default is None else knob.default
        print(f"{knob.path} = {value}\n    {knob.about}{limits}")
