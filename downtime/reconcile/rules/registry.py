"""Which rule compares which type of record: every module here registers its own (`@register_rule`)."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from downtime.reconcile import rules
from downtime.reconcile.rules.rule import RULES as _RULES_BY_RECORD
from downtime.reconcile.rules.rule import Rule

for _module in iter_modules(rules.__path__, f"{rules.__name__}."):
    import_module(_module.name)

RULES: Mapping[str, Rule] = MappingProxyType(
    {record_type.__name__: rule for record_type, rule in _RULES_BY_RECORD.items()}
)
"""By the name of the record; a type without a rule is filed."""
