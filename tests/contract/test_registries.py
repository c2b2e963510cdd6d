"""A record type is one row: nobody beside the registry, the readers and the rules lists the types."""

import ast

import pytest

from downtime.clinical.record_types import RECORD_TYPES
from downtime.feeds.fhir import resources
from downtime.reconcile.rules import registry
from tests.contract import house

MAY_LIST = ("downtime.clinical.", "downtime.feeds.", "downtime.reconcile.rules.", "downtime.demo.")
"""The registry itself, readers, rules, and the hospital that the demonstration plays."""
WRITERS = ("downtime.returns.fhir.", "downtime.returns.hl7.")
"""What a type looks like in a message is a writer's own table."""
MOST = 3
"""Two or three types may belong together; more are a list of all of them."""


def listed_types(tree):
    """(line, types named) of every tuple, list, set and dictionary of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            entries = node.elts
        elif isinstance(node, ast.Dict):
            entries = node.keys
        else:
            continue
        yield node.lineno, {name for entry in entries if (name := type_named(entry))}


def type_named(node):
    """The record type that an expression names: `"Flag"`, `Flag`, `model.Flag`; else empty."""
    match node:
        case ast.Constant(value=str(name)) | ast.Name(id=name) | ast.Attribute(attr=name):
            return name if name in RECORD_TYPES else ""
    return ""


@pytest.mark.parametrize("module", house.modules(), ids=lambda module: module.name)
def test_no_module_lists_the_record_types(module):
    if module.name.startswith((*MAY_LIST, *WRITERS)):
        return
    lists = [(line, names) for line, names in listed_types(module.tree) if len(names) > MOST]
    assert not lists, f"{module.name} lists record types; read them from clinical.record_types"


@pytest.mark.parametrize("row", RECORD_TYPES.values(), ids=lambda row: row.name)
def test_a_row_speaks_of_fields_that_there_are(row):
    own = set(row.record.__dataclass_fields__)
    section = row.section
    named = (
        {row.name_field, *row.time_fields, *row.source_number_fields, *row.reference_fields}
        if row.has_patient
        else set()
    )
    named |= {row.event_field} - {""} | set(row.code_fields or ())
    named |= {column.field for column in section.columns} if section else set()
    named |= {order.removesuffix(" DESC") for order in section.order} if section else set()
    assert named - {"display"} <= own
    assert set(row.compared_fields) <= own | set(row.form_fields)


def test_every_type_has_a_reader_and_every_type_of_forms_a_rule():
    assert set(resources.RESOURCE_MAPPINGS) >= set(RECORD_TYPES)
    from_forms = {row.name for row in RECORD_TYPES.values() if row.return_rank is not None}
    assert set(registry.RULES) == from_forms
