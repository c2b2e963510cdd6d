"""`downtime feeds check`: what is used, what is not and why, each message named and no value shown."""

import pytest

HEAD = "MSH|^~\\&|{sender}|NORTH|DT|TEST|20261102140{n}||{kind}|MSG{n}|P|2.4\r"
PID = "PID|1||700001^^^TEST^MR||Winterbourne^Ffion||19600102|F\r"
NOBODY = "PID|1||||Winterbourne^Ffion||19600102|F\r"
STAY = "PV1|1|I|W9^1^4||||||||||||||||V70\r"
LIST = "Ward,Bed,MRN,Surname,DOB,Visit\n"
MAPPING = """
[feeds.tables.ward]
match = "ward*.csv"
record = "Encounter"
source = "PAS"
full = true
columns = { Ward = "ward", Bed = "bed", MRN = "patient.mrn", Surname = "patient.family", DOB = "patient.birth_date", Visit = "visit_number" }
"""


def message(n, kind, *segments, sender="PAS"):
    return HEAD.format(n=n, kind=kind, sender=sender) + "".join(segments)


@pytest.fixture
def folder(terminal):
    path = terminal.folder / "sent"
    path.mkdir()
    return path


def test_a_message_that_is_not_used_is_named_and_none_of_its_values_shown(terminal, folder):
    (folder / "pas.hl7").write_text(
        message(1, "ADT^A01", PID, STAY) + message(2, "ADT^A01", NOBODY)
    )
    answer = terminal.run("feeds", "check", "sent")
    assert answer.code == 0
    assert "2 messages: 1 used, 0 used in part, 0 not used, 1 rejected" in answer.out
    assert "sent/pas.hl7 message 2" in answer.out
    assert "Winterbourne" not in answer.out
    document = terminal.ok("feeds", "check", "sent")
    assert document["outcomes"]["rejected"] == 1
    assert "Winterbourne" not in str(document)


def test_what_says_nothing_that_is_used_is_not_called_accepted(terminal, folder):
    (folder / "x.hl7").write_text(message(3, "ZZZ^Z99", PID))
    document = terminal.run("feeds", "check", "sent", "--json").json
    assert document["outcomes"]["used"] == 0
    assert document["outcomes"]["not-used"] + document["outcomes"]["rejected"] == 1
    assert document["problems"][0]["reason"]


@pytest.mark.parametrize(
    ("senders_lines", "strict", "usual"),
    [([(PID, STAY)], 0, 0), ([(PID, STAY), (NOBODY,)], 1, 0), ([(NOBODY,)], 1, 1), ([], 1, 1)],
)
def test_it_fails_when_nothing_was_used_and_strictly_when_not_all_was(
    terminal, folder, senders_lines, strict, usual
):
    messages = [message(n, "ADT^A01", *lines) for n, lines in enumerate(senders_lines)]
    (folder / "pas.hl7").write_text("".join(messages))
    assert terminal.run("feeds", "check", "--strict", "sent").code == strict
    answer = terminal.run("feeds", "check", "sent")
    assert answer.code == usual
    assert ("Nothing of it can be used" in answer.out) == bool(usual)


def write_lists(home) -> list[str]:
    """A whole list of a ward in `sent`, and one that lacks most of it; the rows of the first."""
    config, folder = home.folder / "home/config.toml", home.folder / "sent"
    config.write_text(config.read_text() + MAPPING)
    folder.mkdir()
    rows = [f"W9,{n},71000{n},Name{n},1960-01-0{n},V{n}\n" for n in range(1, 9)]
    (folder / "ward-20261102-1000.csv").write_text(LIST + "".join(rows))
    (folder / "ward-20261102-1100.csv").write_text(LIST + rows[0])
    return rows


def test_a_list_that_lacks_most_of_the_one_before_is_in_quarantine(home):
    write_lists(home)
    answer = home.run("feeds", "check", "--strict", "sent")
    assert answer.code == 1
    assert "1 in quarantine" in answer.out
    assert "ward-20261102-1100.csv" in answer.out
    assert "In quarantine: 1 table" in answer.out


