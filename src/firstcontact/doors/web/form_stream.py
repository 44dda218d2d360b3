"""A form with a file, read as it arrives: its fields first, then the file piece by piece, never all of it at once."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress

from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from firstcontact.doors.api.problem import REQUEST_UNREADABLE, ProblemError
from firstcontact.kernel.sentence import Sentence, clause

MOST_FIELD = 4_096
"""Bytes of one field or one head."""

MOST_PARTS = 20

MOST_SKIPPED = 64 << 20
"""Bytes of a refused file that are let pass."""


class FormStream:
    """Reads a form of which the file is the last field.

    Args:
        request: That brings it.

    Raises:
        FirstcontactError: It is no such form (FC9301).
    """

    def __init__(self, request: Request) -> None:
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 0 < len(boundary) <= 200:
            raise _unreadable(clause("another kind of body"))
        self._chunks = request.stream()
        self._events: deque[tuple[str, bytes]] = deque()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": lambda: self._events.append(("begin", b"")),
                "on_header_field": lambda data, start, end: self._events.append(("name", data[start:end])),
                "on_header_value": lambda data, start, end: self._events.append(("value", data[start:end])),
                "on_header_end": lambda: self._events.append(("head", b"")),
                "on_headers_finished": lambda: self._events.append(("heads", b"")),
                "on_part_data": lambda data, start, end: self._events.append(("data", data[start:end])),
                "on_part_end": lambda: self._events.append(("end", b"")),
                "on_end": lambda: self._events.append(("over", b"")),
            },
        )
        self.file_name: str | None = None

    async def fields(self) -> dict[str, str]:
        """The fields before the file; afterwards `file_name` says how the file is called, None where none came.

        Raises:
            FirstcontactError: The form is broken, or a field too long (FC9301).
        """
        found: dict[str, str] = {}
        heads: dict[str, bytes] = {}
        key = name = ""
        value = bytearray()
        parts = size = 0
        async for event, data in self._each():
            if event == "begin":
                parts, heads, key, size, value = parts + 1, {}, "", 0, bytearray()
            elif event == "name":
                key += data.decode("latin-1")
            elif event == "value":
                heads[key.lower()] = heads.get(key.lower(), b"") + data
            elif event == "head":
                key = ""
            elif event == "heads":
                _, options = parse_options_header(heads.get("content-disposition", b""))
                name = options.get(b"name", b"").decode("utf-8", "replace")
                if b"filename" in options:
                    self.file_name = options[b"filename"].decode("utf-8", "replace")
                    return found
            elif event == "data":
                value += data
            elif event == "end" and name not in found:
                found[name] = value.decode("utf-8", "replace")
            size += len(data)
            if parts > MOST_PARTS or size > MOST_FIELD:
                raise _unreadable(clause("more or longer fields"))
        return found

    async def data(self) -> AsyncIterator[bytes]:
        """The file's bytes; to be read after `fields`.

        Raises:
            FirstcontactError: The form breaks off or is broken (FC9301).
        """
        async for event, data in self._each():
            if event == "data":
                yield data
            elif event == "end":
                return
        raise broken_off()

    async def skip(self) -> None:
        """Let what is left pass, as far as that is little: a browser shows an answer only after it has sent all."""
        left = MOST_SKIPPED
        with suppress(ClientDisconnect):
            async for chunk in self._chunks:
                left -= len(chunk)
                if left < 0:
                    return

    async def _each(self) -> AsyncIterator[tuple[str, bytes]]:
        while True:
            while self._events:
                event = self._events.popleft()
                if event[0] == "over":
                    return
                yield event
            chunk = await anext(self._chunks, b"")
            if not chunk:
                return
            try:
                self._parser.write(chunk)
            except MultipartParseError:
                raise _unreadable(clause("no form")) from None


def broken_off() -> ProblemError:
    """The error of a form of which the end never came."""
    return _unreadable(clause("a form that breaks off"))


def _unreadable(saw: Sentence) -> ProblemError:
    fault = REQUEST_UNREADABLE.fault(
        where="body", saw=saw, allowed="a form with a file as its last field", cure="open the page anew, try again"
    )
    return ProblemError([fault])
