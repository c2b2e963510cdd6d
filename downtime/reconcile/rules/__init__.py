"""The rules of the comparison, one module a type of record; `tests/spec` shows them as tables."""
