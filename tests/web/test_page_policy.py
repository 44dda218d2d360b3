"""Pages of what is decided: the policy and the settings."""

from __future__ import annotations

import html
import re

from firstcontact.doors.web.pages.policy import HISTORY, LONGEST
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from firstcontact.services.setting import read_setting
from tests.web.test_page_accounts import Visitor


def test_a_policy_is_drafted_looked_at_tried_and_published(served: Service) -> None:
    """What a text means stands there before it is kept; nothing is in force before somebody publishes it."""
    boss = Visitor(served, Role.MANAGER)
    text = served.policies.published().toml
    changed = re.sub(r"default_days = \d+", "default_days = 9", text)
    assert changed != text
    looked = boss.post("/policy/new", toml=changed, based_on=1, note="<b>nine</b>", look="yes")
    assert "9 days" in looked.text
    assert len(served.policies.page(before=None, limit=9)) == 1
    kept = boss.post("/policy/new", toml=changed, based_on=1, note="<b>nine</b>")
    assert kept.url.path == "/policy/2"
    assert "&lt;b&gt;nine" in boss.get("/policy").text
    tried = boss.post("/policy/2/try")
    assert "A trial is under way" in tried.text
    assert served.policies.published().number == 1
    edition = re.findall(r'name="edition" value="(\d+)"', boss.get("/policy/2/publish").text)[0]
    assert "It is in force" in boss.post("/policy/2/publish", edition=edition).text
    assert served.policies.published().number == 2
    assert boss.post("/policy/2/publish", edition=edition).status_code == 422
    first = boss.get("/policy/1/publish")
    back = re.findall(r'name="edition" value="(\d+)"', first.text)[0]
    assert "It is in force" in boss.post("/policy/1/publish", edition=back).text


def test_everything_wrong_with_a_text_is_said_and_the_text_stays(served: Service) -> None:
    """A text that cannot be meant is not kept; what was typed is still there, and every fault is named."""
    boss = Visitor(served, Role.QUALITY)
    wrong = boss.post("/policy/new", toml='name = "x"\n[window]\ndefault_days = "<many>"\nnonsense = 1\n', based_on=1)
    assert wrong.status_code == 422
    assert "default_days = &#34;&lt;many&gt;&#34;" in wrong.text
    assert wrong.text.count("FC30") >= 2
    assert len(served.policies.page(before=None, limit=9)) == 1
    assert boss.get("/policy/1").text.count("Put it into force") == 0  # quality drafts, and does not publish
    assert boss.get("/policy/2/comparison").status_code == 404
    assert "There is no trial of it yet" in boss.get("/policy/1/comparison").text


def test_every_version_is_listed_however_many(served: Service) -> None:
    """By page, latest first, each once."""
    text = served.policies.published().toml
    for _ in range(HISTORY):
        served.policies.draft(text, note=None, based_on=None, by="dana@example.org", now=served.now())
    reader, found, place = Visitor(served, Role.TEAM_LEAD), [], "/policy"
    for _ in range(2):
        page = reader.get(place).text
        found += re.findall(r'<th scope="row"><a href="/policy/(\d+)">', page)
        place = html.unescape((re.findall(r'href="([^"]*)" rel="next"', page) or [""])[0])
    assert [int(one) for one in found] == list(range(HISTORY + 1, 0, -1))
    assert place == ""


