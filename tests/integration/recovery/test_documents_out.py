"""A scan that policy files goes from the queue to the receiver as MDM^T02, once, with its pages."""

import base64
from dataclasses import replace

from downtime.entry import scans
from downtime.paper.issue import Subject
from downtime.returns import queueing, sending, store
from tests.integration.returns.pictures import png
from tests.integration.returns.receiver import receiver

from .conftest import SIGNED


def test_a_filed_form_is_sent_as_a_document_once(vault, settings, keyed, compare, who):
    serial = keyed("progress-notes", SIGNED)
    scans.attach(vault, settings, serial, png(), who)
    compare()
    with receiver() as epr:
        table = {"channel": "mllp", "host": "127.0.0.1", "port": epr.port, "documents": True}
        there = replace(settings, returns=replace(settings.returns, targets={"EPR": table}))
        assert queueing.queue(vault, there, who).messages == 1
        (message,) = store.messages(vault.db)
        assert message.kind == "MDM^T02"
        for _ in range(2):
            sending.send(vault, there, "EPR", who, pause=lambda seconds: True)
    (sent,) = epr.got
    obx = next(line for line in sent.decode().split("\r") if line.startswith("OBX|"))
    assert "^IM^PNG^Base64^" in obx.replace("|", "^")
    assert base64.b64decode(obx.split("|")[5].split("^")[4]) == png()
    assert f"|{serial}^DOWNTIME" in sent.decode()
    assert [one.state for one in store.messages(vault.db)] == ["acknowledged"]


def test_a_blank_s_scan_stays_here(vault, settings, keyed, compare, who):
    blank = Subject(downtime_number="DK700001X")
    serial = keyed("progress-notes", SIGNED, blank)
    scans.attach(vault, settings, serial, png(), who)
    compare()
    table = {"channel": "file", "documents": True}
    there = replace(settings, returns=replace(settings.returns, targets={"EPR": table}))
    assert queueing.queue(vault, there, who).messages == 0
