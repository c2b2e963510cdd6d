"""`downtime quality`: what was wrong with what was sent, and the board against a census."""

import pytest

from tests.integration.cli.test_printing import runner

PEOPLE = (
    # MRN, family, given, ward, bed
    ("800001", "Fenwick", "Ada", "A1", "1"),
    ("800002", "Garth", "Tom", "A1", "1"),
    ("800003", "Heron", "Sian", "A1", "3"),
    ("800004", "Inch", "Bea", "", ""),
)
BAD = "MSH|^~\\&|PAS|TEST|DT|TEST|202611021400||ADT^A08|BAD1|P|2.4\rPID|1||||Nobody^At\r"


def admission(number, mrn, family, given, ward, bed):
    return (
        f"MSH|^~\\&|PAS|TEST|DT|TEST|202611021405||ADT^A01|{number}|P|2.4\rEVN|A01|202611021405\r"
        f"PID|1||{mrn}^^^TEST^MR||{family}^{given}||19600102|F\r"
        f"PV1|1|I|{ward}^^{bed}||||||||||||||||V{mrn}|||||||||||||||||||||||||202611010900\r"
    )


@pytest.fixture
def loaded(home):
    feeds = home.folder / "feeds"
    feeds.mkdir()
    texts = [admission(number, *person) for number, person in enumerate(PEOPLE)]
    (feeds / "pas.hl7").write_text("".join(texts) + BAD)
    built = home.ok("snapshot", "build", "--from", "feeds", "--to", "out")
    home.ok("snapshot", "load", built["bundle"])
    return home


def test_what_is_wrong_is_counted_by_source_and_day_with_the_next_step(loaded):
    rows = loaded.ok("quality", "list")
    counted = {(row["source"], row["kind"]): row["times"] for row in rows}
    assert counted["PAS", "ward-unknown"] == 1
    assert counted["PAS", "bed-with-two"] == 1
    assert counted["files", "rejected"] == 1
    assert all(row["next_step"] and row["day"] == "2026-11-02" for row in rows)
    answer = loaded.run("quality", "list", "--source", "PAS")
    assert "Admitted, ward not known" in answer.out
    assert "Messages rejected" not in answer.out
    assert "Fenwick" not in answer.out


def test_nothing_wrong_is_said(loaded):
    later = loaded.run("quality", "list", "--since", "2027-01-01").out
    assert "Nothing since 2027-01-01 is known to be wrong." in later


@pytest.fixture
def compare(loaded):
    """`compare(text, *words)` → what somebody of the ward is told of a census."""
    people = runner(loaded)

    def run(text, *words):
        (loaded.folder / "census.csv").write_text(text)
        words = ("quality", "compare", "census.csv", "--home", "home", *words)
        return people.run(*words, stdin=people.signed_in("runner"))

    return run


def test_a_census_that_differs_names_whom_and_fails(compare):
    answer = compare(
        "ward,bed,number,name\nA1,1,800001,Fenwick Ada\nA1,2,800003,Heron Sian\n"
        "A1,4,800004,Inch Bea\nA1,5,899999,Stone Max\n"
    )
    assert answer.code == 1
    for sentence in (
        "Wards A1: 1 agree, 4 differences.",
        "Admitted 4 = shown on wards 3 + ward not known 1.",
        "A1 bed 2: 800003 Heron Sian is on the board in A1 bed 3.",
        "A1 bed 4: 800004 Inch Bea is in hospital, ward not known.",
        "A1 bed 5: 899999 Stone Max was counted and is not on the board.",
        "A1 bed 1: 800002 GARTH, Tom is on the board and was not counted.",
    ):
        assert sentence in answer.out


def test_a_census_that_agrees_succeeds(compare):
    answer = compare("Ward;Bed;Name\nA1;1;Ada Fenwick\nA1;1;GARTH, Tom\nA1;3;Heron\n", "--json")
    assert answer.code == 0
    assert (answer.json["agreed"], answer.json["differences"]) == (3, [])


def test_a_census_that_is_none_is_refused_in_a_sentence(compare):
    answer = compare("who,where\nAda,A1\n")
    assert answer.code == 1
    assert "Give it the columns ward, bed, number, name." in answer.err
