"""Everything of this program that reads what somebody else wrote: by name, with what it may answer, and samples.

`tests/property/test_every_parser.py` and `scripts/faults fuzz` try them with damaged samples and with any bytes.
"""

import io
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from downtime import config
from downtime.entry import read_response, typed_times
from downtime.errors import UserError
from downtime.feeds.context import feed_context
from downtime.feeds.fhir import resources
from downtime.feeds.hl7 import messages
from downtime.feeds.tables import files
from downtime.outage import downtime_numbers
from downtime.paper import serials
from downtime.paper.forms import load_form
from downtime.paper.forms.import_questionnaire import QuestionnaireReader
from downtime.paper.labels.complete_codes import describe_wrong_check, parse_complete_code
from downtime.paper.mutual_aid.partners import parse_partner_file
from downtime.returns.fhir.rest_client import parse_object
from downtime.returns.hl7.acknowledgements import parse_acknowledgement
from downtime.settings import FeedsSettings, Settings
from downtime.snapshot.bundle import verify_bundle
from downtime.snapshot.compare_census import read_census
from downtime.transport.pointer import parse_recent
from downtime.vault import device, machines, marks, receipts, recovery, slots

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
TODAY, LONDON = date(2026, 11, 2), ZoneInfo("Europe/London")
TABLE = {"match": "*", "full": True, "record": "Encounter",
         "columns": {"Ward": "ward", "Bed": "bed", "MRN": "patient.mrn", "NHS": "patient.nhs",
                     "Surname": "patient.family", "DOB": "patient.birth_date",
                     "Visit": "visit_number"}}  # fmt: skip
SETTINGS = Settings(feeds=FeedsSettings(tables={"t": TABLE}))
CONTEXT = feed_context(SETTINGS)
KEYS = {"0123456789abcdef": Ed25519PrivateKey.generate().public_key()}
HL7 = (
    b"MSH|^~\\&|PAS|DEMO|DT|DEMO|202611021405||ADT^A01|C1|P|2.4\rEVN|A01|202611021405\r"
    b"PID|1||H1^^^DEMO^MR~9990000018^^^NHS^NH||SAMPLE^ANN||19600102|F\r"
    b"PV1|1|I|A1^2^3||||||||||||||||V1\rAL1|1|DA|PEN^Penicillin||Rash\r"
    b"OBR|1|P1|F1|FBC^Count|||202611021300\rOBX|1|NM|K||6.1|mmol/L|3.5-5.3|H|||F\r"
)
FHIR = (
    b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"1",'
    b'"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}],"name":[{"family":'
    b'"Sample","given":["Ann"],"period":{"end":"2026-01"}}],"birthDate":"1960-01-02"}},{"resource":{'
    b'"resourceType":"MedicationRequest","status":"active","subject":{"reference":"Patient/1"},'
    b'"dosageInstruction":[{"timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d"}}}]}}]}'
)
CSV = b"Ward,Bed,MRN,NHS,Surname,DOB,Visit\nA1,1,H1,9990000018,Sample,02/01/1960,V1\nA1,2,H2,,Hill,,V2\n"
RESPONSE = (
    b'{"resourceType":"QuestionnaireResponse","questionnaire":"transfer","status":"completed","identifier":'
    b'{"value":"K7-000001-X"},"item":[{"linkId":"a","answer":[{"valueDateTime":"2026-11-02T14:00:00Z"}]}]}'
)
QUESTIONNAIRE = (
    b'{"resourceType":"Questionnaire","name":"falls","title":"Falls","status":"active","item":[{"linkId":"g",'
    b'"text":"Group","type":"group","item":[{"linkId":"q","text":"Fell","type":"boolean"}]}]}'
)
ACK = b"MSH|^~\\&|LIMS|DEMO|DT|DEMO|202611021405||ACK|A1|P|2.4\rMSA|AE|C1|no\rERR|||207^Error^HL70357|E\r"
CENSUS = b"Ward,Bed,Name,NHS number\nA1,1,SAMPLE Ann,999 000 0018\n"
MARKS = (
    b'{"format":"downtime-marks/1","device":"K7","generation":3,"binding":{"machine":"m","file_system":"f",'
    b'"inode":7},"audit":[4,"00"],"numbers":{"serial":["",12]},"snapshot":[1,2],"seen":{},"signature":"AA=="}'
)
CARD = b'{"downtime":"device-card/1","code":"K7","name":"Laptop","public_key":"AA==","recipient":"age1"}'
POINTER = (
    b'{"format":"downtime-pointer/2","deltas":[{"name":"a","sequence":1,"size":2,"sha256":"00"}]}'
)
SEALED = b'age-encryption.org/v1\n-> X\n\n{"format":"x","key":"0123456789abcdef"}\nAA==\ndowntime-sealed/2 00000040\n'


