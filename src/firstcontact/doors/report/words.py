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
    "repeat_rate": (
        N_("Repeat rate"),
        N_("Contacts that follow another of the same customer and reason inside the window"),
    ),
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
    "audit": N_("audit"),
    "codes": N_("codes"),
    "columns": N_("columns"),
    "contacts": N_("contacts"),
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

POLICY_TRUTH = (N_("By the policy"), N_("The rule of this run, as above"), N_("%(n)s judged"))
"""Name, question and what it rests on, of the policy's own figure."""

TRUTHS: dict[str, tuple[str, str, str]] = {
    "r_fcr": (
        N_("R-FCR: nobody came back because of it"),
        N_("Returns that would have come anyway are taken off; who gave up in silence is not seen"),
        N_("%(n)s issues"),
    ),
    "r_fcr_audited": (
        N_("R-FCR, freed of returns that the records miss"),
        N_("Returns under a wrong reason or another customer record are put back, as an audit found them"),
        N_("%(n)s issues and the audit"),
    ),
    "t_fcr": (
        N_("T-FCR: truly resolved"),
        N_("As a reviewer of the whole case would find; sees those who gave up in silence, too"),
        N_("%(n)s reviewed contacts"),
    ),
    "s_fcr": (
        N_("S-FCR: the customer would say so"),
        N_("If everybody answered, not only those who like to"),
        N_("%(n)s answers"),
    ),
}
"""Name, question and what it rests on, of each answer to what was really resolved."""

TRUTH_SENTENCES: dict[str, str] = {
    "r_fcr": N_("Of 100 issues, about %(about)s brought nobody back because of them."),
    "r_fcr_audited": N_("With the returns that the records miss, it is about %(about)s of 100."),
    "t_fcr": N_("About %(about)s of 100 were truly resolved."),
    "s_fcr": N_("The customers of about %(about)s of 100 would call them resolved."),
}
"""Each answer in a sentence."""

PATTERNS: dict[str, str] = {
    "hour": N_("They come between %(variant)s o'clock"),
    "weekday": N_("They come on a %(variant)s"),
    "event": N_("Shortly before: %(variant)s"),
    "wrong place first": N_("Handed on once: they came in at the wrong place"),
    "to and fro": N_("Handed to and fro: %(variant)s"),
    "wrong queue first": N_("Came into the wrong queue first: %(variant)s"),
    "wrong reason first": N_("Given the wrong reason first: %(variant)s"),
    "escalation": N_("Escalated: %(variant)s"),
    "channel": N_("%(variant)s could not finish: more leave it for another channel than come to it"),
    "waiting": N_("Put on hold for information or a third party"),
    "call-back": N_("Called back by the centre"),
    "asset": N_("The same asset again within 90 days"),
}
"""What failures can have in common, with its variant."""

PATTERN_TITLES: dict[str, str] = {
    "hour": N_("Failures by the hour"),
    "weekday": N_("Failures by the day of the week"),
    "event": N_("Failures after a statement, a payment or a change"),
    "wrong place first": N_("Failures after the wrong place first"),
    "to and fro": N_("Failures after being handed to and fro"),
    "wrong queue first": N_("Failures after the wrong queue first"),
    "wrong reason first": N_("Failures after the wrong reason first"),
    "escalation": N_("Failures by cause of escalation"),
    "channel": N_("Channels that could not finish"),
    "waiting": N_("Failures after waiting for somebody else"),
    "call-back": N_("Failures after a call-back"),
    "asset": N_("The same asset again"),
}
"""The same, of those that could not be looked at."""

EVENT_TIMES: dict[str, str] = {
    ", 0-2 days before": N_("%(event)s, up to 2 days before"),
    ", 3-9 days before": N_("%(event)s, 3 to 9 days before"),
}
"""How long before a contact something happened."""

VARIANTS: dict[str, str] = {
    "Monday": N_("Monday"),
    "Tuesday": N_("Tuesday"),
    "Wednesday": N_("Wednesday"),
    "Thursday": N_("Thursday"),
    "Friday": N_("Friday"),
    "Saturday": N_("Saturday"),
    "Sunday": N_("Sunday"),
    "three times and more": N_("three times and more"),
    "back to an earlier agent": N_("back to an earlier agent"),
    "for want of authority": N_("for want of authority"),
    "for want of knowledge": N_("for want of knowledge"),
    "for want of tool": N_("for want of a tool"),
    "escalated": N_("cause not recorded"),
    "another in the end": N_("another one in the end"),
}
"""Variants of these that every source shares."""

BESTS: dict[str, str] = {
    "its own best teams": N_("its own best teams"),
    "its own best four weeks": N_("its own best four weeks"),
}
"""What a reason is measured by."""

FACTORS: dict[str, str] = {
    "rate": N_("Contacts of the same kind fared differently"),
    "mix: reason": N_("Other reasons came in"),
    "mix: channel": N_("Other channels were used"),
    "mix: team": N_("Other teams took the contacts"),
    "mix: queue": N_("Other queues took the contacts"),
}
"""What can move the figure."""

ANSWERS: dict[str, tuple[str, str]] = {
    "csat_relation": (N_("Satisfaction (CSAT), of 100"), N_("%(value)s points of 100 more content")),
    "nps_relation": (N_("Recommendation (NPS answer), of 10"), N_("%(value)s points of 10 readier to recommend")),
    "ces_relation": (N_("Ease (CES), of 100"), N_("%(value)s points of 100 easier")),
}
"""What customers say, and how much more of it there is where an issue was resolved."""

SAID_BY: dict[str, str] = {
    "resolved by the policy": N_("resolved by the policy, against not"),
    "resolved by the customer's word": N_("resolved by the customer's word, against not"),
    "from week to week": N_("a week with 10 points more FCR"),
}
"""What an answer is held against."""

UNKNOWNS: dict[str, str] = {
    "r_fcr": N_("R-FCR: nobody came back because of it"),
    "r_fcr_audited": N_("R-FCR, freed of returns that the records miss"),
    "t_fcr": N_("T-FCR: truly resolved"),
    "s_fcr": N_("S-FCR: the customer would say so"),
    "repeat_window_days": N_("When customers come back"),
    "downstream_share": N_("What comes next"),
    "opportunity": N_("What could be saved"),
    "driver": N_("What moved the figure"),
    "team_effect": N_("Teams on their own mix of work"),
    "comparison": N_("Teams beside each other"),
    "agent_support": N_("Single agents beside each other"),
    "control_chart": N_("Weeks that stand out"),
    "csat_relation": N_("FCR against satisfaction"),
    "nps_relation": N_("FCR against recommendation"),
    "ces_relation": N_("FCR against ease"),
}
"""What may not be to be concluded."""
