"""What a sender is answered: who, which message, which code, and when nothing at all."""

import hl7
import pytest

from downtime.feeds.model import Outcome
from downtime.ingest.sources.acknowledgements import (
    NOT_HL7,
    AckCode,
    ErrorCode,
    Verdict,
    judge_outcome,
    parse_header,
)
from downtime.ingest.sources.acknowledgements import write_answers as write_to_header

AT = b"20261102143000+0000"


def write_answers(content: bytes, *words):
    return write_to_header(parse_header(content), *words)


TAKEN = Verdict(AckCode.ACCEPTED)
FAULTY = Verdict(AckCode.ERROR, "MSH-9 is empty", ErrorCode.DATA)


def message(commit: str = "", application: str = "", version: str = "2.5") -> bytes:
    modes = f"|||{commit}|{application}" if commit or application else ""
    return f"MSH|^~\\&|PAS|RXH|DT|SITE|20261102||ADT^A01|M-7|P|{version}{modes}\rPID|1\r".encode()


def answer(content: bytes, verdict: Verdict) -> hl7.Message:
    (written,) = write_answers(content, verdict, AT, "DT1")
    return hl7.parse(written.decode())


def test_an_answer_goes_back_to_its_sender_and_names_its_message():
    ack = answer(message(), TAKEN)
    msh, msa = ack.segment("MSH"), ack.segment("MSA")
    assert [str(msh[n]) for n in (3, 4, 5, 6)] == ["DT", "SITE", "PAS", "RXH"]
    assert str(msh[9]) == "ACK^A01^ACK"
    assert [str(msh[n]) for n in (10, 11, 12)] == ["DT1", "P", "2.5"]
    assert [str(msa[n]) for n in (1, 2)] == ["AA", "M-7"]


def test_an_old_version_is_answered_as_it_speaks():
    ack = answer(message(version="2.2"), FAULTY)
    assert str(ack.segment("MSH")[9]) == "ACK"
    assert str(ack.segment("ERR")[1]) == "^^^102"


def test_a_fault_says_why():
    ack = answer(message(), FAULTY)
    assert [str(ack.segment("MSA")[n]) for n in (1, 3)] == ["AE", "MSH-9 is empty"]
    assert [str(ack.segment("ERR")[n]) for n in (3, 4, 8)] == ["102", "E", "MSH-9 is empty"]


@pytest.mark.parametrize(
    ("commit", "application", "verdict", "codes"),
    [
        ("", "", TAKEN, ["AA"]),
        ("AL", "NE", TAKEN, ["CA"]),
        ("AL", "AL", TAKEN, ["CA", "AA"]),
        ("NE", "AL", TAKEN, ["AA"]),
        ("NE", "NE", TAKEN, []),
        ("ER", "ER", TAKEN, []),
        ("ER", "NE", FAULTY, ["CE"]),
        ("AL", "", FAULTY, ["CE"]),
        ("SU", "SU", TAKEN, ["CA", "AA"]),
        ("SU", "ER", FAULTY, ["AE"]),
        ("AL", "NE", NOT_HL7, ["CR"]),
    ],
)
def test_enhanced_mode_answers_what_is_asked_for(commit, application, verdict, codes):
    answers = write_answers(message(commit, application), verdict, AT, "DT1")
    assert [str(hl7.parse(a.decode()).segment("MSA")[1]) for a in answers] == codes
    numbers = [str(hl7.parse(a.decode()).segment("MSH")[10]) for a in answers]
    assert len(set(numbers)) == len(numbers)


def test_what_is_no_hl7_is_answered_all_the_same():
    for content in (b"", b"MSH", b"hello", b"\xff\xfe" * 3000):
        assert str(answer(content, NOT_HL7).segment("MSA")[1]) == "AR"


def test_delimiters_of_the_sender_are_used_and_escaped():
    sent = b"MSH#*~\\&#PAS*1#RXH###20261102##ADT*A01#9#P#2.5\rPID#1\r"
    (written,) = write_answers(sent, Verdict(AckCode.ERROR, "a#b*c", ErrorCode.DATA), AT, "D")
    assert written.startswith(b"MSH#*~\\&###PAS*1#RXH#")
    assert b"MSA#AE#9#a\\F\\b\\S\\c\r" in written


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.USED, "AA"),
        (Outcome.USED_IN_PART, "AA"),
        (Outcome.NOT_USED, "AA"),
        (Outcome.QUARANTINED, "AA"),
        (Outcome.REJECTED, "AE"),
    ],
)
def test_every_outcome_has_its_code(outcome, code):
    assert judge_outcome(outcome, "a reason").code == code
