"""A stranger checks the file of a statement with a page of code: what was forged is not believed."""

import base64
import copy
import json
import random
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from downtime.outage import outages
from downtime.returns.statement import close_books, completeness_statement
from downtime.returns.statement.export_statement import check_exact, export_statement
from downtime.vault import device
from tests.night import by_night

from .statement_steps import settle, sign_statement

pytestmark = pytest.mark.usefixtures("identity")

SCRIPT = Path(__file__).parents[3] / "scripts/verify_statement.py"
MUTANTS = by_night(10_000, 300)
"""Forged statements and chains, of each way."""


@pytest.fixture
def verify(monkeypatch):
    """The script's own function, as a stranger has it: nothing of the program is imported."""
    source = SCRIPT.read_text()
    assert "downtime" not in [line.split()[1].split(".")[0] for line in source.splitlines()
                              if line.startswith(("import ", "from "))]  # fmt: skip
    names = {"__name__": "verify_statement"}
    exec(compile(source, SCRIPT, "exec"), names)  # noqa: S102 - our own script
    return names["verify"]


@pytest.fixture
def signed(vault, settings, outage, one_of_each, leads, actor, checker, tmp_path):
    """A statement that is complete, signed by three leads and closed: its file, and the fingerprint."""
    settle(vault, settings, outage, actor, checker, tmp_path)
    for lead, person in leads.items():
        sign_statement(vault, settings, lead, person)
    close_books.close_outage(vault, settings, outage.id, actor, "signed")
    file = tmp_path / "statement.json"
    statement = completeness_statement.make_statement(vault, settings, actor, outage=outage.id)
    file.write_bytes(export_statement(vault, statement))
    return file


def canonical(document):
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def write(file, document, key=None):
    """The file anew; with a key it is signed anew, and its key stands in it."""
    if key is not None:
        body = {name: value for name, value in document.items() if name != "signature"}
        document = body | {"signature": base64.b64encode(key.sign(canonical(body))).decode()}
    file.write_bytes(canonical(document) + b"\n")


def is_believed(verify, file, fingerprint=""):
    try:
        verify(file, fingerprint)
    except ValueError:
        return False
    return True


def test_the_script_believes_what_the_program_signed(vault, signed):
    fingerprint = device.find_own_fingerprint(vault.home)
    for words in ((), (fingerprint,), fingerprint.upper().split()):
        done = subprocess.run(
            [sys.executable, SCRIPT, signed, *words], capture_output=True, text=True, check=True
        )
        made = json.loads(signed.read_bytes())["made"]
        assert done.stdout == (
            f"COMPLETE at {made}, by 3 of 3 leads: key with fingerprint {fingerprint}.\n"
        )


