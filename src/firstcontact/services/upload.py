"""A file on its way in: announced, uploaded in parts whatever interrupts it, whole when all of it is there."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from firstcontact.kernel.errors import EXIT_INPUT, EXIT_OUTPUT, ErrorKind, Faults, FirstcontactError
from firstcontact.kernel.sentence import Sentence, clause

IMPORT_UNFIT = ErrorKind(
    "FC9451",
    "A file cannot be announced like this",
    EXIT_INPUT,
    "An import names a file by its plain name, without a path, says how many bytes it has, and from which system its "
    "contacts come.",
)
OFFSET_WRONG = ErrorKind(
    "FC9452",
    "A part does not follow what has arrived",
    EXIT_INPUT,
    "`Upload-Offset` says where a part begins; it must be the number of bytes that have arrived. After an interruption "
    "read the import again: `received` is where to go on.",
)
CONTENT_WRONG = ErrorKind(
    "FC9453",
    "What arrived is not the file that was announced",
    EXIT_INPUT,
    "The SHA-256 of what arrived differs from the one that was announced. Upload the file again as a new import.",
)
STATE_WRONG = ErrorKind(
    "FC9454",
    "The import is in a state in which this cannot be done",
    EXIT_INPUT,
    "An import is uploaded, then looked into, then started; what runs or has ended can be cancelled or undone.",
)

NO_ROOM = ErrorKind(
    "FC9455",
    "There is no room for the file",
    EXIT_OUTPUT,
    "The disk of the data directory is full, or cannot be written to. What arrived before is kept; send the part again "
    "when there is room.",
)

MOST_BYTES = 16 << 30
"""Largest file of one import."""

MOST_PART = 8 << 20
"""Largest part."""

AT_ONCE = 64 << 20
"""Up to this size a file is put together while its last part is answered; a larger one in the background."""

ImportState = Literal["uploading", "uploaded", "running", "done", "failed", "cancelled", "undoing", "undone"]

_NAME = re.compile(r"[^\x00-\x1f/\\:*?\"<>|]{1,200}")


@dataclass(frozen=True, slots=True)
class Import:
    """One import as it stands.

    Attributes:
        id: Its id.
        name: Name of the file, as it was called.
        source: The system its contacts come from.
        size: Bytes that were announced.
        received: Bytes that have arrived.
        digest: SHA-256 that was announced, then of what arrived.
        state: Where it stands.
        mapping: What its columns mean; guessed where None.
        preview: How it would be understood.
        counts: What became of its records.
        faults: Why it failed.
        job_id: The job that works on it, or did last.
        created_by: Who announced it.
        created_at: When.
        ended_at: When its last job ended.
    """

    id: str
    name: str
    source: str
    size: int
    received: int
    digest: str | None
    state: ImportState
    mapping: dict[str, Any] | None
    preview: dict[str, Any] | None
    counts: dict[str, Any] | None
    faults: list[dict[str, str]] | None
    job_id: str | None
    created_by: str
    created_at: datetime
    ended_at: datetime | None


class Imports(Protocol):
    """Where imports are kept."""

    def add(self, one: Import) -> None:
        """Keep a new one."""

    def find(self, import_id: str) -> Import | None:
        """One; None where there is none."""

    def page(self, *, before: str | None, limit: int) -> list[Import]:
        """Imports, newest first, from the one after `before`."""

    def receive(self, import_id: str, offset: int, length: int, keep: Callable[[], None]) -> bool:
        """Count a part, calling `keep` when nobody else may; False where it does not follow what has arrived."""

    def change(self, import_id: str, among: frozenset[ImportState], **values: Any) -> Import | None:
        """Change one that is in one of these states; None where it is in another."""

    def undo_some(self, import_id: str, now: datetime, most: int) -> int:
        """Take back at most so many records that an import brought, restoring what they replaced; gives how many."""

    def mapping(self, name: str) -> dict[str, Any] | None:
        """A mapping that was saved under a name."""

    def mappings(self) -> list[str]:
        """Names of saved mappings."""

    def save_mapping(self, name: str, value: dict[str, Any], *, actor: str, now: datetime) -> None:
        """Save a mapping under a name, in place of an earlier one."""

    def drop_mapping(self, name: str) -> bool:
        """Forget a saved mapping; False where there is none."""


class Uploads:
    """Files on their way in: parts that arrived, then the whole file, under the import's own directory.

    Args:
        folder: Where.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def part(self, one: Import, offset: int, data: bytes) -> Callable[[], None]:
        """Write a part aside, durably, and give what puts it in its place."""
        folder = self._of(one.id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = folder / f"{secrets.token_hex(8)}.aside"
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise _no_room(error) from None

        def keep() -> None:
            aside.replace(folder / f"{offset:015d}.part")

        return keep

    def forget_asides(self, one: Import) -> None:
        """Remove what was written aside and never put in its place."""
        for aside in self._of(one.id).glob("*.aside"):
            aside.unlink(missing_ok=True)

    def there(self, one: Import) -> bool:
        """Whether the whole file is here."""
        path = self._path(one)
        return path.exists() and path.stat().st_size == one.size

    def whole(self, one: Import) -> Path:
        """The whole file: its parts put together, durably. They stay until `forget_parts`, and two may ask at once.

        Raises:
            FirstcontactError: Not all of it is here (FC9454), or there is no room (FC9455).
        """
        folder, path = self._of(one.id), self._path(one)
        if self.there(one):
            return path
        partial = folder / f"{secrets.token_hex(8)}.partial"
        try:
            size = _join(sorted(folder.glob("*.part")), partial)
            if size == one.size:
                partial.rename(path)
        except FileNotFoundError:  # thrown away meanwhile, or put together by somebody else
            size = 0
        except OSError as error:
            raise _no_room(error) from None
        finally:
            partial.unlink(missing_ok=True)
        if size != one.size and not self.there(one):
            raise wrong_state(one, clause("an import whose file is here"))
        return path

    def forget_parts(self, one: Import) -> None:
        """Remove the parts of a file that is whole."""
        for part in self._of(one.id).glob("*.part"):
            part.unlink(missing_ok=True)

    def sweep(self, before: datetime) -> None:
        """Remove what was written aside before a moment and never put in its place."""
        for pattern in ("*/*.aside", "*/*.partial"):
            for path in self._folder.glob(pattern):
                with suppress(FileNotFoundError):
                    if datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None) < before:
                        path.unlink()

    def _path(self, one: Import) -> Path:
        # Only what follows the last dot counts of the name: it never becomes part of a path.
        suffixes = [suffix for suffix in Path(one.name).suffixes[-2:] if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", suffix)]
        return self._of(one.id) / f"file{''.join(suffixes)}"

    def drop(self, import_id: str) -> None:
        """Remove everything of one import."""
        shutil.rmtree(self._of(import_id), ignore_errors=True)

    def _of(self, import_id: str) -> Path:
        return self._folder / import_id


def _join(parts: list[Path], partial: Path) -> int:
    """Put parts together in a file of their own, durably; gives its size."""
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as target:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, target, 1 << 20)
        target.flush()
        os.fsync(target.fileno())
        return target.tell()


