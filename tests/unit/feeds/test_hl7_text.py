"""Text as it was meant: character sets, escapes, separators that nobody escaped."""

import pytest

from downtime.feeds.context import feed_context
from downtime.feeds.hl7.encoding import find_delimiters
from downtime.feeds.model import FindingKind
from downtime.settings import FeedsSettings, Settings

PID = "PID|1||H1001^^^DEMO^MR||{name}"


def message(name, character_set, encoding):
    head = f"MSH|^~\\&|PAS|DEMO|||202611021405||ADT^A08|1|P|2.4||||||{character_set}\r"
    return (head + PID.format(name=name)).encode(encoding)


@pytest.mark.parametrize(
    ("name", "character_set", "encoding"),
    [
        ("Dvořák^Łucja", "8859/2", "iso8859-2"),
        ("Иванов", "8859/5", "iso8859-5"),
        ("Παπαδάκης", "8859/7", "iso8859-7"),
        ("Müller", "UNICODE UTF-8", "utf-8"),
        ("王小明", "GB 18030-2000", "gb18030"),
        ("王小明", "BIG-5", "big5"),
        ("山田^太郎", "ISO IR87", "iso2022_jp"),
        ("김철수", "KS X 1001", "euc_kr"),
        ("Müller", "8859/1", "latin-1"),
    ],
)
def test_the_character_set_that_is_named_is_used(read_hl7, of, name, character_set, encoding):
    (item,) = read_hl7(message(name, character_set, encoding))
    assert of(item, "Patient")[0].fields["family"] == name.split("^")[0]
    assert item.findings == ()


@pytest.mark.parametrize(
    ("character_set", "encoding"),
    [("8859/1", "utf-8"), ("ASCII", "cp1252"), ("UNICODE UTF-8", "cp1252"), ("KLINGON", "utf-8")],
)
def test_where_it_lies_the_bytes_decide_and_it_is_said(read_hl7, of, character_set, encoding):
    (item,) = read_hl7(message("Müller", character_set, encoding))
    assert of(item, "Patient")[0].fields["family"] == "Müller"
    assert [finding.kind for finding in item.findings] == [FindingKind.CHARACTER_SET]


@pytest.mark.parametrize(
    ("name", "character_set", "encoding"),
    [
        ("山田^太郎", "~ISO IR87", "iso2022_jp"),
        ("YAMADA^TARO~山田^太郎", "ASCII~ISO IR87~ISO IR159", "iso2022_jp"),
        ("김^철수", "~KS X 1001", "iso2022_kr"),
    ],
)
def test_a_set_to_which_escapes_change_is_read(read_hl7, of, name, character_set, encoding):
    (item,) = read_hl7(message(name, character_set, encoding))
    assert of(item, "Patient")[0].fields["family"] == name.split("^")[0]
    assert item.findings == ()


@pytest.mark.parametrize(
    ("data", "family"),
    [
        (message("山田^太郎", "", "iso2022_jp"), "山田"),
        (message("Mü\x00ller", "UNICODE UTF-8", "utf-8"), "Müller"),
        (message("Mul\x00ler", "", "ascii"), "Muller"),
        (message("X\x1b$)AYZ", "~CNS 11643", "ascii"), "X$)AYZ"),
    ],
)
def test_what_is_changed_or_cannot_be_read_in_a_text_is_said(read_hl7, of, data, family):
    (item,) = read_hl7(data)
    assert of(item, "Patient")[0].fields["family"] == family
    assert [finding.kind for finding in item.findings] == [FindingKind.CHARACTER_SET]


def test_the_frame_of_a_message_is_none_of_its_characters(read_hl7):
    framed = b"\x0b" + message("Muller", "", "ascii") + b"\r\x1c\r"
    assert [item.findings for item in read_hl7(framed + framed)] == [(), ()]


def test_the_profile_knows_better_than_the_message(read_hl7, of):
    profiles = {"old": {"applications": ["PAS"], "character_set": "iso8859-2"}}
    known = feed_context(Settings(feeds=FeedsSettings(profiles=profiles)))
    (item,) = read_hl7(message("Dvořák", "8859/1", "iso8859-2"), known)
    assert of(item, "Patient")[0].fields["family"] == "Dvořák"


