"""What holds for every document, and for every file of the repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tools import reference

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")

# Written in pieces, so that this file does not find itself.
FORBIDDEN = (
    "py" + "pi.org",
    "python" + "hosted.org",
    "registry.npm" + "js.org",
    "deb." + "debian.org",
    "crates" + ".io",
    "proxy." + "golang.org",
    "/wo" + "rk/",
    "/ro" + "ot/",
    "/ho" + "me/",
    "/Us" + "ers/",
    "/op" + "t/wheels",
)

WORDS = """
    action agent article asset contact customer cut-off driver escalation estimate fit horizon identifier issue ledger
    maturity measure opener policy queue reason refusal reopen repeat review signal skill survey target team transfer
    window
    behind draft import job part run snapshot trial
""".split()


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git work tree")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def _markdown() -> list[Path]:
    return [path for path in _tracked() if path.suffix == ".md"]


@pytest.mark.parametrize("name", ["README.md", *reference.PAGES])
def test_the_reference_is_as_the_code_says(name: str) -> None:
    """The committed reference is what `make reference` makes of the present code."""
    committed = reference.REFERENCE / name
    assert committed.exists(), "run `make reference`"
    assert committed.read_text(encoding="utf-8") == reference.pages()[name], "stale: run `make reference`"


def test_the_reference_holds_no_page_that_is_no_longer_made() -> None:
    """A page whose subject is gone is gone too."""
    assert {path.name for path in reference.REFERENCE.glob("*.md")} == {"README.md", *reference.PAGES}


def test_links_to_files_lead_somewhere() -> None:
    """Every link from a document to a file of the repository finds that file."""
    broken = []
    for page in _markdown():
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            if re.match(r"[a-z]+:", target) or target.startswith("#"):
                continue
            if not (page.parent / target.split("#")[0]).exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")
    assert broken == []


def test_no_file_names_a_registry_or_a_place_on_one_machine() -> None:
    """The repository works for whoever clones it: no registry's host, nobody's home directory."""
    found = []
    for path in _tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {word}" for word in FORBIDDEN if word in text]
    assert found == []


def test_locks_are_pinned_by_hash() -> None:
    """Every locked package names one version and the hashes of its files, and no address."""
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        entries = re.split(r"\n(?=[a-z0-9])", text)
        assert [entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
        assert "://" not in text


def test_every_word_of_the_vocabulary_is_in_the_glossary() -> None:
    """The glossary is the home of the words that figures are described in."""
    glossary = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8").lower()
    assert [word for word in WORDS if f"**{word}**" not in glossary] == []
