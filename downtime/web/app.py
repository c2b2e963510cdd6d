"""Put the app together: settings, templates, guards, pages."""

import json
import secrets
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

import flask.templating
import jinja2
from flask import Blueprint, Flask, Response, send_from_directory
from flask_wtf import CSRFProtect

from downtime import config
from downtime.accounts.model import Permission
from downtime.clock import Clock, system_clock
from downtime.config import Home, data_folder
from downtime.fleet.tls.server_certificate import read_certificate
from downtime.outage.events.kinds import EVENT_ROWS
from downtime.outage.events.list_events import list_patient_events
from downtime.settings import Settings
from downtime.syslog import start_syslog
from downtime.web import (
    access_control,
    error_pages,
    listing,
    page_context,
    repeated_posts,
    request_context,
    request_limits,
    security_headers,
    template_filters,
    typed_texts,
)
from downtime.web.absent_data import word_absence, word_place
from downtime.web.addresses import AddressBook, is_page_address
from downtime.web.allergies_shown import FIRST_ALLERGIES, list_allergies_shown
from downtime.web.cookies import PageCookie
from downtime.web.namesakes import find_namesakes_shown, list_same_names
from downtime.web.nhs_components import render_component
from downtime.web.request_context import AppState
from downtime.web.request_limits import InMemoryRequest
from downtime.web.template_globals import SharedGlobals
from downtime.web.vault_holder import VaultHolder
from downtime.web.view_permissions import require_permission
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


class TemplateEnvironment(SharedGlobals, flask.templating.Environment):
    """Flask's, with the globals in one dictionary."""


class DowntimeApp(Flask):
    """Flask whose templates are all escaped, and in which a misspelt name is an error."""

    jinja_environment = TemplateEnvironment
    request_class = InMemoryRequest
    session_interface = PageCookie()
    jinja_options = {
        "undefined": jinja2.StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
    }

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Always: no template of ours writes anything but HTML."""
        return True


def create_app(
    home: Home,
    clock: Clock = system_clock,
    vault_holder: VaultHolder | None = None,
    pages: Sequence[Blueprint] = (),
) -> Flask:
    """The app of a home; NotFoundError or InputError when its settings cannot be read.

    `pages` are added to its own; the sign-in page leads to the view `start` of each.
    """
    settings = config.load_settings(home.config_file)
    start_syslog(settings.monitoring)
    app = DowntimeApp(
        __name__, static_folder=None, template_folder=data_folder("templates") / "web"
    )
    certificate = read_certificate(home)
    _configure(app, settings, certificate.names if certificate else ())
    app.extensions["downtime"] = AppState(home, settings, clock, vault_holder or VaultHolder())
    security_headers.init_security_headers(app)
    request_limits.init_request_limits(app, settings)
    access_control.init_access_control(app)
    CSRFProtect(app)
    repeated_posts.init_repeated_posts(app)
    typed_texts.init_typed_texts(app)
    error_pages.init_error_pages(app)
    template_filters.init_filters(app, settings, clock)
    page_context.init_page_context(app)
    app.jinja_env.globals.update(
        url_for=AddressBook().find_address,
        nhs=render_component,
        nonce=security_headers.script_nonce,
        asset=asset_url,
        htmx_settings=json.dumps(HTMX_SETTINGS),
        namesakes=find_namesakes_shown,
        same_names=list_same_names,
        allergies_of=list_allergies_shown,
        first_allergies=FIRST_ALLERGIES,
        site=settings.site,
        stage_colour=stage_colour,
        report_colour=report_colour,
        once=repeated_posts.make_once,
        half_typed=typed_texts.read_typed,
        is_page_address=is_page_address,
        scanner_prefix=settings.web.scanner_prefix,
        nhs_theme=settings.web.nhs_theme,
        absence=word_absence,
        event_rows=EVENT_ROWS,
        hospital_now=request_context.hospital_now,
        patient_events=lambda patient: list_patient_events(request_context.vault(), patient),
        place=word_place,
        listing_address=listing.address_with,
    )
    app.jinja_env.globals["added_pages"] = [page.name for page in pages]
    for blueprint in (assets, *BLUEPRINTS, *pages):
        app.register_blueprint(blueprint)
    return app


def _configure(app: Flask, settings: Settings, host_names: Sequence[str]) -> None:
    app.config.update(
        # New with each start: what it signs (the CSRF token) is worth nothing after it.
        SECRET_KEY=secrets.token_bytes(32),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.accounts.session_hours),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # guard.py checks the origin, and no page sends a referrer
        TRUSTED_HOSTS=[
            *settings.web.trusted_hosts,
            *(name.removeprefix("*") for name in host_names),
        ],
        MAX_FORM_MEMORY_SIZE=MAX_FORM_BYTES,
        MAX_FORM_PARTS=MAX_FORM_FIELDS,
    )


@cache
def _hash_asset(name: str) -> str:
    return sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def asset_url(name: str) -> str:
    """The address of a static file, which changes with its content."""
    return f"/static/{_hash_asset(name)}/{name}"


@assets.get("/static/<version>/<path:name>")
@require_permission(Permission.PUBLIC)
def send_asset(version: str, name: str) -> Response:
    """A style sheet, script or picture of ours, kept by the browser."""
    answer = send_from_directory(STATIC, name, max_age=ASSET_SECONDS)
    answer.cache_control.immutable = True
    return answer
