"""Write the documents that are drawn from the program's own tables; `--check` only compares.

docs/settings.md, docs/sources.md, docs/places.md, docs/permissions.md, docs/lifecycles.md, docs/commands.md,
docs/rules.md, docs/identity.md, docs/plausibility.md, docs/safety/, docs/asvs.md, docs/reliability.md.
"""

import difflib
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import click

import downtime
from downtime import config
from downtime.settings import Settings
from downtime.vault.lifecycle import Lifecycle

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the tables of the tests
DOCS = ROOT / "docs"
SHARED_OPTIONS = ("--home", "--unlock-file", "--json", "--help")


def main() -> int:
    """0 when all documents are (or now are) as the program says; 1 when `--check` finds a change."""
    written = documents()
    stale = {name: text for name, text in written.items() if present(name) != text}
    if "--check" not in sys.argv[1:]:
        for name, text in stale.items():
            (DOCS / name).parent.mkdir(exist_ok=True)
            (DOCS / name).write_text(text, encoding="utf-8")
            print(f"Wrote docs/{name}")
        return 0
    for name, text in stale.items():
        print(f"docs/{name} differs from the program; 'scripts/fix' writes it again.")
        print("\n".join(changes(present(name), text)))
    return 1 if stale else 0


def documents() -> dict[str, str]:
    """Every generated document's name and text."""
    return {
        "settings.md": settings(),
        "sources.md": sources(),
        "places.md": places(),
        "permissions.md": permissions(),
        "lifecycles.md": lifecycles(),
        "commands.md": commands(),
        "rules.md": rules(),
        "identity.md": identity(),
        "plausibility.md": plausibility(),
        "round-trip.md": round_trip(),
        **safety(),
        "asvs.md": asvs(),
        "reliability.md": reliability(),
    }


