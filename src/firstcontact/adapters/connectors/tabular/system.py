"""Which system an export comes from, by the column names that only it uses together."""

from __future__ import annotations

from collections.abc import Iterable

SYSTEMS: dict[str, tuple[frozenset[str], ...]] = {
    "ServiceNow": (frozenset({"number", "opened", "assignment group",
    "caller"}), frozenset({"sys mod count"}), frozenset({"incident state", "opened at"}), frozenset({"cmdb ci",
        "assignment group"})),
    "Zendesk": (frozenset({"ticket id", "requester id",
        "via channel"}), frozenset({"assignee stations"}), frozenset({"ticket created timestamp"})),
    "Jira Service Management": (frozenset({"issue key", "reporter"}),),
    "Freshdesk": (frozenset({"ticket id", "resolved time", "created time"}),),
    "Genesys Cloud": (frozenset({"conversation id", "media type"}), frozenset({"conversation id", "ani", "dnis"})),
    "Amazon Connect": (frozenset({"initiation timestamp", "disconnect timestamp"}),),
    "Salesforce Service": (frozenset({"case number", "case origin"}), frozenset({"case number", "date time opened"})),
    "HubSpot": (frozenset({"ticket name", "ticket status",
    "create date"}), frozenset({"hs pipeline stage"}), frozenset({"hs ticket category"}), frozenset({"hs object id"})),
    "Intercom": (frozenset({"conversation id", "teammate assigned"}),),
    "GLPI": (frozenset({"itilcategories id"}), frozenset({"date mod", "users requester"})),
    "OTRS/Zammad": (frozenset({"ticketnumber", "customeruser"}), frozenset({"ticket number", "customer user"})),
    "Five9": (frozenset({"call id", "campaign", "disposition", "skill"}), frozenset({"call id", "disposition",
        "dnis"})),
    "NICE CXone": (frozenset({"master contact id"}),),
    "Asterisk": (frozenset({"src", "dst", "disposition", "billsec"}), frozenset({"calldate", "src", "dst"})),
    "3CX": (frozenset({"historyid", "callid", "time start"}), frozenset({"call time", "caller id", "destination",
        "ringing", "talking"})),
    "Avaya CMS": (frozenset({"ucid", "segstart", "talktime"}), frozenset({"callid", "segment", "acwtime"})),
    "Dynamics 365": (frozenset({"ticketnumber", "customerid", "createdon"}), frozenset({"case number", "customer",
        "created on", "status reason"})),
    "Talkdesk": (frozenset({"interaction id", "ring groups"}), frozenset({"call sid", "ring groups"})),
}  # fmt: skip
"""Sets of plain column names that only this system uses together."""


def name_system(columns: Iterable[str]) -> str | None:
    """The system with these columns, named in the plain form of `vocabulary.plain_name`.

    >>> name_system(["sys mod count", "number"])
    'ServiceNow'
    """
    have = set(columns)
    return next((system for system, marks in SYSTEMS.items() if any(mark <= have for mark in marks)), None)
