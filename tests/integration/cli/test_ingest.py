"""What was received, by commands: named rejects, lists, one message, replay, release."""

import pytest

from tests.integration.cli.conftest import BEGINS, PASSWORD, Clock, Terminal
from tests.integration.ingest.received import admission

REJECTED = b"MSH|^~\\&|LIMS|RXH|||20261102091500||ADT^A01|REJ-7|P|2.4\rEVN|A01|20261102091500\r"
WARD_LIST = """
[feeds.tables.wards]
match = "wards*"
record = "Encounter"
source = "PAS"
full = true
constants = {status = "in-progress", kind = "inpatient"}
columns = {Ward = "ward", Bed = "bed", MRN = "patient.mrn", Surname = "patient.family", Visit = "visit_number"}
"""
FEW = "[churn]\nward_min_patients = 100\n"
"""Lists alone are looked at here: the snapshot in which a ward of eight is empty is asked about as well."""
HEADER = "Ward,Bed,MRN,Surname,Visit\n"


@pytest.fixture(scope="module")
def publisher(tmp_path_factory, settings_file):
    """A machine whose administrator and site team have an account, and that has received something."""
    folder = tmp_path_factory.mktemp("publisher")
    text = folder / "settings.toml"
    text.write_text(settings_file.read_text() + WARD_LIST + FEW)
    clock = Clock(BEGINS)
    people = Terminal(folder, clock)
    init = ("init", "--settings", text, "--device", "K7", "--unlock-file", "key")
    people.learn(people.ok("--home", "home", *init))
    people.choose_password("home", "admin", PASSWORD)
    add = ("person", "add", "sita", "Sita Site", "--role", "site", "--reason", "new")
    people.learn(people.ok("--home", "home", *add, stdin=people.signed_in("admin")))
    people.choose_password("home", "sita", PASSWORD)
    (folder / "feeds").mkdir()
    (folder / "feeds" / "adt.hl7").write_bytes(admission(1) + REJECTED + admission(2))
    return Machine(folder, clock, people)


class Machine:
    """The service by its key, and people by their names."""

    def __init__(self, folder, clock, people):
        self.folder, self.people = folder, people
        self.service = Terminal(folder, clock, "--home", "home", "--unlock-file", "key")
        self.built = self.service.run("snapshot", "build", "feeds", "--to", "out", "--strict")

    def by(self, username, *words, json=True):
        options = ("--home", "home", *(["--json"] if json else []))
        return self.people.run(*words, *options, stdin=self.people.signed_in(username))


def test_a_build_names_what_it_rejected_and_fails_when_it_is_asked_to(publisher):
    assert publisher.built.code == 1
    (line,) = [line for line in publisher.built.out.splitlines() if "  rejected: " in line]
    for word in (
        "adt.hl7",
        "message 2",
        "line 5",
        "REJ-7",
        "LIMS^RXH",
        "2026-11-02T09:15:00Z",
        "PID",
    ):
        assert word in line
    again = publisher.service.run("snapshot", "build", "feeds", "--to", "out")
    assert (again.code, "3 received before" in again.out) == (0, True)
    nothing = publisher.service.run("snapshot", "build", "--to", "out", "--strict")
    assert (nothing.code, "0 of 0 messages" in nothing.out) == (0, True)


def test_messages_are_listed_by_what_is_known_of_them(publisher):
    rows = publisher.service.ok("ingest", "list", "--outcome", "rejected")
    assert [row["control_id"] for row in rows] == ["REJ-7"]
    rows = publisher.service.ok("ingest", "list", "--type", "ADT^A01", "--limit", "1")
    assert len(rows) == 1
    assert "No message fits." in publisher.service.run("ingest", "list", "--id", "none").out


def test_a_filter_that_is_none_is_refused(publisher):
    for words in (("--since", "yesterday"), ("--until", "2026-13-01"), ("--limit", "0")):
        answer = publisher.service.run("ingest", "list", *words)
        assert answer.code in (1, 2)
        assert words[0] in answer.err


