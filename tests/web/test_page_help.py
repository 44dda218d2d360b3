"""Help where it is needed: what figures are, the handbook, and the walk of the first visit."""

from __future__ import annotations

import re

from firstcontact.doors.web.about import LIES
from firstcontact.doors.web.handbook import chapter, chapters
from firstcontact.doors.web.tour import STOPS
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests import told_runs
from tests.web.shown import Showing
from tests.web.test_page_accounts import Visitor


def test_every_measure_says_how_it_would_mislead() -> None:
    """A new measure is not shown before somebody wrote down how it would lie."""
    assert set(LIES) == set(MEASURES)


def test_every_link_of_the_handbook_leads_somewhere() -> None:
    """Each page of the handbook opens, and a link from one to another finds the page and the heading."""
    names = {one.name for _, pages in chapters() for one in pages}
    assert {"tutorial", "service", "GLOSSARY", "theory/nowcast", "reference/errors"} <= names
    lost = []
    for name in names:
        found = chapter(name)
        assert found is not None
        body = str(found[1])
        assert "<script" not in body
        # The list of contents is nowhere meant: it would hide a link that is lost.
        assert not re.findall(r'href="/help[#"]', body), name
        for target in re.findall(r'href="/help/([^"]+)"', body):
            path, _, part = target.partition("#")
            other = chapter(path)
            if other is not None and part and f'id="{part}"' not in str(other[1]):
                lost.append((name, target))
            if other is None:
                lost.append((name, target))
    assert lost == []


def test_nothing_but_the_handbook_is_read(served: Service) -> None:
    """An address that leads out of the handbook finds nothing."""
    one = Visitor(served, Role.AGENT)
    assert one.get("/help").status_code == 200
    assert one.get("/help/measures").status_code == 200
    assert one.get("/help/theory/nowcast").status_code == 200
    for path in ("../pyproject", "%2e%2e/README", "..%2fREADME", "/etc/passwd", "decisions/open"):
        assert one.get(f"/help/{path}").status_code == 404


def test_who_comes_first_is_offered_a_walk_and_can_decline(served: Service, showing: Showing) -> None:
    """Each stop leads to the next; who declines is not asked again, and who sees no figures is never led."""
    boss = Visitor(showing(served, told_runs.told()), Role.MANAGER)
    assert 'href="/?tour=1"' in boss.get("/").text
    place = "/?tour=1"
    for number, (path, _) in enumerate(STOPS, 1):
        said = boss.get(place)
        assert f"<b>{number} / {len(STOPS)}</b>" in said.text, path
        found = re.findall(r'class="button small" href="([^"]+)"', said.text)
        place = found[0] if found else ""
    assert place == ""
    boss.post("/me/toured")
    assert "tour=1" not in boss.get("/").text
    assert 'class="tour"' not in Visitor(showing(served, told_runs.told()), Role.AGENT).get("/?tour=1").text
