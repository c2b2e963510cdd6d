"""The bill of materials and the audit of libraries say what uv.lock holds, without a network."""

import importlib.util
import json
import subprocess
import sys
import tomllib
import zipfile

import pytest

from tests.contract import house

SCRIPT = house.ROOT / "scripts" / "supply.py"
_spec = importlib.util.spec_from_file_location("supply", SCRIPT)
supply = importlib.util.module_from_spec(_spec)
sys.modules["supply"] = supply
_spec.loader.exec_module(supply)

FLASK = "flask"


@pytest.fixture(scope="module")
def locked():
    return supply.read_lock()


def advisory(package: str, *events: dict, **more) -> dict:
    ranges = [{"type": "ECOSYSTEM", "events": list(events)}] if events else []
    affected = {"package": {"ecosystem": "PyPI", "name": package}, "ranges": ranges, **more}
    return {"id": "PYSEC-2026-1", "summary": "A fault", "affected": [affected]}


def test_the_bill_of_materials_names_what_is_locked(locked):
    bill = supply.make_bill(locked)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    project = tomllib.loads((house.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = {component["name"] for component in bill["components"]}
    for need in project["dependencies"]:
        name = need.partition(">")[0].partition("=")[0].strip().lower().replace("_", "-")
        assert name in named, need
    assert "pytest" not in named, "what only a developer needs is not installed"
    references = {component["bom-ref"] for component in bill["components"]}
    assert len(references) == len(bill["components"])
    for row in bill["dependencies"]:
        assert set(row["dependsOn"]) <= references
    assert all(component["hashes"] for component in bill["components"])


@pytest.mark.parametrize(
    ("events", "is_named"),
    [
        ([{"introduced": "0"}], True),
        ([{"introduced": "0"}, {"fixed": "0.1"}], False),
        ([{"introduced": "0"}, {"fixed": "999"}], True),
        ([{"introduced": "0"}, {"last_affected": "0.1"}], False),
        ([{"introduced": "0"}, {"fixed": "0.1"}, {"introduced": "0.2"}], True),
        ([{"introduced": "999"}], False),
    ],
)
def test_a_version_with_an_advisory_is_named(locked, events, is_named):
    faults = list(supply.find_faults(locked, iter([advisory("Flask", *events)])))
    assert [fault.package.name for fault in faults] == [FLASK] * is_named


def test_versions_that_are_listed_count_and_what_was_withdrawn_does_not(locked):
    listed = advisory("flask", versions=[locked[FLASK].version])
    assert len(list(supply.find_faults(locked, iter([listed])))) == 1
    assert list(supply.find_faults(locked, iter([{**listed, "withdrawn": "2026-01-01"}]))) == []


def audit(path) -> subprocess.CompletedProcess:
    command = [sys.executable, SCRIPT, "audit", str(path), "--json"]
    return subprocess.run(command, capture_output=True, check=False, text=True)


def test_advisories_are_carried_in_as_a_file_a_folder_or_a_zip(tmp_path):
    text = json.dumps(advisory("flask", {"introduced": "0"}))
    (tmp_path / "folder").mkdir()
    for file in (tmp_path / "one.json", tmp_path / "folder" / "one.json"):
        file.write_text(text)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("one.json", text)
    for name in ("one.json", "folder", "all.zip"):
        done = audit(tmp_path / name)
        assert done.returncode == 1, done.stderr
        assert [row["package"] for row in json.loads(done.stdout)["faults"]] == [FLASK]
    (tmp_path / "other.json").write_text("no JSON")
    refused = audit(tmp_path / "other.json")
    assert refused.returncode == 2
    assert "other.json is no JSON" in refused.stderr