def _no_room(error: OSError) -> FirstcontactError:
    fault = NO_ROOM.fault(
        where="the data directory", saw=type(error).__name__, allowed="room for the file",
        cure="make room, then send the part again; an empty one where all have arrived",
    )  # fmt: skip
    return FirstcontactError([fault])


def announced(name: str, source: str, size: int, digest: str | None) -> None:
    """See that a file can be announced like this.

    Raises:
        FirstcontactError: It cannot (FC9451), every fault at once.
    """
    faults = Faults()

    def wrong(where: str, saw: Sentence, allowed: Sentence) -> None:
        faults.add(IMPORT_UNFIT, where=where, saw=saw, allowed=allowed, cure="correct it")

    if not _NAME.fullmatch(name) or name.strip(". ") == "" or name.startswith("."):
        wrong("name", clause("{count} characters", count=len(name)), clause("the plain name of a file, without a path"))
    if not 0 < size <= MOST_BYTES:
        wrong("size", clause("{size:,} bytes", size=size), clause("1 to {most_bytes:,} bytes", most_bytes=MOST_BYTES))
    if not source.strip() or len(source) > 200 or "\x00" in source:
        wrong("source", clause("{count} characters", count=len(source)), clause("1 to 200 characters"))
    if digest is not None and not re.fullmatch(r"[0-9a-f]{64}", digest):
        wrong("digest", clause("{count} characters", count=len(digest)), clause("SHA-256 as 64 hexadecimal digits"))
    faults.raise_if_any()


