"""From paths to plain files on disk: opens gzip and zip safely, and tells by content what each file is."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import shutil
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal

from firstcontact.adapters.connectors.tabular import fault
from firstcontact.contacts.table import TABLES
from firstcontact.kernel.errors import Faults
from firstcontact.kernel.sentence import Sentence, clause

Format = Literal["delimited", "excel", "parquet", "jsonl", "json"]
Container = Literal["plain", "gzip", "zip"]

LARGEST = 64 << 30
"""Bytes that one file may unpack to."""
RATIO = 300
"""How many times its packed size a file may unpack to. Honest exports stay below 60."""
RATIO_FROM = 64 << 20
"""The ratio is looked at from this many unpacked bytes on."""
_CHUNK = 1 << 20

SUFFIXES: dict[str, Format] = {
    ".csv": "delimited",
    ".tsv": "delimited",
    ".tab": "delimited",
    ".txt": "delimited",
    ".psv": "delimited",
    ".log": "delimited",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xlsb": "excel",
    ".xls": "excel",
    ".ods": "excel",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
}
_FOREIGN: tuple[tuple[bytes, Sentence], ...] = (
    (b"%PDF", clause("a PDF document")),
    (b"\x89PNG", clause("a PNG picture")),
    (b"\xff\xd8\xff", clause("a JPEG picture")),
    (b"GIF8", clause("a GIF picture")),
    (b"\x7fELF", clause("a program")),
    (b"MZ\x90", clause("a program")),
    (b"SQLite format 3", clause("an SQLite database")),
    (b"7z\xbc\xaf\x27\x1c", clause("a 7-Zip archive")),
    (b"Rar!", clause("a RAR archive")),
    (b"\xfd7zXZ", clause("an xz archive")),
    (b"BZh", clause("a bzip2 archive")),
    (b"\x28\xb5\x2f\xfd", clause("a Zstandard archive")),
    (b"RIFF", clause("a sound or video file")),
    (b"ID3", clause("a sound file")),
    (b"OggS", clause("a sound file")),
    (b"ORC", clause("an ORC file")),
    (b"Obj\x01", clause("an Avro file")),
    (b"{\\rtf", clause("an RTF document")),
)
_COMPANIONS = tuple(spec.name for spec in TABLES if spec.name != "contacts")


@dataclass(frozen=True, slots=True)
class Part:
    """One readable file.

    Attributes:
        label: How the user knows it: the file's name, and the member's inside an archive.
        path: Where its plain content lies.
        format: What it is, by content first and name second.
        container: What it was packed in.
        table: The table of `contacts.table` it holds, by its name; `contacts` unless it is named after another.
    """

    label: str
    path: Path
    format: Format
    container: Container
    table: str


def open_all(paths: Sequence[Path], scratch: Path) -> tuple[list[Part], tuple[dict[str, Any], ...]]:
    """Find, unpack and recognise every file.

    Args:
        paths: Files and directories. A directory stands for the readable files in it, `truth` directories apart.
        scratch: A private directory for unpacked content; the caller removes it.

    Returns:
        The parts in the order given (a directory's by name), and what was read: name, bytes and SHA-256 of each file.

    Raises:
        FirstcontactError: With every file that is missing, unreadable, empty, damaged, unsafe or no table.
    """
    faults = Faults()
    parts: list[Part] = []
    inputs: list[dict[str, Any]] = []
    for path in _files(paths, faults):
        try:
            size = path.stat().st_size
            if size == 0:
                faults.add(fault.EMPTY, where=path.name, saw="0 bytes", allowed="a header and rows",
                           cure="export the data again")  # fmt: skip
                continue
            parts += _open(path, size, scratch, faults)
            inputs.append({"name": _label(path), "bytes": size, "sha256": _digest(path)})
        except PermissionError:
            faults.add(fault.NOT_READABLE, where=path.name, saw="access refused", allowed="a file you may read",
                       cure="change its permissions, or copy it to where you may read it")  # fmt: skip
    faults.raise_if_any()
    return parts, tuple(inputs)


def _files(paths: Sequence[Path], faults: Faults) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [
                file
                for file in sorted(path.rglob("*"))
                if file.is_file() and _known(file.name) and not _apart(file.relative_to(path), path)
            ]
            if not inside:
                faults.add(fault.EMPTY, where=path.name or str(path), saw="a directory without a readable file",
                           allowed="at least one file with contacts", cure="name the file itself")  # fmt: skip
            found += inside
        elif path.is_file():
            found.append(path)
        elif path.exists():
            faults.add(fault.UNSUPPORTED, where=path.name, saw="neither a file nor a directory",
                       allowed="a file or a directory", cure="save the data as a file first")  # fmt: skip
        else:
            faults.add(fault.NOT_FOUND, where=path.name or str(path), saw="nothing at this path",
                       allowed="a file or a directory", cure="check the spelling and the directory")  # fmt: skip
    if not paths:
        faults.add(fault.NOT_FOUND, where="the command", saw="no file", allowed="at least one file",
                   cure="name a file with contacts")  # fmt: skip
    return found


def _apart(file: Path, folder: Path) -> bool:
    """Whether a file in a directory is none of its data: hidden, a simulation's truth, or a run's own output."""
    if any(step == "truth" or step.startswith(".") or ".partial-" in step for step in file.parts):
        return True
    return any((folder / inner / "run.json").is_file() for inner in file.parents if inner != Path())


def _known(name: str) -> bool:
    stem = name.lower()
    return any(stem.endswith(suffix + packing) for suffix in SUFFIXES for packing in ("", ".gz")) or stem.endswith(
        ".zip"
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open(path: Path, size: int, scratch: Path, faults: Faults) -> list[Part]:
    with path.open("rb") as file:
        head = file.read(4096)
    if head[:2] == b"\x1f\x8b":
        return _from_gzip(path, size, scratch, faults)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _from_zip(path, scratch, faults)
    known = _recognise(path, path.name, path.name, head, faults)
    return [Part(_label(path), _nameable(path, scratch), known, "plain", _table(path.name))] if known else []


def _label(path: Path) -> str:
    """The file's name as text that can be shown, whatever bytes it is made of."""
    name = path.name.encode("utf-8", "backslashreplace").decode()
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in name)


