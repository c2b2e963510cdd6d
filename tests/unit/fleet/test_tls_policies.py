"""Certificates under which no pages are served: weak, out of date, an authority's own."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from downtime.errors import InputError
from downtime.fleet.tls.policies import check_chain, find_end

NOW = datetime(2026, 11, 2, tzinfo=UTC)
DAY = timedelta(days=1)
STRONG, OTHER, WEAK = (
    ec.generate_private_key(curve()) for curve in (ec.SECP256R1, ec.SECP384R1, ec.SECP192R1)
)


def certificate(name, key, issuer, issuer_key, *, ca=False, ends=NOW + 30 * DAY):
    subject, issued_by = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer)
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issued_by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - 60 * DAY)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )


def chain(key=STRONG, *, ca=False, ends=NOW + 30 * DAY, authority_ends=NOW + 30 * DAY):
    return [
        certificate("ward-a.hospital.example", key, "Site", OTHER, ca=ca, ends=ends),
        certificate("Site", OTHER, "Site", OTHER, ca=True, ends=authority_ends),
    ]


def test_a_machine_s_own_certificate_and_its_authority_are_taken():
    check_chain(chain(), STRONG, NOW)


@pytest.mark.parametrize(
    ("wrong", "key", "code"),
    [
        (chain(WEAK), WEAK, "tls.weak"),
        (chain(ca=True), STRONG, "tls.authority"),
        (chain(ends=NOW - DAY), STRONG, "tls.time"),
        (chain(authority_ends=NOW - DAY), STRONG, "tls.time"),
        (chain(), OTHER, "tls.pair"),
        (chain()[:1] * 2, STRONG, "tls.chain"),
    ],
    ids=[
        "a weak curve",
        "an authority's",
        "ended",
        "its authority's ended",
        "another key",
        "no chain",
    ],
)
def test_any_other_is_refused(wrong, key, code):
    with pytest.raises(InputError) as refused:
        check_chain(wrong, key, NOW)
    assert refused.value.code == code


@pytest.mark.parametrize("days", [0, -1, 36_501, 99_999_999])
def test_days_that_no_certificate_can_hold_are_refused_with_the_setting(days):
    with pytest.raises(InputError, match=r"tls\.authority_days") as refused:
        find_end(NOW, days, "tls.authority_days")
    assert "1 to 36,500 days" in refused.value.next_step
    assert find_end(NOW, 397, "tls.certificate_days") == NOW + 397 * DAY
