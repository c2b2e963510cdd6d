"""How many keyed fields are wrong, how sure that is, and so which entries are keyed again.

Only fields that another person keyed again without seeing them count: pressing 'matches the paper'
says nothing of how many are wrong, however often it is pressed. The share of wrong fields is
estimated for each form from its last such entries, with the 95 %
interval of Wilson (JASA 1927;22:209-212), which Brown, Cai and DasGupta recommend for small shares
(Statistical Science 2001;16:101-133). Fields of one form are not quite independent, so the interval
is a little too narrow. Nobody's name is in it: it is about forms, not about clerks.
"""

import hashlib
import hmac
from dataclasses import dataclass
from math import sqrt

from sqlite_utils import Database

from downtime.entry.field_sample import draw_sample
from downtime.entry.keyed_form import KeyedForm
from downtime.entry.model import Entry, VerificationBasis
from downtime.entry.store import second_keyings
from downtime.settings import Settings
from downtime.vault.vault import Vault

_ALL = 100.0
Z = 1.959964
"""The normal deviate of a two-sided interval of 95 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What the checks of one form in one outage found; shares are from 0 to 1."""

    form: str
    forms: int
    fields: int
    errors: int
    share: float
    low: float
    high: float
    critical_fields: int
    critical_errors: int
    """Critical fields that were keyed twice, and in how many of them the first keying was wrong."""
    critical_low: float
    critical_high: float
    sample_percent: float
    """How many of the next entries another person keys again."""


def wilson_interval(errors: int, fields: int) -> tuple[float, float]:
    """The bounds of the share of errors; 0 to 1 while nothing was looked at."""
    if not fields:
        return 0.0, 1.0
    share, square = errors / fields, Z * Z
    centre = share + square / (2 * fields)
    spread = Z * sqrt(share * (1 - share) / fields + square / (4 * fields * fields))
    whole = 1 + square / fields
    return max(0.0, (centre - spread) / whole), min(1.0, (centre + spread) / whole)


def estimate_form(db: Database, settings: Settings, outage: str, form: str) -> Estimate:
    """The estimate of one form."""
    last = settings.entry.error_window_forms
    forms, fields, errors = second_keyings.sum_last_checks(
        db, outage, form, VerificationBasis.REKEYED, last
    )
    _, critical, slips = second_keyings.sum_last_checks(
        db, outage, form, VerificationBasis.AGREED, last
    )
    low, high = wilson_interval(errors, fields)
    critical_low, critical_high = wilson_interval(slips, critical)
    return Estimate(
        form=form,
        forms=forms,
        fields=fields,
        errors=errors,
        share=errors / fields if fields else 0.0,
        low=low,
        high=high,
        critical_fields=critical,
        critical_errors=slips,
        critical_low=critical_low,
        critical_high=critical_high,
        sample_percent=_percent(high, settings),
    )


def estimate_all(vault: Vault, settings: Settings, outage: str) -> list[Estimate]:
    """The estimates of every form of which anything was checked."""
    forms = second_keyings.find_checked_forms(vault.db, outage)
    return [estimate_form(vault.db, settings, outage, form) for form in forms]


def _percent(high: float, settings: Settings) -> float:
    """All entries while too many fields may be wrong, which is so at first; else the set share."""
    limit = settings.entry.max_error_percent
    return settings.entry.sample_percent if high * 100 <= limit else _ALL


def choose_sample(
    vault: Vault, db: Database, settings: Settings, form: KeyedForm, entry: Entry
) -> tuple[str, ...] | None:
    """The fields of this entry that another person keys again; None when it is not in the sample.

    All of them while too many may be wrong, and of what was sent back once.
    """
    secret = vault.derive_key("entry-sample")
    percent = estimate_form(db, settings, entry.outage, entry.form).sample_percent
    if entry.corrections or percent >= _ALL:
        return draw_sample(form, entry.answers, secret, None)
    if not _is_chosen(secret, entry.serial, percent):
        return None
    return draw_sample(form, entry.answers, secret, settings.entry.sample_fields)


def _is_chosen(secret: bytes, serial: str, percent: float) -> bool:
    """The same answer for a form each time, which nobody who keys can foretell."""
    digest = hmac.digest(secret, serial.encode(), hashlib.sha256)
    return int.from_bytes(digest[:8]) < percent / 100 * 2**64
