"""What the words in a source's columns mean: channels, directions, states, yes and no, outcomes of a call."""

from __future__ import annotations

import re

CHANNEL_WORDS: dict[str, str] = {
    word: channel
    for channel, words in {
        "phone": (
            "phone", "voice", "call", "telephone", "tel", "inbound call", "outbound call", "phone call", "calls",
            "callback", "hotline", "voicemail", "call center",
            "phone call (inbound)", "phone call (outbound)", "phonecall", "pstn", "telephony", "sip", "телефон",
            "обаждане", "טלפון", "שיחה", "电话", "電話",
            "通话", "語音", "语音", "来电", "helpdesk call",
        ),
        "email": ("email", "e-mail", "mail", "e mail", "inbound email", "email message", "имейл", "поща", "דוא\"ל",
            "אימייל", "מייל", "邮件", "電子郵件", "邮箱", "郵件", "电子邮件"),
        "chat": ("chat", "webchat", "web chat", "live chat", "livechat", "online chat", "virtual chat",
            "web messaging chat", "native_chat", "chat_message", "чат", "צ'אט", "צאט", "聊天", "在线客服",
            "線上客服"),
        "messaging": (
            "messaging", "sms", "whatsapp", "message", "telegram", "viber", "wechat", "line", "text",
            "text message", "facebook messenger", "messenger", "imessage", "native_messaging",
            "webmessaging", "web messaging", "mms", "apple messages", "push", "messages", "съобщение", "וואטסאפ",
            "הודעה", "微信", "短信", "簡訊",
        ),
        "social": ("social", "facebook", "twitter", "x", "instagram", "social media", "linkedin", "youtube",
            "tiktok", "facebook post", "twitter post", "trustpilot", "reddit", "weibo", "социални мрежи", "微博",
            "社交媒体"),
        "web": (
            "web", "web form", "webform", "form", "portal", "website", "customer portal", "service portal",
            "web widget", "widget", "feedback widget", "help center", "helpcenter", "web service",
            "employee center", "jira", "api", "mobile app", "app", "mobile", "contact form", "internet", "web case",
            "online", "forum", "уеб", "сайт", "אתר", "טופס", "网页", "網頁", "网站", "表单",
        ),
        "self-service": ("self-service", "self service", "ivr", "selfservice", "bot", "chatbot", "virtual agent",
            "voicebot", "virtual assistant", "knowledge base", "автомат", "בוט", "自助", "机器人", "自助服务"),
        "walk-in": ("walk-in", "walk in", "walkin", "branch", "in person", "in-person", "counter", "visit",
            "direct", "office", "face to face", "store", "на място", "клон", "סניף", "现场", "門市", "柜台", "门店"),
        "remote": ("remote", "remote session", "screen share", "cobrowse", "co-browse", "teamviewer", "video",
            "video call", "отдалечено", "远程", "视频"),
    }.items()
    for word in words
}  # fmt: skip

DIRECTION_WORDS: dict[str, str] = {
    word: direction
    for direction, words in {
        "inbound": ("inbound", "in", "incoming", "i", "inbound call", "from customer", "received", "queue_transfer",
            "transfer", "missed", "abandoned", "short_abandoned", "short abandoned", "voicemail", "from-trunk",
            "from-pstn", "from-did-direct", "ext-queues", "from-external", "входящо",
            "входящ", "נכנסת", "נכנס", "呼入", "来电", "inbound email"),
        "outbound": ("outbound", "out", "outgoing", "outbound_missed", "outbound missed", "o", "outbound call",
        "callback", "to customer", "dialer",
            "external_outbound", "from-internal", "outbound-allroutes", "изходящо", "изходящ", "יוצאת", "יוצא",
            "呼出", "去电", "manual", "predictive"),
    }.items()
    for word in words
}  # fmt: skip

