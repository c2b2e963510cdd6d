"""The rules of the comparison, one module a kind of record; `tests/spec` shows them as tables."""
