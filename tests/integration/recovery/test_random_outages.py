"""Small outages at random: whatever becomes of each paper, the statement says so, and a stranger believes its file."""

import functools
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from downtime.clinical.model import Patient
from downtime.entry import confirm_empty, file_form, retire_forms
from downtime.outage import outages
from downtime.paper import ledger, move_form
from downtime.paper.model import Subject
from downtime.reconcile import decide_item, find_items
from downtime.reconcile.harm import review
from downtime.returns.export_messages import export_messages
from downtime.returns.statement import completeness_statement
from downtime.returns.statement.export_statement import export_statement
from tests.integration.keying_steps import see_through, submit_checked, submit_confirmed
from tests.integration.recovery.conftest import BLOODS, HOSPITAL, OBSERVED, SIGNED
from tests.night import by_night

OUTAGES = by_night(1_000, 6)
SCRIPT = Path(__file__).parents[3] / "scripts/verify_statement.py"
ANSWERS = {"blood-sciences-request": BLOODS, "observations": OBSERVED}
ITEMS = {"blood-sciences-request": 2, "observations": 3}
"""What each of these papers says: two tests; two pulses and a temperature."""
FATES = (
    "out",
    "void",
    "lost",
    "returned",
    "keyed",
    "verified",
    "filed",
    "empty",
    "empty-confirmed",
)
OPEN = {
    "out": "form-out", "returned": "form-unkeyed", "keyed": "form-unverified",
    "empty": "form-unverified",
}  # fmt: skip
PEOPLE = tuple(
    Patient(
        id=f"p-{n}", mrn=f"H3{n:02}", identifiers=(f"MR|DEMO|H3{n:02}",), family=f"Family{n}",
        given="Ann", birth_date="1960-01-02", gender="female",
    )
    for n in range(12)
)  # fmt: skip


@functools.cache
def read_verifier():
    """A stranger's own reading of the file."""
    names = {"__name__": "verify_statement"}
    exec(compile(SCRIPT.read_text(), SCRIPT, "exec"), names)  # noqa: S102 - our own script
    return names["verify"]


def live_through(vault, settings, issue, actor, checker, chance):
    """Print some papers and let something become of each; their fates by form."""
    fates = []
    for person in PEOPLE[: chance.randint(0, 12)]:
        form, fate = chance.choice(list(ANSWERS)), chance.choice(FATES)
        subject = Subject(
            patient=person.id, mrn=person.mrn, family=person.family, given=person.given,
            birth_date=person.birth_date, gender=person.gender,
        )  # fmt: skip
        serial = issue(form, subject, chance.choice(("A1", "B2")))
        fates.append((form, fate))
        if fate == "void":
            retire_forms.void_form(vault, serial, actor, "spoilt")
        elif fate == "lost":
            retire_forms.mark_lost(vault, serial, actor, "not found")
        elif fate == "returned":
            move_form.mark_returned(vault, serial, actor)
        elif fate.startswith("empty"):
            submit_checked(vault, settings, serial, SIGNED, actor, says_empty=True)
            if fate == "empty-confirmed":
                confirm_empty.confirm_empty(vault, settings, serial, checker)
        elif fate != "out":
            submit_confirmed(vault, settings, serial, ANSWERS[form], actor)
            if fate != "keyed":
                see_through(vault, settings, serial, checker)
            if fate == "filed":
                file_form.file_form(vault, settings, serial, actor)
    return fates


def form_state(vault, serial):
    return ledger.get_form(vault, serial).state


@pytest.mark.usefixtures("identity")
@pytest.mark.parametrize("seed", range(OUTAGES))
def test_the_statement_says_what_happened(
    seed, vault, settings, outage, issue, compare, actor, checker, tmp_path
):
    chance = random.Random(seed)
    fates = live_through(vault, settings, issue, actor, checker, chance)
    is_restored, is_compared, is_reviewed, is_sent = (chance.random() < 0.7 for _ in range(4))
    if is_restored:
        outages.mark_restored(vault, ["LIMS"], actor, "back")
    done = [
        (form, fate) for form, fate in fates if fate in ("verified", "filed", "empty-confirmed")
    ]
    decisions, waiting = Counter(), 0
    if is_compared:
        compare((*HOSPITAL, *PEOPLE))
        for row in find_items.list_items(vault, outage.id):
            if row.is_open:
                choice = chance.choice(("return", "leave", "open"))
                is_done = form_state(vault, row.item.fact.serial) in ("verified", "filed")
                decisions[choice] += 1
                waiting += choice == "return" and not is_done
                if choice != "open":
                    decide_item.decide_item(vault, row.key, choice, checker, "looked")
        if is_reviewed:
            review.run_review(vault, settings, actor, "looked")
        if is_sent and decisions["return"]:
            export_messages(vault, settings, "hl7v2", tmp_path, actor)
    statement = completeness_statement.gather_statement(vault, settings)
    stated = Counter()
    for line in statement.facts["open"]:
        stated[line["kind"]] += len(line["names"]) or 1
    was = Counter(OPEN[fate] for _, fate in fates if fate in OPEN)
    was["system-down"] = int(not is_restored)
    was["not-compared"] = int(bool(done) and not is_compared)
    was["undecided"] = decisions["open"]
    was["not-sent"] = waiting if is_sent else decisions["return"]
    was["harm-not-reviewed"] = int(is_compared and not is_reviewed)
    assert stated == +was
    total, count = statement.facts["forms_total"], Counter(fate for _, fate in fates)
    came_back = len(fates) - count["out"] - count["void"] - count["lost"]
    assert (total["issued"], total["returned"]) == (len(fates), came_back)
    assert (total["out"], total["void"], total["lost"]) == (
        count["out"], count["void"], count["lost"],
    )  # fmt: skip
    assert total["waiting"] == count["returned"]
    assert total["verified"] + total["filed"] == len(done)
    said = [ITEMS[form] for form, fate in fates if fate in ("keyed", "verified", "filed")]
    if is_compared:
        assert decisions.total() == sum(said)
    assert (statement.verdict == "COMPLETE") == (not +was)
    file = tmp_path / "statement.json"
    file.write_bytes(export_statement(vault, replace(statement)))
    assert read_verifier()(file).startswith(f"{statement.verdict} at ")
