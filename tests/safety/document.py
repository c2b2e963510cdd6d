"""The safety case as pages: the hazard log that `docs/safety/` shows, drawn from the table of hazards."""

from collections import Counter

from downtime.entry.plausibility.signed_rules import count_signatures
from tests.safety.model import Control, Group, Hazard, Severity, load_groups

SEVERITIES = {
    Severity.CATASTROPHIC: "several patients may die, or be harmed for life",
    Severity.MAJOR: "one patient may die or be harmed for life, or several severely",
    Severity.CONSIDERABLE: "one patient may be severely harmed, or several slightly; or much distress",
    Severity.SIGNIFICANT: "one patient may be slightly harmed, and recovers within days",
    Severity.MINOR: "annoyance, or delay without harm",
}
INTRODUCTION = (
    "The hazard log of this program as DCB0129 asks for one: what can harm a patient, why, what it would do, what"
    " keeps it from happening, and the test that would notice if that were gone. `scripts/sabotage` shows the last"
    " part: in a copy of the source it takes each control away, one at a time, and runs the test that is named for"
    " it, which has to fail. It exits 0 only when every one does.\n\n"
    "    scripts/sabotage                # every control, about a quarter of an hour on two cores\n"
    "    scripts/sabotage F3 paper       # the controls of one hazard, of one part\n"
    "    scripts/sabotage --list         # without running anything\n\n"
    "**What is for the hospital to say** (DCB0160): how likely each hazard is there, whether what is left of it is"
    " accepted, and by whom. The severities are those of the makers: a clinical safety officer of the hospital"
    " confirms or changes them. A control of this program is no substitute for training, paper in the"
    " cupboard and people who look."
)


def list_pages() -> dict[str, tuple[str, str, str, list[str]]]:
    """Title, introduction, source and parts of each page, by its name below `docs/`."""
    groups = load_groups()
    pages = {
        "safety/README.md": (
            "Safety case",
            INTRODUCTION,
            "tests/safety/hazards",
            _summarise(groups),
        )
    }
    for group in groups:
        source = f"tests/safety/hazards (the table of {group.name})"
        parts = [_describe(hazard) for hazard in group.hazards]
        pages[f"safety/{group.name}.md"] = (
            f"Hazards: {group.title.lower()}",
            group.about,
            source,
            parts,
        )
    return pages


def _summarise(groups: list[Group]) -> list[str]:
    hazards = [hazard for group in groups for hazard in group.hazards]
    counts = Counter(hazard.severity for hazard in hazards)
    severities = ["| severity | what it means | hazards |", "|---|---|---|"]
    severities += [f"| {word} | {text} | {counts[word]} |" for word, text in SEVERITIES.items()]
    parts = ["| part | about | hazards | controls |", "|---|---|---|---|"]
    parts += [
        f"| [{group.title}]({group.name}.md) | {group.about} | {len(group.hazards)} |"
        f" {sum(len(hazard.controls) for hazard in group.hazards)} |"
        for group in groups
    ]  # fmt: skip
    signed, rows = count_signatures()
    clinical = (
        f"{signed} of {rows} figures of what is plausible are signed by a clinician; the others are"
        " **not yet signed by a clinician** ([who signed what](../plausibility.md#signatures)). The weights by"
        " which a patient is believed to be the one on paper ([identity](../identity.md)), and the other names"
        " of medicines (`downtime/clinical/medicines.toml`), want a clinician and a pharmacist who read"
        " them too."
    )  # fmt: skip
    return [
        "## Signed by clinicians",
        clinical,
        "## Parts",
        "\n".join(parts),
        "## How bad",
        "\n".join(severities),
    ]


def _describe(hazard: Hazard) -> str:
    lines = [
        f"## {hazard.id}: {hazard.hazard}",
        f"- cause: {hazard.cause}\n- effect: {hazard.effect}\n- severity: **{hazard.severity}**",
        "| control | where | test |\n|---|---|---|\n" + "\n".join(map(_row, hazard.controls)),
    ]
    return "\n\n".join(lines)


def _row(control: Control) -> str:
    path, *_, name = control.test.split("::")
    return f"| {control.text} | `{control.file}` | `{path}`: {name.rpartition('::')[2].removeprefix('test_').replace('_', ' ')} |"
