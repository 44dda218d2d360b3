"""What the common systems call their columns.

Names are compared in a plain form (`plain_name`): lower case, words apart, no punctuation. Earlier names are better.
"""

from __future__ import annotations

import re
import unicodedata

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def names_an_agent(column: str) -> bool:
    """Whether a column's name says that it holds a person of the centre: `Assigned to`, `sys_updated_by`.

    >>> names_an_agent("resolved_by"), names_an_agent("Assignee"), names_an_agent("nearby")
    (True, True, False)
    """
    plain = plain_name(column)
    return plain in NAMES["agent_id"] or plain.endswith(" by")


def plain_name(name: str) -> str:
    """A column name without case, punctuation and run-together words.

    >>> plain_name("callStartTime"), plain_name("u_caller-ID "), plain_name("Име на клиент")
    ('call start time', 'u caller id', 'име на клиент')
    """
    text = unicodedata.normalize("NFKC", name).replace("'", "").replace("’", "")
    text = _CAMEL.sub(" ", text.replace("IDs", "Ids"))
    # Combining marks (Hebrew points) are no separators.
    return " ".join(re.sub(r"[^\w\u0590-\u05c7]+|_", " ", text).lower().split())


CONTACT_IDS = (
    "contact id", "call id", "interaction id", "conversation id", "chat id", "session id", "call uuid", "call sid",
    "ucid",
    "contactid", "interactionid", "conversationid", "callid", "engagement id", "segment id", "master contact id",
    "call key", "unique id", "uniqueid", "uuid", "guid", "record id", "hs object id", "external id", "message id",
    "activity id",
    "contact number", "call number", "interaction number", "call reference", "id", "id контакт", "номер на обаждане",
    "идентификатор", "מזהה שיחה", "מספר שיחה", "מזהה פנייה", "מזהה", "通话编号", "通話編號", "会话编号", "联系编号",
    "呼叫id", "编号", "編號",
)  # fmt: skip
TICKET_IDS = (
    "ticket id", "ticket number", "incident number", "incident id", "case number", "case id", "issue key",
    "request id",
    "ticket no", "ticket", "ticketid", "ticketnumber", "number", "incident", "case", "key", "work order id",
    "request number",
    "sr number", "service request number", "ritm", "task number", "case no", "conversation number",
    "номер на заявка", "заявка",
    "номер", "מספר קריאה", "מספר פנייה", "מספר תקלה", "工单编号", "工單編號", "工单号", "單號", "单号", "案件编号",
    "事件编号",
)  # fmt: skip