def present(name: str) -> str:
    path = DOCS / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def changes(old: str, new: str, limit: int = 30) -> list[str]:
    """The first lines that differ."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "as it is", "as it should be")
    return [line for _, line in zip(range(limit), lines, strict=False)]


def page(title: str, introduction: str, source: str, *parts: str) -> str:
    note = f"<!-- Written by scripts/generate_docs.py from {source}: change that, not this. -->"
    return "\n\n".join([f"# {title}", note, introduction, *(p.strip() for p in parts)]) + "\n"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def rules() -> str:
    introduction = (
        "What the [comparison](recovery.md) says in each situation, and whether two people decide. T0 is"
        " 10:00 on 2 November 2026, the snapshot at the outage's beginning; the outage lasts until 18:00;"
        " paper speaks of 14:00 unless a row says otherwise. Times that decide are settings"
        " (`[reconcile]` in [settings](settings.md)). Every row is a test. Who a form is about is settled"
        " before any of these rules: a patient who is not found is *unmatched*."
    )
    tables = importlib.import_module("tests.spec.reconcile.all_tables").TABLES
    head = ("On paper", "At T0", "Recovered", "State", "What the screen says", "Two people")
    parts = [
        f"## {spec.title}\n\n{spec.about}\n\n"
        + table(
            head,
            [
                (row.paper, row.t0, row.recovered, row.state.replace("-", " "), row.sentence,
                 "yes" if row.second else "")
                for row in spec.rows
            ],
        )
        for spec in tables
    ]  # fmt: skip
    return page(
        "Rules of the comparison", introduction, "tests/spec/reconcile/all_tables.py", *parts
    )


def round_trip() -> str:
    introduction = (
        "Where each field of each form goes: in HL7 v2 (segment, field and component; version 2.4), in"
        " FHIR R4 (path of elements) and on a [worklist](returns.md) (column). Every answer is an item of"
        " the form's QuestionnaireResponse in FHIR, beside the elements named here. Places side by side"
        " are alternatives: the other answers decide. `tests/integration/recovery/test_round_trip.py` fills"
        " every field, keys it, writes the messages and reads each answer back from these places with"
        " python-hl7, plain JSON and openpyxl.\n\n"
        "Who signed is in the first note (NTE-3 or OBX-5; IAM-18, TXA-5), in Provenance and under"
        " *Author*; when is EVN-6, ORC-9, OBR-22 or TXA-4 and *Happened*, where no other field says"
        " when it happened. The identity block that every form about a patient has is PID in HL7 v2, a reference by number"
        " in FHIR (a Patient where somebody is registered) and columns of their own on a worklist. Of a"
        " move, a discharge, a corrected detail or a changed booking FHIR changes the live record, and"
        " the rest stands among the answers (QuestionnaireResponse). Allergies have their notes behind"
        " IAM (NTE-3) from HL7 v2.7 on. A unit of blood of which nobody knows yet what became of it, and"
        " in FHIR a death or an allergy that paper calls wrong, are on the worklist only."
    )
    places = importlib.import_module("tests.spec.returns.field_places")
    load_form = importlib.import_module("downtime.paper.forms.load_form")
    forms = [form for form in load_form.load_forms().values() if form.returns]
    parts = [
        f"## {form.title}\n\n`{form.name}`, version {form.version}.\n\n" + field_table(form, places)
        for form in sorted(forms, key=lambda form: form.title)
    ]
    return page("Where each field goes", introduction, "tests/spec/returns/field_places.py", *parts)


def safety() -> dict[str, str]:
    pages = importlib.import_module("tests.safety.document").list_pages()
    return {name: page(*texts, *parts) for name, (*texts, parts) in pages.items()}


def asvs() -> str:
    introduction = (
        "The requirements of [OWASP ASVS 5.0.0](https://owasp.org/www-project-application-security-verification-standard/)"
        " at levels 1 and 2, each in a few words of ours: what is met and the test that shows it, or the page that"
        " says it; what does not apply, and why; what is not met. `tests/contract/test_asvs.py` looks that every"
        " test that is named exists. Read the standard beside it for what each number asks."
    )
    parts = importlib.import_module("tests.safety.asvs").list_parts()
    return page("OWASP ASVS 5.0.0, level 2", introduction, "tests/safety/asvs.toml", *parts)


def reliability() -> str:
    introduction = (
        "What was measured of this program: faults survived, inputs tried, load held, controls taken away; each figure"
        " as a script wrote it, with its day. `scripts/reliability FILE` takes newer ones. How the faults are made and"
        " what counts as harm is in [faults](faults.md), what the controls are for in the"
        " [safety case](safety/README.md). Most were measured on two cores that did other work as well."
    )
    parts = importlib.import_module("tests.faults.reliability").list_parts()
    return page("Reliability", introduction, "tests/faults/figures.json", *parts)


def field_table(form: Any, places: Any) -> str:
    """One row for each field that is keyed, and a sentence about those that are not."""
    rows, on_paper = [], []
    for item in places.list_fields(form):
        place = places.find_places(form, item)
        name = " ".join((item.text or item.link_id).split()).replace("|", "/")
        if place is places.ON_PAPER:
            on_paper.append(name.partition(", column ")[0])
        elif item.link_id not in places.IN_SIGN_OFF:
            elements = [path for path in place.fhir if path != places.ANSWERS]
            cells = [", ".join(cell) for cell in (place.hl7, elements, place.worklist)]
            rows.append((name, *cells, place.remark))
    kept = (
        f"\n\nStays on the paper and in its scan: {'; '.join(dict.fromkeys(on_paper))}."
        if on_paper
        else ""
    )
    return table(("Field", "HL7 v2", "FHIR", "Worklist", ""), rows) + kept


def identity() -> str:
    introduction = (
        "Who a form is about is never believed by a number alone: a digit may be wrong, or the label the"
        " neighbour's. Everything else on the paper is weighed against the number's owner. Each finding"
        " counts *bits* of evidence (Fellegi and Sunter 1969): so many times likelier, as a power of two,"
        " of the right patient than of another. A detail that is missing counts nothing. A name that"
        " agrees counts more the rarer it is among the hospital's patients. Without a number nothing"
        " links anybody but two people.\n\n`scripts/bench identity` measures what comes of it. Of 60,000"
        " generated people a number wrong by a digit, or the neighbour's, was believed 0 times in 100,000"
        " each, a twin's 0 times in 993; of 100,000 right numbers one person looks at 2.9 in 100, two at 0.07."
        " Of FEBRL's fourth set, 5,000 people and what others made of their names, another's number was"
        " believed 0 times in 5,000; of right ones one person looks at 6.0 in 100, two people at 3.2."
    )
    weights = importlib.import_module("downtime.reconcile.identity.weights")
    rows = [
        (detail.replace("_", " "), finding.replace("-", " "), f"{bits:+d}".replace("-", "−"))
        for detail, findings in weights.WEIGHTS.items()
        for finding, bits in findings.items()
        if detail not in ("number", "postcode", "phone") and (detail, finding) != ("ward", "same")
    ]
    limits = weights.LIMITS
    outcomes = [
        (f"below {limits['look_from']}", "conflict: two people decide"),
        (f"{limits['look_from']} to {limits['accept_from'] - 1}", "one person compares both"),
        (f"{limits['accept_from']} or more", "believed"),
        ("another date of birth, whatever else agrees", "one person compares both"),
        (f"another patient has {limits['rival_from']} or more, within {limits['rival_within']}",
         "one person compares both"),
        (f"another patient is more than {limits['rival_within']} ahead", "conflict: two people decide"),
        ("a namesake in surname was born that day, and the given name is not the same",
         "one person compares both"),
    ]  # fmt: skip
    return page(
        "Is this that patient?",
        introduction,
        "downtime/reconcile/identity/weights.toml",
        "## What each finding counts",
        table(("Detail", "Finding", "Bits"), rows),
        "## What is made of the sum",
        table(("Sum", "Outcome"), outcomes),
    )


def plausibility() -> str:
    from downtime.clinical import value_limits
    from downtime.entry.plausibility import signed_rules
    from downtime.entry.plausibility.model import HARD_RULES
    from downtime.entry.plausibility.wording import REASON_TITLES, SENTENCES

    introduction = (
        "What is keyed from paper is held against the outage, the patient, the ward and what is usual. What"
        " is *impossible* is refused; what is *unusual* is asked about and stands only with a reason, which"
        " is kept beside the value with who gave it and when, and shown to whoever verifies or compares it."
        " A form's file says more of its own fields ([forms](forms.md#what-is-plausible)); margins are settings"
        " (`[plausibility]` in [settings](settings.md)). **The figures are for a clinician of the hospital to"
        " check:** a row without a signature has not been checked here, and what it names as unsourced was"
        " taken from no publication."
    )
    limits = [
        (row.title, row.ucum or "–", word_limits(row.refuse), word_limits(row.ask),
         f"by age: {row.centiles}" if row.centiles else word_limits(row.ask_child),
         "; ".join(row.sources), row.unsourced or "–", row.signed or signed_rules.UNSIGNED)
        for row in value_limits.VALUE_LIMITS.values()
    ]  # fmt: skip
    head = ("Value", "Unit (UCUM)", "Refused", "Asked about",
            f"Under {value_limits.CHILD_UNDER_YEARS} years", "Source", "Unsourced", "Signed by")  # fmt: skip
    signed, rows = signed_rules.count_signatures()
    figures = [
        (word_rule(SENTENCES[rule]), row.figure, "refused" if rule in HARD_RULES else "asked",
         row.signed or signed_rules.UNSIGNED)
        for rule, row in signed_rules.SIGNED_RULES.items()
    ]  # fmt: skip
    rules = [
        ("refused" if rule in HARD_RULES else "asked", word_rule(sentence))
        for rule, sentence in SENTENCES.items()
    ]
    ages = [
        f"### {name.capitalize()}\n\n"
        + table(
            ("Younger than, years", "1st centile", "99th centile"),
            [tuple(f"{number:g}" for number in row) for row in rows],
        )
        for name, rows in value_limits.CENTILES.items()
    ]
    return page(
        "What is plausible",
        introduction,
        "downtime/clinical/value_limits.toml and downtime/entry/plausibility",
        "## Signatures",
        f"**{signed} of {rows} rows of the two tables that follow are signed by a clinician.** Whoever checks"
        " one writes name, role and day into its `signed`, in `downtime/clinical/value_limits.toml` or"
        " `downtime/entry/plausibility/signed_rules.toml`; whoever changes a figure takes its signature out.",
        "## Values",
        table(head, limits),
        "## Figures of rules",
        "Taken from no publication; those in hours, minutes, days, shares and percent are settings, shown with"
        " their defaults.",
        table(("Rule", "Figure", "Then", "Signed by"), figures),
        "## Children by age",
        value_limits.SOURCES["fleming"] + ".",
        *ages,
        "## Rules",
        table(("", "What is said of the field"), rules),
        "## Reasons for which an unusual value stands",
        table(("name", ""), [(f"`{reason}`", title) for reason, title in REASON_TITLES.items()]),
    )


def word_limits(limits: tuple[object, ...]) -> str:
    return ", ".join(map(str, limits)) or "–"


def word_rule(sentence: str) -> str:
    """A sentence with `…` where the program writes a limit or another field."""
    return re.sub(r"\{[^}]*\}", "…", sentence)


def settings() -> str:
    introduction = (
        "What a hospital may change, in the `config.toml` of a home folder. Nothing needs to be set:"
        " a setting that is left out has the default below. A name that is not listed here, or a"
        " value of the wrong type, is refused at start with a sentence that names it. How tables are"
        " mapped (`feeds.tables`) is in [feeds](feeds.md)."
    )
    return page(
        "Settings",
        introduction,
        "downtime/settings.py",
        config.describe_settings(),
        "## Defaults that are tables",
        *default_tables(),
    )


def default_tables() -> Iterator[str]:
    """The defaults too wide for a row, as the TOML that would set them."""
    for section, kind in get_type_hints(Settings).items():
        for field in fields(kind):
            value = getattr(kind(), field.name)
            if isinstance(value, Mapping) and value:
                rows = "\n".join(f'{name} = "{text}"' for name, text in value.items())
                yield f"```toml\n[{section}.{field.name}]\n{rows}\n```"


def sources() -> str:
    from downtime.ingest.sources.source_types import SOURCE_TYPES

    introduction = (
        "Where messages come from: the tables `[ingest.sources.NAME]` of `config.toml`, which `downtime"
        " ingest run` runs. What a key means for a site is in [feeds](feeds.md#coming-in). What is left"
        " out has the default below; a key that is not listed is refused with a sentence that names it."
    )
    parts = [
        f'## kind = "{kind}"\n\n{inspect.getdoc(row.settings)}\n\n{config.describe_table(row.settings)}'
        for kind, row in SOURCE_TYPES.items()
    ]
    return page("Sources", introduction, "downtime/ingest/sources/source_types.py", *parts)


def places() -> str:
    from downtime.fleet.places import PLACE_TYPES

    introduction = (
        "Where snapshots are left and fetched: the tables `[fleet.places.NAME]` of `config.toml`, which"
        " `downtime publish` and `downtime pull` use; [carrying](carrying.md) says how. What is left out"
        " has the default below; a key that is not listed is refused with a sentence that names it."
    )
    parts = [
        f'## kind = "{kind}"\n\n{inspect.getdoc(row)}\n\n{config.describe_table(row)}'
        for kind, row in PLACE_TYPES.items()
    ]
    return page("Places", introduction, "downtime/fleet/places.py", *parts)


def permissions() -> str:
    from downtime.accounts.model import Permission
    from downtime.accounts.permissions import ROLE_TITLES, ROLES_ALLOWED

    introduction = (
        "Every screen and every command names one permission; this table says which roles have it."
        f" A person has one role. `{Permission.PUBLIC}` (the sign-in page, help, making a home) needs"
        " nobody to be signed in."
    )
    rows = [
        (f"`{permission}`", *("●" if role in allowed else "" for role in ROLE_TITLES))
        for permission, allowed in ROLES_ALLOWED.items()
    ]
    return page(
        "Permissions",
        introduction,
        "downtime/accounts/permissions.py",
        table(("permission", *ROLE_TITLES.values()), rows),
    )


def lifecycles() -> str:
    introduction = (
        "The states that things go through. A move that has no arrow is refused, on the screen, on"
        " the command line and in the code alike."
    )
    parts = [
        f"## {lifecycle.name.replace('-', ' ').capitalize()}\n\n"
        f"`{module}`\n\n```mermaid\n{lifecycle.to_mermaid()}\n```"
        for module, lifecycle in all_lifecycles()
    ]
    return page("Lifecycles", introduction, "the tables named below", *parts)


def all_lifecycles() -> list[tuple[str, Lifecycle]]:
    """Each lifecycle table of the package with the module that defines it, by name."""
    lifecycles: dict[str, tuple[str, Lifecycle]] = {}
    for info in pkgutil.walk_packages(downtime.__path__, "downtime."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            defined = f"\n{name} = Lifecycle("
            if isinstance(value, Lifecycle) and defined in inspect.getsource(module):
                lifecycles[value.name] = (info.name, value)
    return [lifecycles[name] for name in sorted(lifecycles)]


def commands() -> str:
    from downtime.cli import load_all_commands

    introduction = (
        "Every command takes `--home DIR` (or `DOWNTIME_HOME`), `--unlock-file FILE` instead of"
        " asking for name, password and one-time code, and `--json` for one JSON document on"
        " standard output; messages for people go to standard error. Exit codes: 0 done, 1 failed,"
        " 2 the command was given the wrong words, 3 done with data older than the site allows."
        " The *permission* decides who may run a command ([permissions](permissions.md))."
    )
    return page(
        "Commands",
        introduction,
        "the commands' own help",
        *sections(load_all_commands(), "downtime"),
    )


def sections(command: click.Command, path: str) -> Iterator[str]:
    """One section for each command below this one, in alphabetical order."""
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from sections(command.commands[name], f"{path} {name}")
        return
    context = click.Context(command, info_name=path, terminal_width=100)
    yield f"## {path}"
    yield command.help or ""
    yield f"`{' '.join([path, *command.collect_usage_pieces(context)])}`"
    yield f"Permission: `{getattr(command, 'permission', '')}`"
    if rows := own_options(command, context):
        yield table(("option", ""), rows)


def own_options(command: click.Command, context: click.Context) -> list[tuple[str, ...]]:
    """Its options beside those that all commands share."""
    options = (p for p in command.get_params(context) if isinstance(p, click.Option))
    records = (option.get_help_record(context) for option in options)
    return [
        (f"`{names}`", text.replace("|", "\\|"))
        for names, text in filter(None, records)
        if not any(shared in names for shared in SHARED_OPTIONS)
    ]


if __name__ == "__main__":
    sys.exit(main())
