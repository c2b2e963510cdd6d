"""The comparison by sets agrees with a slow and obvious one that walks over whole snapshots.

The oracle knows the rules of requests, allergies and clinic outcomes in other words than the
program: loops over every record, no index, no gathering. That no other way of assigning the live
records is better it finds by trying all. It knows what two forms say alike by laying every form beside
every other. A run over a vault in small sets gives
what one comparison of everything at once gives, in any order, also after a part has changed.
"""

from datetime import datetime, timedelta
from functools import cache
from itertools import product
from math import isqrt
from types import MappingProxyType

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from downtime.clinical.model import (
    AllergyIntolerance,
    Appointment,
    MedicationAdministration,
    MedicationRequest,
    Patient,
    ServiceRequest,
)
from downtime.config import Settings
from downtime.entry.facts import Fact, PaperPerson
from downtime.reconcile.compare import load_records
from downtime.reconcile.compare.comparison import (
    Comparison,
    compare_facts,
    compare_facts_separately,
)
from downtime.reconcile.compare.rivals import Rival
from downtime.reconcile.duplicates import annotate
from downtime.reconcile.record_index import INDEXED_TYPES, RecordIndex
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.store import record_tables
from downtime.snapshot.store.changed_patients import find_changed_patients
from downtime.snapshot.store.opened_snapshot import Snapshot
from tests.night import by_night

SETTINGS = Settings()
PEOPLE = range(4)
TESTS = ("FBC", "UE")
HOURS = ("2026-11-02T08:00:00Z", "2026-11-02T13:00:00Z", "2026-11-02T14:00:00Z",
         "2026-11-03T09:00:00Z")  # fmt: skip
TAKEN = tuple(f"2026-11-02T{at}:00Z" for at in ("13:20", "13:45", "14:00", "14:14", "15:59"))
KINDS = ("ServiceRequest", "AllergyIntolerance", "Appointment", "MedicationAdministration")


def patient(n):
    return Patient(
        id=f"p{n}", mrn=f"H{n}", identifiers=(f"MR|DEMO|H{n}",), family=f"N{n}",
        birth_date=born(n),
    )  # fmt: skip


def born(n):
    return f"19{50 + n}-01-02"


def person_on_paper(n):
    return PaperPerson(mrn=f"H{n}", family=f"N{n}", birth_date=born(n))


people = st.sampled_from(PEOPLE).map(lambda n: f"p{n}")
requests = st.builds(
    ServiceRequest, id=st.integers(0, 9).map("r{}".format), patient=people,
    code=st.sampled_from(TESTS), stage=st.sampled_from(("collected", "resulted", "cancelled")),
    collected=st.sampled_from(HOURS), filler=st.integers(0, 9).map("L{}".format),
)  # fmt: skip
allergies = st.builds(
    AllergyIntolerance, id=st.integers(0, 9).map("a{}".format), patient=people,
    substance=st.sampled_from(("Latex", "Penicillin")),
    status=st.sampled_from(("active", "resolved")), none_known=st.just(0),
)  # fmt: skip
slots = st.builds(
    Appointment, id=st.integers(0, 9).map("v{}".format), patient=people, kind=st.just("clinic"),
    number=st.integers(0, 9).map("N{}".format),
    status=st.sampled_from(("booked", "fulfilled", "noshow", "cancelled")),
    start=st.sampled_from(HOURS),
)  # fmt: skip
hospitals = st.lists(st.one_of(requests, allergies, slots), max_size=14, unique_by=lambda r: r.id)
coded = st.sampled_from(("", "SCT|322236009", "SCT|322237000"))
orders = st.builds(
    MedicationRequest, id=st.integers(0, 5).map("q{}".format), patient=people, codes=coded,
    medicine=st.sampled_from(("Paracetamol", "Panadol")),
)  # fmt: skip
doses = st.builds(
    MedicationAdministration, id=st.integers(0, 5).map("d{}".format), patient=people, codes=coded,
    medicine=st.sampled_from(("Brandaxol", "Panadol")), given=st.sampled_from(TAKEN),
    status=st.just("given"),
)  # fmt: skip
medicated = st.lists(
    st.one_of(requests, orders, doses), max_size=14, unique_by=lambda record: record.id
)


