"""The screens: they show what the rooms answer and ask what a person wants; no rule lives here."""

from downtime.web.app import create_app
from downtime.web.server import serve

__all__ = ["create_app", "serve"]