NAMES: dict[str, tuple[str, ...]] = {
    "customer_id": (
        "customer id", "requester id", "caller id", "customer", "requester", "caller", "contact id customer",
        "client id", "client",
        "customerid", "cust id", "customer number", "customer no", "account id", "account number", "accountid",
        "contact name", "user id", "userid", "member id", "subscriber id", "patient id", "citizen id",
        "policy number",
        "reporter", "raised by", "requested for", "opened for", "affected user", "end user", "customer user id",
        "customer user", "customeruser", "customer key", "person id", "party id", "consumer id", "visitor id",
        "requester email", "customer email", "contact email", "email", "from address", "requester name",
        "customer name",
        "caller name", "full name", "users requester", "ani", "caller number", "calling number",
        "customer phone number",
        "customer phone", "customer number phone", "customer endpoint address", "from number", "phone number",
        "msisdn",
        "phone", "from", "external participant id", "src", "from no", "calling party", "calling pty", "remote",
        "caller",
        "contact phone number", "associated contact ids", "associated contact", "contact id s", "primary contact",
        "user", "contact", "account name",
        "клиент", "клиентски номер", "номер на клиент",
        "абонат", "потребител", "заявител", "телефон", "לקוח", "מספר לקוח", "מזהה לקוח", "פונה", "שם לקוח", "טלפון",
        "客户", "客戶", "客户编号", "客戶編號", "客户id", "用户id", "用户", "会员号", "手机号", "電話", "电话",
        "联系人",
    ),
    "started_at": (
        "started at", "start time", "start date time", "contact start", "call start", "call start time",
        "conversation start", "segstart",
        "interaction start", "interaction start time", "conversation start time", "initiation timestamp",
        "start timestamp",
        "opened at", "opened", "open date", "opened date", "date opened", "date time opened", "created at",
        "created", "created time",
        "created date", "create date", "createdate", "creation date", "date created", "date created timestamp",
        "ticket created timestamp",
        "ticket created date", "create time", "creation time", "reported date", "submit date", "submitted at",
        "submitted date",
        "reported on", "created on", "start", "startdate", "starttime", "started", "contact start time",
        "contact date",
        "call date time", "call timestamp", "timestamp", "date time", "datetime", "call time stamp",
        "conversation created at",
        "opening date", "date of opening", "master contact start", "connected time", "sys created at",
        "sys created on", "call date", "calldate",
        "received at", "received", "received date", "call received", "date", "time", "начало", "начален час",
        "дата на създаване",
        "създадена", "създаден", "дата и час", "дата на отваряне", "дата", "תאריך פתיחה", "נפתח", "זמן התחלה",
        "תחילת שיחה", "תאריך ושעה",
        "תאריך", "开始时间", "開始時間", "创建时间", "建立時間", "来电时间", "來電時間", "通话开始时间", "受理时间",
        "开始日期", "日期", "时间",
    ),
    "ended_at": (
        "ended at", "end time", "end date", "segstop", "end date time", "contact end", "call end", "call end time",
        "conversation end",
        "interaction end",
        "interaction end time", "conversation end time", "disconnect timestamp", "end timestamp", "resolved at",
        "resolved time",
        "resolved", "resolved date", "resolution date", "date resolved", "solved at", "solved date",
        "ticket solved timestamp",
        "ticket solved date", "resolution time stamp", "solve date", "solved", "closed at", "closed", "closed time",
        "closed date", "close date", "date closed", "date time closed", "hs closed date", "close time",
        "closing date",
        "closed on", "resolved on", "completed at", "completed date", "end", "enddate", "endtime", "ended",
        "disconnect time",
        "last resolved at", "conversation closed at", "last closed at", "date of solving", "solvedate", "closedate",
        "край", "краен час", "дата на решаване",
        "решена", "решен", "приключена", "затворена", "дата на затваряне", "תאריך סגירה", "נסגר", "זמן סיום",
        "סיום שיחה", "结束时间",
        "結束時間", "通话结束时间", "解决时间", "解決時間", "关闭时间", "關閉時間", "完成时间",
    ),
    "queued_at": (
        "queued at", "queue enqueue timestamp", "queue start time", "enqueue timestamp", "queue time stamp",
        "queue enter time",
        "queue entry time",
        "in queue at", "entered queue", "acd start", "queue start",
    ),
    "answered_at": (
        "answered at", "answer time", "agent connected to agent timestamp", "first teammate replied at",
        "answered time stamp", "agent connected at", "connected to agent timestamp",
        "agent connected time", "connect time", "first response at", "first responded at", "initially assigned at",
        "first reply at",
        "answered date", "accepted at", "час на отговор", "זמן מענה", "接听时间", "接聽時間", "应答时间",
    ),
    "channel": (
        "channel", "contact type", "ticket channel", "channel type", "media type", "mediatype", "contact channel",
        "origin", "case origin",
        "ticket source", "via channel", "via", "created via", "contact method", "communication channel",
        "request source",
        "request type channel", "requesttypes name", "hs ticket source", "conversation channel",
        "conversation source type",
        "source type", "reported source", "create article type", "media", "interaction channel", "contact medium",
        "skill channel",
        "source", "канал", "тип контакт", "източник", "ערוץ", "ערוץ פנייה", "סוג פנייה", "מקור", "渠道", "管道",
        "来源",
        "來源", "联系方式",
    ),
    "direction": (
        "direction", "call direction", "contact direction", "interaction direction", "initiation method",
        "originating direction",
        "conversation direction", "call type", "inbound outbound", "in out", "dcontext", "посока", "כיוון", "方向",
        "呼叫方向",
    ),
    "agent_id": (
        "agent id", "agent", "agent name", "teammate assigned", "anslogin", "assigned to", "assignee", "assignee id",
        "assignee name",
        "agent username", "owner",
        "owner id", "hubspot owner id", "case owner", "owner name", "ticket owner", "handled by", "agent email",
        "technician", "operator", "representative", "rep", "csr", "advisor", "teammate assigned", "resolver",
        "resolved by",
        "users assigned", "user name", "username", "users", "agent full name", "assigned agent", "answered by",
        "агент", "оператор", "служител",
        "изпълнител", "נציג", "שם נציג",
        "מטפל", "坐席", "座席", "客服", "客服人员", "处理人", "處理人", "坐席工号",
    ),
    "team": (
        "team", "team name", "agent team", "department", "agent group", "site", "team assigned", "agent hierarchy",
        "team id",
        "owner team", "hs team", "екип", "отдел", "צוות", "מחלקה", "团队", "團隊", "部门", "部門",
    ),
    "queue": (
        "queue", "queue name", "dispsplit", "assignment group", "group", "skill", "skill name", "ticket group",
        "assigned group",
        "group name",
        "routing queue", "support group", "owning group", "hs pipeline", "campaign", "campaign name", "queue id",
        "acd queue", "ring group",
        "groups assigned", "workgroup", "service group", "assigned team", "опашка", "група", "תור", "קבוצה",
        "קבוצת טיפול", "队列", "隊列",
        "技能组", "技能組", "处理组",
    ),
    "reason": (
        "reason", "contact reason", "call reason", "case reason", "category", "ticket category", "topic",
        "request type",
        "issue type", "ticket type",
        "issue category", "type", "problem type", "incident type", "call type reason",
        "subject category",
        "hs ticket category", "reason code", "contact driver", "call driver",
        "itilcategories id",
        "service", "product", "classification", "intent", "conversation topic", "tags", "причина", "категория",
        "тема", "тип",
        "повод", "סיבה", "סיבת פנייה", "קטגוריה", "נושא", "原因", "来电原因", "來電原因", "类别", "類別", "分类",
        "分類", "问题类型",
        "問題類型", "业务类型",
    ),
    "first_queue": (
        "first queue", "initial queue", "original queue", "first queue name", "initial queue name", "entry queue",
        "initial assignment group", "original assignment group", "first assignment group", "initial group",
        "original group", "first group", "initial assigned group", "original assigned group", "first assigned group",
        "initial support group", "original support group", "first support group", "first skill", "initial skill",
        "original skill", "original queue name", "queue first", "group first assigned", "първа опашка",
        "първоначална група", "първоначална опашка", "תור ראשון", "תור מקורי", "קבוצה ראשונה", "初始队列",
        "首个队列", "原队列", "初始隊列", "初始技能组", "初始处理组",
    ),
    "first_reason": (
        "first reason", "initial reason", "original reason", "first category", "initial category",
        "original category", "first contact reason", "initial contact reason", "original contact reason",
        "original case reason", "initial call reason", "original ticket category", "initial ticket category",
        "first topic", "initial topic", "original topic", "original request type", "initial request type",
        "original type", "initial type", "original classification", "initial classification", "first classification",
        "opened category", "reported category", "първа причина", "първоначална причина", "първоначална категория",
        "סיבה ראשונה", "סיבה מקורית", "קטגוריה מקורית", "קטגוריה ראשונית", "初始原因", "初始类别", "原始类别",
        "初始分类", "原类别", "初始類別",
    ),
    "wrap_up": (
        "wrap up", "wrapup", "lastcwc", "wrap up code", "wrapup code", "wrap up codes", "wrap up name", "disposition",
        "disposition code", "disposition name",
        "call disposition",
        "closed code", "close code", "resolution code", "resolution", "outcome", "result", "call result",
        "closure code", "conclusion",
    ),
    "agent_says_resolved": (
        "agent says resolved", "fcr", "first contact resolution", "first call resolution", "is fcr",
        "resolved on first contact",
        "resolved first contact", "issue resolved", "resolved flag", "is resolved", "first contact resolved",
        "fcr flag",
        "resolved by agent", "решен при първи контакт", "נפתר בשיחה ראשונה", "首次解决", "是否解决", "首次解決",
    ),
    "settled": (
        "settled", "state", "status", "incident state", "ticket status", "ticket state", "issue status",
        "case status", "hs pipeline stage",
        "ticket stage", "conversation state", "request status", "status name", "статус", "състояние", "סטטוס",
        "מצב", "状态", "狀態", "工单状态",
    ),
    "abandoned": (
        "abandoned", "is abandoned", "abandon", "abandoned flag", "call abandoned", "abandon flag", "was abandoned",
        "изоставен", "изоставено",
        "ננטש", "放弃", "放棄", "是否放弃",
    ),
    "transfers": (
        "transfers", "transfer count", "reassignment count", "number of transfers", "transferred count",
        "reassignments", "num transfers", "n transfers", "transfer times", "transferred",
        "прехвърляния", "העברות", "转接次数", "轉接次數",
    ),
    "escalated_to": ("escalated to", "escalation level", "escalation group", "escalated team", "escalated group",
        "tier escalated to"),
    "handle_seconds": (
        "handle seconds", "handle time", "total handle", "handling time", "total handle time", "aht",
        "handle duration", "t handle",
        "thandle", "agent time", "handle", "total handling time", "agent handle time", "handled time",
        "conversation handling time", "处理时长", "обслужване", "זמן טיפול",
    ),
    "hold_seconds": ("hold seconds", "hold time", "holding time", "ansholdtime", "onholdtime", "holdtime",
    "total hold", "hold",
        "agent customer hold duration", "customer hold duration", "hold duration", "total hold time",
        "agent hold time", "задържане", "保持时长"),
    "case_id": (
        "case id", "ticket id", "case number", "ticket number", "parent id", "case", "ticket", "related ticket",
        "related case",
        "incident number", "problem id", "parent case", "sr number",
    ),
    "asset_id": (
        "asset id", "asset", "cmdb ci", "configuration item", "ci", "affected ci", "serial number", "device id",
        "asset tag", "device",
        "vehicle id", "meter id", "актив", "נכס", "设备", "资产编号", "設備",
    ),
    "language": ("language", "locale", "lang", "requester language", "customer language", "conversation language",
        "език", "שפה", "语言", "語言"),
    "reason_source": ("reason source",),
    "text_ref": ("text ref", "transcript id", "transcript ref", "recording id"),
    "article_ids": ("article ids", "articles", "kb article", "knowledge article", "article id", "article number"),
    "cost": ("cost", "contact cost", "handling cost", "cost per contact", "total cost", "цена", "עלות", "成本"),
}  # fmt: skip

