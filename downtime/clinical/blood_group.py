"""What is known of somebody's blood group: shown with its source and age, never as permission to issue. Pure."""

from collections.abc import Iterable

from downtime.clinical.model import Flag, Observation

_TESTS = ("blood group", "abo", "rhd", "antibody screen", "antibodies", "red cell antibod")
"""Words at the beginning of the names of tests that a transfusion laboratory reports."""
_REQUIREMENTS = (
    "irradiated",
    "cmv",
    "hla",
    "washed",
    "antigen negative",
    "blood product",
    "transfus",
)
"""Words in alerts that say what somebody's blood must be."""


def list_blood_results(values: Iterable[tuple[str, Observation]]) -> list[tuple[str, Observation]]:
    """The last value of each such test, with its time."""
    newest: dict[str, tuple[str, Observation]] = {}
    for at, observation in values:
        name = (observation.display or observation.code).casefold()
        if name.startswith(_TESTS) and at >= newest.get(name, ("", observation))[0]:
            newest[name] = (at, observation)
    return [newest[name] for name in sorted(newest)]


def list_requirements(flags: Iterable[Flag]) -> list[Flag]:
    """Alerts that say what somebody's blood must be."""
    return [flag for flag in flags if any(word in flag.text.casefold() for word in _REQUIREMENTS)]