def written(n, record, person, /, form="f", **fields):
    serial = f"K70000{n // 2:02}X"
    return Fact(
        key=f"{serial}-{n}", type=record, system="PAS", form=form, serial=serial,
        person=person_on_paper(person), event=HOURS[2], fields=fields,
    )  # fmt: skip


paper = st.one_of(
    st.tuples(
        st.just("ServiceRequest"),
        st.fixed_dictionaries(
            {"code": st.sampled_from(TESTS)}, optional={"collected": st.sampled_from(TAKEN)}
        ),
    ),
    st.tuples(
        st.just("MedicationAdministration"),
        st.fixed_dictionaries(
            {"medicine": st.sampled_from(("Paracetamol", "paracetamol ", "Red cells")),
             "given": st.sampled_from(TAKEN)},
            optional={"batch": st.sampled_from(("G 12", "g12", "G13"))},
        ),
    ),
    st.tuples(
        st.just("AllergyIntolerance"),
        st.sampled_from(({"substance": "latex"}, {"substance": "Penicillin"}, {"none_known": "1"})),
    ),
    st.tuples(
        st.just("Appointment"),
        st.fixed_dictionaries(
            {"kind": st.just("clinic"), "start": st.sampled_from(HOURS),
             "status": st.sampled_from(("fulfilled", "noshow", "cancelled"))}
        ),
    ),
)  # fmt: skip
papers = st.lists(st.tuples(st.integers(0, 5), paper), min_size=1, max_size=8)


def hours_between(one, other):
    return abs(datetime.fromisoformat(one) - datetime.fromisoformat(other)) / timedelta(hours=1)


def cost(seconds):
    """What a gap costs: its root, in hundredths."""
    return isqrt(int(seconds) * 10_000)


def may_mean(fact, before, after):
    """Which live records a fact may mean with what each costs, and what it costs to mean none."""
    mine = [r for r in after if r.patient == owner(fact) and type(r).__name__ == fact.type]
    said = fact.fields
    if fact.type == "ServiceRequest":
        taken = said.get("collected", fact.event)
        near = {
            r.id: cost(3600 * hours_between(r.collected, taken))
            for r in mine
            if r.code == said["code"]
            and not _was_there(r, before)
            and hours_between(r.collected, taken) <= 12
        }
        return near, cost(12 * 3600) + cost(600) + 1
    if fact.type == "AllergyIntolerance":
        same = [a for a in mine if a.substance.lower() == said.get("substance", "").lower()]
        same.sort(key=lambda a: a.status != "active")
        return {a.id: place for place, a in enumerate(same)}, 10**9
    if fact.type == "Appointment":
        here = [a.id for a in mine if a.start == said["start"]]
        moved = [a.id for a in mine if (old := _old_slot(a, before)) and old.start == said["start"]]
        return dict.fromkeys(here or moved, 0), cost(300) + cost(300) // 2 + 1
    return {}, 0


def owner(fact):
    known = fact.person in [person_on_paper(n) for n in PEOPLE]
    return "p" + fact.person.mrn[1:] if known else ""


def taken_for(facts, items, before, after):
    """The live record of each fact as the program has it, once no other way of assigning is better."""
    choices = {fact.key: may_mean(fact, before, after) for fact in facts}
    live = {
        item.key: next((i for i in item.matched_ids if i in choices[item.key][0]), None)
        for item in items
    }
    for group in groups_of(facts):
        used = [live[f.key] for f in group if live[f.key]]
        assert len(used) == len(set(used))
        total = sum(
            choices[f.key][0][live[f.key]] if live[f.key] else choices[f.key][1] for f in group
        )
        assert total == least([choices[f.key] for f in group])
    lost = {key for key, record in live.items() if choices[key][0] and record is None}
    return live, lost


