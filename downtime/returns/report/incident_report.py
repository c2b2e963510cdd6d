"""The post-incident report: what happened when, how the recovery went, what harm was found."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

from downtime.entry.model import DRAFT, LIFECYCLE
from downtime.entry.store import entries as entry_store
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.model import LIFECYCLE as FORMS
from downtime.paper.model import FormState
from downtime.reconcile.harm import store as harm_store
from downtime.reconcile.harm.turnaround import WORDS
from downtime.reconcile.store import items as items_store
from downtime.returns.model import AuditAction, MessageState
from downtime.returns.report import time_buckets as report_times
from downtime.returns.report.charts import Chart
from downtime.returns.report.time_buckets import FormHistory, TimelineEvent
from downtime.returns.statement import outage_forms, sign_statement
from downtime.returns.statement.completeness_statement import (
    Statement,
    find_outage,
    gather_statement,
)
from downtime.returns.store import outbox_messages
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class IncidentReport:
    """The statement, and beside it the time line, the charts and how long tests took."""

    statement: Statement
    timeline: tuple[TimelineEvent, ...]
    charts: tuple[Chart, ...]
    delays: Mapping[str, Any]
    """Figures by stretch of a test, `before` and `during` the outage (`harm_figures`)."""

    def as_json(self) -> dict[str, Any]:
        """One document: time line, the charts' tables, delays, harm, and what is open."""
        facts = self.statement.facts
        return {
            "report": "downtime/report-1",
            "hospital": facts["hospital"],
            "outage": facts["outage"],
            "verdict": self.statement.verdict,
            "facts_sha256": self.statement.digest,
            "made": self.statement.made,
            "timeline": [asdict(event) for event in self.timeline],
            "charts": [
                {"title": c.title, "unit": c.unit, "labels": c.labels, "series": dict(c.series)}
                for c in self.charts
            ],
            "delays": dict(self.delays),
            "harm": facts["harm"],
            "open": facts["open"],
        }


def make_report(
    vault: Vault, settings: Settings, actor: Actor, reason: str = "", outage: str = ""
) -> IncidentReport:
    """Gather the report of an outage, and leave a trace that it was made."""
    report = gather_report(vault, settings, outage)
    with vault.change(
        actor, AuditAction.REPORT_MAKE, target=report.statement.outage, reason=reason
    ):
        pass
    return report


def gather_report(vault: Vault, settings: Settings, number: str = "") -> IncidentReport:
    """The report as of now, of the outage at hand or of a given one.

    NotFoundError when there was never an outage, or not that one.
    """
    outage, statement = find_outage(vault, number), gather_statement(vault, settings, number)
    zone = ZoneInfo(settings.site.time_zone)
    courses = list(_form_histories(vault, outage))
    last = max([outage.closed, *(max(one.keyed, one.finished) for one in courses)])
    end = last if outage.closed else vault.now()
    on = report_times.choose_scale(statement.facts["outage"]["opened"], end, zone)
    run = harm_store.fetch_last_run(vault.db, outage.id)
    delays = run.figures if run else {}
    charts = [report_times.chart_forms(courses, on), report_times.chart_backlog(courses, on)]
    if delays:
        charts += [_delays(delays, "median", "Median"), _delays(delays, "worst", "Worst")]
    return IncidentReport(
        statement, tuple(_list_events(vault, outage, statement)), tuple(charts), delays
    )


def _form_histories(vault: Vault, outage: Outage) -> Iterator[FormHistory]:
    """Each form that came back: keyed ones by what they say, others by when they were filed."""
    states = [state for state in LIFECYCLE.moves if state != DRAFT]
    entered = {entry.serial: entry for entry in entry_store.find_in_state(vault.db, *states)}
    ahead = outage_forms.list_used_ahead(vault, outage)
    for form in [*ledger.list_in_states(vault, outage.id, *FORMS.moves), *ahead]:
        entry = entered.get(form.serial)
        if entry:
            yield FormHistory(entry.event, entry.entered, entry.verified)
        elif form.state == FormState.FILED:
            yield FormHistory("", "", form.changed_at)


def _list_events(vault: Vault, outage: Outage, statement: Statement) -> list[TimelineEvent]:
    events = [
        *_systems(outage),
        *_printed(vault, outage),
        *_recovered(vault, outage, statement),
        *_sent(vault, outage),
        *(
            TimelineEvent(one.signed, f"{sign_statement.LEADS[one.role]} signed: {one.person_name}")
            for one in statement.signatures
        ),
    ]
    if outage.closed:
        events.append(TimelineEvent(outage.closed, "The books were closed"))
    return sorted(events, key=lambda event: event.at)  # what shares a moment stays in this order


def _systems(outage: Outage) -> Iterator[TimelineEvent]:
    for system in outage.systems:
        yield TimelineEvent(system.declared, f"{system.name} declared down")
        if system.ended:
            yield TimelineEvent(system.ended, f"{system.name} back")


def _printed(vault: Vault, outage: Outage) -> Iterator[TimelineEvent]:
    made = sorted(ledger.list_packs(vault, outage.id), key=lambda pack: pack.issued_at)
    if made:
        yield TimelineEvent(made[0].issued_at, "First pack printed")
        pages = sum(pack.pages for pack in made)
        yield TimelineEvent(
            made[-1].issued_at, f"Last of {len(made):,} packs printed, {pages:,} pages"
        )


def _recovered(vault: Vault, outage: Outage, statement: Statement) -> Iterator[TimelineEvent]:
    states = [state for state in LIFECYCLE.moves if state != DRAFT]
    keyed = [
        e.entered for e in entry_store.find_in_state(vault.db, *states) if e.outage == outage.id
    ]
    yield from _first_and_last(keyed, "form keyed", "forms keyed")
    for one in statement.facts["laptops"]:
        if one["taken"]:
            yield TimelineEvent(one["taken"], f"{one['name'] or one['device']} handed over")
    for run in items_store.fetch_runs(vault.db, outage.id):
        yield TimelineEvent(run.at, f"Compared: {run.forms:,} forms, {run.items:,} items")
    decided = [row.decided.decided for row in items_store.fetch_items(vault.db, outage.id)]
    yield from _first_and_last(filter(None, decided), "item decided", "items decided")
    if at := statement.facts["harm"]["at"]:
        yield TimelineEvent(at, "Harm review made")


def _sent(vault: Vault, outage: Outage) -> Iterator[TimelineEvent]:
    messages = list(outbox_messages.list_messages(vault.db, outage.id))
    yield from _first_and_last((m.queued for m in messages), "message queued", "messages queued")
    through = [m.changed for m in messages if m.state == MessageState.ACKNOWLEDGED]
    yield from _first_and_last(through, "message acknowledged", "messages acknowledged")


def _first_and_last(times: Iterable[str], one: str, many: str) -> Iterator[TimelineEvent]:
    given = sorted(times)
    if given:
        yield TimelineEvent(given[0], f"First {one}")
        yield TimelineEvent(given[-1], f"Last of {len(given):,} {many}")


def _delays(figures: Mapping[str, Any], name: str, words: str) -> Chart:
    return Chart(
        f"delays-{name}",
        f"{words} time of tests, before and during the outage",
        "minutes",
        tuple(WORDS[span] for span in figures),
        {
            "Before": tuple(f["before"][name] for f in figures.values()),
            "During": tuple(f["during"][name] for f in figures.values()),
        },
    )
