"""The columns that a file is understood by, in words that a first-time user knows."""

from __future__ import annotations

from firstcontact.doors.web.place import N_

COLUMNS: dict[str, tuple[str, str]] = {
    "columns.contact_id": (N_("Number of the contact"), N_("Differs on every contact: ticket number, call id.")),
    "columns.started_at": (N_("Began"), N_("When the customer got in touch; for a ticket, when it was opened.")),
    "columns.ended_at": (N_("Ended"), N_("When it was over; for a ticket, when it was solved or closed.")),
    "columns.customer_id": (N_("Customer"), N_("Who got in touch. Without it nothing can be called a repeat.")),
    "identifiers.phone": (N_("Telephone number"), N_("Also says who got in touch.")),
    "identifiers.email": (N_("E-mail address"), N_("Also says who got in touch.")),
    "identifiers.account": (N_("Account number"), N_("Also says who got in touch.")),
    "columns.channel": (N_("Channel"), N_("Telephone, e-mail, chat and so on.")),
    "columns.direction": (N_("Direction"), N_("Whether the customer or the centre got in touch.")),
    "columns.reason": (N_("Reason"), N_("What it was about: category, call reason, disposition.")),
    "columns.first_reason": (N_("First reason"), N_("The reason before anybody corrected it.")),
    "columns.agent_id": (N_("Agent"), N_("Who handled it last.")),
    "columns.team": (N_("Team"), N_("That agent's team at the time.")),
    "columns.queue": (N_("Queue"), N_("Where it was handled: queue, skill, assignment group.")),
    "columns.first_queue": (N_("First queue"), N_("Where it was first put.")),
    "columns.transfers": (N_("Transfers"), N_("How often it went on to somebody else.")),
    "columns.escalated_to": (N_("Escalated to"), N_("The higher level it went to.")),
    "columns.settled": (N_("Settled"), N_("Its state, which says whether it is solved or closed.")),
    "columns.agent_says_resolved": (N_("Agent says resolved"), N_("Whether the agent marked it resolved.")),
    "columns.wrap_up": (N_("Wrap-up code"), N_("What the agent chose at the end.")),
    "columns.abandoned": (N_("Abandoned"), N_("Whether the customer left before anybody answered.")),
    "columns.queued_at": (N_("Began to wait"), N_("When the customer began to wait.")),
    "columns.answered_at": (N_("Answered"), N_("When somebody answered.")),
    "columns.handle_seconds": (N_("Handling time"), N_("Talk, hold and after-contact work.")),
    "columns.hold_seconds": (N_("Time on hold"), ""),
    "columns.case_id": (N_("Shared number"), N_("A number that several contacts about one matter share.")),
    "columns.asset_id": (N_("Asset"), N_("The device or service it was about.")),
    "columns.language": (N_("Language"), ""),
    "columns.text_ref": (N_("Text"), N_("What was said or written.")),
    "columns.article_ids": (N_("Articles used"), N_("Knowledge articles used.")),
    "columns.cost": (N_("Cost"), N_("What handling it cost, in the policy's currency.")),
    "columns.reason_source": (N_("Who gave the reason"), ""),
    "updates.version": (N_("Number of the update"), N_("Counts the updates of one ticket.")),
    "updates.updated_at": (N_("Updated"), N_("When this update was made.")),
    "updates.state": (N_("State at the update"), ""),
    "updates.reopen_count": (N_("Times reopened"), ""),
    "updates.reopened_at": (N_("Reopened"), N_("When it was opened again.")),
    "surveys.answered_at": (N_("Survey answered"), ""),
    "surveys.resolved": (N_("Customer says resolved"), N_("What the survey says.")),
    "surveys.contacts_needed": (N_("Contacts needed"), N_("How many contacts the customer says it took.")),
    "surveys.csat": (N_("Satisfaction"), ""),
    "surveys.nps": (N_("Likelihood to recommend"), ""),
    "surveys.ces": (N_("Effort"), ""),
}
"""By place in the mapping: what it is called, and what belongs there. In the order of the form."""

FIRST = (
    "columns.contact_id",
    "columns.started_at",
    "columns.ended_at",
    "columns.customer_id",
    "columns.channel",
    "columns.reason",
    "columns.agent_id",
    "columns.team",
    "columns.queue",
)
"""What stands in the form also where nothing was found for it, because figures rest on it."""

KINDS: dict[str, str] = {
    "contact": N_("A row is one contact"),
    "ticket": N_("A row is one ticket, as it stands now"),
    "ticket-update": N_("A row is one update of a ticket"),
}
"""What a row of the file may be."""

FACTS: dict[str, str] = {
    "format": N_("Format"),
    "container": N_("Packed as"),
    "encoding": N_("Encoding"),
    "delimiter": N_("Between columns"),
    "quote": N_("Around texts"),
    "header": N_("First row"),
    "sheet": N_("Sheet"),
}
"""What is known of how a file is written."""

DATES: dict[str, str] = {
    "iso": "2026-03-31 14:05:00",
    "%d/%m/%Y %H:%M": "31/03/2026 14:05",
    "%m/%d/%Y %H:%M": "03/31/2026 14:05",
    "%d.%m.%Y %H:%M": "31.03.2026 14:05",
    "%d-%m-%Y %H:%M": "31-03-2026 14:05",
    "%d/%m/%Y %H:%M:%S": "31/03/2026 14:05:09",
    "%m/%d/%Y %H:%M:%S": "03/31/2026 14:05:09",
    "%d.%m.%Y %H:%M:%S": "31.03.2026 14:05:09",
    "%m/%d/%Y %I:%M %p": "03/31/2026 02:05 PM",
}
"""Ways of writing a moment, each with one written so."""

DATED = frozenset(
    {
        "columns.started_at",
        "columns.ended_at",
        "columns.queued_at",
        "columns.answered_at",
        "updates.updated_at",
        "updates.reopened_at",
    }
)
"""Fields that hold moments, and so have a way of writing."""
