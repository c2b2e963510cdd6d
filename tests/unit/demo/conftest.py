"""The small hospital's feeds of seed 1, written once for all tests of the room."""

from datetime import UTC, datetime

import pytest

from downtime.demo.feeds import write_feeds

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def before(tmp_path_factory):
    folder = tmp_path_factory.mktemp("before")
    write_feeds(folder, "small", 1, "before", NOW)
    return folder


@pytest.fixture(scope="session")
def after(tmp_path_factory):
    folder = tmp_path_factory.mktemp("after")
    write_feeds(folder, "small", 1, "after", NOW)
    return folder
