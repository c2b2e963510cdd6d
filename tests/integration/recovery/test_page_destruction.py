"""Pictures of scanned pages are destroyed when their time is over: from a list that two people sign."""

import hashlib

import pytest

from downtime.entry import scans
from downtime.errors import ConflictError, ForbiddenError, NotFoundError
from downtime.paper import ledger
from downtime.returns.retention import store
from downtime.returns.retention.destroy_pages import (
    destroy_pages,
    list_due_pages,
    propose_destruction,
)
from downtime.returns.statement.completeness_statement import gather_statement
from downtime.settings import ReturnsSettings, Settings
from tests.integration.returns.pictures import as_file, coded_page

from .statement_steps import settle, sign_statement

pytestmark = pytest.mark.usefixtures("identity")

OVER = Settings(returns=ReturnsSettings(page_keep_days=0))


@pytest.fixture
def scanned(vault, settings, one_of_each, actor):
    """The serial of a verified request whose paper is scanned."""
    (form,) = ledger.list_forms(vault, form="blood-sciences-request", state="verified")
    scans.attach_scan(vault, settings, form.serial, as_file(coded_page(form.serial)), actor)
    return form.serial


@pytest.fixture
def settled(vault, settings, outage, scanned, actor, checker, tmp_path):
    settle(vault, settings, outage, actor, checker, tmp_path)


@pytest.fixture
def signed(vault, settings, settled, leads):
    for lead, person in leads.items():
        sign_statement(vault, settings, lead, person)


def test_no_page_of_anything_open_or_unsigned_is_destroyed(
    vault, settings, outage, scanned, leads, actor, checker, tmp_path
):
    with pytest.raises(ConflictError, match="NOT COMPLETE: its pages are kept"):
        propose_destruction(vault, OVER, actor, "eight years")
    settle(vault, settings, outage, actor, checker, tmp_path)
    *some, last = leads.items()
    for lead, person in some:
        sign_statement(vault, settings, lead, person)
    with pytest.raises(ConflictError, match="lacks 1 of its signatures"):
        propose_destruction(vault, OVER, actor, "eight years")
    sign_statement(vault, settings, *last)
    with pytest.raises(ConflictError, match="are kept until"):
        propose_destruction(vault, settings, actor, "eight years")
    assert propose_destruction(vault, OVER, actor, "eight years").pages == 1


def test_two_people_sign_the_list_and_serial_and_digest_remain(
    vault, scanned, signed, actor, checker, outage
):
    picture = scans.get_page_picture(vault, scanned, 1)
    before = gather_statement(vault, OVER).digest
    with pytest.raises(NotFoundError, match="Nobody has proposed"):
        destroy_pages(vault, OVER, checker, "looked through")
    propose_destruction(vault, OVER, actor, "eight years")
    with pytest.raises(ForbiddenError, match="another person has to sign"):
        destroy_pages(vault, OVER, actor, "looked through")
    assert scans.get_page_picture(vault, scanned, 1) == picture
    done = destroy_pages(vault, OVER, checker, "looked through")
    assert (done.proposed_by, done.destroyed_by) == (actor.id, checker.id)
    with pytest.raises(NotFoundError):
        scans.get_page_picture(vault, scanned, 1)
    (page,) = store.fetch_pages(vault.db, done.id)
    assert (page.serial, page.page) == (scanned, 1)
    assert page.sha256 == hashlib.sha256(picture).hexdigest()
    assert scans.has_destroyed_pages(vault, scanned)
    assert scans.get_scan_file(vault, OVER, scanned) is None
    assert gather_statement(vault, OVER).digest == before, "the statement says what it said"
    assert list_due_pages(vault, OVER).pages == []
    query = "SELECT action FROM audit WHERE action LIKE 'pages.%' ORDER BY seq"
    actions = [action for (action,) in vault.db.execute(query).fetchall()]
    assert actions == ["pages.propose", "pages.destroy"]


def test_a_list_that_is_another_one_by_now_is_not_destroyed(
    vault, settings, scanned, signed, actor, checker
):
    propose_destruction(vault, OVER, actor, "eight years")
    scans.detach_scan(vault, scanned, actor, "another paper")
    content = as_file(coded_page(scanned).rotate(2, fillcolor=255))
    scans.attach_scan(vault, settings, scanned, content, actor)
    with pytest.raises(ConflictError, match="not as they were when the list was proposed"):
        destroy_pages(vault, OVER, checker, "looked through")
    assert scans.get_page_picture(vault, scanned, 1)