def groups_of(facts):
    whose = sorted({(fact.type, owner(fact)) for fact in facts})
    return [[f for f in facts if (f.type, owner(f)) == pair and pair[1]] for pair in whose]


def least(choices):
    """The least sum of all ways, each row on its own after the other."""

    @cache
    def rest(row, used):
        if row == len(choices):
            return 0
        costs, none = choices[row]
        ways = [
            price + rest(row + 1, used | {key}) for key, price in costs.items() if key not in used
        ]
        return min([none + rest(row + 1, used), *ways])

    return rest(0, frozenset())


def oracle(fact, before, after, live, lost):
    """The state by walking over every record of both snapshots."""
    if not owner(fact):
        return "unmatched"
    mine = [r for r in after if r.patient == owner(fact) and type(r).__name__ == fact.type]
    said = fact.fields
    record = next((r for r in mine if r.id == live[fact.key]), None)
    if fact.type == "ServiceRequest":
        if record is None:
            return "new"
        return "newer-live" if record.stage == "cancelled" else "already-there"
    if fact.type == "MedicationAdministration":
        return "new"
    if fact.type == "AllergyIntolerance":
        if "none_known" in said:
            return "conflict" if any(a.status == "active" for a in mine) else "new"
        if record is None:
            return "new"
        if record.status == "active":
            return "already-there"
        old = [b for b in before if b.id == record.id and type(b) is type(record)]
        changed = not old or old[0].status != record.status
        return "newer-live" if changed else "conflict"
    if fact.key in lost:
        return "conflict"
    return _clinic(said, record, before)


def _clinic(said, live, before):
    if live is None:
        return "new" if said["status"] == "fulfilled" else "conflict"
    old = _old_slot(live, before)
    if old and old.start != live.start:
        return "newer-live"
    if live.status == said["status"]:
        return "already-there"
    if old and (old.status, old.start) == (live.status, live.start):
        return "new"
    return "new" if live.status == "booked" else "conflict"


def _old_slot(live, before):
    for key in ("id", "number"):
        for old in before:
            if isinstance(old, Appointment) and getattr(old, key) == getattr(live, key):
                return old
    return None


def _was_there(live, before):
    return any(
        isinstance(r, ServiceRequest) and (r.id == live.id or live.filler == r.filler)
        for r in before
    )


def obvious(facts, items, before, after, decided=MappingProxyType({})):
    """The states, also where another form says the same: it went out, or it happened before."""
    live, lost = taken_for(facts, items, before, after)
    alone = {fact.key: oracle(fact, before, after, live, lost) for fact in facts}
    heard = [f for f in facts if alone[f.key] != "newer-live"]

    def rank(fact):
        return decided.get(fact.key) != "returned", _moment(fact), fact.key

    def state(fact):
        if fact.type in ("AllergyIntolerance", "Appointment") and alone[fact.key] != "unmatched":
            return lasting(fact, heard, alone)
        if alone[fact.key] != "new":
            return alone[fact.key]
        if fact.fields.get("batch"):
            return blood(fact, heard, decided)
        told = any(rank(other) < rank(fact) and _alike(fact, other) for other in heard)
        return "conflict" if told else "new"

    return [state(fact) for fact in facts]


def lasting(fact, heard, alone):
    """The state of what is said of a slot or an allergy, beside all that is said of it."""
    mine = [f for f in heard if f.type == fact.type and f.person == fact.person]
    if alone[fact.key] not in ("new", "conflict"):
        return alone[fact.key]
    mine.sort(key=lambda f: (alone[f.key] != "already-there", -len(_said(f)), _moment(f), f.key))
    stand, beside = [], {}
    for one in mine:
        other = next((o for o in stand if o.serial != one.serial and _relation(one, o)), None)
        if other:
            beside[one.key] = other.key, _relation(one, other)
        else:
            stand.append(one)
    if fact.key in beside:
        return "on-another-form" if beside[fact.key][1] == "same" else "conflict"
    challenged = (fact.key, "differs") in beside.values()
    return "conflict" if challenged else alone[fact.key]


