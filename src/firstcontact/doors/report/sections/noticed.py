"""What the program noticed and assumed, and what each finding rests on."""

from __future__ import annotations

from firstcontact.doors.report.section import Section
from firstcontact.doors.report.writer import Writer
from firstcontact.services.run import Run


def write(run: Run, writer: Writer) -> list[Section]:
    """The section; none where nothing was noticed."""
    title = writer.say("What was noticed and assumed")
    return [Section("noticed", title, part="noticed", data=run.findings)] if run.findings else []
