"""Whether a file mentions a person: its text word by word, the columns of Parquet cell by cell."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from firstcontact.services.mention import Mention

_BLOCK = 1 << 22
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PACKED = (
    b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd", b"\xd0\xcf\x11\xe0", b"PAR1",
)  # fmt: skip
"""How archives, packed files, workbooks and tables begin."""
_EDGE = 4
"""Characters beyond a word that say whether it ends there."""


def file_mentions(path: Path, mention: Mention) -> bool:
    """Whether a value stands in a file as a word, or whole where a column names a customer.

    Args:
        path: The file; Parquet is read by column, for its pages are compressed.
        mention: Whom it may mention.
    """
    try:
        if path.suffix == ".parquet":
            return any(
                _column_mentions(name, column, mention)
                for batch in pq.ParquetFile(path).iter_batches()
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            )
        return bool(mention.words) and _text_mentions([path], mention)
    except FileNotFoundError:
        return False  # gone meanwhile


def upload_may_mention(paths: Sequence[Path], mention: Mention) -> bool:
    """Whether a file that somebody sent mentions a person, or cannot be looked into.

    Args:
        paths: The file, or its parts in their order.
        mention: Whom it may mention.
    """
    try:
        if len(paths) == 1 and paths[0].suffix == ".parquet":
            return file_mentions(paths[0], mention)
        with paths[0].open("rb") as file:
            begin = file.read(_BLOCK)
        # Text has no such characters, unless two bytes are one of them; what is packed has them soon.
        closed = b"\0" in begin and begin[:2] not in _WIDE
        return closed or begin.startswith(_PACKED) or (bool(mention.words) and _text_mentions(paths, mention))
    except FileNotFoundError:
        return False  # gone meanwhile
    except (pa.ArrowException, OSError):
        return True


def _text_mentions(paths: Sequence[Path], mention: Mention) -> bool:
    longest = max(len(form) for form in mention.forms) + 2 * _EDGE
    decoder, before = None, ""
    for block in _blocks(paths):
        decoder = decoder or codecs.getincrementaldecoder("utf-16" if block[:2] in _WIDE else "utf-8")("replace")
        text = before + decoder.decode(block, final=not block)
        end = len(text) - _EDGE if block else len(text)
        begin = _EDGE if before else 0
        # What touches an edge of the block is judged in the next one, or was in the one before.
        if any(start >= begin and stop <= end for start, stop in mention.places(text)):
            return True
        before = text[-longest:]
    return False


def _blocks(paths: Sequence[Path]) -> Iterator[bytes]:
    """Blocks of files one after the other, then an empty one."""
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
    yield b""


def _column_mentions(name: str, column: Any, mention: Mention) -> bool:
    if name == "customer_id":
        return any(mention.names(value) for value in pc.unique(column).to_pylist())
    if name == "identifiers":
        return any(mention.names(pair["value"]) for pairs in column.to_pylist() for pair in pairs or ())
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return any(mention.in_cell(value) for value in pc.unique(column).to_pylist() if value is not None)
    if pa.types.is_nested(column.type):
        return any(mention.in_data(value) for value in column.to_pylist())
    return False
