"""What the interface calls the tables of `contacts.table`: their own names. A test holds the two together."""

from __future__ import annotations

from typing import Literal

CompanionName = Literal[
    "identifiers",
    "case_events",
    "surveys",
    "reviews",
    "contact_agents",
    "assets",
    "customers",
    "agents",
    "articles",
    "crm_events",
]
"""A table beside the contacts."""

TableName = Literal["contacts", CompanionName]
"""Any table that can be sent."""
