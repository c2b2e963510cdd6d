"""How many steps and presses each thing takes on a ward, as docs/ward-screens.md says it: two steps at most."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from downtime.outage import outages
from downtime.vault.model import Actor
from tests.functional.conftest import SECONDS_A_CLICK, click_through

pytestmark = pytest.mark.browser
DOCUMENT = Path(__file__).parents[2] / "docs" / "ward-screens.md"
ROW = re.compile(r"^\| ([^|]+) \| (Find|Beds) \| (\d) \| (\d+) \| (\d+) s \|$", re.MULTILINE)
SECONDS_A_KEY = 0.28
MOST_STEPS = 2
FIND, BEDS = ("Find", "/find"), ("Beds", "/beds/ward?ward=A1")
ANN = "9990000018"


class Journey(NamedTuple):
    """From where on, the links to follow one after the other, and what is there then to be done."""

    start: tuple[str, str]
    links: tuple[str, ...]
    target: str


def menu(name):
    return f".nav >> text='{name}'"


def events_link(name):
    return f"#since .event-link >> text='{name}'"


JOURNEYS = {
    "Open a patient": Journey(FIND, (), "patient"),
    "Open a patient in a bed": Journey(BEDS, ("th a[href^='/patients/']",), ".banner"),
    "Record a move, discharge, death or absence": Journey(FIND, ("patient", events_link("Move")), "#answer-bed"),
    "Take down a phoned result of a patient": Journey(FIND, ("patient", events_link("Phoned result")), "#answer-value"),
    "Register a newborn": Journey(FIND, ("patient", events_link("Newborn")), "#answer-bed"),
    "Print the forms of a patient": Journey(FIND, ("patient",), "text='Print summary and forms'"),
    "Print one form of a patient": Journey(FIND, ("patient",), "text='Print this form'"),
    "Print labels or a wristband": Journey(FIND, ("patient",), "#labels summary"),
    "Print a transfer summary": Journey(FIND, ("patient",), "text='Transfer to another hospital'"),
    "Let an agency nurse in": Journey(FIND, ("patient", "text='Let somebody without an account in'"), "#pin"),
    "Register who arrives": Journey(BEDS, ("text='Arrival of somebody new'",), "#answer-family"),
    "Print the pack of the ward": Journey(BEDS, (), "text='Print ward pack'"),
    "See the tests outstanding": Journey(BEDS, ("main .bar >> text='Tests outstanding'",), "main table"),
    "Record a sample taken again": Journey(
        BEDS, ("main .bar >> text='Tests outstanding'", "text='Taken again'"), "#answer-note"
    ),
    "Hand a shift over": Journey(BEDS, ("text='Hand-over'",), "text='Print the list'"),
    "Show the corridor what it may see": Journey(BEDS, ("text='For the corridor'",), ".beds-plan"),
    "See all wards with their beds": Journey(BEDS, ("text='Other wards'",), "main tfoot"),
    "Take down a result for the laboratory": Journey(BEDS, (menu("Laboratory"),), "#number"),
    "Write a line of the log": Journey(BEDS, (menu("Events"), "main .event-link >> text='Incident log line'"), "#answer-what"),
    "Record a divert, a runner or a unit of blood": Journey(
        BEDS, (menu("Events"), "main .event-link >> text='Ambulance divert or capacity'"), "#answer-service"
    ),
    "See clinics and theatres": Journey(BEDS, (menu("Appointments"),), "main h1"),
    "Print a blank form": Journey(BEDS, (menu("Print"),), "main button >> nth=0"),
    "Give out a downtime number": Journey(BEDS, (menu("Numbers"),), "main button >> nth=0"),
    "Look something up in the reference shelf": Journey(BEDS, (menu("Reference"),), "main input[name=words]"),
    "See what to do now": Journey(BEDS, (menu("What to do now"),), "input[name=step], main button >> nth=0"),
}  # fmt: skip


def follow(page, journey):
    """Go the way and count: steps are pages that open, presses are clicks, Enter, and the last press."""
    page.goto(journey.start[1])
    steps, presses, keys = 0, 0, 0
    for link in journey.links or ((journey.target,) if journey.target == "patient" else ()):
        if link == "patient":
            page.fill("#text", ANN)
            keys += len(ANN)
            with page.expect_navigation():
                page.press("#text", "Enter")
        else:
            click_through(page.locator(link).first)
        steps, presses = steps + 1, presses + 1
    target = ".banner" if journey.target == "patient" else journey.target
    page.locator(target).first.wait_for(state="visible")
    is_pressed = target.startswith(("text=", "#labels", "main button"))
    return (
        steps,
        presses + is_pressed,
        round((presses + is_pressed) * SECONDS_A_CLICK + keys * SECONDS_A_KEY),
    )


def test_every_action_of_a_ward_is_two_steps_away_and_counted_in_the_documents(
    hospital, vault, visit_own
):
    people = Actor("u-1", "Amina", "K7")
    outages.declare_systems_down(vault, ["PAS", "LIMS"], people, "by IT", known=["PAS", "LIMS"])
    hospital.clock.go_on(minutes=10)
    page = visit_own("ward")
    counted = {
        name: (journey.start[0], *follow(page, journey)) for name, journey in JOURNEYS.items()
    }
    assert {name: count[1] for name, count in counted.items() if count[1] > MOST_STEPS} == {}
    text = DOCUMENT.read_text(encoding="utf-8")
    stated = {name: (start, *map(int, numbers)) for name, start, *numbers in ROW.findall(text)}
    assert stated == counted
