"""All sections of the report below its opening, in their order. A new one is a file beside this one and a line here."""

from __future__ import annotations

from collections.abc import Callable

from firstcontact.doors.report.section import Section
from firstcontact.doors.report.sections import (
    account,
    companion,
    course,
    cut,
    definition,
    downstream,
    driver,
    first,
    method,
    noticed,
    opportunity,
    returning,
    root_cause,
    satisfaction,
    team,
    truth,
    unknown,
    young,
)
from firstcontact.doors.report.writer import Writer
from firstcontact.services.run import Run

SECTIONS: tuple[Callable[[Run, Writer], list[Section]], ...] = (
    truth.write,
    first.write,
    course.write,
    young.write,
    cut.write,
    returning.write,
    downstream.write,
    root_cause.write,
    opportunity.write,
    driver.write,
    team.write,
    satisfaction.write,
    unknown.write,
    companion.write,
    definition.write,
    account.write,
    noticed.write,
    method.write,
)
