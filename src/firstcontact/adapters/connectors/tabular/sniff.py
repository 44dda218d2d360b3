"""What a text file is made of: encoding, line ends, delimiter, quoting, header, and how many records it should hold."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firstcontact.adapters.connectors.tabular import fault
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.sentence import Sentence, clause

_CHUNK = 4 << 20
_HEAD = 1 << 17
DELIMITERS = (",", ";", "\t", "|", "^", "~", "\x1f", "\x01", ":", " ")
_WEAK = (":", " ")
_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE_LINES = 4000


@dataclass(frozen=True, slots=True)
class Text:
    """A delimited file made ready for the engine.

    Attributes:
        path: UTF-8 content without byte order mark problems.
        encoding: What it was written in.
        encoding_rests_on: Why that is believed.
        delimiter: Between fields.
        quote: Around fields that hold the delimiter; empty where the file has none.
        escape: Before a quote inside a quoted field.
        skip: Lines above the header (a title, a date of export).
        header: Names in the file's first row, or None when it has no header.
        width: Number of fields of a record.
        records: Records below the header by an independent count, or -1 when it could not be made.
        inner: Line ends inside quotes, or -1 when they could not be counted.
        nuls: NUL characters that were taken out.
        replaced: Characters that the encoding could not read.
    """

    path: Path
    encoding: str
    encoding_rests_on: str
    delimiter: str
    quote: str
    escape: str
    skip: int
    header: tuple[str, ...] | None
    width: int
    records: int
    inner: int
    nuls: int
    replaced: int


@dataclass(frozen=True, slots=True)
class _Scan:
    utf8: bool
    nuls: int
    odd: bytes


def read_shape(
    path: Path, label: str, scratch: Path, *, encoding: str = "", delimiter: str = "", quote: str | None = None,
    header: bool | None = None,
) -> Text:  # fmt: skip
    """Find out how a text file is written, and bring it to UTF-8 when it is not.

    Args:
        path: The plain file.
        label: Its name for messages.
        scratch: Where a transcoded copy may be put.
        encoding: Decided by a person; found where empty.
        delimiter: Likewise.
        quote: Likewise; None to find it.
        header: Likewise.

    Raises:
        FirstcontactError: When the encoding cannot be found, or there is nothing below the header.
    """
    scan = _scan(path)
    found, why = (
        (encoding, Sentence("set-in-mapping", "set in the mapping")) if encoding else _encoding(path, scan, label)
    )
    nuls, replaced = 0, 0
    if found not in ("utf-8", "ascii", "utf-8-sig") or scan.nuls or not scan.utf8:
        path, nuls, replaced = transcode(path, found, label, scratch)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    whole = len(head) < _HEAD
    sample = head.decode("utf-8-sig", errors="ignore")
    lines = sample.splitlines(keepends=True)
    if not whole and len(lines) > 1:
        lines = lines[:-1]
    skip = 0
    separator = re.match(r"sep=(.)\s*$", lines[0], re.IGNORECASE) if lines else None
    if separator:
        delimiter = delimiter or separator[1]
        skip, lines = 1, lines[1:]
    quote_found, escape = _quoting("".join(lines)) if quote is None else (quote, quote)
    delimiter, width, above = _delimiter("".join(lines), delimiter, quote_found)
    rows = _rows("".join(lines), delimiter, quote_found)[above:]
    skip_lines = _lines_above("".join(lines), above, delimiter)
    skip += skip_lines
    above = sum(bool(line.strip()) for line in "".join(lines).splitlines()[:skip_lines])
    if not rows:
        raise FirstcontactError(
            [
                fault.EMPTY.fault(
                    where=label, saw="no line with content", allowed="a header and rows", cure="export again"
                )
            ]
        )
    has_header = _is_header(rows) if header is None else header
    if has_header and len(rows) == 1 and whole:
        raise FirstcontactError(
            [
                fault.HEADER_ONLY.fault(
                    where=label, saw=clause("{count} column names and no row", count=len(rows[0])),
                    allowed="at least one row", cure="check the period and filter of the export",
                )
            ]
        )  # fmt: skip
    records, inner = _records(path, quote_found, escape)
    return Text(
        path, found, why, delimiter, quote_found, escape, skip, tuple(rows[0]) if has_header else None, width,
        records - above - int(separator is not None) - int(has_header) if records >= 0 else -1, inner, nuls, replaced,
    )  # fmt: skip


def _scan(path: Path) -> _Scan:
    """One pass: is it UTF-8, has it NULs, and which stretches are not ASCII (for the detector)."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, nuls, odd = True, 0, bytearray()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            nuls += chunk.count(0)
            if utf8:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    utf8 = False
            if len(odd) < 1 << 18 and not chunk.isascii():
                for line in chunk.split(b"\n")[:200_000]:
                    if not line.isascii() and len(odd) < 1 << 18:
                        odd += line[:2000] + b"\n"
        if utf8:
            try:
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                utf8 = False
    return _Scan(utf8, nuls, bytes(odd))