def _said(fact):
    """What must be equal, as far as it is said: of these allergies nothing."""
    names = ("status",) if fact.type == "Appointment" else ("severity", "reaction")
    return [name for name in names if fact.fields.get(name)]


def _relation(one, other):
    if one.type == "Appointment":
        if one.fields["start"] != other.fields["start"]:
            return ""
        return "same" if one.fields["status"] == other.fields["status"] else "differs"
    names = {f.fields.get("substance", "none").lower() for f in (one, other)}
    if "none" in names:
        return "same" if len(names) == 1 else "differs"
    return "same" if len(names) == 1 else ""


def blood(fact, heard, decided):
    """The state of a unit by walking through all forms that name it, one after the other."""
    group = [f for f in heard if _unit(f) == _unit(fact)]
    if all(f.serial == fact.serial for f in group):
        return "new"
    best = ("transfusion-record", "blood-unit-fate", "emergency-blood-log", "f")
    group.sort(key=lambda f: (best.index(f.form), _moment(f), f.key))
    known = {f.key: f.person in [person_on_paper(n) for n in PEOPLE] for f in group}
    several = len({_component(f) for f in group} - {"", "?"}) > 1
    story = []
    for rank, sure, vague in product(("returned", "", "leave"), (True, False), (False, True)):
        for one in group:
            here = decided.get(one.key, "")
            here = "" if here == "return" else here
            in_doubt = several and _component(one) in ("", "?")
            if (here, known[one.key], in_doubt) != (rank, sure, vague):
                continue
            if all(
                _two_units(one, other) or _one_unit(one, other, known, several) for other in story
            ):
                story.append(one)
    if fact not in story:
        return "conflict"
    if decided.get(fact.key) == "leave":
        return "new"
    rivals = [f for f in group if f not in story and decided.get(f.key) != "leave"]
    in_question = any(f.person != fact.person and known[f.key] and known[fact.key] for f in rivals)
    stand = []
    for rank in ("returned", "return", ""):
        for one in group:
            here = decided.get(one.key, "")
            if here != rank or (one not in story and not rank):
                continue
            first = [
                o for o in stand
                if o.serial != one.serial and _one_unit(o, one, known, several)
            ]  # fmt: skip
            if not first or rank == "returned":
                stand.append(one)
    if fact in stand:
        return "conflict" if in_question else "new"
    return "on-another-form"


def _unit(fact):
    return fact.fields.get("batch", "").replace(" ", "").lower()


def _component(fact):
    """The component of a unit, `?` for words of which nobody can tell, nothing for none."""
    text = fact.fields["medicine"].strip().lower()
    red = "red cells" in text or "rbc" in text
    platelets = "platelets" in text
    if red != platelets:
        return "red cells" if red else "platelets"
    return "" if text in ("", "o neg") else "?"


def _two_units(one, other):
    return {_component(one), _component(other)} == {"red cells", "platelets"}


def _one_unit(one, other, known, several):
    """Whether two forms of a donation tell of one component and of one event."""
    both = {_component(one), _component(other)}
    if one.serial == other.serial:
        return not _two_units(one, other)
    if both == {"red cells", "platelets"}:
        return False
    if several and len(both) == 2 and both & {"red cells", "platelets"}:
        return False
    texts = {f.fields["medicine"].strip().lower() for f in (one, other)}
    if "?" in both and "" not in both and len(texts) == 2:
        return False
    return _one_event(one, other, known)