TALK_NAMES = (
    "talk time", "total talk time", "agent talk time", "talk duration", "talk", "talktime", "talking",
    "t talk complete",
    "total talk", "agent interaction duration", "agent agent interaction duration", "billsec", "bill seconds",
    "talk time seconds", "разговор", "време на разговор", "זמן שיחה", "通话时长", "通話時長",
)  # fmt: skip
AFTER_NAMES = (
    "after call work", "after call work time", "acw", "acw time", "acwtime", "total acw", "after contact work",
    "after contact work duration", "agent after contact work duration", "after contact work time", "after call time",
    "wrap up time", "wrapup time", "wrap time", "wrap up duration", "after work time", "t acw", "post call work",
    "обработка след разговор", "זמן סיכום", "话后处理时长",
)  # fmt: skip
WHOLE_NAMES = (
    "call duration", "duration", "duration seconds", "conversation duration", "total duration", "contact duration",
    "interaction duration", "call time", "call length", "total time", "продължителност", "времетраене", "משך שיחה",
    "משך", "时长",
)  # fmt: skip
"""Names of the parts of handling, and of the whole length of a contact, for sources that hold no total."""

DEEPER_REASONS = (
    "subcategory", "sub category", "u subcategory", "subreason", "sub reason", "reason 2", "category 2", "level 2",
    "subtopic",
    "sub type", "subtype", "category level 2", "reason detail", "issue subtype", "item", "subcategory 2",
    "category 3", "level 3",
    "category level 3", "reason 3", "подкатегория", "תת קטגוריה", "תת נושא", "子类别", "子類別", "二级分类",
    "子分类", "细分类型",
)  # fmt: skip
FIRST_DEEPER_REASONS = tuple(
    f"{first} {level}" for first in ("first", "initial", "original") for level in ("subcategory", "sub category",
    "subreason", "sub reason", "subtopic", "subtype", "sub type", "reason detail", "category 2", "reason 2")
)  # fmt: skip
FIRST_LEVELS = ("level 1", "reason 1", "category 1", "category level 1")

