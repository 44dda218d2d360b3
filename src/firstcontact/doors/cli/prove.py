"""`firstcontact prove`: every estimator, and every preset of other tools, against worlds whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from firstcontact.measurement.prove.context import Context
    from firstcontact.measurement.prove.proof import Proof
    from firstcontact.measurement.prove.world import Trial
    from firstcontact.services.prove import Proven, Tried

EVERYDAY_SEEDS = 3
EVERYDAY_SCALE = 0.2


def prove(
    seeds: Annotated[
        Optional[int], typer.Option(min=1, max=10_000, help="Seeds of each; 3 where not given, without --full.")
    ] = None,
    world: Annotated[
        Optional[list[str]], typer.Option(metavar="NAME", help="Try this world alone; may be repeated.")
    ] = None,
    only: Annotated[
        Optional[list[str]], typer.Option(metavar="A5", help="Run this acceptance line alone; may be repeated.")
    ] = None,
    scale: Annotated[
        Optional[float],
        typer.Option(min=0.01, max=100, help="Size of the worlds; 0.2 where not given, without --full."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="The stated seeds and sizes. Takes hours.")] = False,
    keep: Annotated[
        Optional[Path], typer.Option(help="Directory that keeps what was found, one file a line or world.")
    ] = None,
    page: Annotated[Optional[Path], typer.Option(help="Write a page of all that --keep holds.")] = None,
    names: Annotated[bool, typer.Option("--list", help="List worlds and acceptance lines, and stop.")] = False,
) -> None:
    """Simulate worlds whose truth is known, and print how near every estimator and every preset comes to it.

    Exit status: 0 every band that was judged at its stated size is kept, 6 one is not.
    """
    from firstcontact import bootstrap
    from firstcontact.doors.cli import proof_page
    from firstcontact.doors.cli.progress import moving
    from firstcontact.kernel.errors import EXIT_REFUSED
    from firstcontact.measurement.prove.catalog import find_proofs
    from firstcontact.measurement.prove.context import Context
    from firstcontact.measurement.prove.world import find_trials

    if names:
        print(proof_page.names())
        return
    if page is not None and keep is None:
        raise typer.BadParameter("a page is made of what --keep holds; name a directory", param_hint="--page")
    everything = not world and not only
    proofs = find_proofs(only or []) if only or everything else ()
    trials = find_trials(world or []) if world or everything else ()
    asked = seeds if seeds is not None or full else EVERYDAY_SEEDS
    size = scale if scale is not None else 1.0 if full else EVERYDAY_SCALE
    with moving("simulating") as progress:
        context = Context(bootstrap.engine, asked, size, progress)
        kept = all([*_prove(context, proofs, keep, page), *_try(context, trials, keep, page)])
    if not kept:
        raise typer.Exit(EXIT_REFUSED)


def _prove(context: Context, proofs: tuple[Proof, ...], keep: Path | None, page: Path | None) -> list[bool]:
    from firstcontact.doors.cli.proof_page import proof_lines
    from firstcontact.services.prove import prove

    def one(proof: Proof) -> bool:
        proven = prove(context, proof)
        print("\n".join(proof_lines(proof, proven)), flush=True)
        _save(keep, page, proof.id, proven.as_dict)
        return not proven.whole or all(row.met is not False for row in proven.rows)

    return [one(proof) for proof in proofs]


def _try(context: Context, trials: tuple[Trial, ...], keep: Path | None, page: Path | None) -> list[bool]:
    from firstcontact.doors.cli.proof_page import world_lines
    from firstcontact.services.prove import try_world

    def one(trial: Trial) -> bool:
        tried = try_world(context, trial)
        print("\n".join(world_lines(tried)), flush=True)
        _save(keep, page, f"world-{trial.name}", tried.as_dict)
        return True

    return [one(trial) for trial in trials]


def _save(keep: Path | None, page: Path | None, name: str, found: Callable[[], dict[str, Any]]) -> None:
    """Keep what was found, and write the page anew, so that a run that is stopped leaves what it had."""
    from firstcontact.doors.cli import proof_page
    from firstcontact.kernel.settings import VERSION

    if keep is None:
        return
    keep.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"version": VERSION, **found()}, indent=1, ensure_ascii=False, allow_nan=False)
    (keep / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    if page is not None:
        page.write_text(proof_page.page(*_kept(keep)), encoding="utf-8")


def _kept(keep: Path) -> tuple[dict[str, Proven], dict[str, Tried]]:
    """What a directory holds of earlier runs and of this one, by id and by world."""
    from firstcontact.measurement.prove.catalog import PROOFS
    from firstcontact.measurement.prove.world import TRIALS
    from firstcontact.services.prove import proven_from, tried_from

    def held(name: str) -> dict[str, Any] | None:
        path = keep / f"{name}.json"
        if not path.exists():
            return None
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return {key: value for key, value in data.items() if key != "version"}

    proven = {name: proven_from(data) for name in PROOFS if (data := held(name)) is not None}
    tried = {name: tried_from(data) for name in TRIALS if (data := held(f"world-{name}")) is not None}
    return proven, tried
