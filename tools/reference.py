"""Writes docs/reference from the code, so that a page about a name cannot drift from the name.

Run by `make reference`; a test fails while the committed pages differ from what this makes.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import firstcontact
from firstcontact.contacts.table import CASE_EVENT_KINDS, EXTRA_PREFIX, NO_REASON, REASON_SEPARATOR, TABLES
from firstcontact.kernel.errors import EXIT_CODES, ErrorKind
from firstcontact.kernel.result import RefusalKind
from firstcontact.measurement.explain.catalog import EXPLANATIONS
from firstcontact.measurement.explain.split_case import SPLIT, SPLIT_ESTIMAND
from firstcontact.measurement.measures.catalog import AUDITED, FURTHER, MEASURES, MISCODED, SPLIT_RECORDS
from firstcontact.measurement.measures.result_table import RESULT_COLUMNS
from firstcontact.measurement.policy.preset import load_preset, preset_names
from firstcontact.services.publish import CONTACT_EXPORT, ISSUE_EXPORT
from firstcontact.services.publish_definitions import DEFINITION_COLUMNS, DISAGREEMENT_COLUMNS
from firstcontact.services.restate import HISTORY_COLUMNS
from firstcontact.services.separate import SEPARATION_COLUMNS

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
GENERATED = "<!-- Made by `make reference` from the code. Edit the code, not this page. -->"

SECTIONS = {
    "1": "Reading and mapping files",
    "2": "Contacts",
    "3": "Policy and stories",
    "4": "Linking",
    "5": "Measures",
    "6": "Output",
    "7": "Simulator",
    "9": "Internal",
}


ABOUT_ERRORS = (
    "An error says what failed, where, what was seen against what is allowed, and what to do. What was *seen* is a "
    "type, a length or a pattern of characters, never a value from your data. Codes are permanent."
)
ABOUT_REFUSALS = (
    "A figure that would mislead is refused, with the reason and what would help. A refusal is a row of the results "
    "like any other, without a value."
)
ABOUT_ACCESS = (
    "A role holds a permission for `all` data, for those of one's own `teams`, or for one's own `self` alone. A token "
    "holds what it is limited to, as far as its owner's role does. [Access](../access.md) says what the roles are for."
)
ABOUT_TABLES = (
    "Every source is read into these tables. Timestamps are UTC; durations are seconds; shares are 0 to 1. Levels of "
    f"a reason are joined by `{REASON_SEPARATOR}`; a contact without a reason has the reason `{NO_REASON}`, which is "
    f"never joined with another. Further columns of a source stand beside them as `{EXTRA_PREFIX}<name>`."
)

ABOUT_POLICIES = (
    "A policy file is TOML. What it leaves out keeps its default. `firstcontact policy check` finds everything that is "
    "wrong with one, `firstcontact policy explain` says it in plain words."
)
ABOUT_KNOBS = "`firstcontact simulate --set KNOB=VALUE`, or a world file that holds them, changes any of these."


_NEEDS_FURTHER = {
    AUDITED: "`--audit`",
    MISCODED: "customers, reasons, and R-FCR",
    SPLIT_RECORDS: "customers, cases, and R-FCR",
}
ABOUT_RUNS = (
    "`firstcontact measure --out DIR` writes these, whole or not at all, readable by their owner only. Names and "
    "columns are stable: a later version may add some, and takes none away without saying so in the changelog."
)
RUN_FILES = (
    ("report.html", "The report: one file that needs nothing else."),
    ("results.parquet", "Every figure, one row each."),
    ("results.csv", "The same for a spreadsheet; text that looks like a formula is made harmless."),
    ("ledger.json", "What became of every row, and where each contact stands in each measure."),
    (
        "quarantine.parquet",
        "Rows set aside exactly as they were, so customers stand there by name, with the codes of what is wrong.",
    ),
    ("contacts.parquet", "Every contact, linked and judged."),
    ("issues.parquet", "Every issue."),
    ("to_read.parquet", "Failed contacts to read for each clear root cause: `contact_id`, `cause`, `reason`."),
    ("risk.json", "The model card of the column `risk`: what it rests on, and how it was tried."),
    ("history.parquet", "Weekly figures of this run and of those that it replaced in the directory."),
    ("policy.toml", "The policy, every setting spelled out."),
    ("fit.json", "The window of each reason, and where it comes from."),
    ("run.json", "Inputs, mapping, period, identity coverage, definitions, findings and times."),
    (
        "told.json",
        (
            "How each sentence of the run was made, by its English text, and what each refusal means: read to say the "
            "run in another language."
        ),
    ),
)
ABOUT_PRESETS = (
    "Each is a policy file; `firstcontact policy show NAME` prints it, `firstcontact definitions FILE` applies all of "
    "them to your data. The [stories](stories.md) tell them apart."
)


def modules() -> list[Any]:
    """Every module of the package, imported, so that all that registers itself has done so."""
    found = pkgutil.walk_packages(firstcontact.__path__, "firstcontact.")
    return [importlib.import_module(name) for name in sorted(module.name for module in found)]


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in lines
    )


def errors() -> str:
    """Error codes, refusals and exit codes."""
    parts = [
        "# Errors, refusals and exit codes",
        ABOUT_ERRORS,
        "## Exit codes",
        table(("code", "meaning"), [(str(code), text) for code, text in EXIT_CODES.items()]),
    ]
    for digit, title in SECTIONS.items():
        kinds = [kind for code, kind in sorted(ErrorKind.registry.items()) if code[2] == digit]
        if kinds:
            parts.append(f"## {digit}xxx {title}")
            parts += [f"### {kind.code} {kind.title}\n\n{kind.about}\n\nExit code {kind.exit_code}." for kind in kinds]
    parts += [
        "## Refusals",
        ABOUT_REFUSALS,
        table(("code", "title", "when"), [(f"`{kind.code}`", kind.title, kind.about) for kind in refusals()]),
    ]
    return page(parts)


def refusals() -> list[RefusalKind]:
    """Every kind of refusal that any module declares, by code."""
    found: dict[str, RefusalKind] = {}
    for module in modules():
        for value in vars(module).values():
            if isinstance(value, RefusalKind):
                found[value.code] = value
    return [found[code] for code in sorted(found)]


def columns() -> str:
    """The tables that contacts are read into."""
    parts = [
        "# Tables and columns",
        ABOUT_TABLES,
    ]
    for spec in TABLES:
        rows = [
            (
                f"`{column.name}`",
                f"{column.type}, {column.bounds}" if column.bounds else column.type,
                column.meaning,
                column.missing or "**required**",
                "yes" if column.personal else "",
            )
            for column in spec.columns
        ]
        key = ", ".join(f"`{name}`" for name in spec.key)
        parts += [
            f"## {spec.name}",
            f"One row: {spec.row}. Key: {key}.",
            table(("column", "type", "meaning", "missing means", "personal"), rows),
        ]
    parts += ["## Kinds of case events", "\n".join(f"- `{kind}`" for kind in CASE_EVENT_KINDS)]
    return page(parts)


def results() -> str:
    """The files of a run, and the columns of each table among them."""
    head = ("column", "meaning")
    return page(
        [
            "# The files of a run",
            ABOUT_RUNS,
            table(("file", "what"), [(f"`{name}`", what) for name, what in RUN_FILES]),
            "## `results.parquet`, `results.csv`",
            "One row a figure. Cuts by further columns of the source add a column `x_<name>` each.",
            table(("column", "type", "meaning"), [(f"`{n}`", kind, meaning) for n, kind, meaning in RESULT_COLUMNS]),
            "## `contacts.parquet`",
            "One row a contact.",
            table(head, [(f"`{name}`", meaning) for name, meaning in CONTACT_EXPORT]),
            "## `issues.parquet`",
            "One row an issue.",
            table(head, [(f"`{name}`", meaning) for name, meaning in ISSUE_EXPORT]),
            "## `history.parquet`",
            "One row a measure, week and run: what was said of a week before it was restated.",
            table(("column", "type", "meaning"), [(f"`{n}`", kind, what) for n, kind, what in HISTORY_COLUMNS]),
            "# The files of definitions side by side",
            "What `firstcontact definitions --out DIR` writes.",
            "## `definitions.parquet`, `definitions.csv`",
            "One row a definition.",
            table(("column", "type", "meaning"), [(f"`{n}`", kind, what) for n, kind, what in DEFINITION_COLUMNS]),
            "## `separations.parquet`, `separations.csv`",
            "One row a kind of contacts on which two definitions disagree.",
            table(("column", "type", "meaning"), [(f"`{n}`", kind, what) for n, kind, what in SEPARATION_COLUMNS]),
            "## `disagreements.parquet`, `disagreements.csv`",
            (
                "One row a contact of which one definition says yes and another no. After `own_verdict` stands one "
                "column for each definition: `yes`, `no`, `unsettled`, `left_out`, `immature`, or empty where the "
                "definition does not judge the contact."
            ),
            table(head, [(f"`{name}`", meaning) for name, meaning in DISAGREEMENT_COLUMNS]),
            "# Measures",
            table(
                ("id", "title", "what is estimated", "needs"),
                [(f"`{m.id}`", m.title, m.estimand, m.needs or "nothing beyond contacts") for m in MEASURES.values()]
                + [(f"`{name}`", title, what, _NEEDS_FURTHER[name]) for name, (title, what) in FURTHER.items()],
            ),
            "# What explains them",
            "Rows about pairs of reasons, causes, teams and movements. A refused one says what would make it possible.",
            table(
                ("id", "what is estimated"),
                [(f"`{name}`", what) for one in EXPLANATIONS for name, what in one.measures.items()]
                + [(f"`{SPLIT}`", SPLIT_ESTIMAND)],
            ),
        ]
    )


def definitions() -> str:
    """Every preset: what it counts, and where it was published."""
    parts = ["# Presets: how others define first contact resolution", ABOUT_PRESETS]
    for name in preset_names():
        preset = load_preset(name)
        parts += [f"## `{name}`", preset.title + ".", *([f"Source: {preset.source}."] if preset.source else [])]
        parts += [preset.note] if preset.note else []
        unsettled = [condition.because for condition in preset.unsettled_when if condition.because]
        parts += ["Left open by the source:\n\n" + "\n".join(f"- {text}" for text in unsettled)] if unsettled else []
    return page(parts)


def policy() -> str:
    """Every setting of a policy file, and the signals that its conditions can ask for."""
    from firstcontact.measurement.policy.model import Policy, Target
    from firstcontact.measurement.policy.setting import LIST_WORDS, LISTS, NAMED, NAMED_WORDS, SECTIONS, TOP
    from firstcontact.measurement.policy.signal import SIGNALS
    from firstcontact.measurement.policy.target import MEASURES

    head = ("key", "value", "default", "decides")
    default = Policy()
    parts = ["# Policy files", ABOUT_POLICIES, "## At the top", table(head, [described(one, default) for one in TOP])]
    for name, settings in SECTIONS.items():
        parts += [f"## `[{name}]`", table(head, [described(one, getattr(default, name)) for one in settings])]
    for name, settings in LISTS.items():
        parts += [f"## `[[{name}]]`", f"{LIST_WORDS[name]}.", table(head, [described(one, None) for one in settings])]
    for name, settings in NAMED.items():
        rows = [described(one, Target("")) for one in settings]
        parts += [f"## `[{name}.MEASURE]`", f"{NAMED_WORDS[name]}.", table(head, rows)]
    parts.append(f"Measures that can have one: {', '.join(f'`{name}`' for name in MEASURES)}.")
    rows = [(f"`{signal.name}`", signal.type, signal.noun, signal.needs) for signal in SIGNALS.values()]
    parts += ["## Signals", table(("signal", "type", "says", "needs"), rows)]
    return page(parts)


def described(setting: Any, section: Any) -> tuple[str, str, str, str]:
    """A setting as a row: its key, what it may be, what it is when left out, what it decides."""
    from firstcontact.measurement.policy.setting import KIND_WORDS

    allowed = " or ".join(f"`{choice}`" for choice in setting.choices) or KIND_WORDS[setting.kind]
    if setting.low is not None and setting.high is not None:
        allowed += f", {'above' if setting.above else 'from'} {between(setting.low, setting.high)}"
    default = getattr(section, setting.key, None)
    if setting.required:
        default = "**required**"
    elif setting.unset:
        default = setting.unset
    elif default in (None, "", ()):
        default = ""
    else:
        default = f"`{json.dumps(default)}`"
    return f"`{setting.key}`", allowed, default, setting.words


def simulator() -> str:
    """Every knob of the simulated world."""
    from firstcontact.measurement.simulator.knob import knobs
    from firstcontact.measurement.simulator.world import World

    rows = [(f"`{knob.path}`", str(knob.default), between(knob.low, knob.high), knob.about) for knob in knobs(World())]
    return page(["# Simulator", ABOUT_KNOBS, table(("knob", "default", "allowed", "decides"), rows)])


def between(low: float | None, high: float | None) -> str:
    """Two limits in words; empty where there are none."""
    if low is None and high is None:
        return ""
    if high is None:
        return f"{low:,.10g} or more"
    return f"up to {high:,.10g}" if low is None else f"{low:,.10g} to {high:,.10g}"


def commands() -> str:
    """The program's commands, as `--help` shows them."""
    from typer.main import get_command

    from firstcontact.doors.cli.app import app

    def walk(command: Any, context: Any) -> Iterator[str]:
        yield f"## {context.command_path}\n\n```text\n{plain(command.get_help(context))}\n```"
        for name in command.list_commands(context) if hasattr(command, "list_commands") else ():
            child = command.get_command(context, name)
            yield from walk(child, type(context)(child, info_name=name, parent=context, terminal_width=100))

    root = get_command(app)
    context = root.context_class(root, info_name="firstcontact", terminal_width=100)
    return page(["# Commands", *walk(root, context)])


