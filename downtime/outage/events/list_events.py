"""Read the record: of a patient, of an outage, of what tests and appointments became."""

from collections.abc import Iterable

from downtime.outage.events import store
from downtime.outage.events.hospital_now import list_threads, list_unclosed_ids
from downtime.outage.events.model import Event, EventKind, EventThread
from downtime.outage.events.threads import fold_threads
from downtime.vault.vault import Vault

_OF_TESTS = (EventKind.RECOLLECTED, EventKind.NOT_NEEDED)


def list_events(
    vault: Vault, outage: str = "", kinds: Iterable[EventKind] = ()
) -> list[EventThread]:
    """The events of an outage, or of all whose books are open, in the order in which they happened.

    What follows up another event stands with that.
    """
    ids = (outage,) if outage else list_unclosed_ids(vault)
    return list_threads(vault, store.fetch_of_outages(vault.db, ids, kinds))


def list_patient_events(vault: Vault, patient: str) -> list[EventThread]:
    """What was recorded of one person while the books are open, newest first."""
    ids = list_unclosed_ids(vault)
    return list_threads(vault, store.fetch_of_patient(vault.db, ids, patient))[::-1]


def find_test_events(vault: Vault) -> dict[str, Event]:
    """Id of a request to what staff said of it last: taken again, no longer needed."""
    return _latest_by_subject(vault, _OF_TESTS)


def find_appointment_events(vault: Vault) -> dict[str, Event]:
    """Id of an appointment to its outcome as staff said last."""
    return _latest_by_subject(vault, (EventKind.APPOINTMENT,))


def _latest_by_subject(vault: Vault, kinds: Iterable[EventKind]) -> dict[str, Event]:
    ids = list_unclosed_ids(vault)
    threads = fold_threads(store.fetch_of_outages(vault.db, ids, kinds))
    return {thread.latest.topic: thread.latest for thread in threads if thread.stands}
