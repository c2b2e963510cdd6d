"""Every table of the comparison's rules, in the order of docs/rules.md."""

from tests.spec.reconcile import one_for_one, tables

TABLES = (*tables.TABLES, *one_for_one.TABLES)
