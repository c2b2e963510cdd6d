"""The demonstration that is served: in the middle of an outage and of a recovery, nothing empty."""

import re
from contextlib import closing

import pytest

from downtime import config
from downtime.accounts import homes
from downtime.clock import system_clock
from downtime.config import Home
from downtime.demo import story
from downtime.demo.commands import read_accounts
from downtime.demo.pages import make_pages
from downtime.outage import outages
from downtime.outage.outage_at_hand import find_outage_at_hand
from downtime.paper.shelf.find_documents import list_documents, search_shelf
from downtime.web import create_app

LISTS = {
    "nurse": (
        "/beds",
        "/tests",
        "/appointments",
        "/appointments/courses",
        "/appointments/backlog",
        "/print",
        "/what-to-do",
        "/events",
        "/laboratory",
        "/reference",
    ),
    "site": ("/outages", "/snapshots", "/harm", "/statement"),
    "records": ("/worklists", "/forms", "/comparison", "/identity", "/returns", "/rekey-worklists"),
    "clerk": ("/queues/key",),
    "clerk2": ("/queues/key-again",),
}
EMPTY = re.compile(r"(?i)<p>\s*(none|nothing|no [a-z ]+ yet|no outage)")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("half") / "home")
    facts = story.run(home, "small", 1, system_clock, lambda _: None, story.Ending.HALF_WAY)
    return home, facts


def test_one_outage_is_recovered_while_another_is_open(told):
    home, facts = told
    settings = config.load_settings(home.config_file)
    opened = homes.open_with_file(home, settings, system_clock, home.path / "laptop.unlock")
    with closing(opened.vault) as vault:
        states = {item.id: (item.state, item.down) for item in outages.list_unclosed(vault)}
        assert find_outage_at_hand(vault).id == facts["outage"]["id"]
    assert states == {
        facts["outage"]["id"]: ("recovering", ()),
        facts["second_outage"]["id"]: ("open", ("PAS", "LIMS")),
    }


def test_whoever_tries_it_signs_in_from_the_page_of_codes_and_finds_every_list_filled(told):
    home, _ = told
    pages = make_pages(lambda: read_accounts(home), system_clock)
    app = create_app(home, pages=(pages,))
    app.config["WTF_CSRF_ENABLED"] = False
    assert '<a href="/demonstration">' in app.test_client().get("/sign-in").text
    for username, paths in LISTS.items():
        client = app.test_client()
        page = client.get("/demonstration").text
        form = page.split(f'name="username" value="{username}"')[1]
        fields = dict(re.findall(r'name="(password|code)" value="([^"]+)"', form)[:2])
        answer = client.post(
            "/sign-in",
            data={"username": username, **fields},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        assert answer.status_code == 303, username
        for path in paths:
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert not EMPTY.search(answer.text), f"{path} is empty"
    app.extensions["downtime"].vault_holder.release()


def test_its_own_documents_are_on_the_laptops_shelf_and_say_what_they_are(told):
    home, _ = told
    settings = config.load_settings(home.config_file)
    opened = homes.open_with_file(home, settings, system_clock, home.path / "laptop.unlock")
    with closing(opened.vault) as vault:
        titles = {item.latest.title for item in list_documents(vault)}
        assert len(titles) == 3
        assert [hit.page for hit in search_shelf(vault, "long-acting insulin")] == [2]
        assert any("5512" in hit.excerpt for hit in search_shelf(vault, "blood bank"))
        pages = {
            (hit.document.latest.title, hit.page) for hit in search_shelf(vault, "not for care")
        }
        assert len(pages) == 3, "every page says that it is invented"
    client = create_app(home).test_client()
    assert "/public-reference" in client.get("/sign-in").text
    assert "Demonstration telephone book" in client.get("/public-reference").text


def test_the_usual_program_shows_no_codes(told):
    client = create_app(told[0]).test_client()
    assert client.get("/demonstration").status_code == 404
    assert "/demonstration" not in client.get("/sign-in").text
