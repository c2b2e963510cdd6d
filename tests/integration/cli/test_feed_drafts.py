"""`downtime feeds map` and `downtime ingest profile`: drafts for config.toml, without a home."""

import tomllib

LIST = "Ward;Bed;MRN;Surname;DOB\nW9;4;700001;Winterbourne;23/01/1960\n"
ADT = (
    "MSH|^~\\&|IPM|NORTH|DT|TEST|202611021400||ADT^A01|1|P|2.4\r"
    "PID|1||700001^^^NORTHID^MEDREC||Winterbourne^Ffion\rPV1|1|I|W9^1^4\r"
)


def test_the_mapping_of_a_list_is_drafted_and_shows_no_patient(terminal):
    (terminal.folder / "ward 20261102.csv").write_text(LIST)
    answer = terminal.run("feeds", "map", "ward 20261102.csv")
    assert answer.code == 0
    assert "Winterbourne" not in answer.out
    columns = tomllib.loads(answer.out)["feeds"]["tables"]["ward"]["columns"]
    assert columns["Surname"] == "patient.family"


def test_a_file_that_is_no_table_is_refused_with_a_sentence(terminal):
    (terminal.folder / "one.hl7").write_text(ADT)
    answer = terminal.run("feeds", "map", "one.hl7")
    assert answer.code != 0
    assert "neither CSV nor a workbook" in answer.err


def test_the_profile_of_a_sender_is_drafted_and_shows_no_patient(terminal):
    (terminal.folder / "one.hl7").write_text(ADT)
    document = terminal.ok("ingest", "profile", "one.hl7")
    profile = tomllib.loads(document["toml"])["feeds"]["profiles"]["ipm"]
    assert profile["mrn_authorities"] == ["NORTHID"]
    assert "Winterbourne" not in str(document)


def test_files_without_messages_have_no_profile(terminal):
    (terminal.folder / "list.csv").write_text(LIST)
    answer = terminal.run("ingest", "profile", "list.csv")
    assert "no messages in these files" in answer.err