@pytest.mark.parametrize("words", [["nothing.json"], [], ["{file}", "0" * 64]])
def test_it_says_in_a_sentence_what_it_does_not_believe(signed, words):
    words = [word.format(file=signed) for word in words]
    done = subprocess.run(
        [sys.executable, SCRIPT, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("NOT BELIEVED: ")
    assert "Traceback" not in done.stderr


def test_the_script_is_short_and_stands_alone():
    source = SCRIPT.read_text()
    assert len(source.splitlines()) <= 150
    imported = {
        line.split()[1].split(".")[0]
        for line in source.splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


def places(value, path=()):
    """Every place of a document that holds a value of its own."""
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for name, part in parts:
        yield (*path, name)
        if isinstance(part, dict | list):
            yield from places(part, (*path, name))


def mutate(document, chance, all_places):
    """One change of a copy: a value, a missing part, a part twice, two exchanged, another type.

    Of the document only what lies on the way to the change is copied.
    """
    path = chance.choice(all_places)
    holder = forged = copy.copy(document)
    for name in path[:-1]:
        holder[name] = copy.copy(holder[name])
        holder = holder[name]
    value, last = holder[path[-1]], path[-1]
    ways = [
        lambda: holder.__delitem__(last),
        lambda: holder.__setitem__(last, _other(value, chance)),
    ]
    if isinstance(holder, list):
        ways.append(lambda: holder.insert(last, copy.deepcopy(value)))
        ways.append(lambda: holder.reverse())
    chance.choice(ways)()
    return path, forged


def _other(value, chance):
    if isinstance(value, bool):
        return chance.choice([not value, int(value)])
    if isinstance(value, int):
        return chance.choice([value + 1, value - 1, bool(value), str(value)])
    if isinstance(value, str) and value:
        place = chance.randrange(len(value))
        return chance.choice(
            [value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :], "", value + "x"]
        )
    return chance.choice([1, None, "x", [], {}])


def test_no_changed_statement_is_believed(signed, verify):
    """Whoever has not the key changes one thing, and signs it anew with a key of their own or not."""
    document, chance = json.loads(signed.read_bytes()), random.Random(13)
    all_places = list(places(document))
    own_key = Ed25519PrivateKey.generate()
    fingerprint = verify(signed).partition("fingerprint ")[2].rstrip(".")
    effective = believed = 0
    before = canonical(document)
    while effective < MUTANTS:
        _, forged = mutate(document, chance, all_places)
        if canonical(forged) == before:
            continue
        effective += 1
        write(signed, forged)
        believed += is_believed(verify, signed)
        raw = own_key.public_key().public_bytes_raw()
        write(signed, forged | {"key": base64.b64encode(raw).decode()}, own_key)
        believed += is_believed(verify, signed, fingerprint)
    assert believed == 0


def test_no_changed_byte_is_believed(signed, verify):
    raw, chance = signed.read_bytes(), random.Random(14)
    for _ in range(MUTANTS):
        place = chance.randrange(len(raw))
        forged = bytes([chance.choice([raw[place] ^ 1 << chance.randrange(8), 32, 10])])
        signed.write_bytes(raw[:place] + forged + raw[place + 1 :])
        assert raw[place : place + 1] == forged or not is_believed(verify, signed), place


PROVED = (
    "chain",
    "papers",
    "compared",
    "messages",
    "checkpoints",
    "audit",
    "verdict",
    "facts_sha256",
)
RECORDS = ("papers", "compared", "messages", "checkpoints")
COUNTED = ("forms", "forms_total", "items", "open", "open_kinds", "returned")


def in_order(document):
    """What a document says: the order of its records says nothing."""
    ordered = {
        name: sorted(map(canonical, part))
        if name in RECORDS and isinstance(part, list)
        else [canonical(part)]
        for name, part in document.items()
    }
    return sorted(ordered.items())


def is_recounted(path):
    """Whether a change there can be seen even when the machine's own key has signed it."""
    if path[0] == "facts":
        is_row = path[1:3] == ("returned", "systems")
        return len(path) > 2 and path[1] in COUNTED and (path[1] != "returned" or is_row)
    if path[0] in ("papers", "compared", "messages"):
        return len(path) == 2  # a record more or less; not each of its words
    if path[0] == "checkpoints":
        return len(path) == 3  # what one says; not an earlier one more or less
    return path[0] in PROVED


def test_no_count_or_chain_is_believed_that_does_not_add_up_whoever_signed_it(
    vault, signed, verify
):
    """Somebody with the machine's own key cannot make a statement whose parts contradict each other."""
    document, chance = json.loads(signed.read_bytes()), random.Random(15)
    document["signatures"] = []  # people's would bind the facts
    key = device.load_device(vault).signing_key
    write(signed, document, key)
    assert is_believed(verify, signed)
    all_places = [path for path in places(document) if is_recounted(path)]
    effective, believed, before = 0, [], in_order(document)
    while effective < MUTANTS:
        path, forged = mutate(document, chance, all_places)
        if in_order(forged) == before:
            continue
        if path[0] == "facts":
            forged["facts_sha256"] = sha256(canonical(forged["facts"])).hexdigest()
        effective += 1
        write(signed, forged, key)
        if is_believed(verify, signed):
            believed.append(path)
    assert believed == []


def resign(vault, file, change):
    document = json.loads(file.read_bytes())
    change(document)
    write(file, document, device.load_device(vault).signing_key)


def set_facts(document, **values):
    document["facts"] |= values
    document["facts_sha256"] = sha256(canonical(document["facts"])).hexdigest()


FORGED = {
    "form that never came back": lambda d: d["papers"].append(["K7000099X", "A1", "observations", "issued", False, False]),
    "empty chain": lambda d: d.update(chain=[], checkpoints=[], audit={"entries": 0, "head": "0" * 64, "first_bad": None}),
    "true as 1": lambda d: d["chain"][0].__setitem__(0, True),
    "no checkpoint": lambda d: d.update(checkpoints=[]),
    "cut chain": lambda d: (d["chain"].pop(), d["audit"].update(entries=len(d["chain"]), head=d["chain"][-1][-1])),
    "signature of nobody": lambda d: d["signatures"][0].update(person="u-other"),
    "open thing hidden": lambda d: set_facts(d, open=[], open_kinds={}, outage=d["facts"]["outage"] | {"systems": [{"ended": ""}]}),
    "message unsent": lambda d: d["messages"][0].__setitem__(4, "queued"),
    "return without message": lambda d: [m.__setitem__(6, []) for m in d["messages"]],
    "closed by nobody": lambda d: d["closings"][0].update(closed_by="u-other"),
    "doubt left out": lambda d: set_facts(d, explained=[{"sentence": "x"}]),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_a_forgery_signed_by_the_machine_itself_is_not_believed(vault, signed, verify, name):
    assert is_believed(verify, signed)
    resign(vault, signed, FORGED[name])
    assert not is_believed(verify, signed)


@pytest.mark.parametrize(
    "spell",
    [
        lambda raw: raw.replace(b'"verdict":"COMPLETE"', b'"verdict":"NOT COMPLETE","verdict":"COMPLETE"'),
        lambda raw: raw.replace(b'":1,', b'":1.0,', 1),
        lambda raw: raw.replace(b'":1,', b'":1e0,', 1),
        lambda raw: raw.replace(b":null", b":NaN", 1),
        lambda raw: raw[:-1],
        lambda raw: b" " + raw,
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw.replace(b"=", b"", 1),
        lambda raw: raw.replace(b"==", b"=\\u003d", 1),
        lambda raw: raw.decode().encode("utf-16"),
        lambda raw: b"[" * 100_000,
        lambda raw: b"{}\n",
        lambda raw: b"[]\n",
        lambda raw: b"",
    ],
)  # fmt: skip
def test_another_spelling_of_the_same_is_not_believed(signed, verify, spell):
    raw = signed.read_bytes()
    assert spell(raw) != raw
    signed.write_bytes(spell(raw))
    assert not is_believed(verify, signed)


def test_other_spellings_of_a_signature_are_not_believed(vault, signed, verify):
    """Base64 ends in bits that mean nothing: three other spellings of one signature would pass."""
    document = json.loads(signed.read_bytes())
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    text = document["signature"]
    place = letters.index(text[85])
    spellings = [text[:85] + letters[place // 16 * 16 + n] + "==" for n in range(16)]
    same = [
        one for one in spellings if base64.b64decode(one) == base64.b64decode(text) and one != text
    ]
    assert same
    for one in same:
        write(signed, document | {"signature": one})
        assert not is_believed(verify, signed)


def test_what_is_open_is_signed_as_open(
    vault, settings, outage, one_of_each, actor, verify, tmp_path
):
    file = tmp_path / "open.json"
    statement = completeness_statement.make_statement(vault, settings, actor)
    file.write_bytes(export_statement(vault, statement))
    assert verify(file).startswith("NOT COMPLETE at ")
    resign(vault, file, lambda d: d.update(verdict="COMPLETE"))
    assert not is_believed(verify, file)


def test_before_anything_was_printed_it_holds_too(vault, settings, outage, actor, verify, tmp_path):
    outages.mark_restored(vault, ["LIMS"], actor, "back")
    file = tmp_path / "empty.json"
    statement = completeness_statement.make_statement(vault, settings, actor)
    file.write_bytes(export_statement(vault, statement))
    assert verify(file).startswith("COMPLETE at 2026-11-02T14:30:00Z, by 0 of 3 leads")


def test_a_number_with_a_fraction_is_a_fault_of_the_program():
    with pytest.raises(TypeError, match="whole numbers"):
        check_exact({"facts": [{"share": 0.5}]})
