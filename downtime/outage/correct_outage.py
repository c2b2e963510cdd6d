"""Correct what was said of an outage: a wrong system, a wrong start, not back after all, no drill."""

from downtime.outage import outages, policies, store
from downtime.outage.model import LIFECYCLE, AuditAction, Outage, OutageState
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault


def withdraw_system(vault: Vault, outage_id: str, name: str, actor: Actor, reason: str) -> Outage:
    """It was never down: its last failure is taken out of the outage.

    Forms stay where they are; an outage without a system is closed like any other.
    """
    reason = check_reason(reason)
    with outages.change_outage(
        vault, AuditAction.OUTAGE_CORRECT, outage_id, actor, reason, f"without {name}"
    ) as (db, outage):
        store.delete_system(db, outage_id, policies.check_can_correct(outage, name))
        return outages.settle_state(db, outage_id, vault.now())


def correct_start(
    vault: Vault, outage_id: str, name: str, since: str, actor: Actor, reason: str
) -> Outage:
    """It was lost at another time than was said (`since`, UTC as stored)."""
    reason = check_reason(reason)
    with outages.change_outage(
        vault, AuditAction.OUTAGE_CORRECT, outage_id, actor, reason, f"{name} since {since}"
    ) as (db, outage):
        failure = policies.check_can_correct(outage, name)
        same_kind = [item for item in store.fetch_outages(db) if item.drill == outage.drill]
        policies.check_new_start(failure, since, same_kind, vault.now())
        store.move_start(db, outage_id, failure, since)
        return outages.settle_state(db, outage_id, vault.now())


def resume_system(vault: Vault, outage_id: str, name: str, actor: Actor, reason: str) -> Outage:
    """It was not back after all: its failure goes on as if nobody had said so.

    ConflictError when it is down, or when another outage has systems down.
    """
    reason = check_reason(reason)
    with outages.change_outage(
        vault, AuditAction.OUTAGE_CORRECT, outage_id, actor, reason, f"{name} not restored"
    ) as (db, outage):
        failure = policies.check_can_correct(outage, name)
        policies.check_none_open(store.find_open_outage(db), outage)
        store.resume_system(db, outage_id, failure)
        return outages.settle_state(db, outage_id, vault.now())


def correct_kind(vault: Vault, outage_id: str, actor: Actor, reason: str) -> Outage:
    """What is open is no drill but real, or the other way round: it goes on as the other kind.

    The systems that are down go over with their times into a new outage. What was printed keeps the
    mark that stands on its pages, and stays in the books of the first. The new outage; ConflictError
    when no system of the first is down.
    """
    reason = check_reason(reason)
    with outages.change_outage(
        vault, AuditAction.OUTAGE_CORRECT, outage_id, actor, reason, "other kind"
    ) as (db, wrong):
        policies.check_is_unclosed(wrong)
        LIFECYCLE.check(wrong.state, OutageState.RECOVERING)
        failures = [system for system in wrong.systems if not system.ended]
        for failure in failures:
            store.delete_system(db, wrong.id, failure)
        outages.settle_state(db, wrong.id, vault.now())
        new = outages.open_outage(db, failures[0].declared, wrong.snapshot, drill=not wrong.drill)
        for failure in failures:
            store.start_system(db, new.id, failure.name, failure.declared, failure.snapshot)
        return outages.settle_state(db, new.id, vault.now())
