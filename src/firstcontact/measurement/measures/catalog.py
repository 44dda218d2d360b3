"""All measures, in the order in which they are shown. A new one is a file beside this one and a line here."""

from __future__ import annotations

from firstcontact.measurement.measures import (
    abandonment_rate,
    call_resolution,
    ces,
    csat,
    escalation_rate,
    fcr_contact,
    fcr_issue,
    handle_time,
    nps,
    r_fcr,
    reopen_rate,
    repeat_rate,
    s_fcr,
    service_level,
    survey_fcr,
    t_fcr,
    transfer_rate,
)
from firstcontact.measurement.measures.measure import Measure

MEASURES: dict[str, Measure] = {
    module.MEASURE.id: module.MEASURE
    for module in (
        fcr_issue,
        r_fcr,
        t_fcr,
        s_fcr,
        fcr_contact,
        repeat_rate,
        call_resolution,
        reopen_rate,
        transfer_rate,
        escalation_rate,
        abandonment_rate,
        handle_time,
        service_level,
        survey_fcr,
        csat,
        nps,
        ces,
    )
}
