"""The NHS components as a template function, in an environment of their own.

Their templates read a misspelt parameter as nothing, which ours never may, and are not escaped
unless told so: both are settled here.
"""

from functools import cache, lru_cache
from typing import Any

from jinja2 import ChainableUndefined, Environment, PackageLoader
from jinja2.runtime import Macro
from markupsafe import Markup

from downtime.web.template_globals import SharedGlobals

_FOLDERS = {
    "errorSummary": "error-summary",
    "fileUpload": "file-upload",
    "warningCallout": "warning-callout",
    "skipLink": "skip-link",
}


@cache
def _environment() -> Environment:
    return SharedGlobals(
        loader=PackageLoader("nhsuk_frontend_jinja"),
        autoescape=True,
        undefined=ChainableUndefined,
        auto_reload=False,  # else each component of each page asks the disk whether it changed
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _load_macro(name: str) -> Macro:
    folder = _FOLDERS.get(name, name)
    module = _environment().get_template(f"nhsuk/components/{folder}/macro.jinja").module
    return getattr(module, name)  # type: ignore[no-any-return]


def render_component(name: str, /, **parameters: Any) -> Markup:
    """The HTML of one component (`input`, `button`, `radios` …) with its documented parameters."""
    if name == "button" and all(isinstance(value, str) for value in parameters.values()):
        return _render_button(tuple(parameters.items()))
    return Markup(_load_macro(name)(parameters))  # noqa: S704 - escaped by its own environment


@lru_cache(maxsize=256)
def _render_button(parameters: tuple[tuple[str, str], ...]) -> Markup:
    """Remembered: every page has the same few, and nothing of a patient stands on them."""
    return Markup(_load_macro("button")(dict(parameters)))  # noqa: S704 - as above
