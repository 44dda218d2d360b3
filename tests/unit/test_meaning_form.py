"""What a form says of words, units and scales comes into the mapping, and what it does not say stays."""

from __future__ import annotations

from typing import Any

from firstcontact.doors.web.mapping_form import mapping_of
from firstcontact.doors.web.meaning_form import meanings_of

PREVIEW: dict[str, Any] = {
    "words": [
        {
            "ours": "channel",
            "words": [{"word": "Tel", "count": 3, "means": "phone"}, {"word": "Ast", "count": 2, "means": "branch"}],
        },
        {"ours": "csat", "words": [{"word": "so so", "count": 1, "means": None}]},
    ]
}
BASE: dict[str, Any] = {
    "columns": {"channel": "via", "handle_seconds": "t"},
    "surveys": {"csat": "r"},
    "values": {"channel": {"Ast": "branch", "Fax": "phone"}},
}
COLUMNS = ("via", "t", "r", "other")
AS_IT_IS = {"columns.channel": "c:via", "surveys.csat": "c:r", "columns.handle_seconds": "c:t"}


def made(**given: str) -> dict[str, Any]:
    return mapping_of(
        BASE, COLUMNS, {**AS_IT_IS, **{name.replace("__", "."): said for name, said in given.items()}}, (), PREVIEW
    )


def test_a_meaning_of_the_mapping_s_own_is_offered_and_stays() -> None:
    """A channel that only this centre has stands among the choices, chosen; sent back as it is, nothing changes."""
    found = meanings_of("columns.channel", PREVIEW, BASE, {})
    assert [(one.word, one.value) for one in found.words] == [("Tel", ""), ("Ast", "branch")]
    assert ("branch", "") in found.choices
    assert made(values__channel__0="", values__channel__1="branch")["values"] == BASE["values"]


def test_a_word_is_given_a_meaning_and_loses_it() -> None:
    """What is chosen stands in the mapping; what is chosen no more goes; a word that the form does not show stays; a
    meaning that is none is not taken."""
    assert made(values__channel__0="email", values__channel__1="")["values"] == {
        "channel": {"Fax": "phone", "Tel": "email"}
    }
    assert made(values__channel__0="<b>")["values"] == BASE["values"]
    assert made(values__csat__0="0.5")["values"]["csat"] == {"so so": 0.5}


def test_words_of_another_column_say_nothing() -> None:
    """Where the channel is read from another column since, what was said of the words of the first is not taken."""
    found = made(columns__channel="c:other", values__channel__0="email")
    assert found["values"] == BASE["values"]
    assert found["columns"]["channel"] == "other"


def test_units_and_scales() -> None:
    """A unit is one that is known; a scale has two ends, written with a comma or a point; what is no number is kept, so
    that it can be said; empty, the scale is found out again."""
    assert made(units__handle_seconds="minutes")["units"] == {"handle_seconds": "minutes"}
    assert "units" not in made(units__handle_seconds="years")
    scaled = made(scales__csat__low="1", scales__csat__high="4,5")
    assert scaled["scales"] == {"csat": {"low": 1.0, "high": 4.5}}
    assert made(scales__csat__low="x", scales__csat__high="5")["scales"] == {"csat": {"low": "x", "high": 5.0}}
    empty = {**AS_IT_IS, "scales.csat.low": "", "scales.csat.high": ""}
    assert "scales" not in mapping_of(scaled, COLUMNS, empty, (), PREVIEW)