def test_a_draft_that_somebody_else_changed_is_not_overwritten(served: Service) -> None:
    """Neither at once nor after a look at what one's own text means: one is told, sees both texts, and nothing of the
    other's is lost."""
    one, other = Visitor(served, Role.MANAGER), Visitor(served, Role.QUALITY)
    text = served.policies.published().toml
    one.post("/policy/new", toml=text, based_on=1)
    read = re.findall(r'name="edition" value="(\d+)"', one.get("/policy/2").text)[0]
    theirs, mine = (re.sub(r"default_days = \d+", f"default_days = {days}", text) for days in (11, 12))
    assert "The draft is kept" in other.post("/policy/2", toml=theirs, based_on=1, edition=read, note="theirs").text
    for more in ({"look": "yes"}, {}, {"look": "yes"}, {}):
        answer = one.post("/policy/2", toml=mine, based_on=1, edition=read, note="mine", **more)
        assert "Somebody else changed this draft meanwhile" in answer.text
        assert ("default_days = 11" in answer.text, "default_days = 12" in answer.text) == (True, True)
        assert set(re.findall(r'name="edition" value="(\d+)"', answer.text)) == {read}
        kept = served.policies.find(2)
        assert (kept.toml, kept.note) == (theirs, "theirs")
    assert "meanwhile" not in one.get("/policy/2").text


def test_settings_are_changed_by_who_read_them_last(served: Service) -> None:
    """What cannot be is refused with what was typed; what somebody changed meanwhile is not overwritten."""
    admin = Visitor(served, Role.ADMINISTRATOR)
    edition = {
        name: re.findall(rf'action="/settings/{name}">.*?name="edition" value="(\d+)"', admin.get("/settings").text)[0]
        for name in ("retention", "measurement")
    }
    assert admin.post("/settings/retention", edition=edition["retention"], texts="none").status_code == 422
    assert "It is kept" in admin.post("/settings/retention", edition=edition["retention"], texts="30").text
    assert read_setting(served.preferences, "retention").value["texts"] == 30
    kept = read_setting(served.preferences, "retention")
    assert "It is kept" in admin.post("/settings/retention", edition=kept.edition, jobs="7", texts="30").text
    after = read_setting(served.preferences, "retention").value
    assert after == {**kept.value, "jobs": 7}  # what is not in the form is not lifted
    assert admin.post("/settings/retention", edition=edition["retention"], texts="60").status_code == 422
    fields = {"every_hours": "6", "zone": "Europe/Sofia", "source_kind": "contact", "by": "team\nx_site"}
    assert "It is kept" in admin.post("/settings/measurement", edition=edition["measurement"], **fields).text
    kept = read_setting(served.preferences, "measurement").value
    assert (kept["every_hours"], kept["by"], kept["definitions"]) == (6, ["team", "x_site"], False)


def test_who_may_not_decide_sees_and_cannot(served: Service) -> None:
    """A manager reads the settings and cannot change them; an agent reads the policy and cannot draft."""
    boss, agent = Visitor(served, Role.MANAGER), Visitor(served, Role.AGENT)
    looked = boss.get("/settings").text
    assert "disabled" in looked
    assert "You may look at these settings. Administrators change them" in looked
    assert boss.post("/settings/retention", edition=0, texts="30").status_code == 403
    assert agent.get("/settings").status_code == 403
    assert "/policy/new" not in agent.get("/policy").text
    assert agent.get("/policy/new").status_code == 403


def fields_of(page: str) -> dict[str, str]:
    """The form of a draft, as a browser would send it."""
    found = {
        name: html.unescape(value) for name, value in re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', page)
    }
    chosen = dict(re.findall(r'<select id="(\w+)".*?<option value="(\w+)" selected', page))
    text = re.findall(r'<textarea[^>]*name="toml"[^>]*>(.*?)</textarea>', page, re.DOTALL)[0]
    kept = ("shown", "days", "aim", "tolerance", "since", "based_on", "edition", "note")
    return {"toml": html.unescape(text)} | {name: found[name] for name in kept if name in found} | chosen


