"""`downtime feeds read`: the state that files would give, without a home."""

from tests.integration.cli.test_feeds_check import LIST, write_lists

MESSAGE = (
    "MSH|^~\\&|PAS|DEMO|||20261102100000||ADT^A01|77|P|2.4\r"
    "EVN|A01|20261102100000\r"
    "PID|1||H100^^^DEMO^MR||Hill^Ann||19600102|F\r"
    "PV1|1|I|^^4||||||||||||||||V1\r"
)


def test_an_engineer_sees_what_was_understood_and_nothing_is_kept(terminal, monkeypatch):
    monkeypatch.setenv("HOME", str(terminal.folder))
    (terminal.folder / "one.hl7").write_text(MESSAGE)
    document = terminal.ok("feeds", "read", "one.hl7")
    (patient,), (stay,) = document["records"]["Patient"], document["records"]["Encounter"]
    assert (patient["mrn"], patient["family"]) == ("H100", "Hill")
    assert (stay["patient"], stay["bed"], stay["visit_number"]) == ("H100", "4", "V1")
    assert "ward-unknown" in {finding["kind"] for finding in document["findings"]}
    text = terminal.run("feeds", "read", "one.hl7").out
    assert "family=Hill" in text
    assert "ward-unknown: PAS" in text
    assert [path.name for path in terminal.folder.iterdir()] == ["one.hl7"]


def test_where_nothing_can_be_used_the_answer_says_so_and_is_a_failure(terminal):
    (terminal.folder / "bad.hl7").write_text("MSH|damaged\r")
    answer = terminal.run("feeds", "read", "bad.hl7")
    assert answer.code == 1
    assert "Nothing of it can be used" in answer.out
    (terminal.folder / "good.hl7").write_text(MESSAGE)
    both = terminal.run("feeds", "read", "bad.hl7", "good.hl7")
    assert both.code == 0
    assert "Nothing of it can be used" not in both.out


def test_a_list_in_quarantine_replaces_nothing_and_the_answer_names_it(home):
    rows, folder = write_lists(home), home.folder / "sent"
    read = ("--home", "home", "feeds", "read")
    document = home.ok(*read, "sent")
    assert len(document["records"]["Encounter"]) == 8
    (finding,) = [f for f in document["findings"] if f["kind"] == "list-implausible"]
    assert finding["file"].endswith("ward-20261102-1100.csv")
    assert "in quarantine" in home.run(*read, "sent").out
    (folder / "ward-20261102-1000.csv").unlink()
    (folder / "ward-20261102-1100.csv").write_text(LIST + "".join(rows) + rows[0][:9])
    cut = home.run(*read, "sent", "--json")
    assert (cut.code, cut.json["records"]["Encounter"]) == (1, [])