SECOND_HALF = (
    "time",
    "start time",
    "opened time",
    "created time",
    "call time",
    "hour",
    "end time",
    "closed time",
    "час",
    "שעה",
    "时间",
    "時間",
)

UPDATE_NAMES: dict[str, tuple[str, ...]] = {
    "version": ("sys mod count", "mod count", "version", "update number", "sequence", "revision", "history number",
        "update count", "seq"),
    "updated_at": (
        "sys updated at", "sys updated on", "updated at", "updated", "last updated", "last modified",
        "last modified date",
        "modified at", "modified on", "last update", "last update time", "last updated at", "last updated date",
        "last update date",
        "last update timestamp", "last updated time", "last modified time", "updated time", "updated date",
        "update date", "modified", "modified date", "date modified", "обновена", "последна промяна", "עדכון אחרון",
        "date mod", "last modified at", "update time", "change time",
        "history created", "event time",
        "activity date", "hs lastmodifieddate", "updated on", "ticket updated timestamp", "промяна", "עודכן",
        "更新时间", "更新時間",
    ),
    "state": NAMES["settled"],
    "reopen_count": ("reopen count", "reopens", "reopened count", "number of reopens", "times reopened", "reopen",
        "count reopens", "reopened times"),
    "reopened_at": ("reopened at", "reopened time", "last reopened at", "reopen date", "reopened date"),
}  # fmt: skip

