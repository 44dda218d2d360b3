"""Presets: policies that stand beside this file, found by name."""

from __future__ import annotations

import difflib
from importlib.resources import files
from pathlib import Path

from firstcontact.kernel.errors import EXIT_POLICY, ErrorKind, FirstcontactError
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.policy.read import policy_from, read_policy
from firstcontact.measurement.policy.toml_text import parse

NO_SUCH_POLICY = ErrorKind(
    "FC3007",
    "There is no policy of this name",
    EXIT_POLICY,
    "A policy is named by the name of a preset (`firstcontact policy list`) or by the path of a TOML file.",
)

DEFAULT = "firstcontact"

_FOLDER = files("firstcontact.measurement.policy") / "presets"


def preset_names() -> tuple[str, ...]:
    """Names of all presets: the project's own first, the others by name."""
    found = sorted(item.name.removesuffix(".toml") for item in _FOLDER.iterdir() if item.name.endswith(".toml"))
    return tuple(sorted(found, key=lambda name: (name != DEFAULT, name)))


def preset_text(name: str) -> str:
    """The file of a preset as it stands.

    Raises:
        FirstcontactError: FC3007 when there is none of this name.
    """
    names = preset_names()
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        raise FirstcontactError(
            [
                NO_SUCH_POLICY.fault(
                    where="policy name",
                    saw=f'"{name}"',
                    allowed=f"{', '.join(names)}, or the path of a TOML file",
                    cure=f"type `{near[0]}`" if near else "see `firstcontact policy list`",
                )
            ]
        )
    return (_FOLDER / f"{name}.toml").read_text(encoding="utf-8")


def load_preset(name: str) -> Policy:
    """The preset of a name.

    Raises:
        FirstcontactError: FC3007 when there is none of this name.

    >>> load_preset("repeat-7d").window.default_days
    7.0
    """
    return policy_from(parse(preset_text(name), f"{name}.toml"))


def find_policy(name_or_path: str) -> Policy:
    """The policy of a preset's name or of a file's path.

    Whatever ends in `.toml` or holds a path separator is a path.

    Raises:
        FirstcontactError: FC3007 for an unknown name, otherwise what `read_policy` raises.
    """
    if name_or_path.endswith(".toml") or "/" in name_or_path or "\\" in name_or_path:
        return read_policy(Path(name_or_path))
    return load_preset(name_or_path)
