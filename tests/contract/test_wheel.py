"""The built wheel runs outside the checkout: forms, templates, migrations and fonts travel in it."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.contract import house


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy of what git would hold, so that no leftover gets in."""
    source = tmp_path_factory.mktemp("source")
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=house.ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split("\0")
    for name in filter(None, names):
        if (house.ROOT / name).is_file() and not name.startswith("tests/"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(house.ROOT / name, source / name)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist"],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (built,) = (source / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """A Python environment that holds the wheel, and this one's libraries; not the checkout."""
    environment = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    (packages / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return environment / "bin" / "python"


@pytest.fixture
def run(installed, tmp_path):
    """Run Python code in that environment, in an empty folder; its standard output."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "DOWNTIME"))}

    def execute(code: str, *arguments: str) -> str:
        done = subprocess.run(
            [installed, "-c", code, *arguments],
            cwd=tmp_path,
            env=clean,
            capture_output=True,
            check=False,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return execute


COMMAND = "import sys; from downtime.cli import main; main(sys.argv[1:])"


def test_the_program_comes_from_the_wheel(run, installed):
    where = run("import downtime, downtime.config as c; print(c.data_folder('forms'))")
    assert Path(where.strip()).is_relative_to(installed.parents[1])
    assert not Path(where.strip()).is_relative_to(house.ROOT)


def test_it_holds_what_the_program_reads_and_nothing_else(wheel):
    files = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        f"downtime/{'_data/' if folder != 'downtime' else ''}{path.relative_to(base)}"
        for folder, base in (
            ("downtime", house.PACKAGE),
            ("forms", house.ROOT),
            ("templates", house.ROOT),
        )
        for path in (house.ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    docs = house.ROOT / "docs"
    guides = {*(docs / "guides").iterdir(), docs / "glossary.md", *(docs / "pictures").iterdir()}
    wanted |= {f"downtime/_data/{path.relative_to(house.ROOT)}" for path in guides}
    metadata = {name for name in files if ".dist-info/" in name}
    assert files - metadata == wanted


def test_forms_are_listed(run):
    listed = json.loads(run(COMMAND, "forms", "list", "--json"))
    names = {path.stem for path in (house.ROOT / "forms").glob("*.yaml")}
    assert names <= {form["name"] for form in listed}


def test_a_home_is_made_and_its_sign_in_page_is_shown(run):
    key = ["--home", "home", "--unlock-file", "service.key"]
    site = ["--site", "Test Infirmary", "--site-code", "TEST"]
    home = json.loads(run(COMMAND, *key, "init", *site, "--json"))
    assert home["recovery_code"]
    assert json.loads(run(COMMAND, *key, "audit", "verify", "--json"))["first_bad"] is None
    page = run(
        "from downtime.config import Home; from pathlib import Path\n"
        "from downtime.web import create_app\n"
        "client = create_app(Home(Path('home').absolute())).test_client()\n"
        "answer = client.get('/', headers={'Host': '127.0.0.1'}, follow_redirects=True)\n"
        "assert answer.status_code == 200, answer.status\n"
        "print(answer.text)"
    )
    assert "Test Infirmary" in page
    assert 'type="password"' in page
