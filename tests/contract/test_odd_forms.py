"""Whatever is sent to any form by whoever may send it, the answer is a page or a sentence, never a fault."""

import inspect
import io
import re
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from downtime.accounts.model import Permission
from downtime.accounts.permissions import ROLES_ALLOWED
from tests.contract.test_routes import ENDING, PEOPLE, routes
from tests.integration.web.conftest import (  # noqa: F401 - fixtures
    empty_hospital,
    home_template,
    hospital,
    loaded_template,
)
from tests.night import by_night

_FIELD = re.compile(r"""form(?:\.get|\.getlist|\.to_dict)?[(\[]\s*["']([\w:.-]+)["']""")
LEFT_OUT = ENDING | {"account.sign_in", "account.change_password", "account.unlock"}
"""They end the session that goes on sending, or make it wait."""
VALUES = st.sampled_from(
    ["", " ", "0", "-1", "1e9", "99999999999999999999", "on", "A1", "K7-000042-X", "2026-11-02-1",
     "2026-11-02T14:30", "31/02/2026", "0001-01-01", "9999-12-31", "25:99", "null", "[]", "{", "'--",
     "<b>&", "{{7*7}}", "\x00", "\ud83d\udc89"[:0] + "\U0001f489", "\u202eabc", "\u0661\u0662", "x" * 5000,
     "../../etc/passwd", "LIMS", "PAS", "return", "void", "patient", "p-ann"]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)  # fmt: skip
FILES = st.binary(max_size=60) | st.sampled_from(
    [b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"{}", b"[]", b"MSH|^~\\&|"]
)


@pytest.fixture(scope="module")
def forms():
    """What was sent to one address and is remembered: the names of the fields of its module."""
    return {}


def list_fields(view) -> list[str]:
    """Names that the view's module asks a form for, and some that none does."""
    source = inspect.getsource(sys.modules[inspect.unwrap(view).__module__])
    return sorted({*_FIELD.findall(source), "reason", "text", "ward", "version", "other"})


@settings(
    max_examples=by_night(20_000, 150), deadline=None, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(data=st.data())
def test_no_form_finds_a_fault(hospital, forms, data):  # noqa: F811
    if not forms:
        for endpoint, method, address, permission in routes(hospital.app):
            roles = [role for role in PEOPLE if role in ROLES_ALLOWED.get(permission, ())]
            is_form = method == "POST" and endpoint not in LEFT_OUT
            if is_form and permission is not Permission.PUBLIC and roles:
                view = hospital.app.view_functions[endpoint]
                forms[endpoint] = (address, roles[0], list_fields(view))
        forms["browsers"] = {}
    endpoint = data.draw(st.sampled_from(sorted(forms.keys() - {"browsers"})), label="form")
    address, role, names = forms[endpoint]
    browsers = forms["browsers"]
    browser = browsers.get(role) or browsers.setdefault(role, hospital.browser(role))
    fields = data.draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=8), label="fields")
    if data.draw(st.booleans(), label="with a file"):
        content = data.draw(FILES, label="file")
        fields |= {name: (io.BytesIO(content), "odd.pdf") for name in ("file", "files", "scan")}
    answer = browser.post(address, fields, content_type="multipart/form-data")
    assert answer.status_code < 500, answer.text[:2000]
