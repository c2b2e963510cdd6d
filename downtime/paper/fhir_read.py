"""A FHIR R4 Questionnaire as the file of a form, and in sentences what paper cannot do of it.

What this project wrote comes back as it was. A foreign Questionnaire is brought into the shape of
paper: a group holds fields only, rows have a number, what is shown on a condition is always
printed. Each such change is said, so that somebody looks at it before the form is used.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from downtime.errors import InputError
from downtime.paper.fhir_write import FORM_EXTRAS, ITEM_EXTRAS, MAX, MIN, OURS, UNIT
from downtime.paper.form_file import FIELD_TYPES, ITEM, LISTS, NAME, RESERVED

ROWS = 6
"""Rows of a repeating group whose number nobody says."""
_TYPES = {"url": "string", "open-choice": "choice", "attachment": "string", "reference": "string"}
_DEFAULTS = {"policy": "full", "record": "Document", "system": "EPR"}
_MOST_ITEMS = 2000


class Reading:
    """One Questionnaire as it is read: `text` is the form's file, `notes` what was changed.

    InputError when it is no Questionnaire, or asks for what is not in it.
    """

    def __init__(self, resource: Any) -> None:
        if not isinstance(resource, Mapping) or resource.get("resourceType") != "Questionnaire":
            raise _wrong("It is no FHIR Questionnaire")
        self.notes: list[str] = []
        self._count = 0
        self._sets = _contained(resource)
        self.name = _name(resource)
        form = self._form(resource) | {"item": list(self._items(_list(resource, "item")))}
        self.text: str = yaml.safe_dump(form, sort_keys=False, allow_unicode=True, width=100)

    def _form(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        extras = _DEFAULTS | _ours(resource)
        title = str(resource.get("title") or resource.get("name") or self.name)
        form = {
            "name": self.name,
            "version": str(resource.get("version") or "1"),
            "title": title,
            "status": str(extras.get("status") or resource.get("status") or "unknown"),
            "purpose": str(resource.get("purpose") or resource.get("description") or title),
        }
        return form | {name: extras[name] for name in FORM_EXTRAS if name in extras}

    def _items(self, sources: list[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Items on top: fields, and groups that hold fields only; what lay deeper follows."""
        for source in sources:
            if self._link_id(source).startswith(RESERVED):
                continue
            children = _list(source, "item")
            if source.get("type") != "group":
                yield self._field(source)
                yield from self._items(children)
                continue
            fields, groups = self._apart(children)
            if fields:
                yield self._group(source, fields)
            self.notes += [
                f"Group '{g.get('linkId')}' follows '{source['linkId']}'." for g in groups
            ]
            yield from self._items(groups)

    def _apart(self, sources: list[Mapping[str, Any]]) -> tuple[list[Any], list[Any]]:
        """The fields of a group, those below a field after it, and the groups inside it."""
        fields, groups = [], []
        for source in sources:
            if source.get("type") == "group":
                groups.append(source)
                continue
            deeper, more = self._apart(_list(source, "item"))
            self._link_id(source)
            fields += [source, *deeper]
            groups += more
        return fields, groups

    def _link_id(self, source: Mapping[str, Any]) -> str:
        self._count += 1
        link_id = source.get("linkId")
        if not isinstance(link_id, str) or not link_id:
            raise _wrong(f"Item {self._count} has no linkId")
        if self._count > _MOST_ITEMS:
            raise _wrong(f"It has more than {_MOST_ITEMS} items")
        if source.get("enableWhen"):
            self.notes.append(
                f"'{link_id}' depends on another answer; on paper it is always there."
            )
        return link_id

    def _group(self, source: Mapping[str, Any], fields: list[Mapping[str, Any]]) -> dict[str, Any]:
        group = _begun(source, "group")
        if source.get("repeats"):
            group["repeats"] = True
            if "rows" not in group:
                group |= {"rows": ROWS, "layout": "table"}
                self.notes.append(f"'{source['linkId']}' repeats: it has {ROWS} rows on paper.")
        return group | {"item": [self._field(field) for field in fields]}

    def _field(self, source: Mapping[str, Any]) -> dict[str, Any]:
        link_id, said = source["linkId"], str(source.get("type"))
        kind = _TYPES.get(said, said)
        options = self._options(source) if kind == "choice" else []
        if kind == "choice" and not options:
            kind = "string"
        if kind not in (*FIELD_TYPES, "display"):
            raise _wrong(f"'{link_id}' has a type that is unknown here")
        if kind != said:
            self.notes.append(f"'{link_id}' is of type {said}; on paper it is a {kind}.")
        if source.get("repeats"):
            self.notes.append(
                f"'{link_id}' may have several answers; on paper it has room for one."
            )
        field = _begun(source, kind) | _limits(source)
        if options:
            field["answerOption"] = options
        for name in ("required", "maxLength"):
            if source.get(name) and kind != "display":
                field[name] = source[name]
        if codes := [code["code"] for code in _list(source, "code") if code.get("code")]:
            field["code"] = codes[0]
        return field

    def _options(self, source: Mapping[str, Any]) -> list[dict[str, str]]:
        found = [_option(option) for option in _list(source, "answerOption")]
        if address := source.get("answerValueSet"):
            concepts = self._sets.get(str(address).removeprefix("#"))
            if concepts is None:
                raise _wrong(f"'{source['linkId']}' takes its answers from a value set elsewhere")
            found += concepts
        return found