def _encoding(path: Path, scan: _Scan, label: str) -> tuple[str, str]:
    with path.open("rb") as file:
        head = file.read(1 << 16)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, Sentence("encoding.mark", "byte order mark")
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > 0.2 * len(head):
        zeros = Sentence("encoding.zeros", "a zero at every other byte")
        return ("utf-16-be" if even > odd else "utf-16-le"), zeros
    if scan.utf8:
        if scan.odd:
            return "utf-8", Sentence("encoding.valid", "every byte of the file is valid UTF-8")
        return "utf-8", Sentence("encoding.ascii", "every byte is ASCII")
    import charset_normalizer

    best = charset_normalizer.from_bytes(scan.odd, cp_exclusion=["utf_7"]).best()
    if best is None:
        raise FirstcontactError(
            [
                fault.UNKNOWN_ENCODING.fault(
                    where=label, saw="bytes that fit no encoding well",
                    allowed="UTF-8, or an encoding named in the mapping",
                    cure='set encoding = "…" under [file] in the mapping',
                )
            ]
        )  # fmt: skip
    lines = scan.odd.count(b"\n")
    why = Sentence(
        "encoding.statistics",
        "character statistics of {lines:,} lines that are not ASCII",
        "character statistics of {lines:,} line that is not ASCII",
        "lines",
        lines=lines,
    )
    if best.language and best.language != "Unknown":
        why = Sentence("encoding.language", "{said}, language looks {language}", said=why, language=best.language)
    return best.encoding.replace("_", "-"), why


def transcode(path: Path, encoding: str, label: str, scratch: Path) -> tuple[Path, int, int]:
    """A UTF-8 copy without NULs; says how many NULs and unreadable characters there were."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    except LookupError:
        raise FirstcontactError(
            [
                fault.UNKNOWN_ENCODING.fault(
                    where=label, saw="an encoding name nobody knows", allowed="a name such as cp1251, big5, utf-16",
                    cure="correct encoding under [file] in the mapping",
                )
            ]
        ) from None  # fmt: skip
    target = scratch / f"{len(list(scratch.iterdir()))}-utf8"
    nuls = replaced = 0
    with path.open("rb") as source, target.open("w", encoding="utf-8", newline="") as out:
        while True:
            chunk = source.read(_CHUNK)
            text = decoder.decode(chunk, final=not chunk)
            nuls += text.count("\0")
            replaced += text.count("\ufffd")
            out.write(text.replace("\0", "").replace("\ufeff", ""))
            if not chunk:
                return target, nuls, replaced


def _quoting(sample: str) -> tuple[str, str]:
    edge = r"(?:^|[,;\t|^~\x1f\x01:])"
    double = len(re.findall(edge + r'"', sample, re.MULTILINE))
    single = len(re.findall(edge + r"'[^'\n]*'(?=[,;\t|^~\r\n])", sample, re.MULTILINE))
    if single > double and not double:
        return "'", "'"
    backslash = len(re.findall(r'\\"', sample))
    return '"', "\\" if backslash and not re.search(r'[^,;\t|\n]""[^,;\t|\n]', sample) else '"'


def _rows(sample: str, delimiter: str, quote: str) -> list[list[str]]:
    reader = csv.reader(
        io.StringIO(sample, newline=""), delimiter=delimiter, quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )  # fmt: skip
    rows: list[list[str]] = []
    previous = csv.field_size_limit(1 << 30)
    try:
        for row in reader:
            if row and any(cell for cell in row):
                rows.append(row)
            if len(rows) >= _SAMPLE_LINES:
                break
    except csv.Error:
        pass
    finally:
        csv.field_size_limit(previous)
    return rows


def _delimiter(sample: str, decided: str, quote: str) -> tuple[str, int, int]:
    """The delimiter under which most rows have the same number of fields, the more the better.

    Returns:
        The delimiter, the number of fields, and how many rows stand above the table.
    """
    best, best_score = (decided or ",", 1, 0), -1.0
    for candidate in (decided,) if decided else DELIMITERS:
        rows = _rows(sample, candidate, quote)
        if not rows:
            continue
        widths = Counter(len(row) for row in rows)
        header = len(rows[0])
        # A header's own width wins a tie with the widest agreement, so a mostly ragged file keeps its columns.
        width = max(widths, key=lambda w: (widths[w] + (0.5 if w == header else 0), w))
        if width < 2 and not decided:
            continue
        if candidate in _WEAK and header != width and not decided:
            continue  # what stands inside times and names is a delimiter only where the header has it too
        agree = widths[width] / len(rows)
        weight = 0.4 if candidate in _WEAK else 1.0
        score = weight * agree * (1 - 1 / (1 + width))
        if score > best_score:
            above = next((i for i, row in enumerate(rows) if len(row) >= width), 0)
            above = above if above and all(len(row) < width for row in rows[:above]) and above < 20 else 0
            if above and len(rows[above - 1]) == width - 1 and all(row[-1] == "" for row in rows if len(row) == width):
                above -= 1  # a delimiter at the end of every row but the header's
            best, best_score = (candidate, width, above + _titles(rows[above:], width)), score
    return best


def _titles(rows: list[list[str]], width: int) -> int:
    """How many rows above the header are padded to the table's width, as Excel writes a title above it."""
    alone = 0
    while alone < min(len(rows) - 1, 20) and sum(bool(cell.strip()) for cell in rows[alone]) == 1:
        alone += 1
    if width < 3 or not alone or alone == len(rows) - 1:
        return 0
    # What is alone in its row is a title only where a header follows, with a name for nearly every column.
    filled = sum(bool(cell.strip()) for cell in rows[alone])
    return alone if filled > width // 2 and _is_header(rows[alone:]) else 0


