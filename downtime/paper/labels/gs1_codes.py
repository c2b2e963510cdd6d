"""What the GS1 DataMatrix of a wristband or label says, and how it is read again.

Source: DCB1077 (AIDC for Patient Identification). Its identifiers are encoded, nothing else:
`(8018)` the Global Service Relation Number (GS1 company prefix, NHS number, check digit), when the
hospital has set the prefix (`site.gs1_prefix`) and the NHS number is known; `(91)` the provider's
code and the hospital number, parted by `/`. Name and date of birth are printed for people and
stay out of the code, since a code cannot hold every name as it is written.
"""

import re

from stdnum import ean

from downtime.clinical.identifiers import clean_nhs_number

_GS1 = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,90}")
"""The characters of GS1 AI encodable set 82, as many as `(91)` takes."""
_SCANNED = re.compile(
    r"(?:\](?:d2|C1|Q3))?(?:8018(?P<gsrn>\d{18}))?\x1d?(?:91(?P<local>.+))?", re.IGNORECASE
)
_PREFIX = re.compile(r"\d{7}")


def gs1_content(prefix: str, nhs_number: str, provider: str, mrn: str) -> str:
    """What is encoded, with identifiers in brackets; empty when there is no number to encode."""
    text = ""
    if _PREFIX.fullmatch(prefix) and nhs_number:
        text = f"(8018){_with_check(prefix + nhs_number)}"
    local = f"{provider}/{mrn}"
    if provider and mrn and _GS1.fullmatch(local) and not set("()") & set(local):
        text += f"(91){local}"
    return text


def parse_scanned_code(scanned: str, provider: str) -> tuple[str, ...]:
    """The NHS number and hospital number in what a scanner typed from such a code, if it is one.

    Nothing of a code whose check digit is wrong, nor the hospital number that another provider than
    this one gave: it may be somebody else's here.
    """
    match = _SCANNED.fullmatch(scanned.strip())
    if not match:
        return ()
    gsrn = match["gsrn"] or ""
    if gsrn and gsrn != _with_check(gsrn[:-1]):
        return ()
    giver, _, mrn = (match["local"] or "").partition("/")
    local = mrn if giver.casefold() == provider.casefold() else ""
    return tuple(number for number in (clean_nhs_number(gsrn[7:17]), local) if number)


def _with_check(digits: str) -> str:
    """GS1 modulus 10, the same for all lengths (GS1 General Specifications 7.9.1)."""
    return digits + str(ean.calc_check_digit(digits))