def receive(
    imports: Imports, uploads: Uploads, one: Import, offset: int, data: bytes, *, later: Callable[[Import], object]
) -> Import:
    """Take in the next part of a file; the last one makes it whole.

    Args:
        imports: Where imports are kept.
        uploads: Where files are.
        one: The import.
        offset: Where the part begins.
        data: The part; empty to finish what an interruption left unfinished.
        later: Has a large file made whole in the background, by `finish`.

    Returns:
        The import as it then stands.

    Raises:
        FirstcontactError: The part does not follow (FC9452), would make the file too long (FC9451), the import is past
            uploading (FC9454), the whole is not what was announced (FC9453), or there is no room (FC9455).
    """
    if one.state != "uploading":
        raise wrong_state(one, clause("an import that is uploading"))
    if offset != one.received:
        raise _wrong_offset(one)
    if offset + len(data) > one.size:
        fault = IMPORT_UNFIT.fault(
            where="the part", saw=clause("{size:,} bytes in all", size=offset + len(data)),
            allowed=clause("{size:,}, as announced", size=one.size), cure="announce the file with its true size",
        )  # fmt: skip
        raise FirstcontactError([fault])
    if data:
        keep = uploads.part(one, offset, data)
        if not imports.receive(one.id, offset, len(data), keep):
            uploads.forget_asides(one)
            raise _wrong_offset(imports.find(one.id) or one)
    now = imports.find(one.id) or one
    if now.received < now.size or now.state != "uploading":
        return now
    if now.size <= AT_ONCE:
        return finish(imports, uploads, now)
    later(now)
    return now


def finish(imports: Imports, uploads: Uploads, one: Import) -> Import:
    """Make a file whole of which every part has arrived, and see that it is the one announced; twice does no harm.

    Raises:
        FirstcontactError: It is another (FC9453), parts are gone (FC9454), or there is no room (FC9455).
    """
    with uploads.whole(one).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    uploading: frozenset[ImportState] = frozenset({"uploading"})
    if one.digest is not None and one.digest != digest:
        fault = CONTENT_WRONG.fault(
            where="the file", saw="another SHA-256", allowed="the one announced", cure="upload it again"
        )
        imports.change(one.id, uploading, state="failed", faults=[fault.as_dict()])
        uploads.drop(one.id)
        raise FirstcontactError([fault])
    changed = imports.change(one.id, uploading, state="uploaded", digest=digest, faults=None)
    uploads.forget_parts(one)
    return changed or imports.find(one.id) or one


def wrong_state(one: Import, allowed: Sentence) -> FirstcontactError:
    """The error for what cannot be done to an import as it stands."""
    fault = STATE_WRONG.fault(where="the import", saw=one.state, allowed=allowed, cure="see its state and faults")
    return FirstcontactError([fault])


def _wrong_offset(one: Import) -> FirstcontactError:
    fault = OFFSET_WRONG.fault(
        where="Upload-Offset",
        saw="another place",
        allowed=f"{one.received}",
        cure="go on where what has arrived ends",
    )
    return FirstcontactError([fault])