def _lines_above(sample: str, rows: int, delimiter: str) -> int:
    """How many physical lines lie above the row with this number, blank ones and ones of delimiters included."""
    seen = 0
    for number, line in enumerate(sample.splitlines()):
        blank = not line.strip(f"{delimiter}\"' \t\r")
        if seen == rows and not blank:
            return number if rows else 0
        if not blank:
            seen += 1
    return 0


_VALUE_LIKE = re.compile(r"^[\s\d.,:/+\-%$€£TZ]*\d[\s\d.,:/+\-%$€£TZ]*$")


def _is_header(rows: list[list[str]]) -> bool:
    """A first row is a header unless it looks like the rows below: numbers, dates, or the same words again."""
    first = [cell.strip() for cell in rows[0]]
    if any(_VALUE_LIKE.match(cell) for cell in first if cell):
        return False
    below = [{cell.strip() for cell in column} for column in zip(*rows[1:200], strict=False)]
    repeated = sum(bool(cell) and cell in values for cell, values in zip(first, below, strict=False))
    return repeated <= len(first) // 3


def _records(path: Path, quote: str, escape: str) -> tuple[int, int]:
    """Count records without parsing fields (line ends outside quotes, blank lines apart), and line ends inside them.

    It guards the ledger: where the engine's own count differs, the slower reader decides. Backslash escapes make
    quotes uncountable this way, and then the answers are -1.
    """
    if escape == "\\":
        return -1, -1
    mark = ord(quote) if quote else None
    records, inner, inside, length, last = 0, 0, False, 0, 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            data = np.frombuffer(chunk, dtype=np.uint8)
            ends = data == 10
            if mark is not None and (inside or quote.encode() in chunk):
                odd = np.logical_xor.accumulate(data == mark) ^ inside
                inside = bool(odd[-1])
                inner += int((ends & odd).sum())
                ends &= ~odd
            where = np.flatnonzero(ends)
            if len(where) == 0:
                length, last = length + len(data), int(data[-1])
                continue
            sizes = np.diff(where, prepend=-1) - 1
            returns = (data[where - 1] == 13) & (sizes > 0)
            returns[0] |= sizes[0] == 0 and last == 13
            sizes[0] += length
            records += int(((sizes - returns) > 0).sum())
            length, last = len(data) - int(where[-1]) - 1, int(data[-1])
    # What follows the last line end is a record too, unless it is nothing but a carriage return.
    return records + int(length > (1 if last == 13 else 0)), inner
