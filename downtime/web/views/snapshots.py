"""Snapshots: what this laptop holds, how old it is, and a bundle from a stick."""

from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.errors import InputError
from downtime.snapshot import load as loading
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer, reason

snapshots = Blueprint("snapshots", __name__)


@snapshots.get("/snapshots")
@action("snapshot.list")
def show() -> Answer:
    """The snapshots, newest first."""
    return render_template("snapshots.html", snapshots=loading.list_snapshots(current.vault()))


@snapshots.post("/snapshots/load")
@action("snapshot.load")
def load() -> Answer:
    """Check a bundle that was sent from the browser, and use it from now on."""
    upload = request.files.get("bundle")
    if not upload or not upload.filename:
        raise InputError(
            "bundle.none", "No file was chosen.", "Choose a file that ends in .downtime."
        )
    why = reason()
    with TemporaryDirectory(dir=current.web().home.bundles, prefix=".upload-") as folder:
        path = (
            Path(folder) / "upload.downtime"
        )  # sealed: what lies there for a moment is ciphertext
        upload.save(path)
        info = loading.load(current.vault(), current.settings(), path, current.who(), why)
    flash(f"Snapshot {info.id} is in use.")
    for warning in info.warnings:
        flash(warning, "warn")
    return redirect(url_for("snapshots.show"), 303)
