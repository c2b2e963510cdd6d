"""The table of OWASP ASVS 5.0.0 names tests that exist, and what a look at the sources can show is shown here."""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator

from tests.contract import house
from tests.safety.asvs import LEVEL_TWO, State, load_chapters

REQUIREMENTS = [row for chapter in load_chapters() for row in chapter.requirements]
SCRIPTS = sorted((house.PACKAGE / "web" / "static").glob("*.js"))
RUNS_TEXT = {"downtime/snapshot/row_layout.py"}
"""Makes functions of the names of our own fields, and of nothing else."""
RUNS_WHAT_IT_READS = {"downtime/processes/pool.py"}
"""Values between a process and its own children."""
NO_SECRETS = {
    "downtime/returns/outbox.py",
    "downtime/fleet/reach_places.py",
    "downtime/fleet/run_every.py",
}
"""How long to wait before trying again."""
CRYPTOGRAPHY = {"cryptography", "hashlib", "hmac", "secrets", "ssl", "argon2", "pyrage", "sqlcipher3",
                "joserfc", "tuf", "pyotp"}  # fmt: skip
OTHER_CRYPTOGRAPHY = {"Crypto", "Cryptodome", "nacl", "M2Crypto", "rsa", "ecdsa", "bcrypt", "passlib", "jwt",
                      "crypt", "OpenSSL"}  # fmt: skip


def test_every_requirement_of_levels_one_and_two_is_there_once():
    names = Counter(row.id for row in REQUIREMENTS)
    assert {name for name, count in names.items() if count > 1} == set()
    assert len(names) == LEVEL_TWO


def test_what_is_met_names_a_test_and_what_is_not_says_why():
    without = [
        row.id for row in REQUIREMENTS if not (row.test if row.state is State.MET else row.why)
    ]
    assert without == []


def test_every_named_test_and_page_exists():
    missing = [row.id for row in REQUIREMENTS if row.test and not exists(row.test)]
    missing += [
        row.id
        for row in REQUIREMENTS
        for page in re.findall(r"^(?:docs/)?[\w-]+\.md$", row.note)
        if not (house.ROOT / page).exists()
    ]
    assert missing == []


def exists(test: str) -> bool:
    path, _, name = test.partition("::")
    file = house.ROOT / path
    return file.exists() and f"def {name}(" in file.read_text("utf-8")


def calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a function of this name, with its file."""
    for module in house.modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name:
                yield str(module.path.relative_to(house.ROOT)), node


def importers(names: set[str]) -> set[str]:
    return {
        str(module.path.relative_to(house.ROOT))
        for module in house.modules()
        for imported in house.imports(module)
        if imported.is_of(names)
    }


def test_no_module_runs_text_as_a_program():
    """Nor makes a template of it."""
    bare = {
        file
        for name in ("eval", "exec", "from_string", "render_template_string")
        for file, node in calls(name)
        if name not in ("eval", "exec") or isinstance(node.func, ast.Name)
    }
    assert {file for file in bare if "/demo/" not in file} - RUNS_TEXT == set()


def test_nothing_that_runs_what_it_reads_is_imported():
    assert importers({"pickle", "marshal", "shelve", "dill"}) - RUNS_WHAT_IT_READS == set()


def test_cryptography_comes_from_the_libraries_that_are_named():
    assert importers(OTHER_CRYPTOGRAPHY) == set()
    assert importers({"cryptography"}), "the check sees imports"


def test_no_weak_hash_is_used():
    """SHA-1 alone where FHIR asks for it (Attachment.hash), which protects nothing."""
    weak = [
        file
        for name in ("md5", "sha1")
        for file, node in calls(name)
        if "usedforsecurity=False" not in ast.unparse(node)
    ]
    assert weak == []


def test_secrets_come_from_the_system():
    guessable = {file for file in importers({"random"}) if "/demo/" not in file}
    assert guessable - NO_SECRETS == set()


def test_types_are_checked_strictly():
    settings = tomllib.loads((house.ROOT / "pyproject.toml").read_text("utf-8"))
    assert settings["tool"]["mypy"]["strict"] is True


def test_no_view_redirects_to_what_a_browser_sent():
    sent = [file for file, node in calls("redirect") if "request." in ast.unparse(node.args[0])]
    assert sent == []


def test_only_present_versions_of_tls_are_spoken():
    front = (house.PACKAGE / "fleet" / "tls" / "nginx.conf").read_text("utf-8")
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in front
    contexts = {ast.unparse(node) for _, node in calls("SSLContext")}
    assert contexts <= {
        "ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)",
        "ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)",
    }
    assert [file for file, _ in calls("_create_unverified_context")] == []


def test_no_route_takes_trace():
    methods = [file for file, node in calls("route") if "TRACE" in ast.unparse(node)]
    assert methods == []


def test_passwords_are_hidden_and_may_be_pasted():
    pages = {p: p.read_text("utf-8") for p in (house.ROOT / "templates" / "web").rglob("*.html")}
    shown = [
        path.name
        for path, text in pages.items()
        for field in re.findall(r"<input[^>]*>", text, re.S)
        if re.search(r'name="(new_)?password"', field) and 'type="password"' not in field
    ]
    assert shown == []
    texts = [*pages.values(), *(script.read_text("utf-8") for script in SCRIPTS)]
    assert [text for text in texts if "onpaste" in text or '"paste"' in text] == []


def test_no_script_keeps_anything_in_the_browser():
    """But which page sent a form, so that Back sends none again: an address names no patient."""
    keeping = {
        line.strip()
        for script in SCRIPTS
        for line in script.read_text("utf-8").splitlines()
        if re.search(r"localStorage|indexedDB|document\.cookie|sessionStorage\.setItem", line)
    }
    assert keeping <= {"sessionStorage.setItem(SENT_FROM, location.pathname + location.search);"}


def test_no_script_writes_to_a_name_that_it_was_sent():
    dangerous = r"__proto__|\beval\(|innerHTML\s*=(?!\s*(?:key\.field\.html|'))|insertAdjacentHTML|document\.write"
    written = [
        f"{script.name}: {line.strip()}"
        for script in SCRIPTS
        for line in script.read_text("utf-8").splitlines()
        if re.search(dangerous, line)
    ]
    assert written == []
