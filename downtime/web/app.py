"""Put the app together: settings, templates, guards, pages."""

import json
import secrets
from datetime import timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

import jinja2
from flask import Blueprint, Flask, Response, send_from_directory
from flask_wtf import CSRFProtect

from downtime import config
from downtime.accounts.model import Permission
from downtime.clock import Clock, system_clock
from downtime.config import Home, data_folder
from downtime.settings import Settings
from downtime.web import (
    access_control,
    error_pages,
    page_context,
    request_limits,
    security_headers,
    template_filters,
)
from downtime.web.namesakes import namesakes
from downtime.web.nhs_components import nhs
from downtime.web.request_context import Web
from downtime.web.request_limits import InMemory
from downtime.web.vault_holder import Keeper
from downtime.web.view_permissions import requires
from downtime.web.views import BLUEPRINTS
from downtime.web.views.patient import report_colour, stage_colour

STATIC = Path(__file__).parent / "static"
ASSET_SECONDS = 31_536_000
MAX_FORM_FIELDS = 2_000
MAX_FORM_BYTES = 1_048_576
HTMX_SETTINGS = {
    "allowEval": False,
    "includeIndicatorStyles": False,
    "historyEnabled": False,
    "historyCacheSize": 0,
    "selfRequestsOnly": True,
}
"""No inline script or style, no copy of a page in the browser's storage, no other host."""

assets = Blueprint("assets", __name__)


class App(Flask):
    """Flask whose templates are all escaped, and in which a misspelt name is an error."""

    request_class = InMemory
    jinja_options = {
        "undefined": jinja2.StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
    }

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Always: no template of ours writes anything but HTML."""
        return True


def create_app(home: Home, clock: Clock = system_clock, keeper: Keeper | None = None) -> Flask:
    """The app of a home; NotFoundError or InputError when its settings cannot be read."""
    settings = config.load(home.config)
    app = App(__name__, static_folder=None, template_folder=data_folder("templates") / "web")
    _configure(app, settings)
    app.extensions["downtime"] = Web(home, settings, clock, keeper or Keeper())
    security_headers.init(app)
    request_limits.init(app, settings)
    access_control.init(app)
    CSRFProtect(app)
    error_pages.init(app)
    template_filters.init(app, settings, clock)
    page_context.init(app)
    app.jinja_env.globals.update(
        nhs=nhs,
        nonce=security_headers.nonce,
        asset=asset,
        htmx_settings=json.dumps(HTMX_SETTINGS),
        namesakes=namesakes,
        site=settings.site,
        stage_colour=stage_colour,
        report_colour=report_colour,
        systems_of=lambda *types: {settings.systems.records.get(name, "") for name in types},
    )
    for blueprint in (assets, *BLUEPRINTS):
        app.register_blueprint(blueprint)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        # New with each start: what it signs (the CSRF token) is worth nothing after it.
        SECRET_KEY=secrets.token_bytes(32),
        SESSION_COOKIE_NAME="downtime_page",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.accounts.session_hours),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # guard.py checks the origin, and no page sends a referrer
        TRUSTED_HOSTS=list(settings.web.trusted_hosts),
        MAX_FORM_MEMORY_SIZE=MAX_FORM_BYTES,
        MAX_FORM_PARTS=MAX_FORM_FIELDS,
    )


@cache
def _version(name: str) -> str:
    return sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a static file, which changes with its content."""
    return f"/static/{_version(name)}/{name}"


@assets.get("/static/<version>/<path:name>")
@requires(Permission.PUBLIC)
def file(version: str, name: str) -> Response:
    """A style sheet, script or picture of ours, kept by the browser."""
    answer = send_from_directory(STATIC, name, max_age=ASSET_SECONDS)
    answer.cache_control.immutable = True
    return answer