@dataclass(frozen=True, slots=True)
class Parser:
    """Something that reads bytes; it ends, and raises nothing but the errors that its callers expect."""

    read: Callable[[bytes], object]
    samples: tuple[bytes, ...]
    errors: tuple[type[Exception], ...] = (UserError,)

    def take(self, data: bytes) -> None:
        """Read these bytes. Raises what nobody expects of it."""
        with suppress(*self.errors):
            self.read(data)


def _feed(read: Callable[..., Iterator[Any]], *more: object) -> Callable[[bytes], object]:
    def read_all(data: bytes) -> None:
        for item in read(io.BytesIO(data), "x", *more, CONTEXT):
            reason = str(getattr(item, "reason", ""))
            if "fault in Downtime" in reason:
                raise AssertionError(reason)

    return read_all


def _of_json(read: Callable[[Any], object]) -> Callable[[bytes], object]:
    """What has been a JSON object by then."""

    def read_object(data: bytes) -> object:
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            return None
        return read(document) if isinstance(document, dict) else None

    return read_object


def _of_text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: read(data.decode("utf-8", "replace"))


def _of_file(read: Callable[[Path], object]) -> Callable[[bytes], object]:
    def read_file(data: bytes) -> object:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            path.write_bytes(data)
            return read(path)

    return read_file


def _read_code(text: str) -> object:
    return describe_wrong_check(text), parse_complete_code(text, SETTINGS)


def _read_time(text: str) -> object:
    return typed_times.parse_past_time(text, NOW, LONDON)


PARSERS: dict[str, Parser] = {
    "HL7 v2": Parser(_feed(messages.read_hl7), (HL7,)),
    "FHIR": Parser(_feed(resources.read_fhir), (FHIR, FHIR.replace(b"\n", b"") + b"\n" + FHIR)),
    "table": Parser(_feed(files.read_csv, "2026-11-02T14:30:00Z"), (CSV, CSV.replace(b",", b";"))),
    "acknowledgement": Parser(parse_acknowledgement, (ACK,)),
    "answer of a FHIR server": Parser(parse_object, (FHIR, RESPONSE)),
    "census": Parser(read_census, (CENSUS,)),
    "response": Parser(
        _of_json(lambda body: (read_response.read_serial(body), read_response.read_form_name(body))),
        (RESPONSE,),
    ),
    "questionnaire": Parser(_of_json(QuestionnaireReader), (QUESTIONNAIRE,)),
    "definition of a form": Parser(
        _of_text(lambda text: load_form.check_text("file", text)),
        tuple(path.read_bytes() for path in sorted((ROOT / "forms").glob("tr*.yaml"))),
    ),
    "settings": Parser(
        _of_file(config.load_settings), (b'[site]\nname = "Demo"\n[web]\nport = 8000\n',)
    ),
    "sealed bundle": Parser(lambda data: verify_bundle(data, KEYS), (SEALED,)),
    "list of machines": Parser(machines.parse_list, (b'{"root": [], "list": {"signed": {}}}',)),
    "pointer": Parser(parse_recent, (POINTER,)),
    "marks": Parser(_of_json(marks.parse_marks), (MARKS,), (ValueError,)),
    "device card": Parser(_of_json(device.parse_card), (CARD,)),
    "receipt": Parser(_of_json(receipts.parse_receipt), (MARKS, CARD), (UserError, ValueError)),
    "key slots": Parser(slots.decode_slot_file, (b'{"format":"downtime-slots/1","slots":[{"name":"a","salt":"AA=="}]}',)),
    "keys of a partner": Parser(parse_partner_file, (CARD, MARKS)),
    "scanned code": Parser(_of_text(_read_code), (b"9990000018", b"K7000001X", b"]d2801850123456")),
    "serial": Parser(_of_text(serials.parse_serial), (b"K7-000001-X", b"K7000001X01A4")),
    "downtime number": Parser(_of_text(downtime_numbers.parse_number), (b"DK700042X",)),
    "typed date": Parser(
        _of_text(lambda text: typed_times.parse_date(text, TODAY)), (b"021126", b"2 Nov 26"),
        (ValueError,),
    ),
    "typed time": Parser(
        _of_text(lambda text: typed_times.parse_moment(text, TODAY)),
        (b"021126 1430", b"1/2/26 01:30 GMT"), (ValueError,),
    ),
    "typed start of an outage": Parser(_of_text(_read_time), (b"1430", b"021126 1430"), (UserError, ValueError)),
    "recovery code": Parser(_of_text(recovery.parse_code), (b"ABCD-EFGH-2345-6789",)),
}  # fmt: skip
"""By the name of what is read."""
