"""What the systems of a tiny hospital would send: two wards, people with one name, an open test."""

import json
from pathlib import Path

PAS = "MSH|^~\\&|PAS|TEST|DT|TEST|{at}||ADT^A01|{n}|P|2.4\rEVN|A01|{at}\r"
PATIENTS = (
    # MRN, NHS number, family, given, born, sex, ward, bay, bed
    ("1000001", "9990000018", "Sample", "Ann", "19600102", "F", "A1", "1", "1"),
    ("1000002", "9990000026", "Sample", "Ann", "19910317", "F", "A1", "1", "2"),
    ("1000003", "", "Øksen", "Bjørn", "20260901", "M", "B2", "", "7"),
)


def write(folder: Path) -> Path:
    """Write the feeds as at 14:05 on 2 November 2026."""
    folder.mkdir(parents=True)
    (folder / "pas.hl7").write_text("".join(make_admission(n, *p) for n, p in enumerate(PATIENTS)))
    (folder / "lims.hl7").write_text(_order("L1", "FBC^Full blood count") + _result())
    (folder / "epr.json").write_text(json.dumps(_bundle()))
    return folder


def make_admission(n, mrn, nhs, family, given, born, sex, ward, bay, bed):
    """A patient in a bed, as the PAS would send it."""
    nhs = f"~{nhs}^^^NHS^NH" if nhs else ""
    return (
        PAS.format(at="202611021405", n=n)
        + f"PID|1||{mrn}^^^TEST^MR{nhs}||{family}^{given}^^^Ms||{born}|{sex}\r"
        + f"PV1|1|I|{ward}^{bay}^{bed}|||||^Cole^Dana||||||||||||V{mrn}"
        + "|||||||||||||||||||||||||202611010900\r"
    )


def make_order(number, at, test="CRP^C-reactive protein"):
    """A test of Ann Sample, as the LIMS sends it at a time (UTC, which is local time in November)."""
    return _order(number, test).replace(
        "LIMS|TEST|DT|TEST|202611021400", f"LIMS|TEST|DT|TEST|{at:%Y%m%d%H%M}"
    )


def _order(number, test):
    return (
        f"MSH|^~\\&|LIMS|TEST|DT|TEST|202611021400||ORM^O01|{number}|P|2.4\r"
        "PID|1||1000001^^^TEST^MR||Sample^Ann||19600102|F\r"
        f"ORC|NW|{number}|F{number}||IP||||202611021330\r"
        f"OBR|1|{number}|F{number}|{test}|||202611021340{17 * '|'}HM\r"
    )


def _result():
    return (
        "MSH|^~\\&|LIMS|TEST|DT|TEST|202611021355||ORU^R01|R1|P|2.4\r"
        "PID|1||1000001^^^TEST^MR||Sample^Ann||19600102|F\r"
        "ORC|RE|L0|FL0\r"
        "OBR|1|L0|FL0|UE^Urea and electrolytes|||202611021000|||||||||||||||202611021200||BLD|F\r"
        "OBX|1|NM|K^Potassium||6.1|mmol/L|3.5-5.3|H|||F\r"
        "OBX|2|NM|NA^Sodium||139|mmol/L|133-146||||F\r"
    )


def _bundle():
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {
                "resource": {
                    "resourceType": "Patient",
                    "id": "p1",
                    "meta": {"lastUpdated": "2026-11-02T14:00:00Z"},
                    "identifier": [
                        {
                            "type": {"coding": [{"code": "MR"}]},
                            "assigner": {"display": "TEST"},
                            "system": "urn:test:mrn",
                            "value": "1000001",
                        },
                        {
                            "system": "https://fhir.nhs.uk/Id/nhs-number",
                            "value": "9990000018",
                        },
                    ],
                    "name": [{"family": "Sample", "given": ["Ann"]}],
                    "birthDate": "1960-01-02",
                    "gender": "female",
                }
            },
            {
                "resource": {
                    "resourceType": "AllergyIntolerance",
                    "id": "a1",
                    "meta": {"lastUpdated": "2026-11-02T14:00:00Z"},
                    "clinicalStatus": {"coding": [{"code": "active"}]},
                    "code": {"text": "Penicillin"},
                    "patient": {"reference": "Patient/p1"},
                    "reaction": [{"manifestation": [{"text": "Rash"}]}],
                }
            },
        ],
    }
