"""Parts of a FHIR Questionnaire's elements, in the words of a form's file."""

import json
import re
from collections.abc import Mapping
from typing import Any

from downtime.errors import InputError
from downtime.paper.forms.export_questionnaire import EXTENSION_BASE, ITEM_EXTRAS, MAX, MIN, UNIT
from downtime.paper.forms.form_schema import ITEM, LISTS, NAME


def start_item(source: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """What every item has: linkId, text, type, and this project's own words."""
    text = {"text": source["text"]} if source.get("text") else {}
    extras = {name: value for name, value in read_extensions(source).items() if name in ITEM_EXTRAS}
    return {"linkId": source["linkId"], **text, "type": kind, **extras}


def read_option(source: Mapping[str, Any]) -> dict[str, str]:
    """An answerOption as code and words, whatever kind of value it has."""
    coding = source.get("valueCoding")
    if isinstance(coding, Mapping):
        code, display = coding.get("code"), coding.get("display")
    else:
        code = display = next((v for k, v in source.items() if k.startswith("value")), None)
    if code is None and display is None:
        raise invalid("An answerOption has no value")
    says = {name: value for name, value in read_extensions(source).items() if name == "says"}
    return {"code": str(display if code is None else code), "display": str(display or code), **says}


def read_limits(source: Mapping[str, Any]) -> dict[str, Any]:
    """Unit, least and greatest value, by the extensions of the base specification."""
    limits = {}
    for extension in read_list(source, "extension"):
        name = {MIN: "min", MAX: "max"}.get(extension.get("url"))
        if name:
            limits[name] = extension.get("valueInteger", extension.get("valueDecimal"))
        if extension.get("url") == UNIT:
            unit = extension.get("valueCoding") or {}
            limits["units"] = unit.get("display") or unit.get("code")
    return limits


def read_extensions(source: Mapping[str, Any]) -> dict[str, Any]:
    """This project's own extensions of an element, by word."""
    extensions = {}
    for extension in read_list(source, "extension"):
        url = str(extension.get("url"))
        if url.startswith(EXTENSION_BASE):
            name = url.removeprefix(EXTENSION_BASE)
            (value,) = [v for k, v in extension.items() if k.startswith("value")] or [""]
            is_json = name in ("place", "says", "soft", "ages") or (
                name in ITEM and ITEM[name][0] in LISTS
            )
            extensions[name] = json.loads(value) if is_json else value
    return extensions


def read_value_sets(resource: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Answers of the value sets that the Questionnaire carries itself, by their id."""
    return {
        str(contained.get("id")): [
            read_option({"valueCoding": concept})
            for include in (contained.get("compose") or {}).get("include") or []
            for concept in include.get("concept") or []
        ]
        for contained in read_list(resource, "contained")
        if contained.get("resourceType") == "ValueSet"
    }


def make_name(resource: Mapping[str, Any]) -> str:
    """Small letters, digits and hyphens, from the id, else from the name or title."""
    for candidate in (resource.get("id"), resource.get("name"), resource.get("title")):
        hyphenated = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", str(candidate or "")).lower()
        name = re.sub(r"[^a-z0-9]+", "-", hyphenated).strip("-")[:60].strip("-")
        if NAME.fullmatch(name):
            return name
    raise invalid("It has neither an id nor a name that begins with a letter")


def read_list(source: Mapping[str, Any], name: str) -> list[Any]:
    """The objects of a list, empty when it is not there; InputError when it is none."""
    elements = source.get(name) or []
    if not isinstance(elements, list) or not all(
        isinstance(element, Mapping) for element in elements
    ):
        raise invalid(f"'{name}' has to be a list of objects")
    return elements


def invalid(what: str) -> InputError:
    """What is answered when a Questionnaire cannot be read."""
    return InputError("form.questionnaire", f"{what}.", "Correct the file and import it again.")