def _begun(source: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """What every item has: linkId, text, type, and this project's own words."""
    text = {"text": source["text"]} if source.get("text") else {}
    extras = {name: value for name, value in _ours(source).items() if name in ITEM_EXTRAS}
    return {"linkId": source["linkId"], **text, "type": kind, **extras}


def _option(option: Mapping[str, Any]) -> dict[str, str]:
    coding = option.get("valueCoding")
    if isinstance(coding, Mapping):
        code, words = coding.get("code"), coding.get("display")
    else:
        code = words = next((v for k, v in option.items() if k.startswith("value")), None)
    if code is None and words is None:
        raise _wrong("An answerOption has no value")
    return {"code": str(words if code is None else code), "display": str(words or code)}


def _limits(source: Mapping[str, Any]) -> dict[str, Any]:
    limits = {}
    for extension in _list(source, "extension"):
        name = {MIN: "min", MAX: "max"}.get(extension.get("url"))
        if name:
            limits[name] = extension.get("valueInteger", extension.get("valueDecimal"))
        if extension.get("url") == UNIT:
            unit = extension.get("valueCoding") or {}
            limits["units"] = unit.get("display") or unit.get("code")
    return limits


def _ours(source: Mapping[str, Any]) -> dict[str, Any]:
    """This project's own extensions of an element, by word."""
    found = {}
    for extension in _list(source, "extension"):
        url = str(extension.get("url"))
        if url.startswith(OURS):
            name = url.removeprefix(OURS)
            (value,) = [v for k, v in extension.items() if k.startswith("value")] or [""]
            is_json = name == "place" or (name in ITEM and ITEM[name][0] in LISTS)
            found[name] = json.loads(value) if is_json else value
    return found


def _contained(resource: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Answers of the value sets that the Questionnaire carries itself, by their id."""
    return {
        str(held.get("id")): [
            _option({"valueCoding": concept})
            for include in (held.get("compose") or {}).get("include") or []
            for concept in include.get("concept") or []
        ]
        for held in _list(resource, "contained")
        if held.get("resourceType") == "ValueSet"
    }


def _name(resource: Mapping[str, Any]) -> str:
    """Small letters, digits and hyphens, from the id, else from the name or title."""
    for said in (resource.get("id"), resource.get("name"), resource.get("title")):
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", str(said or "")).lower()
        name = re.sub(r"[^a-z0-9]+", "-", words).strip("-")[:60].strip("-")
        if NAME.fullmatch(name):
            return name
    raise _wrong("It has neither an id nor a name that begins with a letter")


def _list(source: Mapping[str, Any], name: str) -> list[Any]:
    found = source.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise _wrong(f"'{name}' has to be a list of objects")
    return found


def _wrong(what: str) -> InputError:
    return InputError("form.questionnaire", f"{what}.", "Correct the file and import it again.")