def test_a_patients_number_finds_messages_for_who_may_see_patients(publisher):
    rows = publisher.by("sita", "ingest", "list", "--patient", "H2").json
    assert [row["control_id"] for row in rows] == ["M2"]
    refused = publisher.by("admin", "ingest", "list", "--patient", "H2")
    assert (refused.code, "does not allow" in refused.err) == (1, True)


def test_values_are_masked_for_who_may_not_see_patients(publisher):
    seen = publisher.by("sita", "ingest", "show", "1", json=False).out
    assert "Quill^Ada1" in seen
    assert "MR|DEMO|H1" in seen
    for answer in (
        publisher.by("admin", "ingest", "show", "1", json=False),
        publisher.by("admin", "ingest", "show", "1"),
        publisher.service.run("ingest", "show", "1"),
    ):
        assert answer.code == 0
        assert "H1" not in answer.out
        assert "Quill" not in answer.out
        assert "PID|9||x9^^^xxxx^xx||xxxxx^xxx9||99999999|x" in answer.out.replace("\\n", "\n")
    missing = publisher.service.run("ingest", "show", "999")
    assert (missing.code, "holds no message 999" in missing.err) == (1, True)


def test_a_list_in_quarantine_is_named_with_the_command_that_releases_it(publisher):
    rows = "".join(f"W1,{n},H{n},Quill,V{n}\n" for n in range(1, 9))
    (publisher.folder / "wards-20261102-0930.csv").write_text(HEADER + rows)
    (publisher.folder / "wards-20261102-0945.csv").write_text(HEADER + "W1,1,H1,Quill,V1\n")
    build = ("snapshot", "build", "--to", "out")
    assert publisher.service.run(*build, "wards-20261102-0930.csv").code == 0
    built = publisher.service.run(*build, "wards-20261102-0945.csv")
    (arrival,) = [
        row["arrival"] for row in publisher.service.ok("ingest", "list", "--outcome", "quarantined")
    ]
    assert f"downtime ingest release {arrival}" in built.out
    reason = ("--reason", "the ward has moved")
    refused = publisher.service.run("ingest", "release", arrival, *reason)
    assert refused.code == 1
    assert publisher.by("sita", "ingest", "release", arrival, *reason).code == 0
    built = publisher.service.ok(*build)
    assert built["quarantined"] == []
    (line,) = (
        row for row in publisher.service.ok("quality", "list") if row["kind"] == "list-released"
    )
    assert line["note"].startswith("released by Sita Site at 20")
    assert line["note"].endswith("Z: the ward has moved")


def test_a_replay_says_what_it_changes_and_names_patients_to_who_may_see_them(publisher):
    (publisher.folder / "old.hl7").write_bytes(admission(40, number_of="OLDPAS^HID"))
    publisher.service.ok("snapshot", "build", "old.hl7", "--to", "out")
    config = publisher.folder / "home" / "config.toml"
    config.write_text(
        config.read_text()
        + '[feeds.profiles.old]\nmrn_types = ["HID"]\nmrn_authorities = ["OLDPAS"]\n'
    )
    seen = publisher.by("sita", "ingest", "replay", "--preview").json
    assert "H40" in seen["of"]
    assert publisher.by("admin", "ingest", "replay", "--preview").json["of"] == []
    assert publisher.service.run("ingest", "replay").code == 1
    ran = publisher.service.run("ingest", "replay", "--reason", "profile mended")
    assert "have changed" in ran.out
    assert "H40" not in ran.out
    assert publisher.service.ok("ingest", "replay", "--preview")["records"] == {}


def test_what_is_used_in_part_is_quoted_masked(publisher):
    odd = admission(50) + b"ZAL|7|Winterbourne\r"
    (publisher.folder / "odd.hl7").write_bytes(odd)
    publisher.service.ok("snapshot", "build", "odd.hl7", "--to", "out")
    (row,) = publisher.service.ok("ingest", "list", "--outcome", "used-in-part")
    shown = publisher.by("admin", "ingest", "show", row["arrival"], json=False).out
    assert "  not-read: ZAL: " in shown
    assert "    ZAL|9|xxxxxxxxxxxx" in shown
    assert "Winterbourne" not in shown
    (finding,) = publisher.service.ok("ingest", "show", row["arrival"])["findings"]
    assert finding["quote"] == "ZAL|9|xxxxxxxxxxxx"