def _nameable(path: Path, scratch: Path) -> Path:
    """The same file under a name that an engine can be told, where its own is no text."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        link = scratch / f"{len(list(scratch.iterdir()))}-named"
        link.symlink_to(path.absolute())
        return link
    return path


def _table(name: str) -> str:
    stem = PurePosixPath(name.replace("\\", "/")).name.lower().split(".")[0]
    return stem if stem in _COMPANIONS else "contacts"


def _recognise(path: Path, name: str, label: str, head: bytes, faults: Faults) -> Format | None:
    """What a plain file is. Content decides; the name decides only among kinds of text."""
    if head[:4] == b"PAR1":
        return "parquet"
    if head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        if b"E\0n\0c\0r\0y\0p\0t" in _whole_if_small(path):
            faults.add(fault.ENCRYPTED, where=label, saw="a workbook with a password", allowed="an open workbook",
                       cure="save it without a password")  # fmt: skip
            return None
        return "excel"
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            faults.add(fault.BINARY, where=label, saw=what, allowed="delimited text, Excel, Parquet or JSON lines",
                       cure="export the table in one of these formats")  # fmt: skip
            return None
    known = SUFFIXES.get(Path(name.lower()).suffix)
    if known in ("parquet", "excel"):
        faults.add(fault.DAMAGED, where=label,
                   saw=clause("a name that promises {form} and content that is not", form=known),
                   allowed=clause("{form} content", form=known),
                   cure="export again, or give the file its true name")  # fmt: skip
        return None
    if _binary(head):
        faults.add(fault.BINARY, where=label, saw="binary content", allowed="text", cure="export the table as CSV")
        return None
    if known is None and Path(name).suffix and Path(name.lower()).suffix not in (".dat", ".out", ".export", ".gz"):
        faults.add(fault.UNSUPPORTED, where=label,
                   saw=clause("a name that ends in {ending}", ending=Path(name).suffix[:12]),
                   allowed=", ".join(sorted(SUFFIXES)), cure="export as CSV, Excel, Parquet or JSON lines")  # fmt: skip
        return None
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if known in ("jsonl", "json") or (known is None and start == b"{"):
        return "json" if start == b"[" else "jsonl"
    return "delimited"


def _whole_if_small(path: Path) -> bytes:
    return path.read_bytes() if path.stat().st_size < 64 << 20 else b""


def _binary(head: bytes) -> bool:
    """Control characters that text does not have, unless the zeros are UTF-16's or UTF-32's."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or head[:4] == b"\0\0\xfe\xff":
        return False
    if _wide(head):
        return False
    control = sum(byte < 9 or 14 <= byte < 27 or byte == 127 for byte in head if byte)
    return control > max(8, len(head) // 50) or head.count(0) > len(head) // 10


def _wide(head: bytes) -> bool:
    """Whether zeros stand at every other byte only, as in UTF-16 text without a mark."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    return (odd > 0.4 * half and even < 0.05 * half) or (even > 0.4 * half and odd < 0.05 * half)


def _from_gzip(path: Path, size: int, scratch: Path, faults: Faults) -> list[Part]:
    name = path.name[: -len(".gz")] if path.name.lower().endswith(".gz") else path.name
    target = scratch / f"{len(list(scratch.iterdir()))}-unpacked"
    try:
        with gzip.open(path, "rb") as packed:
            if not _copy(packed, target, size, path.name, faults):
                return []
    except (EOFError, OSError, zlib.error) as error:
        if isinstance(error, PermissionError):
            raise
        faults.add(fault.TRUNCATED, where=path.name, saw="a gzip file that ends too early or has a wrong checksum",
                   allowed="a whole gzip file", cure="transfer or export the file again")  # fmt: skip
        return []
    return _part(target, name, _label(path), "gzip", faults)


def _part(target: Path, name: str, label: str, container: Container, faults: Faults) -> list[Part]:
    with target.open("rb") as file:
        head = file.read(4096)
    if not head:
        faults.add(fault.EMPTY, where=label, saw="0 bytes inside", allowed="a header and rows",
                   cure="export the data again")  # fmt: skip
        return []
    if head[:4] == b"PK\x03\x04" and zipfile.is_zipfile(target):
        with zipfile.ZipFile(target) as inner:
            if _workbook(inner):
                return [Part(label, target, "excel", container, _table(name))]
    if head[:2] in (b"PK", b"\x1f\x8b"):
        faults.add(fault.UNSUPPORTED, where=label, saw="an archive inside an archive",
                   allowed="tables inside one archive",
                   cure="unpack the outer one")  # fmt: skip
        return []
    known = _recognise(target, name, label, head, faults)
    return [Part(label, target, known, container, _table(name))] if known else []


def _copy(packed: gzip.GzipFile | IO[bytes], target: Path, size: int, label: str, faults: Faults) -> bool:
    """Unpack by streaming, counting real bytes: what an archive says about its own sizes may be a lie."""
    room = shutil.disk_usage(target.parent).free - (256 << 20)
    written = 0
    with target.open("wb") as out:
        while chunk := packed.read(_CHUNK):
            written += len(chunk)
            if written > min(LARGEST, room) or (written > RATIO_FROM and written > RATIO * max(size, 1)):
                break
            out.write(chunk)
        else:
            return True
    target.unlink()
    if written > room:
        faults.add(fault.BOMB, where=label, saw="more content than the temporary directory has room for",
                   allowed=clause("{size} MB, which leaves some room for the work", size=max(room, 0) >> 20),
                   cure="make room, name another directory with TMPDIR, or unpack it elsewhere")  # fmt: skip
        return False
    faults.add(fault.BOMB, where=label,
               saw=clause("more than {size} MB from {packed:.2f} MB", size=written >> 20, packed=max(size, 1) / 1e6),
               allowed=clause("at most {ratio} times its size, {most} GB, and the room in the temporary directory",
                              ratio=RATIO, most=LARGEST >> 30),
               cure="unpack it yourself if you trust it, and name the plain file")  # fmt: skip
    return False


def _from_zip(path: Path, scratch: Path, faults: Faults) -> list[Part]:
    try:
        with zipfile.ZipFile(path) as archive:
            if _workbook(archive):
                return [Part(_label(path), path, "excel", "plain", _table(path.name))]
            return _members(path, archive, scratch, faults)
    except (zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, NotImplementedError, OSError) as error:
        if isinstance(error, PermissionError):
            raise
        faults.add(fault.TRUNCATED, where=path.name, saw="a zip file that is damaged or cut off",
                   allowed="a whole zip file", cure="transfer or export the file again")  # fmt: skip
        return []


def _workbook(archive: zipfile.ZipFile) -> bool:
    names = set(archive.namelist())
    return "[Content_Types].xml" in names or {"mimetype", "content.xml"} <= names


def _members(path: Path, archive: zipfile.ZipFile, scratch: Path, faults: Faults) -> list[Part]:
    parts: list[Part] = []
    tables = 0
    for member in archive.infolist():
        inside = PurePosixPath(member.filename.replace("\\", "/"))
        if ".." in inside.parts or inside.is_absolute() or (inside.parts and inside.parts[0].endswith(":")):
            faults.add(fault.UNSAFE_NAME, where=path.name, saw="a member whose path leads outside the archive",
                       allowed="names inside the archive", cure="pack the export again")  # fmt: skip
            continue
        hidden = any(step.startswith((".", "__MACOSX")) or step == "truth" for step in inside.parts)
        if member.is_dir() or hidden:
            continue
        if not _known(inside.name) and len(archive.infolist()) > 1:
            continue
        tables += 1
        label = f"{_label(path)}/{inside.name}"
        if member.flag_bits & 0x1:
            faults.add(fault.ENCRYPTED, where=label, saw="an encrypted member", allowed="an open archive",
                       cure="unpack it with its password and name the plain file")  # fmt: skip
            continue
        target = scratch / f"{len(list(scratch.iterdir()))}-unpacked"
        with archive.open(member) as packed:
            whole = _copy(packed, target, member.compress_size, label, faults)
        if whole:
            parts += _part(target, inside.name, label, "zip", faults)
    if tables == 0 and not faults:
        faults.add(fault.EMPTY, where=path.name, saw="an archive without a readable file",
                   allowed="at least one table inside", cure="check what was packed")  # fmt: skip
    return parts