def _one_event(one, other, known):
    """Whether two forms of a unit tell of one event."""
    if one.serial == other.serial:
        return True
    if one.form == other.form or one.person != other.person:
        return False
    if not (known[one.key] and known[other.key]):
        return False
    said = {f.fields.get("reason") or f.fields.get("status") for f in (one, other)} - {None}
    if len(said) > 1 and said != {"not-given", "returned"}:
        return False
    step = {"emergency-blood-log": 0, "transfusion-record": 1, "blood-unit-fate": 2}
    if one.form not in step or other.form not in step:
        return True
    first, then = sorted((one, other), key=lambda f: step[f.form])
    return _moment(first) <= _moment(then) or hours_between(_moment(first), _moment(then)) <= 1


def _moment(fact):
    return fact.fields.get("collected") or fact.fields.get("given") or fact.event


def _alike(one, other):
    """Whether two forms say the same, in the words of the rule."""
    if one.serial == other.serial or one.type != other.type:
        return False
    mine, theirs = one.fields, other.fields
    minutes = 60 * hours_between(_moment(one), _moment(other))
    if one.type == "ServiceRequest":
        both = "collected" in mine and "collected" in theirs
        same = one.person == other.person and mine["code"] == theirs["code"]
        return same and minutes <= (30 if both else 120)
    if one.type == "MedicationAdministration":
        if mine.get("batch") or theirs.get("batch"):
            return False
        names = {said["medicine"].strip().lower() for said in (mine, theirs)}
        return one.person == other.person and len(names) == 1 and minutes <= 15
    return False


alike = st.one_of(
    st.builds(lambda at: ("ServiceRequest", {"code": "FBC", **at}),
              st.fixed_dictionaries({}, optional={"collected": st.sampled_from(TAKEN)})),
    st.builds(lambda at, unit: ("MedicationAdministration",
                                {"medicine": "Paracetamol", "given": at, **unit}),
              st.sampled_from(TAKEN),
              st.fixed_dictionaries({}, optional={"batch": st.sampled_from(("G 12", "g12"))})),
)  # fmt: skip
FORMS = ("transfusion-record", "blood-unit-fate", "emergency-blood-log", "f", "transfusion-record")
became = st.sampled_from(
    ({}, {}, {"status": "given"}, {"status": "not-given", "reason": "returned"},
     {"status": "not-given"}, {"reason": "moved"}),
)  # fmt: skip
called = st.sampled_from(
    ("Red cells",) * 4
    + ("RBC, O neg", "", "O neg", "Platelets", "LRCP", "Platelets with red cells")
)  # fmt: skip
of_blood = st.builds(
    lambda at, said, name: ("MedicationAdministration",
                            {"medicine": name, "batch": "G 12", "given": at, **said}),
    st.sampled_from(TAKEN), became, called,
)  # fmt: skip
decisions = st.dictionaries(
    st.integers(0, 11), st.sampled_from(("returned", "leave", "return")), max_size=5
)
much_alike = st.lists(st.tuples(st.integers(0, 1), alike), min_size=2, max_size=12)


@given(
    before=st.just([]), after=st.just([]) | hospitals, said=much_alike,
    gone=st.just(set()) | st.sets(st.integers(0, 7)),
)  # fmt: skip
def test_what_went_out_stands_whatever_happened_first(before, after, said, gone):
    facts = [written(n, kind, who, **fields) for n, (who, (kind, fields)) in enumerate(said)]
    out = {fact.key: "returned" for n, fact in enumerate(facts) if n in gone}
    known = [patient(n) for n in PEOPLE]
    ordered = sorted(after, key=lambda r: r.id)
    numbered = sorted(_distinct(before), key=lambda r: r.id)
    each = compare_facts_separately(
        RecordIndex([*known, *numbered]), facts, RecordIndex([*known, *ordered]), SETTINGS
    )
    items = annotate.annotate_items(each, SETTINGS, decisions=out).items
    assert [i.state for i in items] == obvious(facts, items, numbered, ordered, out)


