"""A release is a commit: the same bytes twice, what it is made of, what is new, and a signature over it all."""

import hashlib
import json
import re
import shutil
import subprocess

import pytest

from downtime import __version__
from tests.contract import house

NEWS = (
    f"## [{__version__}] - 2026-12-01\n\n- Something that a user notices.\n\n## [0.0.1]\n\n- Old.\n"
)
AUTHOR = ("-c", "user.name=Test", "-c", "user.email=test@localhost")


def run(folder, *command: str, code: int = 0) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """The project as it is committed, with the script as it is now, and what the script runs with."""
    folder = tmp_path_factory.mktemp("release")
    run(folder, "git", "clone", "-q", "--depth", "1", f"file://{house.ROOT}", "clone")
    clone = folder / "clone"
    shutil.copy2(house.ROOT / "scripts/release", clone / "scripts/release")
    for name in (".venv", ".tools"):
        if (house.ROOT / name).exists():
            (clone / name).symlink_to(house.ROOT / name)
    (clone / ".git/info/exclude").write_text(".venv\n.tools\n")
    key = ("-algorithm", "ed25519", "-out", str(folder / "key.pem"))
    run(folder, "openssl", "genpkey", *key)
    return clone


def commit_news(clone, news: str) -> None:
    changes = clone / "CHANGELOG.md"
    text = changes.read_text("utf-8").partition(f"## [{__version__}]")[0]
    changes.write_text(text + news)
    run(clone, "git", "add", "--all")
    run(clone, "git", *AUTHOR, "commit", "-q", "--allow-empty", "-m", "News")


def release(clone, code: int = 0) -> str:
    return run(clone, "scripts/release", "--key", "../key.pem", "--to", "../out", code=code)


def test_nothing_is_released_that_is_not_committed_and_told(clone):
    commit_news(clone, "")
    assert f"nothing under '## [{__version__}]'" in release(clone, 1)
    (clone / "stray.txt").write_text("x")
    assert "not committed" in release(clone, 1)
    (clone / "stray.txt").unlink()
    assert "--key FILE" in run(clone, "scripts/release", code=1)
    assert not (clone.parent / "out").exists()


def test_a_release_has_equal_builds_and_whoever_gets_it_can_check_it(clone):
    commit_news(clone, NEWS)
    answer = release(clone)
    out = clone.parent / "out"
    for command in re.findall(r"^    (\S.*)$", answer, re.M):
        run(out, *command.split())
    digests = dict(line.split()[::-1] for line in (out / "SHA256SUMS").read_text().splitlines())
    (wheel,) = out.glob("*.whl")
    assert digests[wheel.name] == hashlib.sha256(wheel.read_bytes()).hexdigest()
    bill = json.loads((out / f"downtime-{__version__}.cdx.json").read_text())
    libraries = (out / f"downtime-{__version__}-libraries.txt").read_text()
    assert "flask==" in libraries
    assert "--hash=sha256:" in libraries
    assert "flask" in {component["name"] for component in bill["components"]}
    news = (out / f"downtime-{__version__}-news.md").read_text()
    assert "Something that a user notices" in news
    assert "Old" not in news
    kept = (out / "SHA256SUMS").read_text()
    release(clone)
    assert (out / "SHA256SUMS").read_text() == kept, "made again, it is the same"
    (out / "SHA256SUMS").write_text(kept.replace("a", "b"))
    check = re.findall(r"^    (openssl .*)$", answer, re.M)[0]
    run(out, *check.split(), code=1)
