"""Names and fixed sentences of the report, each marked for the translator.

What comes from the data or from somebody's policy file (names, titles) is in the words of whoever wrote it and is not
translated; the page sets it apart. What the program itself says elsewhere is a `kernel.sentence.Sentence`.
"""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802 - the name that gettext's users know
    """Mark a sentence for the translator; it is translated where it is used."""
    return text


MEASURES: dict[str, tuple[str, str]] = {
    "fcr_issue": (
        N_("First contact resolution, of issues"),
        N_("Issues whose first contact was not followed by a return"),
    ),
    "fcr_contact": (
        N_("First contact resolution, of contacts"),
        N_("Contacts of any place in an issue that were not followed by a return"),
    ),
    "repeat_rate": (N_("Repeat rate"), N_("Contacts that were followed by a return for the same reason")),
    "reopen_rate": (N_("Reopen rate"), N_("Contacts that were settled and then opened again")),
    "transfer_rate": (N_("Transfer rate"), N_("Contacts that went to another agent or queue")),
    "escalation_rate": (N_("Escalation rate"), N_("Contacts that went to a higher level")),
    "abandonment_rate": (N_("Abandonment rate"), N_("Contacts that the customer left before being answered")),
    "handle_time": (N_("Handle time"), N_("Talk, hold and after-contact work, minutes and seconds")),
    "service_level": (N_("Service level"), N_("Contacts answered within %(seconds)s seconds; the goal is %(goal)s")),
    "call_resolution": (
        N_("Call resolution"),
        N_("Resolved contacts out of all received; not first contact resolution"),
    ),
    "survey_fcr": (
        N_("First contact resolution, by survey"),
        N_("Customers who say it is resolved and took one contact"),
    ),
    "csat": (N_("Satisfaction (CSAT)"), N_("Mean answer on a scale of 0 to 100")),
    "nps": (N_("Recommendation (NPS)"), N_("Promoters less detractors, −100 to 100")),
    "ces": (N_("Ease (CES)"), N_("Mean answer from 0, hard, to 100, easy")),
}
"""Name and meaning of each measure."""

CAUSES: dict[str, str] = {
    "update": N_("Updates of a contact already read"),
    "duplicate": N_("Exact copies of a row already read"),
    "identifiers": N_("Rows that hold identifiers of a contact"),
    "case_events": N_("Rows that hold events of a contact"),
    "surveys": N_("Rows that hold an answered survey"),
    "reviews": N_("Rows that hold a quality review"),
    "erased": N_("Erased at the customer's request"),
    "no_customer": N_("Customer not known"),
    "no_reason": N_("No reason given"),
    "outbound": N_("Outbound: the centre called"),
    "abandoned": N_("Abandoned before an answer"),
    "self_service": N_("Self-service"),
    "channel": N_("On a channel that the policy leaves aside"),
    "part_of_contact": N_("Transferred legs of a contact already counted"),
    "before_since": N_("Before the period: history only"),
    "after_cutoff": N_("After the cut-off"),
    "not_recorded": N_("What the policy asks for was not recorded"),
    "not_opener": N_("Not the first contact of its issue"),
    "left_censored": N_("Too close to the beginning of the data to know"),
    "immature": N_("Too recent: the window is still open"),
}
"""Why rows and contacts are not counted."""

ROLES: dict[str, str] = {
    "count": N_("judged like any other"),
    "return_only": N_("never judged, but a return all the same"),
    "ignore": N_("as if they had not happened"),
}
"""What the policy makes of special kinds of contact."""

CUTS: dict[str, tuple[str, str]] = {
    "channel": (N_("By channel"), N_("Channel")),
    "team": (N_("By team"), N_("Team")),
    "queue": (N_("By queue"), N_("Queue")),
}
"""Heading of a cut, and of the column of its names."""

CHANNELS: dict[str, str] = {
    "phone": N_("phone"),
    "email": N_("email"),
    "chat": N_("chat"),
    "messaging": N_("messaging"),
    "social": N_("social"),
    "web": N_("web"),
    "self-service": N_("self-service"),
    "walk-in": N_("walk-in"),
    "remote": N_("remote"),
    "(none)": N_("(none)"),
    "(unknown)": N_("(unknown)"),
}
"""Names of channels that every source shares."""

TOPICS: dict[str, str] = {
    "columns": N_("columns"),
    "cut-off": N_("cut-off"),
    "dates": N_("dates"),
    "encoding": N_("encoding"),
    "files": N_("files"),
    "fit": N_("fit"),
    "history": N_("history"),
    "identity": N_("identity"),
    "missing": N_("missing"),
    "policy": N_("policy"),
    "quarantine": N_("quarantine"),
    "quoting": N_("quoting"),
    "reasons": N_("reasons"),
    "reviews": N_("reviews"),
    "risk": N_("risk"),
    "rows": N_("rows"),
    "sheets": N_("sheets"),
    "since": N_("since"),
    "surveys": N_("surveys"),
    "text": N_("text"),
    "units": N_("units"),
    "values": N_("values"),
    "zone": N_("zone"),
}
"""What findings are about."""

SIGNALS: dict[str, str] = {
    "returned": N_("returned"),
    "repeat": N_("repeat"),
    "transfers": N_("transfers"),
    "escalated": N_("escalated"),
    "reopens": N_("reopens"),
    "settled": N_("settled"),
    "settled_times": N_("settled times"),
    "public_replies": N_("public replies"),
    "customer_messages": N_("customer messages"),
    "inbound_activities": N_("inbound activities"),
    "agents": N_("agents"),
    "updates": N_("updates"),
    "awaited": N_("awaited"),
    "minutes_to_settle": N_("minutes to settle"),
    "minutes_to_reply": N_("minutes to reply"),
    "agent_says_resolved": N_("agent says resolved"),
    "survey_resolved": N_("survey resolved"),
    "survey_contacts_needed": N_("survey contacts needed"),
    "channel": N_("channel"),
    "direction": N_("direction"),
}
"""What a policy can ask of a contact, in a word or two."""