def plain(text: str) -> str:
    """Text without spaces at the ends of lines."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def library() -> str:
    """The names that `import firstcontact` offers."""
    parts = ["# Library", "What `import firstcontact as fc` offers."]
    for name in sorted(getattr(firstcontact, "__all__", ())):
        thing = getattr(firstcontact, name)
        if not (inspect.isclass(thing) or callable(thing)):
            continue
        described = f"## {name}\n\n```python\n{signature(name, thing)}\n```\n\n{fenced(inspect.getdoc(thing) or '')}"
        methods = [
            f"- `{name}.{method}`: {summary(inspect.getdoc(value) or '')}"
            for method, value in vars(thing).items()
            if inspect.isclass(thing)
            and not method.startswith("_")
            and (callable(value) or isinstance(value, property | classmethod | staticmethod))
        ]
        parts.append("\n\n".join([described, *(["\n".join(methods)] if methods else [])]))
    return page(parts)


def signature(name: str, thing: Any) -> str:
    """How a name is called, as source text."""
    try:
        return re.sub(r" at 0x[0-9a-f]+", "", f"{name}{inspect.signature(thing)}")  # an address is new every time
    except (TypeError, ValueError):
        return name


def fenced(docstring: str) -> str:
    """A docstring as it stands, since its layout carries meaning."""
    return f"```text\n{docstring}\n```"


def summary(docstring: str) -> str:
    """The first paragraph of a docstring, as one line."""
    return " ".join(docstring.partition("\n\n")[0].split())


def page(parts: list[str]) -> str:
    """Parts joined into one page."""
    return "\n\n".join([GENERATED, *parts]) + "\n"


def stories() -> str:
    """What policies mean, by example: each story drawn, and how every preset judges it."""
    from firstcontact.services.print_manual import print_manual

    return page(print_manual())


def access() -> str:
    """Who may what: every permission by role, and every route with what it asks of its caller."""
    from fastapi import FastAPI

    from firstcontact.doors.api.app import ROUTERS
    from firstcontact.doors.api.permit import routes
    from firstcontact.services.access import GRANTS, Permission, Role

    api = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for router in ROUTERS:
        api.include_router(router)
    asked = [
        (f"`{rule.method} {rule.path}`", f"`{rule.permission.value}`" if rule.permission else "", limits(rule))
        for rule in sorted(routes(api), key=lambda rule: (rule.path, rule.method))
    ]
    held = [
        (f"`{one.value}`", *(GRANTS[role][one].value if one in GRANTS[role] else "" for role in Role))
        for one in Permission
    ]
    return page(
        [
            "# Who may what",
            ABOUT_ACCESS,
            "## Permissions by role",
            table(("permission", *(role.value for role in Role)), held),
            "## Routes",
            table(("route", "asks for", "and"), asked),
        ]
    )


def limits(rule: Any) -> str:
    """What a route asks beside its permission, in words."""
    if rule.permission is None:
        return "open to anybody"
    further = {"for all data": rule.of_all, "not by a token": rule.in_person}
    return ", ".join(words for words, holds in further.items() if holds)


PAGES: dict[str, Callable[[], str]] = {
    "access.md": access,
    "results.md": results,
    "definitions.md": definitions,
    "columns.md": columns,
    "commands.md": commands,
    "errors.md": errors,
    "library.md": library,
    "policy.md": policy,
    "simulator.md": simulator,
    "stories.md": stories,
}


def index() -> str:
    """The page that leads to the others."""
    links = [f"- [{name.removesuffix('.md')}]({name}): {summary(make.__doc__ or '')}" for name, make in PAGES.items()]
    return page(["# Reference", "\n".join(links)])


def pages() -> dict[str, str]:
    """Every page of the reference by its file name."""
    modules()
    return {"README.md": index(), **{name: make() for name, make in PAGES.items()}}


def main() -> None:
    """Write every page, and remove those that are no longer made."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    made = pages()
    for stale in {path.name for path in REFERENCE.glob("*.md")} - set(made):
        (REFERENCE / stale).unlink()
    for name, text in made.items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
    print(f"{len(made)} pages in {REFERENCE.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