@settings(max_examples=by_night(400, 100))
@given(
    said=st.lists(st.tuples(st.sampled_from((0, 0, 0, 1, 5)), of_blood), min_size=2, max_size=10),
    made=decisions, shift=st.integers(0, 4), order=st.randoms(use_true_random=False),
)  # fmt: skip
def test_a_unit_of_blood_is_one_event_in_whatever_order_its_forms_come(said, made, shift, order):
    facts = [
        written(n, kind, who, form=FORMS[(n // 2 + shift) % 5], **fields)
        for n, (who, (kind, fields)) in enumerate(said)
    ]
    decided = {fact.key: made[n] for n, fact in enumerate(facts) if n in made}
    known = RecordIndex([patient(n) for n in PEOPLE])
    each = compare_facts_separately(known, facts, known, SETTINGS)
    found = [
        item.state for item in annotate.annotate_items(each, SETTINGS, decisions=decided).items
    ]
    assert found == obvious(facts, each, [], [], decided)
    order.shuffle(each)
    again = {
        i.key: i.state for i in annotate.annotate_items(each, SETTINGS, decisions=decided).items
    }
    assert again == {fact.key: state for fact, state in zip(facts, found, strict=True)}
    for behind in (f for f in facts if again[f.key] == "on-another-form"):
        others = [f for f in facts if f.serial != behind.serial]
        assert any(again[f.key] in ("new", "conflict") for f in others)


@given(before=hospitals, after=hospitals, said=papers)
def test_the_states_are_those_of_the_obvious_walk(before, after, said):
    facts = [written(n, kind, who, **fields) for n, (who, (kind, fields)) in enumerate(said)]
    known = [patient(n) for n in PEOPLE]
    ordered = sorted(after, key=lambda r: r.id)
    numbered = sorted(_distinct(before), key=lambda r: r.id)
    items = compare_facts(
        RecordIndex([*known, *numbered]), facts, RecordIndex([*known, *ordered]), SETTINGS
    )
    assert [i.state for i in items] == obvious(facts, items, numbered, ordered)


def _distinct(records):
    """No two records of one system share a number."""
    seen = set()
    for record in records:
        number = getattr(record, "filler", "") or getattr(record, "number", "")
        if not number or (type(record), number) not in seen:
            seen.add((type(record), number))
            yield record


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=hospitals | medicated, after=hospitals | medicated, said=papers, cut=st.integers(1, 4)
)
def test_sets_gathered_by_sql_say_the_same_as_the_whole(tmp_path_factory, before, after, said, cut):
    facts = [written(n, kind, who, **fields) for n, (who, (kind, fields)) in enumerate(said)]
    known = [patient(n) for n in PEOPLE]
    folder = tmp_path_factory.mktemp("snapshots")
    with (
        held(folder, "t0", [*known, *_distinct(before)]) as t0,
        held(folder, "now", [*known, *after]) as now,
    ):
        whole_before = RecordIndex(sorted([*known, *_distinct(before)], key=lambda r: r.id))
        whole_after = RecordIndex(
            sorted([*known, *after], key=lambda r: r.id), delivered_types=KINDS
        )
        whole = compare_facts_separately(whole_before, facts, whole_after, SETTINGS)
        parts = []
        for start in range(0, len(facts), cut):
            some = facts[start : start + cut]
            live = load_records.load_recovered(now, some)
            part = Comparison(load_records.load_earlier(t0, live, some), some, live, SETTINGS)
            part.compare()
            rivals = [
                Rival(i.fact, i.patient, ()) for i in whole if i.fact not in some and i.patient
            ]
            parts += part.compare_beside(rivals)[0]
        assert [(i.state, i.matched_ids) for i in parts] == [
            (i.state, i.matched_ids) for i in whole
        ]

        changed = find_changed_patients(t0, now, INDEXED_TYPES)
        plain = set(_distinct(before)) ^ set(after)
        assert changed.ids == {record.patient for record in plain}


def held(folder, name, records):
    path, moment = folder / f"{name}.db", "2026-11-02T14:30:00Z"
    header = SnapshotHeader(hospital="DEMO", created=moment, expires=moment, key="k", holds=KINDS)
    record_tables.create_database(path, bytes(32), header, records)
    return Snapshot(path, bytes(32))
