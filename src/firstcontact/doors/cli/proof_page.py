"""The proof in words: for the terminal, and as the page docs/proof.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from firstcontact.measurement.prove.catalog import PROOFS
from firstcontact.measurement.prove.world import TRIALS

if TYPE_CHECKING:
    from firstcontact.measurement.prove.proof import Proof
    from firstcontact.measurement.prove.row import ProofRow
    from firstcontact.services.prove import Proven, Told, Tried
    from firstcontact.statistics.recovery import Recovery

NAMES = {"t_fcr": "T-FCR", "r_fcr": "R-FCR", "s_fcr": "S-FCR"}
GENERATED = "<!-- Made by `make prove` from simulated worlds. Edit the proofs, not this page. -->"
CLOSE = 0.02
"""A preset whose figure is no farther than this from a truth, on average, comes close."""


def names() -> str:
    """Worlds and acceptance lines, one a line."""
    lines = ["Worlds (--world):", *(f"  {trial.name:<14} {trial.about}" for trial in TRIALS.values())]
    return "\n".join(
        [*lines, "Acceptance lines (--only):", *(f"  {one.id:<14} {one.title}" for one in PROOFS.values())]
    )


def proof_lines(proof: Proof, proven: Proven) -> Iterator[str]:
    """One acceptance line for the terminal."""
    yield f"{proof.id} {proof.title} ({_size(proven)})"
    for row in proven.rows:
        yield f"  {_verdict(row, proven):<12} {row.what:<64} {_value(row):>12}  {_band(row)}"


def world_lines(tried: Tried) -> Iterator[str]:
    """One world for the terminal."""
    truths = ", ".join(f"{NAMES[name]} {value:.1%}" for name, value in tried.truth.items())
    yield f"{tried.world}: {tried.about} ({tried.seeds} seeds of {tried.contacts:,} contacts; {truths})"
    yield f"  {'':<30}{'against':<10}{'bias':>8}{'RMSE':>8}{'coverage':>10}  no figure"
    for told in tried.told:
        if not told.against:
            yield f"  {told.name:<30}no figure in {told.refused} seeds: {told.why}"
        for truth, found in told.against.items():
            share = "" if found.coverage is None else f"{found.coverage:.0%}"
            figures = f"{100 * found.bias:>+8.2f}{100 * found.rmse:>8.2f}{share:>10}"
            yield f"  {told.name:<30}{NAMES[truth]:<10}{figures}  {told.refused or ''}"


def page(proven: dict[str, Proven], tried: dict[str, Tried]) -> str:
    """The page about the proof, as Markdown.

    Args:
        proven: Acceptance lines that were run, by id.
        tried: Worlds that were tried, by name.
    """
    parts = [
        GENERATED,
        "# What the estimators are held to, and whether they keep it",
        (
            "In a simulated world it is known of every contact whether it resolved the issue, whether it brought the "
            "customer back, and what the customer would say. Each estimator is run on such worlds or on drawn "
            "numbers, and held to bands that were set beforehand. `make prove` makes this page from `docs/proof/`, "
            "where every run keeps what it found; `firstcontact prove --only A2` runs one line again, "
            "`firstcontact prove --world base` one world. Errors are in percentage points (pp)."
        ),
        "## Summary",
        _summary(proven),
        *(part for one in PROOFS.values() for part in _proof(one, proven.get(one.id))),
        "## Every figure in every world",
        (
            "Each world is measured as any export would be: with everything that the program estimates, and with every "
            "preset of other tools. **T-FCR** is the share of issues truly resolved at first contact, **R-FCR** the "
            "share of which the first contact brings nobody back, **S-FCR** the share whose customer would say it is "
            'resolved. A corrected figure is held against its own truth. A preset claims "FCR", so it stands against '
            "all three, as bias (root mean squared error; coverage of its interval)."
        ),
        _worlds(tried),
        *(part for one in tried.values() for part in _world(one)),
        "## Presets that come close by accident",
        _accidents(tried),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(proven: dict[str, Proven]) -> str:
    rows = []
    for proof in PROOFS.values():
        found = proven.get(proof.id)
        if found is None:
            rows.append((proof.id, proof.title, "not run", "", "", ""))
            continue
        judged = [row for row in found.rows if row.judged]
        met = sum(row.met is True for row in judged)
        missed = ", ".join(row.what for row in judged if row.met is False)
        rows.append(
            (proof.id, proof.title, f"{met} of {len(judged)}", missed or "none", _size(found), f"{found.seconds:.0f} s")
        )
    return table(("line", "what is proved", "bands kept", "not kept", "size", "time"), rows)


def _proof(proof: Proof, proven: Proven | None) -> Iterator[str]:
    yield f"## {proof.id}: {proof.title}"
    theory = f" See [the theory](theory/{proof.theory}.md)." if proof.theory else ""
    yield f"{proof.claim}{theory}"
    if proven is None:
        yield f"Not run yet: `firstcontact prove --full --only {proof.id} --keep docs/proof`."
        return
    if not proven.whole:
        yield f"**Run at a reduced size ({_size(proven)}), so this does not judge yet.**"
    lines = [
        (row.what, _value(row), _band(row), _verdict(row, proven), f"{row.n:,}" if row.n else "", row.note)
        for row in proven.rows
    ]
    yield table(("property", "found", "band", "", "draws", "note"), lines)


def _worlds(tried: dict[str, Tried]) -> str:
    rows = []
    for trial in TRIALS.values():
        found = tried.get(trial.name)
        size = f"{found.seeds} x {found.contacts:,}" if found else "not run"
        truths = [_percent(found.truth[name]) if found else "" for name in NAMES]
        rows.append((trial.name, trial.about, trial.breaks or "none", *truths, size))
    return table(("world", "what is special", "assumption it breaks", *NAMES.values(), "seeds x contacts"), rows)


def _world(tried: Tried) -> Iterator[str]:
    yield f"### {tried.world}"
    own = [told for told in tried.told if told.own]
    if own:
        yield table(
            ("figure", "bias", "RMSE", "coverage", "mean half-width", "no figure"),
            [_corrected(told) for told in own],
        )
    presets = sorted((told for told in tried.told if not told.own), key=lambda told: _nearest(told)[1])
    cells = [(f"`{told.name}`", *(_against(told.against.get(name)) for name in NAMES)) for told in presets]
    yield table(("preset", *(f"from {name}" for name in NAMES.values())), cells)
    if tried.findings:
        yield "The program warns here: " + " ".join(tried.findings)


def _corrected(told: Told) -> tuple[str, ...]:
    name, found = NAMES[told.own], told.against.get(told.own)
    if found is None:
        return (f"**{name}**", "", "", "", "", f"{told.refused} times: {told.why}")
    share = "" if found.coverage is None else f"{found.coverage:.0%}"
    half = "" if found.half_width is None else f"{100 * found.half_width:.2f}"
    refused = f"{told.refused} times: {told.why}" if told.refused else ""
    return (f"**{name}**", f"{100 * found.bias:+.2f}", f"{100 * found.rmse:.2f}", share, half, refused)


def _against(found: Recovery | None) -> str:
    if found is None:
        return "no figure"
    share = "" if found.coverage is None else f"; {found.coverage:.0%}"
    return f"{100 * found.bias:+.1f} ({100 * found.rmse:.1f}{share})"


def _nearest(told: Told) -> tuple[str, float]:
    """The truth that a figure comes nearest to, and how near; infinitely far without a figure."""
    far = {name: abs(found.bias) for name, found in told.against.items()}
    return min(far.items(), key=lambda pair: pair[1]) if far else ("t_fcr", float("inf"))


def _accidents(tried: dict[str, Tried]) -> str:
    """Presets within reach of a truth in a world, and how far they are from it in the others."""
    seen: dict[tuple[str, str], dict[str, float]] = {}
    for world in tried.values():
        for told in world.told:
            for truth, found in told.against.items():
                if not told.own:
                    seen.setdefault((told.name, truth), {})[world.world] = found.bias
    lines = []
    for (name, truth), biases in seen.items():
        near = [world for world, bias in biases.items() if abs(bias) <= CLOSE]
        if not near or len(biases) < 2:
            continue
        worst = max(biases, key=lambda world: abs(biases[world]))
        lines.append((f"`{name}`", NAMES[truth], ", ".join(near), f"{100 * biases[worst]:+.1f} pp in {worst}"))
    if not lines:
        return f"None comes within {100 * CLOSE:g} pp of a truth in any world that was tried."
    lead = (
        f"Within {100 * CLOSE:g} pp of a truth, and how far from it in another world. What makes a preset too high "
        "(silent customers, returns that it does not recognise, agents who say it is solved) and what makes it too low "
        "(coincidental returns, demands that have nothing to do with the solution) are unrelated, so where they cancel "
        "they do so by accident: a world with more silence, other callers or another volume moves the figure away."
    )
    return f"{lead}\n\n{table(('preset', 'near', 'in', 'farthest'), lines)}"


def _size(proven: Proven) -> str:
    scale = "" if proven.scale == 1 else f", worlds of {proven.scale:g} times the stated size"
    stated = "" if proven.seeds == proven.stated else f" of {proven.stated} stated"
    return f"{proven.seeds} seeds{stated}{scale}"


def _verdict(row: ProofRow, proven: Proven) -> str:
    if row.met is None:
        return ""
    said = "kept" if row.met else "not kept"
    return said if proven.whole else f"{said}?"


def _value(row: ProofRow) -> str:
    return "none" if row.value is None else _unit(row.value, row.unit)


def _unit(value: float, unit: str) -> str:
    match unit:
        case "pp":
            return f"{value:+.2f} pp"
        case "share":
            return f"{100 * value:.1f} %"
        case "days":
            return f"{value:.1f} d"
        case "count":
            return f"{value:,.0f}"
        case _:
            return f"{value:.3g}"


def _band(row: ProofRow) -> str:
    if not row.judged:
        return ""
    ends = [_unit(end, row.unit) for end in (row.low, row.high) if end is not None]
    words = f"{ends[0]} to {ends[1]}" if len(ends) > 1 else f"at {'least' if row.low is not None else 'most'} {ends[0]}"
    return f"{words} (aim)" if row.target else words


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
