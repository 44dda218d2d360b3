"""What holds for every file of the package."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from firstcontact.measurement.measures.catalog import MEASURES

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "firstcontact"
SOURCES = sorted(PACKAGE.rglob("*.py"))
LEGACY_RANDOM = {"seed", "rand", "randn", "randint", "random", "choice", "shuffle", "normal", "uniform", "permutation"}


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _dotted(node: ast.expr) -> str:
    """`a.b.c` for an attribute of an attribute of a name; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


def _calls(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Call) and (name := _dotted(node.func)):
            yield name, node.lineno


def _public(tree: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in tree.body:
        is_definition = isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if is_definition and not node.name.startswith("_"):
            yield node


def _functions(path: Path) -> set[str]:
    return {node.name for node in _tree(path).body if isinstance(node, ast.FunctionDef)}


def _assigned(path: Path) -> set[str]:
    targets = (target for node in _tree(path).body if isinstance(node, ast.Assign) for target in node.targets)
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_public_names_are_documented() -> None:
    """Every module, public class and public function says what it is."""
    silent = [_place(path, 1) for path in SOURCES if not (ast.get_docstring(_tree(path)) or "").strip()]
    silent += [
        _place(path, node.lineno) for path in SOURCES for node in _public(_tree(path)) if not ast.get_docstring(node)
    ]
    assert silent == []


def test_no_global_randomness() -> None:
    """Chance comes from a generator that was handed in with its seed, never from a state that modules share."""
    found = [
        _place(path, line)
        for path in SOURCES
        for name, line in _calls(path)
        if name.startswith("random.")
        or (name.startswith(("np.random.", "numpy.random.")) and name.rpartition(".")[2] in LEGACY_RANDOM)
    ]
    assert found == []


def test_no_wall_clock_outside_the_clock() -> None:
    """A result depends on the time only where the time was handed in."""
    clocks = {"datetime.now", "datetime.datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
    found = [
        _place(path, line)
        for path in SOURCES
        if path != PACKAGE / "kernel" / "clock.py"
        for name, line in _calls(path)
        if name in clocks
    ]
    assert found == []


def test_modules_are_named_for_what_they_are() -> None:
    """No module is a drawer for things without a name."""
    drawers = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "base", "core"}
    assert [str(path.relative_to(ROOT)) for path in SOURCES if {path.stem, path.parent.name} & drawers] == []


def test_the_words_of_other_systems_stay_in_connectors() -> None:
    """One word a thing: what other systems call a contact is said only where those systems are read."""
    foreign = {"ticket", "interaction", "conversation"}
    allowed = ("adapters", "policy", "doors", "simulator", "fit")
    found = []
    for path in SOURCES:
        if path.relative_to(PACKAGE).parts[0] in allowed or set(path.relative_to(PACKAGE).parts) & set(allowed):
            continue
        for node in _public(_tree(path)):
            if foreign & set(node.name.lower().split("_")):
                found.append(_place(path, node.lineno))
    assert found == []


def test_long_files_are_a_question() -> None:
    """A file above 400 lines is named, so that somebody asks whether it holds two ideas."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert lengths
    for path, lines in lengths.items():
        if lines > 400:
            warnings.warn(f"{path.relative_to(ROOT)} has {lines} lines", stacklevel=1)


def test_every_measure_has_a_spec_and_an_oracle() -> None:
    """A measure is a file with `MEASURE` and `reduce`, whose `kind` names a shared estimator; the catalogue holds each
    one. What it means is drawn in a story, and its number is compared with somebody else's."""
    folder = PACKAGE / "measurement" / "measures"
    declared = {path.stem for path in folder.glob("*.py") if "MEASURE" in _assigned(path)}
    assert declared == set(MEASURES)
    for name, measure in MEASURES.items():
        assert "reduce" in _functions(folder / f"{name}.py"), name
        assert measure.kind in {"share", "mean", "corrected"}, name
        assert (measure.correct is not None) == (measure.kind == "corrected"), name
        assert measure.estimand, name
    for kind in ("spec", "oracle"):
        tests = "\n".join(
            path.read_text(encoding="utf-8") for path in (ROOT / "tests" / kind).glob("test_measures*.py")
        )
        missing = [name for name in MEASURES if not re.search(rf'"{name}"', tests)]
        assert missing == [], f"measures that no {kind} test names"


def test_the_public_face_is_small_and_present() -> None:
    """At most 20 names, each of which exists and is documented."""
    package = importlib.import_module("firstcontact")
    names = getattr(package, "__all__", ())
    assert 0 < len(names) <= 20
    assert [
        name for name in names if callable(getattr(package, name)) and not inspect.getdoc(getattr(package, name))
    ] == []


def test_the_program_starts_without_the_slow_packages() -> None:
    """Help appears at once, because nothing slow is imported before a command needs it."""
    slow = ("ibis", "duckdb", "pandas", "altair", "scipy", "pyarrow", "numpy")
    code = f"import sys, firstcontact.doors.cli.app; print([m for m in {slow} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
