"""The registry of return channels: a row for each, and a place for every type of record."""

import pytest

from downtime.clinical.record_types import list_in_return_order
from downtime.entry.facts import Fact
from downtime.returns.channels import CHANNELS, EXPORT_FORMATS
from downtime.returns.model import Channel


@pytest.mark.parametrize("channel", Channel)
def test_every_channel_has_its_row_and_one_way_out(channel):
    row = CHANNELS[channel]
    assert row.title
    assert bool(row.open_connection) != bool(row.export_format)


@pytest.mark.parametrize("record_type", list_in_return_order())
def test_a_type_without_a_message_goes_on_the_worklist(record_type):
    fact = Fact(key="K7000001A-form", type=record_type, system="EPR", form="f", serial="K7000001A")
    assert CHANNELS[Channel.WORKLIST].can_write(fact)


def test_exports_are_named_by_their_channel():
    assert EXPORT_FORMATS == {"hl7v2": Channel.FILE, "worklist": Channel.WORKLIST}
