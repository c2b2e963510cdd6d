"""FHIR Bundles of every kind, and what a message says of itself."""

import orjson
import pytest

from downtime.feeds.model import FeedMessage, Reject

FLAG = {
    "resourceType": "Flag",
    "id": "f1",
    "status": "active",
    "code": {"text": "Falls"},
    "subject": {"reference": "Patient/p1"},
}
UNUSED = {"resourceType": "Coverage", "id": "c1"}


def bundle(kind, *entries, **more):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries), **more}


@pytest.mark.parametrize(
    "kind",
    ["searchset", "collection", "transaction", "batch", "message", "history", "document"]
    + ["transaction-response", "batch-response", "subscription-notification"],
)
def test_every_kind_of_bundle_is_read(read_one, kind):
    header = {"resource": {"resourceType": "MessageHeader", "source": {"endpoint": "EPR"}}}
    message = read_one(bundle(kind, header, {"resource": FLAG}))
    assert [change.type for change in message.content] == ["Flag"]
    assert message.outcome == "used"


def test_a_bundle_with_something_that_is_not_used_is_used_in_part(read_one):
    message = read_one(bundle("collection", {"resource": FLAG}, {"resource": UNUSED}))
    assert message.outcome == "used-in-part"
    assert [f.segment for f in message.findings] == ["Coverage"]


def test_a_history_is_read_from_its_end(read_one):
    newest = {"resource": {**FLAG, "code": {"text": "new"}}}
    oldest = {"resource": {**FLAG, "code": {"text": "old"}}}
    message = read_one(bundle("history", newest, oldest))
    assert [change.fields["text"] for change in message.content] == ["old", "new"]


def test_a_history_says_when_each_version_was(read_one):
    entries = [
        {"request": {"method": "DELETE", "url": "Flag/f1"}, "response": {"lastModified": "2026-11-02T10:00:00Z"}},
        {"resource": FLAG, "response": {"lastModified": "2026-11-01T10:00:00Z"}},
    ]  # fmt: skip
    made, deleted = read_one(bundle("history", *entries)).content
    assert (made.event, made.operation) == ("2026-11-01T10:00:00Z", "set")
    assert (deleted.event, deleted.operation) == ("2026-11-02T10:00:00Z", "delete")


def test_the_outcome_of_a_search_is_no_result(read_one):
    entry = {"search": {"mode": "outcome"}, "resource": {"resourceType": "OperationOutcome"}}
    message = read_one(bundle("searchset", entry, {"resource": FLAG, "search": {"mode": "match"}}))
    assert (message.outcome, message.findings) == ("used", ())


@pytest.mark.parametrize("url", ["Flag?identifier=1", "Coverage/1", "Patient/1", ""])
def test_a_deletion_that_is_not_followed_is_said(read_one, url):
    message = read_one(bundle("transaction", {"request": {"method": "DELETE", "url": url}}))
    assert message.content == ()
    assert [f.kind for f in message.findings] == ["not-read"]


def test_a_patch_is_not_taken_for_a_resource(read_one):
    entry = {"request": {"method": "PATCH", "url": "Flag/f1"}, "resource": FLAG}
    assert read_one(bundle("transaction", entry)).content == ()


def test_a_message_says_who_sent_it_and_when(read_one):
    header = {"resourceType": "MessageHeader", "source": {"name": "EPR", "endpoint": "urn:x"}}
    time = {"id": "b7", "timestamp": "2026-11-02T12:00:00+01:00"}
    message = read_one(bundle("message", {"resource": header}, {"resource": FLAG}, **time))
    assert message.origin == ("Bundle", "b7", "EPR", "2026-11-02T11:00:00Z", 1)


def test_lines_are_named_for_what_is_accepted_and_what_is_not(read_fhir):
    data = b"\n".join(
        [orjson.dumps(FLAG), b"", b"{broken", b'{"resourceType": "A b"}', orjson.dumps(FLAG)]
    )
    items = read_fhir(data)
    assert [(type(i), i.origin.line) for i in items] == [
        (FeedMessage, 1),
        (Reject, 3),
        (Reject, 4),
        (FeedMessage, 5),
    ]


def test_a_broken_first_line_does_not_stop_the_others(read_fhir):
    items = read_fhir(b'{"resourceType": \n' + orjson.dumps(FLAG) + b"\n" + orjson.dumps(FLAG))
    assert [type(item) for item in items] == [Reject, FeedMessage, FeedMessage]


def test_a_finding_holds_nothing_of_the_patient(read_one):
    body = {**FLAG, "status": "SMITH", "subject": {"display": "SMITH"}}
    assert "SMITH" not in str(read_one(body).findings)


@pytest.mark.parametrize("text", [b"[%s,\n%s\n]", b"[\n%s,\n%s]", b"[%s\n,%s]"])
def test_a_list_with_a_resource_a_line_is_a_list(read_fhir, text):
    flag = orjson.dumps(FLAG)
    assert [type(item) for item in read_fhir(text % (flag, flag))] == [FeedMessage, FeedMessage]


def test_a_bundle_with_an_entry_a_line_is_one_document(read_fhir):
    entry = orjson.dumps({"resource": FLAG})
    head = b'{"resourceType":"Bundle","type":"collection","entry":[\n'
    (message,) = read_fhir(head + entry + b"\n]}")
    assert [change.type for change in message.content] == ["Flag"]


@pytest.mark.parametrize(
    ("written", "family"),
    [(r"A\u0000B\u001bC", "ABC"), (r"A\\u0000", r"A\u0000"), (r"\\\u0007B", "\\B")],
)
def test_no_control_character_of_json_reaches_a_name(read_fhir, written, family):
    text = '{"resourceType": "Patient", "id": "p1", "name": [{"family": "NAME"}]}'
    text = text.replace("NAME", written)
    (message,) = read_fhir(text.encode())
    assert message.content[0].fields["family"] == family


@pytest.mark.parametrize(("second", "is_read"), [("K2", False), ("K1", True)])
def test_a_name_with_two_values_is_refused(read_fhir, second, is_read):
    text = '{"resourceType": "Patient", "id": "K1", "gender": "male", "id" : "ID"}'
    text = text.replace("ID", second)
    (item,) = read_fhir(text.encode())
    assert isinstance(item, Reject) is not is_read
    assert is_read or ("two different values" in item.reason and "K2" not in str(item))


def test_who_died_at_a_time_that_cannot_be_read_has_died_and_it_is_said(read_one):
    person = {"resourceType": "Patient", "id": "p1", "birthDate": "0000-01-01"}
    message = read_one({**person, "deceasedDateTime": "9999-12-31T23:59:59-14:00"})
    assert message.content[0].fields["deceased"] == "true"
    assert {f.segment for f in message.findings} == {
        "Patient.birthDate",
        "Patient.deceasedDateTime",
    }
