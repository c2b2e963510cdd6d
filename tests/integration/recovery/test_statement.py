"""The statement accounts for every form, names what is open, and is signed as it stands."""

import json
import subprocess
from dataclasses import replace

import pytest

from downtime.accounts.model import Person
from downtime.accounts.store import accounts
from downtime.entry.file_form import file_form
from downtime.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from downtime.outage import outages
from downtime.paper import assignments, ledger
from downtime.paper.model import AssignmentKind, FormState, Subject
from downtime.paper.serials import format_serial
from downtime.reconcile import assign_owner, find_items
from downtime.reconcile.harm import review
from downtime.returns.report import incident_report
from downtime.returns.statement import completeness_statement, statement_files
from downtime.returns.statement.sign_statement import parse_lead
from downtime.settings import ReturnsSettings
from tests.closing import close_outage

from .conftest import BLOODS, SIGNED
from .statement_steps import settle, sign_statement

pytestmark = pytest.mark.usefixtures("identity")

STRANGER = {
    "patient.name": "UNKNOWN, Male",
    "patient.born": "1985-03-01",
    "patient.gender": "unknown",
}
LONG_AGO, FAR_OFF = "2026-11-01T08:00:00Z", "2027-01-01T08:00:00Z"


def test_every_form_has_exactly_one_fate(vault, settings, one_of_each):
    facts = completeness_statement.gather_statement(vault, settings).facts
    rows = {row["form"]: row for row in facts["forms"]}
    assert rows["blood-sciences-request"] == {
        "ward": "A1", "form": "blood-sciences-request", "issued": 2, "returned": 1, "void": 0,
        "lost": 0, "out": 1, "waiting": 0, "entered": 1, "as_scan": 0, "unentered": 0,
        "keyed": 0, "verified": 1, "filed": 0,
    }  # fmt: skip
    assert rows["progress-notes"]["waiting"] == 1
    total = facts["forms_total"]
    assert (total["issued"], total["returned"], total["void"], total["lost"], total["out"]) == (
        5, 2, 1, 1, 1,
    )  # fmt: skip


def test_it_names_everything_that_is_open(vault, settings, one_of_each):
    made = completeness_statement.gather_statement(vault, settings)
    assert made.verdict == "NOT COMPLETE"
    said = [(one["kind"], one["sentence"]) for one in made.facts["open"]]
    assert said == [
        ("form-out", "1 × Blood sciences request of ward A1: still out."),
        ("form-unfiled", "1 × Progress notes of ward A1: returned and not filed."),
        ("undecided", "Full blood count (new): LIMS has no such request."),
        ("undecided", "Urea and electrolytes (new): LIMS has no such request."),
    ]


def test_complete_only_when_nothing_is_open(
    vault, settings, outage, one_of_each, actor, checker, tmp_path
):
    settle(vault, settings, outage, actor, checker, tmp_path)
    made = completeness_statement.make_statement(vault, settings, actor)
    assert made.facts["open"] == []
    assert made.verdict == "COMPLETE"
    assert made.facts["returned"]["systems"] == [
        {"system": "LIMS", "messages": 2, "acknowledged": 0, "sent": 2, "refused": 0, "waiting": 0,
         "settled": 0}
    ]  # fmt: skip


def test_a_system_still_down_or_paper_not_compared_keeps_it_open(
    vault, settings, outage, keyed, actor
):
    serial = keyed("blood-sciences-request", BLOODS)
    for _ in range(2):
        kinds = completeness_statement.gather_statement(vault, settings).facts["open_kinds"]
        assert kinds == {"system-down": 1, "not-compared": 1}
        if ledger.get_form(vault, serial).state != FormState.FILED:
            file_form(vault, settings, serial, actor)  # that its paper is put away compares nothing


def test_both_snapshots_and_the_patients_are_named(vault, settings, one_of_each):
    facts = completeness_statement.gather_statement(vault, settings).facts
    assert facts["snapshots"]["t0"]["sha256"] == f"{1:064}"
    assert facts["snapshots"]["recovered"]["sha256"] == f"{2:064}"
    assert facts["patients"] == {"t0": {"A1": 1}, "admitted": {}, "discharged": {}}


def test_three_leads_sign_and_a_change_of_facts_leaves_the_signatures_behind(
    vault, settings, outage, one_of_each, issue, leads
):
    for lead, person in leads.items():
        signed = sign_statement(vault, settings, lead, person)
    assert [one["holds"] for one in signed.as_json()["signatures"]] == [True] * 3
    issue("observations")
    later = completeness_statement.gather_statement(vault, settings)
    assert [one["holds"] for one in later.as_json()["signatures"]] == [False] * 3
    again = sign_statement(vault, settings, "ward", leads["ward"]).as_json()["signatures"]
    assert [one["role"] for one in again if one["holds"]] == ["ward"]


def test_nobody_signs_twice_or_for_another_lead(vault, settings, one_of_each, leads, actor):
    site = leads["safety"]
    sign_statement(vault, settings, "safety", site)
    other = Person("u-other", "other", "Other Site", "site", "active", False)
    with vault.change(actor, "person.create") as db:
        accounts.add_person(db, other, "", vault.now())
    with pytest.raises(ConflictError, match="already signed"):
        sign_statement(vault, settings, "safety", other.make_actor("laptop-1"))
    with pytest.raises(ForbiddenError, match="as clinical safety lead"):
        sign_statement(vault, settings, "ward", site)
    with pytest.raises(InputError, match="no such lead"):
        parse_lead("director")


