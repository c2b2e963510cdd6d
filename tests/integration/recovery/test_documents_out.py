"""A scan that policy files goes from the queue to the receiver as MDM^T02, once, with its pages."""

import base64
from dataclasses import replace

from downtime.entry import scans
from downtime.paper.model import Subject
from downtime.returns import queue_messages, send_messages
from downtime.returns.store import outbox_messages
from tests.integration.returns.pictures import png
from tests.integration.returns.receiver import receiver

from .conftest import SIGNED


def test_a_filed_form_is_sent_as_a_document_once(vault, settings, keyed, compare, actor):
    serial = keyed("progress-notes", SIGNED)
    scans.attach_scan(vault, settings, serial, png(), actor, without_code=True)
    compare()
    with receiver() as epr:
        table = {"channel": "mllp", "host": "127.0.0.1", "port": epr.port, "documents": True}
        there = replace(settings, returns=replace(settings.returns, targets={"EPR": table}))
        assert queue_messages.queue_items(vault, there, actor).messages == 1
        (message,) = outbox_messages.list_messages(vault.db)
        assert message.kind == "MDM^T02"
        for _ in range(2):
            send_messages.send_messages(vault, there, "EPR", actor, pause=lambda seconds: True)
    (sent,) = epr.got
    obx = next(line for line in sent.decode().split("\r") if line.startswith("OBX|"))
    assert "^IM^PNG^Base64^" in obx.replace("|", "^")
    assert base64.b64decode(obx.split("|")[5].split("^")[4]) == png()
    assert f"|{serial}^DOWNTIME" in sent.decode()
    assert [one.state for one in outbox_messages.list_messages(vault.db)] == ["acknowledged"]


def test_a_blank_s_scan_stays_here(vault, settings, keyed, compare, actor):
    blank = Subject(downtime_number="DK700001X")
    serial = keyed("progress-notes", SIGNED, blank)
    scans.attach_scan(vault, settings, serial, png(), actor, without_code=True)
    compare()
    table = {"channel": "file", "documents": True}
    there = replace(settings, returns=replace(settings.returns, targets={"EPR": table}))
    assert queue_messages.queue_items(vault, there, actor).messages == 0
