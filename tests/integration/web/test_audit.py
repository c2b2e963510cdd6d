"""The audit on screen: newest first, of one person or one action, page after page."""

import re
from importlib import import_module

import pytest


def rows(page):
    """The numbers of the entries on a page, as it lists them."""
    return [int(n) for n in re.findall(r'<th scope="row" class="number">(\d+)</th>', page)]


@pytest.fixture
def auditor(hospital):
    for role in ("ward", "site"):
        hospital.browser(role)
    return hospital.browser("auditor")


def test_the_entries_of_one_person_or_one_action_are_asked_for_by_name(auditor):
    page = auditor.get("/audit").text
    person = re.search(r'<option value="([\w-]+)">Ward Person</option>', page)[1]
    everything = rows(page)
    of_person = auditor.get(f"/audit?actor={person}").text
    assert 0 < len(rows(of_person)) < len(everything)
    assert set(re.findall(r"<td>(\w+ Person)</td>", of_person)) == {"Ward Person"}
    of_action = auditor.get("/audit?action=session.sign-in").text
    assert len(rows(of_action)) == page.count("<td>Session sign in</td>") >= 3
    neither = auditor.get(f"/audit?actor={person}&action=audit.checkpoint").text
    assert rows(neither) == []
    assert "No entries match." in neither


def test_older_entries_keep_what_was_asked_for(auditor, monkeypatch):
    monkeypatch.setattr(import_module("downtime.web.views.audit"), "PAGE", 2)
    first = auditor.get("/audit?action=session.sign-in").text
    assert len(rows(first)) == 2
    older = re.search(r'href="([^"]+)">Older', first)[1].replace("&amp;", "&")
    second = auditor.get(older).text
    assert max(rows(second)) < min(rows(first))
    assert set(re.findall(r"<td>(Session [\w ]+)</td>", second)) == {"Session sign in"}
    assert "Older" not in second
    assert 'href="/audit?action=session.sign-in">Newest' in second


def test_who_may_only_check_the_chain_reads_no_entry(hospital):
    page = hospital.browser("site").get("/audit").text
    assert "Check the whole chain" in page
    assert (rows(page), 'name="actor"' in page) == ([], False)