@pytest.mark.parametrize(
    ("codec", "sent", "text"),
    [
        ("", r"\X00E9\t", "ét"),
        ("utf-16-be", r"\X4E2D\ ", "中 "),
        ("", r"a\X00\b\X07\c", "abc"),
        ("", r"a\X0D0A\b\X0D\c", "a\nb\nc"),
        ("iso8859-2", r"\XF8\ ", "ř "),
    ],
)
def test_characters_sent_by_number(codec, sent, text):
    assert find_delimiters("|", "^~\\&", codec).decode(sent) == text


def test_no_nul_reaches_a_name(hl7, of):
    name = of(hl7("ADT^A08", PID.format(name=r"Ctl\X00\\X07\^J")), "Patient")[0].fields["family"]
    assert name == "Ctl"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("10^9/L", "10^9/L"),
        (r"10\S\9/L", "10^9/L"),
        ("x10^9/L", "x10^9/L"),
        ("10*9/L^x10^9/L^UCUM", "x10^9/L"),
        ("10^12/L^10^12/L^UCUM", "10^12/L"),
        ("10*9/L^^UCUM", "10*9/L"),
        ("mL/min/1.73m^2", "mL/min/1.73m^2"),
        ("kg/m^2", "kg/m^2"),
        ("%^percent^UCUM", "percent"),
        ("mmol/L^millimole per litre^UCUM", "millimole per litre"),
        ("mm^millimetre^UCUM", "millimetre"),
        ("g/L", "g/L"),
        ("log10^copies/mL", "log10^copies/mL"),
        ("10*9/L^x10\\S\\9/L", "x10^9/L"),
        ("10^9^L", "10^9^L"),
        ("E^9/L", "E^9/L"),
        ("10~9/L", "10~9/L"),
        ("mmol/L^MMOL/L", "MMOL/L"),
        ("^^^mg/L^mg/L", "mg/L"),
    ],
)
def test_units_are_whole(hl7, of, sent, shown):
    obx = f"OBX|1|NM|WBC^White cells||5|{sent}|||||F"
    message = hl7("ORU^R01", PID.format(name="A"), "OBR|1||F1|FBC^Count", obx, app="LIMS")
    assert of(message, "Observation")[0].fields["units"] == shown


def test_a_range_of_numbers_is_one(hl7, of):
    obx = "OBX|1|NR|WBC^White cells||3^5||||||F"
    message = hl7("ORU^R01", PID.format(name="A"), "OBR|1||F1|FBC^Count", obx, app="LIMS")
    assert of(message, "Observation")[0].fields["value"] == "3 - 5"


@pytest.mark.parametrize(
    ("place", "ward"),
    [("A&E^1^8", "A&E"), ("ICU&1.2.3&ISO^1^8", "ICU"), ("W1&^1^8", "W1"), (r"A\T\E^1^8", "A&E")],
)
def test_a_ward_with_an_ampersand_is_whole(hl7, of, place, ward):
    message = hl7("ADT^A01", PID.format(name="A"), f"PV1|1|I|{place}||||||||||||||||V1")
    assert of(message, "Encounter")[0].fields["ward"] == ward


def test_tests_with_an_ampersand_are_told_apart(hl7, of):
    obr = ("OBR|1||F1|C&S^Culture", "OBR|2||F1|C&E^Electrolytes", "OBR|3||F1|U&E")
    reports = of(hl7("ORU^R01", PID.format(name="A"), *obr, app="LIMS"), "DiagnosticReport")
    assert [c.key for c in reports] == ["F1|C&S", "F1|C&E", "F1|U&E"]
    assert reports[2].fields["display"] == "U&E"


def test_the_parts_of_a_family_name_and_a_street_are_parts(hl7, of):
    pid = PID.format(name="VAN DAM&van&Dam^Eva") + "||||||1 High St&High St&1^^Town"
    fields = of(hl7("ADT^A08", pid), "Patient")[0].fields
    assert (fields["family"], fields["address"]) == ("VAN DAM", "1 High St, Town")
