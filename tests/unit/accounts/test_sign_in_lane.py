"""Passwords are tried one at a time; few wait, and nobody takes the lane from others."""

import threading

import pytest

from downtime.accounts import sign_in_lane
from downtime.errors import BusyError
from downtime.settings import AccountsSettings

SETTINGS = AccountsSettings(sign_ins_waiting=2)
WAIT_SECONDS = 60


class Visitor(threading.Thread):
    """Somebody who tries a password, and takes as long for it as the test says."""

    def __init__(self, client: str, *, has_session: bool = False) -> None:
        super().__init__(daemon=True)
        self.client, self.has_session = client, has_session
        self.answered, self.is_refused = threading.Event(), False
        self.start()

    def run(self) -> None:
        try:
            with sign_in_lane.enter_lane(SETTINGS, self.client, has_session=self.has_session):
                TRIED.append(self.client)
                RELEASED.wait(WAIT_SECONDS)
        except BusyError:
            self.is_refused = True
        self.answered.set()


TRIED: list[str] = []
RELEASED = threading.Event()


@pytest.fixture
def enter():
    """Let somebody into the lane, and go on once they stand in it, or were refused."""
    TRIED.clear()
    RELEASED.clear()
    visitors = []

    def enter(client: str, **options: bool) -> Visitor:
        visitor = Visitor(client, **options)
        visitors.append(visitor)
        with sign_in_lane._changed:
            while visitor.is_alive() and not _stands(client, visitors) and not visitor.is_refused:
                sign_in_lane._changed.wait(0.01)
        return visitor

    yield enter
    RELEASED.set()
    for visitor in visitors:
        visitor.join(WAIT_SECONDS)
    assert sign_in_lane._places == []


def _stands(client: str, visitors: list[Visitor]) -> bool:
    present = sum(place.client == client for place in sign_in_lane._places)
    return present == sum(v.client == client and not v.is_refused for v in visitors)


def go_on(*visitors: Visitor) -> None:
    RELEASED.set()
    for visitor in visitors:
        assert visitor.answered.wait(WAIT_SECONDS)


def test_who_comes_to_a_full_lane_is_refused_at_once(enter):
    first = [enter("a") for _ in range(3)]
    assert enter("a").is_refused
    go_on(*first)
    assert TRIED == ["a", "a", "a"]


def test_a_client_with_less_of_the_lane_takes_the_place_of_one_with_more(enter):
    strangers = [enter("a") for _ in range(3)]
    nurse = enter("b")
    assert strangers[2].answered.wait(WAIT_SECONDS)
    go_on(nurse, *strangers)
    assert sorted(TRIED) == ["a", "a", "b"]
    assert not nurse.is_refused


def test_many_clients_with_one_place_each_keep_theirs(enter):
    first = [enter(name) for name in "abc"]
    assert enter("d").is_refused
    go_on(*first)
    assert TRIED == ["a", "b", "c"]


def test_who_has_a_session_goes_before_those_who_have_none(enter):
    strangers = [enter(name) for name in "abc"]
    nurse = enter("nurse", has_session=True)
    go_on(nurse, *strangers)
    assert TRIED[:2] == ["a", "nurse"]
    assert sum(visitor.is_refused for visitor in strangers) == 1