@pytest.mark.parametrize(
    ("lead", "person"), [("ward", "records"), ("records", "safety"), ("safety", "ward")]
)
def test_a_lead_is_somebody_of_the_right_role(vault, settings, one_of_each, leads, lead, person):
    with pytest.raises(ForbiddenError, match="does not allow"):
        sign_statement(vault, settings, lead, leads[person])


def test_a_hospital_names_its_safety_leads(vault, settings, one_of_each, leads):
    named = replace(settings, returns=ReturnsSettings(safety_leads=("records",)))
    with pytest.raises(ForbiddenError, match="not one of this hospital's clinical safety leads"):
        sign_statement(vault, named, "safety", leads["safety"])
    signed = sign_statement(vault, named, "safety", leads["records"])
    assert [one.person for one in signed.signatures] == ["u-records"]


def test_it_is_written_as_pdf_and_json(vault, settings, one_of_each, actor, leads, tmp_path):
    sign_statement(vault, settings, "ward", leads["ward"])
    made = completeness_statement.make_statement(vault, settings, actor)
    pdf, text = statement_files.save_statement(vault, made, settings, tmp_path / "statement.pdf")
    document = json.loads(text.read_text())
    assert document["verdict"] == "NOT COMPLETE"
    assert document["audit"]["first_bad"] is None
    words = subprocess.run(
        ["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True
    ).stdout
    for expected in (
        "NOT COMPLETE: 4 things are open",
        "Blood sciences request of ward A1: still out.",
        "Urea and electrolytes (new): LIMS has no such request.",
        "Records lead",
        "Not signed",
        document["facts_sha256"],
    ):
        assert expected in words


def test_another_suffix_is_refused(vault, settings, one_of_each, tmp_path):
    with pytest.raises(InputError, match=r"neither \.pdf nor \.json"):
        statement_files.save_statement(
            vault,
            completeness_statement.gather_statement(vault, settings),
            settings,
            tmp_path / "a.docx",
        )


def test_a_document_that_was_keyed_and_verified_is_settled(vault, settings, keyed, compare, actor):
    keyed("progress-notes", SIGNED)
    outages.mark_restored(vault, ["LIMS"], actor, "back")
    compare()
    review.run_review(vault, settings, actor, "recovered")
    assert completeness_statement.gather_statement(vault, settings).is_complete


def test_what_somebody_has_to_settle_is_named_with_its_owner_and_when_it_is_late(
    vault, settings, outage, one_of_each, actor, checker, tmp_path
):
    (out,) = ledger.list_missing(vault, outage.id)
    assignments.assign_owner(vault, AssignmentKind.FORM, out.serial, "Ward A1", LONG_AGO, actor)
    row = find_items.list_items(vault, outage.id, decision="open")[0]
    assign_owner.assign_item(vault, row.key, "Laboratory", FAR_OFF, checker)
    made = completeness_statement.make_statement(vault, settings, actor)
    said = {one["kind"]: list(one["owners"]) for one in made.facts["open"]}
    assert said["form-out"] == [
        {"owner": "Ward A1", "due": LONG_AGO, "names": (format_serial(out.serial),)}
    ]
    assert said["form-unfiled"] == []
    (given,) = next(one["owners"] for one in made.facts["open"] if row.key in one["names"])
    assert (given["owner"], given["due"]) == ("Laboratory", FAR_OFF)
    assert made.overdue == 1
    pdf, _ = statement_files.save_statement(vault, made, settings, tmp_path / "statement.pdf")
    words = subprocess.run(
        ["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True
    ).stdout
    assert "1 OVERDUE" in words
    assert "Laboratory" in words


def test_who_settles_a_person_settles_what_their_paper_says(
    vault, settings, outage, keyed, compare, checker
):
    keyed("blood-sciences-request", BLOODS | STRANGER, Subject(downtime_number="DK700001X"))
    compare()
    assign_owner.assign_person(
        vault, settings, outage, find_items.list_items(vault, outage.id)[0].item.fact.serial,
        "Records desk", FAR_OFF, checker,
    )  # fmt: skip
    found = completeness_statement.gather_statement(vault, settings).facts["open"]
    unmatched = [one["owners"] for one in found if one["kind"] == "unmatched"]
    assert [owned["owner"] for given in unmatched for owned in given] == ["Records desk"] * 2


def test_an_earlier_outage_keeps_its_statement_and_report(
    vault, settings, outage, one_of_each, actor, leads
):
    before = completeness_statement.gather_statement(vault, settings)
    close_outage(vault, outage.id, actor, "all is done")
    later = outages.declare_systems_down(
        vault, ["PAS"], actor, "power lost again", known=("LIMS", "PAS")
    )
    assert completeness_statement.gather_statement(vault, settings).outage == later.id
    again = completeness_statement.gather_statement(vault, settings, outage.id)
    assert again.facts["forms_total"] == before.facts["forms_total"]
    signed = sign_statement(vault, settings, "ward", leads["ward"], outage=outage.id)
    assert [one.outage for one in signed.signatures] == [outage.id]
    events = [
        event.sentence
        for event in incident_report.gather_report(vault, settings, outage.id).timeline
    ]
    assert {"LIMS declared down", "The books were closed"} <= set(events)
    assert "PAS declared down" not in events
    with pytest.raises(NotFoundError):
        completeness_statement.gather_statement(vault, settings, "nonsense")