SURVEY_NAMES: dict[str, tuple[str, ...]] = {
    "csat": (
        "csat", "csat score", "satisfaction", "satisfaction score", "satisfaction rating", "customer satisfaction",
        "satisfaction rating score",
        "survey score", "survey rating", "rating", "csat rating", "conversation rating", "survey result",
        "ticket satisfaction rating", "overall satisfaction", "survey results",
        "удовлетвореност", "оценка", "שביעות רצון", "满意度", "滿意度", "满意度评分", "评分",
    ),
    "nps": ("nps", "nps score", "likelihood to recommend", "net promoter score", "recommend score",
        "recommendation", "推荐度"),
    "ces": ("ces", "customer effort score", "effort", "effort score", "ease", "ease score", "customer effort"),
    "resolved": (
        "survey resolved", "was your issue resolved", "issue resolved survey", "customer says resolved",
        "resolved survey",
        "survey issue resolved", "did we resolve your issue", "survey fcr", "was your problem solved",
        "решен ли е проблемът",
    ),
    "contacts_needed": ("contacts needed", "number of contacts needed", "how many contacts",
        "how many times did you contact us", "survey contacts"),
    "answered_at": ("survey answered at", "survey date", "survey time", "survey completed at",
        "survey response date", "rated at", "feedback date"),
}  # fmt: skip

IDENTIFIER_NAMES: dict[str, tuple[str, ...]] = {
    "phone": (
        "phone", "phone number", "ani", "caller id", "calling pty", "work phone", "src", "from no", "caller number",
        "calling number", "customer phone",
        "customer phone number", "from number", "mobile",
        "mobile phone", "requester phone", "contact phone", "customer endpoint address", "msisdn", "cli",
        "telephone", "customer number phone",
        "телефон", "телефонен номер", "мобилен", "טלפון", "מספר טלפון", "נייד", "电话", "電話", "电话号码", "手机",
        "手机号", "手機",
    ),
    "email": (
        "email", "e mail", "email address", "requester email", "customer email", "contact email", "from address",
        "from email", "sender",
        "sender email", "user email", "имейл", "поща", "אימייל", "דואר אלקטרוני", "邮箱", "电子邮件", "電子郵件",
        "郵箱",
    ),
    "account": (
        "account", "account id", "account number", "account no", "contract number", "subscription id", "company id",
        "organization id",
        "policy number", "сметка", "партида", "абонатен номер", "договор", "מספר חשבון", "账号", "帳號", "账户",
        "合同号",
    ),
}  # fmt: skip

DAY_FIRST_EXCEPT = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Phoenix",
                    "America/Detroit", "America/Anchorage", "America/Boise", "America/Indiana/", "America/Kentucky/",
                    "America/North_Dakota/", "America/Menominee", "America/Juneau", "Pacific/Honolulu", "US/",
                    "Asia/Manila")  # fmt: skip
"""Zones of people who write the month first."""