def test_a_policy_is_drafted_without_typing_toml(served: Service) -> None:
    """What is chosen stands in the text, in the words and among what differs, whichever button is pressed; what was
    typed into the text meanwhile stays."""
    boss = Visitor(served, Role.MANAGER)
    form = fields_of(boss.get("/policy/new").text)
    assert (form["days"], form["transfers"], form["abandoned"], form["aim"]) == ("30", "ignored", "ignore", "")
    form |= {"days": "14", "transfers": "fail", "aim": "82.5", "tolerance": "2", "since": "2026-02-01"}
    form["toml"] = form["toml"].replace("[window]", "# our own words\n[window]")
    looked = boss.post("/policy/new", **form, look="choices")
    assert looked.status_code == 200
    said = html.unescape(re.sub(r"<[^>]+>", " ", looked.text))
    for words in (
        "within 14 days",
        "at least 82.5% (80.5% is tolerated)",
        "No transfers to another agent",
        "# our own words",
    ):
        assert words in said, words
    differs = " ".join(said[said.index("What differs from the version in force") :].split())
    assert "Window, in days 30 14" in differs
    assert fields_of(looked.text)["shown"] == "14|fail|ignore|82.5|2|2026-02-01"
    assert boss.post("/policy/new", **form).url.path == "/policy/2"  # kept at once: the same
    assert served.policies.find(2).toml == fields_of(looked.text)["toml"]
    again = fields_of(boss.get("/policy/2").text)
    assert boss.post("/policy/2", **again | {"days": "7"}).status_code == 200
    assert served.policies.find(2).policy.window.default_days == 7


def test_a_choice_that_cannot_be_is_answered_beside_its_field(served: Service) -> None:
    """Nothing is kept, and all that was typed stays."""
    boss = Visitor(served, Role.MANAGER)
    form = fields_of(boss.get("/policy/new").text)
    wrong = {"days": "<i>", "aim": "120", "tolerance": "-1", "since": "soon", "abandoned": "perhaps"}
    answer = boss.post("/policy/new", **form | wrong)
    assert answer.status_code == 422
    for name in ("days", "aim", "tolerance", "since"):
        assert f'id="{name}-fault"' in answer.text
        assert re.search(rf'name="{name}"[^>]*aria-invalid="true"', answer.text)
    assert (fields_of(answer.text)["days"], fields_of(answer.text)["shown"]) == ("<i>", form["shown"])
    assert "Choose one of what is offered" in answer.text
    inline = 'name = "x"\nwindow.default_days = 3\nlink = 1\n'
    assert boss.post("/policy/new", **form | {"toml": inline, "days": "4"}).status_code == 422
    assert "every figure reaches it" in boss.post("/policy/new", **form | {"aim": "2", "tolerance": "5"}).text
    assert len(served.policies.page(before=None, limit=9)) == 1


def test_no_text_and_one_that_is_too_long_are_answered_in_place(served: Service) -> None:
    """Both say what to do, and the text stays in the form."""
    boss = Visitor(served, Role.MANAGER)
    for text in ("", " \n", "# " + "x" * LONGEST):
        answer = boss.post("/policy/new", toml=text, based_on=1, note="mine")
        assert answer.status_code == 422
        assert ("FC9520" in answer.text, 'value="mine"' in answer.text) == (True, True)
        assert html.escape(text) in answer.text


def test_a_version_comes_into_force_only_after_a_second_look(served: Service) -> None:
    """The page asks, says what differs, that nobody tried it, and how to go back; only then is there a button."""
    boss, quality = Visitor(served, Role.MANAGER), Visitor(served, Role.QUALITY)
    text = re.sub(r"default_days = \d+", "default_days = 9", served.policies.published().toml)
    kept = boss.post("/policy/new", toml=text, based_on=1)
    assert 'action="/policy/2/publish"' not in kept.text
    assert '<a class="button quiet" href="/policy/2/publish">' in kept.text
    asked = boss.get("/policy/2/publish")
    said = " ".join(re.sub(r"<[^>]+>", " ", asked.text).split())
    for words in (
        "Put version 2 into force?",
        "Window, in days 30 9",
        "It was not tried",
        "Version 1 stays in the history",
    ):
        assert words in said, words
    assert served.policies.published().number == 1
    edition = re.findall(r'name="edition" value="(\d+)"', asked.text)[0]
    assert "It is in force" in boss.post("/policy/2/publish", edition=edition).text
    assert boss.get("/policy/2/publish").url.path == "/policy/2"  # in force: nothing to ask
    assert quality.get("/policy/1/publish").status_code == 403