def test_a_message_is_named_as_its_sender_knows_it_and_quoted_masked(terminal, folder):
    (folder / "pas.hl7").write_text(
        message(1, "ADT^A01", PID, STAY) + message(2, "ADT^A01", NOBODY)
    )
    problem = terminal.ok("feeds", "check", "sent")["problems"][0]
    assert (problem["kind"], problem["control_id"]) == ("ADT^A01", "MSG2")
    assert (problem["sender"], problem["line"]) == ("PAS^NORTH", 4)
    assert problem["sent"] == "2026-11-02T14:02:00Z"
    assert problem["quote"] == "PID|9||||xxxxxxxxxxxx^xxxxx||99999999|x"


def test_a_message_that_is_used_in_part_is_quoted_masked(terminal, folder):
    (folder / "pas.hl7").write_text(message(1, "ADT^A01", PID, STAY, "ZAL|7|Winterbourne\r"))
    (folder / "a.json").write_text(
        '{"resourceType": "Patient", "identifier": [{"value": "700001"}],'
        ' "name": [{"family": "Winterbourne"}], "modifierExtension": [{"url": "x:secret7"}]}'
    )
    document = terminal.ok("feeds", "check", "sent")
    quotes = {problem["segment"]: problem["quote"] for problem in document["problems"]}
    assert quotes["ZAL"] == "ZAL|9|xxxxxxxxxxxx"
    assert quotes["Patient.modifierExtension"] == '{"modifierExtension":[{"url":"x:xxxxxx9"}]}'
    assert "    ZAL|9|xxxxxxxxxxxx" in terminal.run("feeds", "check", "sent").out


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_what_windows_calls_unicode_is_read(home, encoding):
    config = home.folder / "home/config.toml"
    config.write_text(config.read_text() + MAPPING)
    (home.folder / "ward.csv").write_bytes(
        f"\ufeff{LIST}W1,1,710001,Quíll,1960-01-02,V1\n".encode(encoding)
    )
    (home.folder / "adt.hl7").write_bytes(
        f"\ufeff{message(1, 'ADT^A01', PID, STAY)}".encode(encoding)
    )
    document = home.ok("--home", "home", "feeds", "check", "ward.csv", "adt.hl7")
    assert (document["messages"], document["outcomes"]["used"]) == (2, 2)
    record = home.ok("--home", "home", "feeds", "read", "ward.csv")["records"]["Patient"][0]
    assert record["family"] == "Quíll"


def test_a_batch_without_messages_is_named(terminal, folder):
    (folder / "empty.hl7").write_text("FHS|^~\\&|LIMS\rBHS|^~\\&|LIMS\rBTS|0\rFTS|1\r")
    document = terminal.run("feeds", "check", "sent", "--json").json
    assert document["outcomes"]["rejected"] == 1
    assert "MSH" in str(document["problems"][0])


def test_a_repetition_is_counted_once_by_check_and_by_read(terminal, folder):
    odd = message(5, "ADT^A01", PID, STAY + "OBX|1|XX|?\r").replace("20261102140", "20361102140")
    bad = message(6, "ADT^A01", NOBODY)
    (folder / "a.hl7").write_text(odd + bad + odd)
    (folder / "b.hl7").write_text(bad + odd + odd.replace("MSG5", "MSG7"))
    checked = terminal.ok("feeds", "check", "sent")
    read = terminal.ok("feeds", "read", "sent")["findings"]
    assert (checked["messages"], checked["repeated"]) == (3, 3)
    assert checked["outcomes"]["rejected"] == 1
    for kind in {finding["kind"] for finding in checked["findings"]}:
        counted = sum(f["count"] for f in checked["findings"] if f["kind"] == kind)
        assert counted == sum(finding["kind"] == kind for finding in read)
    assert {"time-in-future", "not-read", "rejected"} <= {finding["kind"] for finding in read}
    assert len([f for f in read if f["kind"] == "rejected"]) == 1
    assert sum(r["count"] for r in checked["reasons"] if r["outcome"] == "used-in-part") == len(
        [f for f in read if f["kind"] == "not-read"]
    )
