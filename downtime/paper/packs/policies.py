"""What may be printed."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from downtime.clinical.model import Encounter
from downtime.clock import from_text
from downtime.errors import ConflictError, InputError
from downtime.paper.forms.model import FormDefinition
from downtime.paper.model import IssuedForm, Pack, PackState
from downtime.paper.packs.superseded_pages import KeptPage, word_deliveries
from downtime.snapshot.store.opened_snapshot import Snapshot

MOST_BLANK_COPIES = 200
MOST_SPARES = 100
CONTINUE_WITHIN = timedelta(hours=4)
"""A print that stopped is gone on with in this time; later its values are too old."""
COVER = "cover"
"""What the ledger calls the first page of a pack."""


def check_wards(snapshot: Snapshot, wards: Sequence[str]) -> None:
    """InputError for a ward that the snapshot does not have."""
    known = {row.code for row in snapshot.list_wards()}
    unavailable = snapshot.find_availability(Encounter.__name__).unavailable
    if not known and not snapshot.list_inpatients():
        holds = f"{', '.join(unavailable)} unavailable" if unavailable else "no ward has a bed"
        raise InputError(
            "ward.none",
            f"The snapshot holds no bed list and nobody who is in hospital: {holds}.",
            "Print blank forms, and take who is where from the wards.",
        )
    for ward in wards:
        if ward not in known:
            raise InputError(
                "ward.unknown",
                f"The snapshot has no ward '{ward}'.",
                f"Choose from: {', '.join(sorted(known))}.",
            )


def check_knows_who_is_there(snapshot: Snapshot, out: Iterable[IssuedForm]) -> None:
    """ConflictError where a copy says of nobody where they are: what is `out` for patients is better than it."""
    stays = snapshot.find_availability(Encounter.__name__)
    if not stays.is_delivered and any(form.patient for form in out):
        raise ConflictError(
            "ward.nobody-known",
            "The copy in use does not say who is on the ward:"
            f" {', '.join(stays.unavailable)} unavailable.",
            "Keep the pages that are out, and print again once a newer copy has come.",
        )


def check_copy_has(recalled: Sequence[KeptPage]) -> None:
    """ConflictError for pages that are to be void and hold what the copy in use lacks: nothing would stand for it."""
    if not recalled:
        return
    lost = list(dict.fromkeys(delivery for page in recalled for delivery in page.deliveries))
    raise ConflictError(
        "pack.copy-lacks",
        f"The copy in use lacks what {len(recalled)} of the pages that are out hold:"
        f" {word_deliveries(lost)}.",
        "Keep those pages and print only the changes, or recall them once a newer copy has come."
        " Mark as lost what nobody has any more.",
    )


def check_session(appointments: Sequence[object], unavailable: Sequence[str]) -> None:
    """InputError when nobody is on a list, or when the systems that know it did not send it."""
    if not appointments and unavailable:
        raise InputError(
            "session.unavailable",
            f"{', '.join(unavailable)} unavailable: whether anybody is on that list is not known.",
            "Print blank forms, and take the list from the clinic or theatre.",
        )
    if not appointments:
        raise InputError("session.none", "Nobody is on that list.", "Choose another list or day.")


def check_is_for_patient(form: FormDefinition) -> None:
    """InputError for a form that is about no single patient."""
    if not form.identity:
        raise InputError(
            "form.no-patient",
            f"'{form.title}' is not about one patient.",
            "Print it as a blank form.",
        )


def check_can_continue(pack: Pack, last: IssuedForm, remaining: Sequence[IssuedForm]) -> None:
    """ConflictError unless pages of that pack came out, up to a form that is good, and some did not."""
    if pack.state != PackState.PRINTED or last.form == COVER:
        raise ConflictError(
            "continue.pack",
            f"Pack {pack.id} cannot be continued after this serial: nobody got it, or it is its cover.",
            "Print the failed pack again, or give the serial of the last form that came out whole.",
        )
    if not remaining:
        raise ConflictError(
            "continue.nothing",
            "After this serial nothing of its pack is left to print.",
            "Compare the serial with the last form that came out.",
        )


def check_is_any_left(documents: Sequence[object]) -> None:
    """ConflictError when none of the missing pages may be printed again."""
    if not documents:
        raise ConflictError(
            "continue.left",
            "None of the missing pages is printed again: their patients left, their forms are not approved"
            " any more, or they are lists that are printed whole.",
            "Print the changes of the ward, or the list on its own.",
        )


def check_is_of_now(pack: Pack, outage: str, now: datetime) -> None:
    """ConflictError for a pack of another outage, or of hours ago: its charts hold the values of then."""
    age = now - from_text(pack.issued_at)
    if pack.outage != outage or not timedelta() <= age <= CONTINUE_WITHIN:
        raise ConflictError(
            "continue.old",
            f"Pack {pack.id} was printed {pack.issued_at[:16]} (UTC)"
            f"{' in another outage' if pack.outage != outage else ''}: what stands on its charts is of then.",
            "Print the ward's pack anew.",
        )


def check_spares(blanks: int | None) -> None:
    """InputError for a number of spares of each form that nobody can mean."""
    if blanks is not None and not 0 <= blanks <= MOST_SPARES:
        raise InputError(
            "blank.spares", f"At most {MOST_SPARES} spares of each form.", "Print them in parts."
        )


def check_blank_copies(forms: Sequence[str], copies: int) -> None:
    """InputError without a form, or for a number of copies that nobody can mean."""
    if not forms or copies < 1:
        raise InputError("blank.none", "No blank form was asked for.", "Choose a form and copies.")
    if copies > MOST_BLANK_COPIES:
        raise InputError(
            "blank.copies",
            f"At most {MOST_BLANK_COPIES} copies of a blank form.",
            "Print them in parts.",
        )
