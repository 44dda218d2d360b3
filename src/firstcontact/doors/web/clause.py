"""Clauses of faults: which of them a page can show, and whether each reaches a translator.

A clause is found by a translator where it is one text, written where the fault is made, or where it is made by
`kernel.sentence.clause`. What is neither stays English, unless it is a value, which nobody translates: a pattern, a
name from the data, a type of error. A function that passes a clause on says so in its signature: `Sentence`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).parents[2]

OF_COMMANDS = (
    "adapters/engines/",
    "adapters/stores/backup.py",
    "adapters/stores/sql/migrate.py",
    "doors/cli/",
    "doors/report/",
    "kernel/service_settings.py",
    "kernel/settings.py",
    "measurement/annotate/feature.py",
    "measurement/measures/twin.py",
    "measurement/policy/preset.py",
    "measurement/policy/read_story.py",
    "measurement/prove/",
    "measurement/simulator/",
    "services/compare_cells.py",
    "services/draw_audit.py",
    "services/fit.py",
    "services/inspect.py",
    "services/read_audit.py",
    "services/try_policy.py",
    "services/verify_change.py",
)
"""What only a person at a command line can get wrong."""

OF_PROGRAMS = (
    "adapters/sign_on/",
    "doors/api/body.py",
    "doors/api/routes/contacts.py",
    "doors/api/routes/webhooks.py",
    "services/read_results.py",
    "services/sign_on.py",
    "services/take_webhook.py",
)
"""What only a program can get wrong: one that asks the interface, or one that signs somebody on, for which the page of
log-in has words of its own."""

OF_FILES = ("measurement/fit/read.py",)
"""What only somebody can get wrong who writes into the service's own files."""

_CLAUSES = ("saw", "allowed", "cure")
_MAKERS = frozenset({"clause", "Sentence", "either", "listed"})
_VALUES = frozenset({"pattern", "str", "repr", "join", "_shown", "_place"})
"""Functions that give values: a pattern, names."""
_ATTRIBUTES = frozenset({"__name__", "strerror", "phrase", "state"})
"""What is a value likewise: words of the machine, of HTTP and of the interface."""
_OF_RULES = frozenset({"clause", "cure", "meaning", "bounds", "saw", "allowed"})
"""Of the rules for rows, of columns, and of what is wrong with a record: collected where they are declared or made."""


@dataclass(frozen=True, slots=True)
class Unmarked:
    """A clause that stays English.

    Attributes:
        place: File and line.
        text: The expression.
    """

    place: str
    text: str


def sources() -> Iterator[Path]:
    """The files whose faults a page can show."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if not path.relative_to(PACKAGE).as_posix().startswith((*OF_COMMANDS, *OF_PROGRAMS, *OF_FILES)):
            yield path


def read(path: Path) -> tuple[list[tuple[str, ...]], list[Unmarked]]:
    """The clauses of a file, as a translator needs them (of a counted one both forms), and those that lack it."""
    reader = _Reader(path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
    reader.visit(reader.tree)
    return reader.found, reader.unmarked


def collected() -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a translator needs: the file, and the clause; of a counted one both forms.

    Titles of faults are among them, and what is told of rows and of settings that must be given. What only programs
    are told is not (`clause_words`).
    """
    from firstcontact.contacts.table import TABLES
    from firstcontact.doors.web.clause_words import EDITED
    from firstcontact.measurement.policy.setting import LISTS, SECTIONS, TOP

    for path in sources():
        for forms in (*_titles(path), *read(path)[0]):
            if forms[-1] not in EDITED:
                yield path.relative_to(PACKAGE).as_posix(), tuple(" ".join(form.split()) for form in forms)
    for column in (column for table in TABLES for column in table.columns if column.required):
        yield "contacts/table.py", (column.meaning,)
    for setting in (one for some in (TOP, *SECTIONS.values(), *LISTS.values()) for one in some if one.required):
        yield "measurement/policy/setting.py", (setting.words,)


