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

AUDITED = "r_fcr_audited"
MISCODED = "r_fcr_if_miscoded"
SPLIT_RECORDS = "r_fcr_if_split"
FURTHER: dict[str, tuple[str, str]] = {
    AUDITED: (
        "R-FCR, freed of returns that the records miss",
        "R-FCR: share of first contacts that cause no return, freed of returns that the records do not link",
    ),
    MISCODED: (
        "R-FCR, if other-reason returns are wrong codes",
        "R-FCR: share of first contacts that cause no return, were unexplained returns for other reasons wrong codes",
    ),
    SPLIT_RECORDS: (
        "R-FCR, if cases under two customers are split records",
        "R-FCR: share of first contacts that cause no return, were returns lost as often as cases change customer",
    ),
}
"""Title and estimand of figures that stand beside the measures, where a run is given what they need."""

TITLES: dict[str, str] = {name: one.title for name, one in MEASURES.items()} | {
    name: title for name, (title, _) in FURTHER.items()
}
"""What each figure for all contacts is called."""
