"""`firstcontact policy`: list, show, check, explain and test policies."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Annotated, Optional

import typer

policy = typer.Typer(help="List, show, check, explain and test policies.", no_args_is_help=True)

WIDTH = 100

Named = Annotated[str, typer.Argument(metavar="POLICY", help="A preset's name, or the path of a TOML file.")]


@policy.command("list")
def list_policies() -> None:
    """List the presets: how this project and others define first contact resolution."""
    from firstcontact.measurement.policy.preset import load_preset, preset_names

    for name in preset_names():
        print(f"{name:30} {load_preset(name).title}")


@policy.command()
def show(
    name: Named,
    full: Annotated[bool, typer.Option("--full", help="With every setting spelled out.")] = False,
) -> None:
    """Print a policy as TOML, to be saved and changed."""
    from firstcontact.measurement.policy.preset import find_policy, preset_names, preset_text
    from firstcontact.measurement.policy.write import write_policy

    found = find_policy(name)
    print(preset_text(name) if name in preset_names() and not full else write_policy(found), end="")


@policy.command()
def check(
    file: Annotated[Path, typer.Argument(help="A policy file.")],
) -> None:
    """Check a policy file, and say everything that is wrong with it at once."""
    from firstcontact.measurement.policy.read import read_policy

    found = read_policy(file)
    print(f"{file}: policy `{found.name}`, version {found.version}, hash {found.digest}: nothing is wrong.")


@policy.command()
def explain(name: Named) -> None:
    """Say in plain words what a policy means."""
    from firstcontact.measurement.policy.explain import explain as put_into_words
    from firstcontact.measurement.policy.preset import find_policy

    found = find_policy(name)
    words = put_into_words(found)
    print(f"{found.name}, version {found.version}: {found.title}")
    if found.source:
        print(f"Source: {found.source}")
    print(f"\n{textwrap.fill(words.paragraph, WIDTH)}\n")
    for point in words.points:
        print(textwrap.fill(point, WIDTH, initial_indent="- ", subsequent_indent="  "))


@policy.command("test")
def try_on_stories(
    stories: Annotated[Optional[Path], typer.Argument(help="A stories file; otherwise the built-in ones.")] = None,
    name: Annotated[Optional[str], typer.Option("--policy", help="Ask only this policy: a preset or a file.")] = None,
    draw: Annotated[bool, typer.Option("--draw", help="Draw each story on a time line.")] = False,
) -> None:
    """Try policies on stories, and fail when one judges otherwise than its story says."""
    from firstcontact.measurement.policy.draw import draw as drawing
    from firstcontact.measurement.policy.preset import find_policy
    from firstcontact.measurement.policy.read_story import read_stories, stories_files
    from firstcontact.measurement.policy.story import LETTERS
    from firstcontact.services.try_policy import refuse_failures, try_policy

    told = [story for file in ([stories] if stories else stories_files()) for story in read_stories(file)]
    trials = try_policy(told, find_policy(name) if name else None)
    drawn = ""
    for trial in trials:
        if draw and trial.story.name != drawn:
            print(f"\n{trial.story.title}\n{drawing(trial.story)}")
            drawn = trial.story.name
        said = "as told" if trial.expected == trial.found else "" if trial.expected is None else "NOT as told"
        judged = f"{trial.found} {LETTERS[trial.found]}"
        print(f"{trial.story.name:34} {trial.policy:30} {judged:66} {said}".rstrip())
    refuse_failures(trials)
    print(f"\n{len(told)} stories, {len(trials)} verdicts.")
