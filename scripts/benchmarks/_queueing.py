"""Decisions on 20,000 forms put into the outbox of a vault of its own: seconds of processor time."""

import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from downtime.accounts.homes import create_home, open_with_file
from downtime.clock import to_text
from downtime.config import Home, load_settings
from downtime.demo.settings import settings_text
from downtime.entry.facts import Fact
from downtime.entry.model import Entry, EntryState
from downtime.entry.store import entries as entry_store
from downtime.outage import outages
from downtime.reconcile.model import Decision, DecisionRecord, Item, ItemState, StoredItem
from downtime.reconcile.store import items as items_store
from downtime.reconcile.store.items import fact_digest
from downtime.returns import queue_messages
from downtime.vault.model import Actor

NOW = datetime(2026, 11, 5, 14, 30, tzinfo=UTC)
WHO = Actor("bench", "Bench", "bench")


def seconds(forms: Sequence[Sequence[Fact]]) -> float:
    """How long it takes to queue these forms' facts, each form verified and each fact decided."""
    with tempfile.TemporaryDirectory() as folder:
        home, unlock = Home(Path(folder) / "home"), Path(folder) / "unlock"
        create_home(home, lambda: NOW, unlock_file=unlock, settings_text=settings_text("small"))
        settings = load_settings(home.config_file)
        vault = open_with_file(home, settings, lambda: NOW, unlock).vault
        outage = outages.declare_systems_down(vault, ["LIMS"], WHO, "bench", known=("LIMS",))
        with vault.change(WHO, "bench.fill") as db:
            for facts in forms:
                entry_store.save_entry(db, _entry(facts[0], outage.id))
            items_store.save_items(db, (_row(fact, outage.id) for facts in forms for fact in facts))
        start = time.process_time()
        queued = queue_messages.queue_items(vault, settings, WHO)
        taken = time.process_time() - start
        vault.close()
    if queued.items != sum(map(len, forms)):
        raise RuntimeError(f"only {queued.items} items were queued")
    return taken


def _entry(fact: Fact, outage: str) -> Entry:
    return Entry(
        serial=fact.serial, form=fact.form, version="1", state=EntryState.VERIFIED, outage=outage, answers={},
        event=fact.event, author=fact.author, transcriber="u-1", transcriber_name="Jo",
        entered=fact.entered, changed=fact.entered, verifier="u-2", verified=fact.entered,
    )  # fmt: skip


def _row(fact: Fact, outage: str) -> StoredItem:
    at = to_text(NOW)
    decided = DecisionRecord(
        decision=Decision.RETURN, decided_by="u-3", decided_by_name="Kim", decided=at
    )
    item = Item(fact, ItemState.NEW, (), f"p-{fact.person.mrn}", (), fact.person)
    return StoredItem(item, outage, fact_digest(fact), "s-1", at, decided)