def _titles(path: Path) -> Iterator[tuple[str]]:
    """The titles of kinds of faults that a file declares."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            texts = [str(one.value) for one in node.args[:2] if isinstance(one, ast.Constant)]
            if len(texts) == 2 and re.fullmatch(r"FC\d{4}", texts[0]):
                yield (texts[1],)


class _Reader(ast.NodeVisitor):
    """Goes through a file, and knows in which functions it is."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self.name, self.tree = name, tree
        self.scopes: list[ast.Module | ast.FunctionDef | ast.AsyncFunctionDef] = [tree]
        self.found: list[tuple[str, ...]] = []
        self.unmarked: list[Unmarked] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._within(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._within(node)

    def _within(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.scopes.append(node)
        self.generic_visit(node)
        self.scopes.pop()

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        called, given = _name(node.func), {one.arg: one.value for one in node.keywords}
        if called == "clause":
            forms = [one.value for one in node.args[:2] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if forms and speaks(forms[0]):
                self.found.append((forms[1], forms[0]) if len(forms) > 1 else (forms[0],))
        elif "where" in given and set(_CLAUSES) <= set(given):
            if self.name == "kernel/errors.py" and getattr(self.scopes[-1], "name", "") == "add":
                return  # which makes a fault of whatever it is given
            where = given["where"]
            if isinstance(where, ast.Constant) and _names_place(str(where.value)):
                self.found.append((str(where.value),))
            for name in _CLAUSES:
                self._judge(given[name], set())
        elif called == "Unfit" and len(node.args) > 3:
            for one in node.args[2:4]:
                self._judge(one, set())

    def _judge(self, node: ast.expr, seen: set[str]) -> None:
        """Note a clause, or that nobody can translate it."""
        if isinstance(node, ast.Constant):
            if speaks(str(node.value)):
                self.found.append((str(node.value),))
        elif isinstance(node, ast.IfExp):
            self._judge(node.body, seen)
            self._judge(node.orelse, seen)
        elif isinstance(node, ast.BoolOp):
            for one in node.values:
                self._judge(one, seen)
        elif isinstance(node, ast.Name) and node.id not in seen and (bound := self._bound(node.id)) is not None:
            for one in bound:
                self._judge(one, {*seen, node.id})
        elif not self._is_value(node):
            self.unmarked.append(Unmarked(f"{self.name}:{node.lineno}", ast.unparse(node)))

    def _is_value(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Call):
            called = _name(node.func)
            return called in _MAKERS | _VALUES or self._gives_sentence(called)
        if isinstance(node, ast.Attribute):
            return node.attr in _ATTRIBUTES | _OF_RULES or self._declared(node.attr)
        if isinstance(node, ast.Subscript):
            return isinstance(node.value, ast.Name) and self._declared(node.value.id)
        if isinstance(node, ast.JoinedStr):
            return not any(speaks(str(one.value)) for one in node.values if isinstance(one, ast.Constant))
        return isinstance(node, ast.Name) and self._declared(node.id)

    def _bound(self, name: str) -> list[ast.expr] | None:
        """What a name is set to, in the function that it stands in or around it; None where it is declared a clause."""
        for scope in reversed(self.scopes):
            if any(one.arg == name for one in _arguments(scope)):
                return None
            if self._declared(name):
                return None
            found = [value for node in ast.walk(scope) for value in _set(node, name)]
            if found:
                return found
        return None

    def _declared(self, name: str) -> bool:
        """Whether a name, or what a table of that name holds or a loop takes from it, is declared to be a clause."""
        for scope in reversed(self.scopes):
            for one in _arguments(scope):
                if one.arg == name:
                    return _of_sentences(one.annotation)
        for node in (node for tree in (self.tree, *self._taken_from(name)) for node in ast.walk(tree)):
            if isinstance(node, ast.AnnAssign) and _name(node.target) == name:
                return _of_sentences(node.annotation)
            if isinstance(node, ast.For) and name in {_name(one) for one in ast.walk(node.target)}:
                return isinstance(node.iter, ast.Name) and self._declared(node.iter.id)
        return False

    def _gives_sentence(self, name: str) -> bool:
        """Whether a function of this file, or one that it takes from another, is declared to give a clause."""
        return any(
            isinstance(node, ast.FunctionDef) and node.name == name and _of_sentences(node.returns)
            for tree in (self.tree, *self._taken_from(name))
            for node in ast.walk(tree)
        )

    def _taken_from(self, name: str) -> Iterator[ast.Module]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and any((one.asname or one.name) == name for one in node.names):
                path = PACKAGE.parent / f"{(node.module or '').replace('.', '/')}.py"
                if path.is_file():
                    yield ast.parse(path.read_text(encoding="utf-8"))


def _of_sentences(annotation: ast.expr | None) -> bool:
    return annotation is not None and "Sentence" in ast.unparse(annotation)


def _arguments(scope: ast.AST) -> list[ast.arg]:
    if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
        return []
    return [*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs]


def _set(node: ast.AST, name: str) -> Iterator[ast.expr]:
    """What a statement sets a name to."""
    if isinstance(node, ast.NamedExpr) and node.target.id == name:
        yield node.value
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id == name:
                yield node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=True)
                yield from (value for one, value in pairs if isinstance(one, ast.Name) and one.id == name)


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _names_place(text: str) -> bool:
    """Whether a place is in words, and no name of a field, an option or a setting."""
    return " " in text and not text.startswith("-")


def speaks(text: str) -> bool:
    """Whether a text has words in it, and not only values and what stands around them."""
    return re.search(r"[A-Za-z]{2}", re.sub(r"\{[^{}]*\}|`[^`]*`", "", text)) is not None
