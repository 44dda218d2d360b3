"""What can be wrong with a file or a mapping, as permanent codes."""

from __future__ import annotations

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind


def _kind(code: str, title: str, about: str) -> ErrorKind:
    return ErrorKind(code, title, EXIT_INPUT, about)


NOT_FOUND = _kind("FC1001", "there is no such file", "The path names nothing. Check the spelling and the directory.")
NOT_READABLE = _kind(
    "FC1002", "the file may not be read", "The operating system refuses access. Check the file's permissions."
)
EMPTY = _kind("FC1003", "the file is empty", "The file, or what is packed in it, has no content.")
HEADER_ONLY = _kind("FC1004", "the file has a header and no rows", "There is nothing to measure. Check the export.")
BINARY = _kind(
    "FC1005",
    "the file is not a table",
    "The content is neither text nor one of the table formats that can be read, whatever the name says.",
)
UNSUPPORTED = _kind(
    "FC1006",
    "this kind of file cannot be read",
    "Readable are CSV, TSV and other delimited text, Excel, Parquet and JSON lines, each plain, in gzip or in zip.",
)
TRUNCATED = _kind(
    "FC1007",
    "the archive is damaged or cut off",
    "A gzip or zip file ends too early or its checksum does not fit. Transfer it again.",
)
ENCRYPTED = _kind("FC1008", "the file is encrypted", "Decrypt it first; firstcontact never asks for passwords.")
BOMB = _kind(
    "FC1009",
    "the archive unpacks to far more than a table would",
    "The unpacked size, or its ratio to the packed size, is beyond what an honest export reaches, or there is no room "
    "for it in the temporary directory.",
)
UNSAFE_NAME = _kind(
    "FC1010",
    "the archive holds a name that leads outside it",
    "A member is called `../something` or begins at the root, as attacks do. Pack the export again.",
)
SEVERAL_SHAPES = _kind(
    "FC1011",
    "the files do not hold the same kind of rows",
    "Files read together must share the columns that the mapping needs. Read the others apart, or name them after "
    "the table they hold (identifiers, surveys, reviews, case_events, crm_events and so on).",
)
NO_START = _kind(
    "FC1012",
    "no column says when a contact began",
    "No column was found whose values are moments. Without one nothing can be called a repeat.",
)
MIXED_ORDER = _kind(
    "FC1013",
    "a column mixes day/month and month/day",
    "Some values are possible only as day/month and others only as month/day, too many to be typing errors, so the "
    "values that fit both cannot be trusted either.",
)
NO_ROW_LEFT = _kind(
    "FC1014",
    "no row can be used",
    "Every row was set aside. The list says for which causes; correct them or the mapping.",
)
UNKNOWN_ENCODING = _kind(
    "FC1015", "the file's character encoding is not known", "Name it under [file] in the mapping, or export as UTF-8."
)
DAMAGED = _kind(
    "FC1016",
    "the file is damaged",
    "The content begins like the format its name promises, but cannot be read to its end.",
)
MAPPING_SYNTAX = _kind("FC1020", "the mapping is not valid TOML", "The message names line and column.")
MAPPING_KEY = _kind(
    "FC1021",
    "the mapping has an unknown key",
    "Only the documented keys are allowed, so that a typing error is not silently ignored.",
)
MAPPING_VALUE = _kind("FC1022", "the mapping has a value that is not allowed", "The message says what is.")
MAPPING_COLUMN = _kind(
    "FC1023", "the mapping names a column that the file does not have", "Column names are compared exactly, case apart."
)
NO_SUCH_EXTRA = _kind(
    "FC1024", "a further column that was asked for does not exist", "Names are those of the file, case apart."
)
UNKNOWN_ZONE = _kind("FC1025", "there is no such time zone", "Zones are named like `Europe/Sofia`.")
