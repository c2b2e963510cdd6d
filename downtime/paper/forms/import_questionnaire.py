"""A FHIR R4 Questionnaire as the file of a form, and in sentences what paper cannot do of it.

What this project wrote comes back as it was. A foreign Questionnaire is brought into the shape of
paper: a group holds fields only, rows have a number, what is shown on a condition is always
printed. Each such change is said, so that somebody looks at it before the form is used.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from downtime.paper.forms.export_questionnaire import FORM_EXTRAS
from downtime.paper.forms.field_types import FIELD_TYPES
from downtime.paper.forms.form_schema import RESERVED
from downtime.paper.forms.model import FieldType
from downtime.paper.forms.questionnaire_elements import (
    invalid,
    make_name,
    read_extensions,
    read_limits,
    read_list,
    read_option,
    read_value_sets,
    start_item,
)

ROWS = 6
"""Rows of a repeating group whose number nobody says."""
_TYPES = {"url": "string", "open-choice": "choice", "attachment": "string", "reference": "string"}
_DEFAULTS = {"policy": "full", "record": "Document", "system": "EPR"}
_MOST_ITEMS = 2000


class QuestionnaireReader:
    """One Questionnaire as it is read: `text` is the form's file, `notes` what was changed.

    InputError when it is no Questionnaire, or asks for what is not in it.
    """

    def __init__(self, resource: Any) -> None:
        if not isinstance(resource, Mapping) or resource.get("resourceType") != "Questionnaire":
            raise invalid("It is no FHIR Questionnaire")
        self.notes: list[str] = []
        self._count = 0
        self._sets = read_value_sets(resource)
        self.name = make_name(resource)
        form = self._read_form(resource) | {
            "item": list(self._read_items(read_list(resource, "item")))
        }
        self.text: str = yaml.safe_dump(form, sort_keys=False, allow_unicode=True, width=100)

    def _read_form(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        extras = _DEFAULTS | read_extensions(resource)
        title = str(resource.get("title") or resource.get("name") or self.name)
        form = {
            "name": self.name,
            "version": str(resource.get("version") or "1"),
            "title": title,
            "status": str(extras.get("status") or resource.get("status") or "unknown"),
            "purpose": str(resource.get("purpose") or resource.get("description") or title),
        }
        return form | {name: extras[name] for name in FORM_EXTRAS if name in extras}

    def _read_items(self, sources: list[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Items on top: fields, and groups that hold fields only; what lay deeper follows."""
        for source in sources:
            if self._read_link_id(source).startswith(RESERVED):
                continue
            children = read_list(source, "item")
            if source.get("type") != FieldType.GROUP:
                yield self._read_field(source)
                yield from self._read_items(children)
                continue
            fields, groups = self._split_groups(children)
            if fields:
                yield self._read_group(source, fields)
            self.notes += [
                f"Group '{g.get('linkId')}' follows '{source['linkId']}'." for g in groups
            ]
            yield from self._read_items(groups)

    def _split_groups(self, sources: list[Mapping[str, Any]]) -> tuple[list[Any], list[Any]]:
        """The fields of a group, those below a field after it, and the groups inside it."""
        fields, groups = [], []
        for source in sources:
            if source.get("type") == FieldType.GROUP:
                groups.append(source)
                continue
            deeper, more = self._split_groups(read_list(source, "item"))
            self._read_link_id(source)
            fields += [source, *deeper]
            groups += more
        return fields, groups

    def _read_link_id(self, source: Mapping[str, Any]) -> str:
        self._count += 1
        link_id = source.get("linkId")
        if not isinstance(link_id, str) or not link_id:
            raise invalid(f"Item {self._count} has no linkId")
        if self._count > _MOST_ITEMS:
            raise invalid(f"It has more than {_MOST_ITEMS} items")
        if source.get("enableWhen"):
            self.notes.append(
                f"'{link_id}' depends on another answer; on paper it is always there."
            )
        return link_id

    def _read_group(
        self, source: Mapping[str, Any], fields: list[Mapping[str, Any]]
    ) -> dict[str, Any]:
        group = start_item(source, "group")
        if source.get("repeats"):
            group["repeats"] = True
            if "rows" not in group:
                group |= {"rows": ROWS, "layout": "table"}
                self.notes.append(f"'{source['linkId']}' repeats: it has {ROWS} rows on paper.")
        return group | {"item": [self._read_field(field) for field in fields]}

    def _read_field(self, source: Mapping[str, Any]) -> dict[str, Any]:
        link_id, type_name = source["linkId"], str(source.get("type"))
        kind = _TYPES.get(type_name, type_name)
        options = self._read_options(source) if kind == FieldType.CHOICE else []
        if kind == FieldType.CHOICE and not options:
            kind = "string"
        if kind not in FIELD_TYPES or kind == FieldType.GROUP:
            raise invalid(f"'{link_id}' has a type that is unknown here")
        if kind != type_name:
            self.notes.append(f"'{link_id}' is of type {type_name}; on paper it is a {kind}.")
        if source.get("repeats"):
            self.notes.append(
                f"'{link_id}' may have several answers; on paper it has room for one."
            )
        field = start_item(source, kind) | read_limits(source)
        if options:
            field["answerOption"] = options
        for name in ("required", "maxLength"):
            if source.get(name) and kind != FieldType.DISPLAY:
                field[name] = source[name]
        if codes := [code["code"] for code in read_list(source, "code") if code.get("code")]:
            field["code"] = codes[0]
        return field

    def _read_options(self, source: Mapping[str, Any]) -> list[dict[str, str]]:
        options = [read_option(element) for element in read_list(source, "answerOption")]
        if address := source.get("answerValueSet"):
            concepts = self._sets.get(str(address).removeprefix("#"))
            if concepts is None:
                raise invalid(f"'{source['linkId']}' takes its answers from a value set elsewhere")
            options += concepts
        return options
