"""What columns are called in the tables beside the contacts, by table. Earlier names are better."""

from __future__ import annotations

from firstcontact.adapters.connectors.tabular.vocabulary import NAMES, plain_name
from firstcontact.contacts.table import CASE_EVENT_KINDS, TableSpec

_AT = (
    "time", "timestamp", "date", "date time", "event time", "event date", "event at", "event timestamp", "occurred at",
    "occurred on", "occurred", "happened at", "transaction date", "posting date", "statement date", "created at",
    "created on", "created", "updated at", "дата и час", "дата", "час", "תאריך ושעה", "תאריך", "זמן", "日期", "时间",
    "時間",
)  # fmt: skip
_KIND = (
    "type", "event", "event type", "event kind", "event name", "activity", "activity type", "action",
    "transaction type", "събитие", "вид събитие", "вид", "тип", "אירוע", "סוג אירוע", "סוג", "事件", "事件类型", "类型",
    "類型",
)  # fmt: skip
_SINCE = (
    "from", "valid from", "effective from", "since", "start date", "start", "hire date", "hired at", "hired",
    "joined", "join date", "begin date", "от", "начална дата", "מתאריך", "开始日期",
)  # fmt: skip
_UNTIL = (
    "to", "until", "valid to", "valid until", "effective to", "end date", "end", "termination date", "terminated at",
    "leave date", "left", "до", "крайна дата", "עד תאריך", "结束日期",
)  # fmt: skip
_MONEY = ("cost", "price", "amount", "сума", "цена", "סכום", "מחיר", "金额", "金額", "价格")

_NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "identifiers": {
        "kind": ("type", "identifier type", "identifier kind", "id type"),
        "value": ("identifier", "identifier value"),
    },
    "case_events": {
        "at": _AT, "kind": _KIND, "agent_id": NAMES["agent_id"], "channel": NAMES["channel"],
    },
    "reviews": {
        "reviewer": (
            "evaluator", "reviewed by", "evaluated by", "qa agent", "qa analyst", "quality analyst", "assessor",
            "auditor", "rater", "оценител", "בודק", "מעריך", "评审人", "审核人",
        ),
        "reviewed_at": (
            "review date", "reviewed on", "reviewed", "evaluation date", "evaluated at", "evaluated on", "audit date",
            "date", "дата", "תאריך", "日期",
        ),
        "resolved": (
            "is resolved", "issue resolved", "truly resolved", "was resolved", "was the issue resolved",
            "was it resolved", "verdict", "fcr", "решен", "решено", "נפתר", "是否解决", "是否解決",
        ),
        "sampling_probability": (
            "probability", "sampling weight probability", "sample probability", "sampling prob", "sampling rate",
            "inclusion probability", "selection probability", "probability of selection", "sampling fraction",
        ),
    },
    "contact_agents": {
        "agent_id": NAMES["agent_id"], "team": NAMES["team"],
        "role": ("part", "participation", "роля", "תפקיד", "角色"),
        "handle_seconds": NAMES["handle_seconds"],
    },
    "assets": {
        "asset_id": (*NAMES["asset_id"], "id"),
        "model": ("product", "product name", "device model", "model name", "type", "модел", "דגם", "型号", "型號"),
        "vendor": ("manufacturer", "make", "brand", "supplier", "производител", "יצרן", "ספק", "厂商", "品牌"),
        "customer_id": ("used by", "user", "assigned to", "owner", "owned by", *NAMES["customer_id"]),
        "bought_at": (
            "purchase date", "purchased at", "purchased on", "purchased", "bought", "bought on", "date of purchase",
            "install date", "installed at", "installed on", "installed", "in service date", "acquired at", "acquired",
        ),
        "retired_at": (
            "retired", "retired on", "retirement date", "disposal date", "disposed at", "decommissioned",
            "decommissioned at", "end of life", "end of service",
        ),
        "cost": (*_MONEY, "purchase price", "acquisition cost", "value"),
    },
    "customers": {
        "customer_id": (*NAMES["customer_id"], "id"),
        "segment": ("tier", "type", "class", "category", "сегмент", "מגזר", "客户类型"),
        "place": ("country", "region", "city", "location", "state", "държава", "град", "מדינה", "עיר", "国家", "城市"),
        "language": NAMES["language"],
        "value": ("annual value", "yearly value", "annual revenue", "yearly revenue", "arr", "revenue a year"),
        "joined_at": ("customer since", "signup date", "signed up at", "registered at", "registration date",
                      "created at", "onboarded at", *_SINCE),
    },
    "agents": {
        "agent_id": (*NAMES["agent_id"], "id", "name", "employee id", "employee"),
        "team": NAMES["team"],
        "level": ("support level", "tier", "support tier", "line", "grade", "ниво", "רמה", "级别"),
        "joined_at": _SINCE,
        "left_at": _UNTIL,
    },
    "articles": {
        "article_id": ("article number", "article", "kb id", "kb number", "kb article", "number", "key", "id"),
        "title": ("name", "subject", "short description", "headline", "заглавие", "כותרת", "标题", "標題"),
        "reason": NAMES["reason"],
        "language": NAMES["language"],
        "owner": ("author", "owned by", "maintained by", "kept by", "автор", "מחבר", "作者"),
        "reviewed_at": ("last reviewed", "last reviewed at", "last reviewed on", "review date", "last review date",
                        "reviewed", "reviewed on"),
    },
    "crm_events": {
        "customer_id": NAMES["customer_id"],
        "at": _AT,
        "kind": (*_KIND, "category"),
        "amount": (*_MONEY, "value", "total", "sum", "transaction amount"),
    },
}  # fmt: skip
_ROW = {"assets": "asset", "customers": "customer", "agents": "agent", "articles": "article", "reviews": "review",
        "crm_events": "event", "case_events": "event"}  # fmt: skip

KINDS: dict[str, tuple[str, ...]] = {
    "case_events": CASE_EVENT_KINDS,
    "crm_events": ("purchase", "payment", "statement", "address_change"),
}
"""Kinds of events that have a meaning of ours, by table."""

OWN_SURVEY_NAMES: dict[str, tuple[str, ...]] = {
    "csat": ("score", "answer", "customer rating", "stars"),
    "resolved": ("resolved", "is resolved", "issue resolved", "solved", "fcr", "was resolved"),
    "answered_at": (
        "answered at", "responded at", "response date", "response time stamp", "submitted at", "submitted",
        "completed at",
        "completed", "date", "created at", "created", "timestamp", "time", "date submitted", "recorded date",
        "end date",
    ),
}  # fmt: skip
"""Further names in a file of surveys alone, where they can mean nothing else."""


def names_of(spec: TableSpec, column: str) -> tuple[str, ...]:
    """What a column may be called in a file of one table: its own name first, alone and after what a row is.

    >>> from firstcontact.contacts.table import ASSETS
    >>> names_of(ASSETS, "model")[:4]
    ('model', 'asset model', 'product', 'product name')
    """
    row, own = _ROW.get(spec.name), plain_name(column)
    names = _NAMES.get(spec.name, {}).get(column, ())
    alone = (own, f"{row} {own}", *names) if row else (own, *names)
    return tuple(dict.fromkeys((*alone, *(f"{row} {name}" for name in names if row))))
