"""Helpers of the feed tests: one message in, what it says out."""

import io
from datetime import UTC, datetime

import orjson
import pytest

from downtime.feeds.context import feed_context
from downtime.feeds.fhir import resources
from downtime.feeds.hl7 import messages
from downtime.feeds.model import Change, FeedMessage, Position
from downtime.settings import Settings

CONTEXT = feed_context(Settings())
NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
HEAD = r"MSH|^~\&|{app}|DEMO|{to}|DEMO|{sent}||{kind}|C1|P|2.4"
PID = "PID|1||H1001^^^DEMO^MR~9990000018^^^NHS^NH||PATEL^Asha^R^^Mrs||19620304|F"


def changes(message: FeedMessage, kind: str = "") -> list[Change]:
    return [change for change in message.content if not kind or change.type == kind]


@pytest.fixture
def hl7():
    """Reads one HL7 v2 message from its segments after MSH."""

    def read(kind, *segments, app="PAS", to="DOWNTIME", sent="202611021405", ctx=CONTEXT):
        head = HEAD.format(app=app, to=to, sent=sent, kind=kind)
        data = "\r".join([head, *segments]).encode()
        return messages.read_message(data, Position("feed.hl7", 1), ctx)

    return read


@pytest.fixture
def read_hl7():
    """Reads a whole HL7 v2 file from bytes."""
    return lambda data, ctx=CONTEXT: list(messages.read_hl7(io.BytesIO(data), "feed.hl7", ctx))


@pytest.fixture
def read_fhir():
    """Reads a whole JSON or NDJSON file from bytes, on 2 November 2026 unless a time is named."""

    def read(data, ctx=CONTEXT, now=NOW):
        return list(resources.read_fhir(io.BytesIO(data), "feed.json", ctx, lambda: now))

    return read


@pytest.fixture
def of():
    """The changes of a message, of one type when it is named."""
    return changes


@pytest.fixture
def read_one(read_fhir):
    """The only message of one FHIR resource."""

    def read(resource, **more):
        (message,) = read_fhir(orjson.dumps(resource), **more)
        return message

    return read


@pytest.fixture
def fields_of(read_one):
    """The fields of the first change of one FHIR resource."""
    return lambda resource, **more: read_one(resource, **more).content[0].fields
