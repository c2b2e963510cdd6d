"""For other programs: /health for anybody, /metrics for who may read them, /signed-in for the front."""

import hashlib
import hmac
from http import HTTPStatus
from ipaddress import ip_address

from flask import Blueprint, Response, jsonify, request
from flask_login import current_user
from prometheus_client import CONTENT_TYPE_LATEST

from downtime.accounts.model import Permission
from downtime.errors import ForbiddenError, UserError
from downtime.fleet.fleet_status import read_own_status
from downtime.fleet.machine_alarms import MachineLevel
from downtime.vault import device
from downtime.web import request_context
from downtime.web.metrics import write_metrics
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("monitoring", __name__)

FORWARDED = ("Forwarded", "X-Real-IP", "Via")
FORWARDED_PREFIX = "X-Forwarded-"
"""A front that passes a request on says so: then who asks is not on this computer."""
_STATUSES = {MachineLevel.STALE: "stale", MachineLevel.EMPTY: "stale"}


@blueprint.get("/health")
@require_permission(Permission.PUBLIC)
def health() -> ViewResponse:
    """Whether this machine does its work, and how old its oldest data is; nothing else."""
    state = request_context.app_state()
    try:
        device.check_own_card(state.home)  # without it pages are read, and little else goes on
        status = read_own_status(state.home, state.settings, state.clock)
    except (UserError, OSError):
        failed = jsonify(status="failed", age_seconds=None)
        failed.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return failed
    oldest = status.health.oldest
    return jsonify(
        status=_STATUSES.get(status.health.level, "ok"),
        age_seconds=None if oldest is None else int(oldest.total_seconds()),
    )


@blueprint.get("/signed-in")
@require_permission(Permission.PUBLIC)
def signed_in() -> ViewResponse:
    """Whether this browser has a session: the front asks before it passes anything long on."""
    known = current_user.is_authenticated
    return Response(status=HTTPStatus.NO_CONTENT if known else HTTPStatus.UNAUTHORIZED)


@blueprint.get("/metrics")
@require_permission(Permission.PUBLIC)
def metrics() -> ViewResponse:
    """All numbers for Prometheus; ForbiddenError for whoever lacks the token.

    A site that has set one asks it of everybody: a front on this computer may not say that it is one.
    """
    state = request_context.app_state()
    expected = state.settings.monitoring.metrics_token_sha256
    if not (_has_token(expected) if expected else _is_on_this_computer()):
        raise ForbiddenError(
            "metrics.token",
            "The metrics are read with a token, or on this computer where none is set.",
            "Send it as 'Authorization: Bearer …'; docs/monitoring.md says how to make one.",
        )
    content = write_metrics(state.home, state.settings, state.clock, state.vault_holder.unlocked)
    return Response(content, content_type=CONTENT_TYPE_LATEST)


def _is_on_this_computer() -> bool:
    if any(name in request.headers for name in FORWARDED):
        return False
    if any(name.title().startswith(FORWARDED_PREFIX) for name, _ in request.headers):
        return False
    name = request.host.rpartition(":")[0] or request.host
    return _is_loopback(request.remote_addr or "") and (name == "localhost" or _is_loopback(name))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def _has_token(expected: str) -> bool:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    digest = hashlib.sha256(token.strip().encode()).hexdigest()
    is_right = hmac.compare_digest(digest, expected.strip().lower())
    return kind.lower() == "bearer" and is_right
