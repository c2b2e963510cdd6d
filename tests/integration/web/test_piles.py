"""Ward piles on the screen: a word for each form, looked at, done and undone."""

import html
import re

from downtime.paper import ledger
from downtime.web.views import piles


def states(vault, serials):
    return [str(ledger.get_form(vault, serial).state) for serial in serials]


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'name="(serials-\w+|ward|shown)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found}


def as_shown(page: str) -> dict[str, str]:
    """Each form that the page shows, without a word of its own."""
    return dict.fromkeys(re.findall(r'name="(fate-\w+)"', page), "")


def test_a_long_pile_is_paged_and_all_others_are_those_of_the_page(
    hospital, vault, outage, issue, monkeypatch
):
    monkeypatch.setattr(piles, "SHOWN", 2)
    pile = [issue("observations") for _ in range(5)]
    clerk = hospital.browser("records-clerk")
    page = clerk.get("/forms/pile?ward=A1&page=3").text
    assert "5 to 5 are below" in page
    assert as_shown(page) == {f"fate-{pile[4]}": ""}
    page = clerk.post("/forms/pile/preview", {"ward": "A1", "rest": "void", **as_shown(page)}).text
    clerk.post("/forms/pile", {**hidden(page), "reason": "never used"})
    assert states(vault, pile) == ["issued"] * 4 + ["void"]


def test_a_pile_is_sorted_in_one_pass_and_put_back(hospital, vault, outage, issue):
    pile = [issue("observations") for _ in range(4)]
    clerk = hospital.browser("records-clerk")
    page = clerk.get("/forms/pile").text
    assert 'href="/forms/pile?ward=A1">A1: 4<' in page
    page = clerk.get("/forms/pile?ward=A1").text
    assert all(f'name="fate-{serial}"' in page for serial in pile)
    sent = {
        "ward": "A1", "came_back": f"{pile[0]}\n{pile[1]}", "rest": "void", **as_shown(page)
    }  # fmt: skip
    page = clerk.post("/forms/pile/preview", {**sent, f"fate-{pile[2]}": "lost"}).text
    assert "4 forms would be sorted" in page
    assert states(vault, pile) == ["issued"] * 4
    refused = clerk.post("/forms/pile", {**hidden(page), "reason": ""})
    assert refused.status_code == 400
    more = {**hidden(page), "serials-void": f"{pile[3]} {pile[0]}"}
    other = clerk.post("/forms/pile", {**more, "reason": "typed by hand"})
    assert (other.status_code, "nothing was done" in other.text) == (409, True)
    assert states(vault, pile) == ["issued"] * 4
    page = clerk.post("/forms/pile", {**hidden(page), "reason": "counted with the ward"}).text
    assert "4 forms are sorted" in page
    assert states(vault, pile) == ["returned", "returned", "lost", "void"]
    clerk.post("/forms/undo", {"serial": pile, "reason": "another ward's"})
    assert states(vault, pile) == ["issued"] * 4
    assert clerk.post("/forms/pile/preview", {**sent, "rest": "eaten"}).status_code == 400