TRUE_WORDS = frozenset(
    {"true", "t", "yes", "y", "1", "1.0", "on", "x", "✓", "да", "вярно", "כן", "是", "对", "有", "oui", "ja", "si",
        "sí", "sim", "solved", "resolved", "abandoned", "abandon", "已解决"}
)  # fmt: skip
FALSE_WORDS = frozenset(
    {"false", "f", "no", "n", "0", "0.0", "off", "не", "грешно", "לא", "否", "不", "无", "没有", "non", "nein", "não",
        "unsolved", "unresolved", "not resolved", "answered", "handled", "未解决"}
)  # fmt: skip

SETTLED_STATES = frozenset(
    {
        "resolved", "closed", "solved", "done", "complete", "completed", "cancelled", "canceled", "closed complete",
        "closed successful",
        "closed unsuccessful", "closed incomplete", "closed skipped", "closed abandoned", "fixed", "merged",
        "archived", "finished", "resolved by caller",
        "closed won", "closed - resolved", "pending close", "auto closed", "declined", "rejected", "3 - closed",
        "6", "7",
        "решен", "решена", "затворен", "затворена", "приключен", "приключена", "изпълнена", "נפתר", "נסגר", "סגור",
        "סגורה", "טופל", "הושלם",
        "已解决", "已解決", "已关闭", "已關閉", "关闭", "完成", "已完成", "结案", "已结案", "結案", "clos", "résolu",
        "geschlossen", "gelöst",
        "cerrado", "resuelto",
    }
)  # fmt: skip
OPEN_STATES = frozenset(
    {
        "new", "open", "active", "working", "in progress", "assigned", "work in progress", "reopened", "re-opened",
        "reopen",
        "to do", "todo", "backlog", "waiting for support", "queued", "accepted",
        "processing", "processing (assigned)", "processing (planned)", "triage", "escalated", "submitted",
        "planned", "1", "2", "under investigation", "in review", "snoozed", "backlogged",
        "нова", "нов", "отворена", "отворен", "в процес", "възложена", "חדש", "חדשה", "פתוח", "פתוחה", "בטיפול",
        "新建", "打开", "处理中", "處理中", "进行中", "待处理", "未解决", "已分配",
    }
)  # fmt: skip
AWAITING_STATES = frozenset(
    {
        "pending", "on hold", "on-hold", "hold", "awaiting", "waiting", "awaiting user info", "awaiting vendor",
        "awaiting problem", "awaiting evidence", "awaiting caller", "awaiting info",
        "awaiting change", "waiting for customer", "waiting on customer", "waiting on third party",
        "waiting on contact", "waiting on us", "waiting for approval", "waiting for vendor", "pending customer",
        "pending reminder", "pending vendor", "pending user", "awaiting customer", "awaiting reply", "suspended",
        "3", "customer responded",
        "изчакване", "чака клиент", "ממתין", "ממתין ללקוח", "等待", "挂起", "等待客户", "擱置", "待客户回复",
    }
)  # fmt: skip
ABANDON_WORDS = frozenset(
    {
        "abandoned", "abandon", "abandoned in queue", "hung up", "hang up", "hangup", "missed", "missed call",
        "lost", "caller hung up", "abandoned call", "customer hung up in queue", "short abandoned",
        "abandoned in ivr", "изоставен", "изпуснат", "пропуснато", "ננטש", "נטישה", "放弃", "放棄", "未接",
        "未接来电",
    }
)  # fmt: skip

OUTCOME_WORDS = frozenset(
    {
        "inbound", "outbound", "outbound_missed", "outbound missed", "short_abandoned", "short abandoned",
        "internal", "answered", "no answer", "noanswer", "busy", "failed", "congestion", "chanunavail", "cancel",
        "canceled",
        "unanswered", "not answered", "answer", "completed", "redirected", "waiting", "voicemail", "missed",
        "abandoned",
    }
)  # fmt: skip
"""What became of a call, in a telephone system's own words. They are no reason to call."""

ENDED_BY = re.compile(r"^(terminated|disconnected|ended|hung up|hangup|redirected|answered) by\b", re.IGNORECASE)
"""Who ended a call is no reason to call either."""

UNANSWERED_WORDS = frozenset(
    {"no answer", "noanswer", "busy", "failed", "congestion", "chanunavail", "cancel", "unanswered", "not answered"}
)
"""Outcomes that mean that nobody answered, where a column holds outcomes only."""
