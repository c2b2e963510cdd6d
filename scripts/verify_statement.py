#!/usr/bin/env python3
"""Check a completeness statement without the program that made it: FILE.json [FINGERPRINT].

Written from docs/statement-format.md; needs Python and the package `cryptography`. Prints a sentence,
and ends with 0 when a machine with that key signed the file and its counts add up, else with 1.
"""

import base64
import json
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

COUNTS = "issued returned void lost out waiting entered as_scan unentered keyed verified filed"
PAPER = {"issued": "out", "collected": "out", "void": "void", "lost": "lost"}  # else returned
SUMS = "messages acknowledged sent refused waiting settled"
MESSAGE = {"sending": "waiting", "queued": "waiting", "held": "waiting", "resolved": "settled"}
BROKEN = LookupError, TypeError, AttributeError, RecursionError, UnicodeError, json.JSONDecodeError
ACTIONS = {"closed": "outage.close", "reopened": "outage.reopen", "proposed": "closing.propose"}


def must(holds: bool, sentence: str) -> None:
    if not holds:
        raise ValueError(sentence)


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def same(one: object, other: object, what: str) -> None:
    """Equal as written: `true` is not 1."""
    must(canonical(one) == canonical(other), f"{what} not what its records say.")


def decode(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    must(base64.b64encode(raw).decode() == text, "A key or signature is written in another way.")
    return raw


def check_signed(key: str, signed: dict, what: str) -> None:
    body = canonical({name: value for name, value in signed.items() if name != "signature"})
    try:
        Ed25519PublicKey.from_public_bytes(decode(key)).verify(decode(signed["signature"]), body)
    except InvalidSignature:
        raise ValueError(f"{what} is not signed by the machine that it names.") from None


def check_chain(document: dict) -> None:
    chain, points, before = document["chain"], document["checkpoints"], "0" * 64
    for number, (*entry, link) in enumerate(chain, 1):
        text = json.dumps([before, *entry], ensure_ascii=False, separators=(",", ":"))
        is_next = type(entry[0]) is int and entry[0] == number and len(entry) in (7, 8)
        is_bound = is_next and sha256(text.encode()).hexdigest() == link
        must(is_bound, f"Its audit chain does not hold at entry {number}.")
        before = link
    state = {"entries": len(chain), "head": before, "first_bad": None}
    same(document["audit"], state, "Its audit chain is")
    for point in points:
        check_signed(document["key"], point, f"The checkpoint at entry {point['count']}")
        must(point["downtime"] == "audit-checkpoint/1", "A checkpoint is none.")
        same(chain[point["count"] - 1][-1], point["head"], "A checkpoint is")
    must(len(chain) in [point["count"] for point in points], "Its chain is not signed to its end.")


def check_people(document: dict) -> None:
    entries = {(entry[2], entry[4], entry[5]) for entry in document["chain"]}
    outage, digest = document["facts"]["outage"]["id"], document["facts_sha256"]
    for one in document["signatures"]:
        target = f"{outage}: {one['role']} {one['facts_sha256']}"
        must((one["person"], "statement.sign", target) in entries, "A signature has no entry.")
        same(one["holds"], one["facts_sha256"] == digest, "Which signatures hold is")
    for one in document["closings"]:
        for verb, action in ACTIONS.items():
            person = one[f"{verb}_by"]
            must(not person or (person, action, outage) in entries, "A closing has no entry.")


def check_counts(document: dict) -> None:
    def pick(counter: Counter, names: str) -> dict:
        return {name: counter[name] for name in names.split()}

    facts, items, messages = document["facts"], document["compared"], document["messages"]
    rows, systems, names = {("", ""): Counter()}, {}, Counter()
    for _, ward, form, state, has_entry, has_scan in document["papers"]:
        content = "as_scan" if has_scan is True else "unentered"
        is_entered = state in ("keyed", "verified") or has_entry is True
        content = "waiting" if state == "returned" else "entered" if is_entered else content
        counts = ["issued", PAPER.get(state, "returned")] + [content] * (state not in PAPER)
        for place in ((ward, form), ("", "")):
            rows.setdefault(place, Counter()).update({*counts, state} - {"collected"})
    total = rows.pop(("", ""))
    forms = [{"ward": w, "form": f, **pick(rows[w, f], COUNTS)} for w, f in sorted(rows)]
    same([facts["forms"], facts["forms_total"]], [forms, pick(total, COUNTS)], "Its forms are")
    states = sorted(Counter((row[2], row[3]) for row in items).items())
    found = [{"state": s, "decision": d, "items": n} for (s, d), n in states]
    same(facts["items"], found, "Its items are")
    for _, system, channel, _, state, *_ in messages:
        if channel != "worklist":
            systems.setdefault(system, Counter()).update(["messages", MESSAGE.get(state, state)])
    sums = [{"system": name, **pick(systems[name], SUMS)} for name in sorted(systems)]
    same(facts["returned"]["systems"], sums, "What its systems were sent is")
    for one in facts["open"]:
        names[one["kind"]] += len(one["names"])
    kinds = Counter(one["kind"] for one in facts["open"])
    same(facts["open_kinds"], kinds, "What is open is")
    unsent = {row[0] for row in items if row[3] == "returned"}.difference(*(m[6] for m in messages))
    must(len(unsent) <= names["return-missing"], "An item that was returned is in no message.")
    expected = {"form-out": total["out"], "form-unverified": total["keyed"]}
    expected["system-down"] = sum(not system["ended"] for system in facts["outage"]["systems"])
    for state in ("queued", "sending", "held", "refused"):
        expected[f"message-{state}"] = sum(message[4] == state for message in messages)
    same({kind: names[kind] for kind in expected}, expected, "What is named as open is")
    same(names["form-unkeyed"] + names["form-unfiled"], total["waiting"], "What came back is")
    verdict = "COMPLETE" + ", BUT NOT PROVED" * bool(facts["explained"] or facts["taken_over"])
    same(document["verdict"], "NOT COMPLETE" if kinds else verdict, "Its verdict is")


def verify(path: Path, wanted: str = "") -> str:
    """The sentence for a statement that holds; ValueError with the sentence for any other."""
    try:
        document = json.loads(raw := path.read_bytes(), parse_float=Counter, parse_constant=Counter)
        must(raw == canonical(document) + b"\n", "It is not written as statements are.")
        must(document["statement"] == "downtime/statement-3", "It is no statement of this format.")
        digest, made = sha256(decode(document["key"])).hexdigest(), document["made"]
        must(wanted.replace(" ", "").lower() in ("", digest), "Another key than the one asked for.")
        check_signed(document["key"], document, "It")
        facts_digest = sha256(canonical(document["facts"])).hexdigest()
        same(document["facts_sha256"], facts_digest, "The digest of its facts is")
        for check in (check_chain, check_people, check_counts):
            check(document)
    except BROKEN:
        raise ValueError("It lacks something, or has another form.") from None
    key = " ".join(digest[place : place + 8] for place in range(0, 64, 8))
    leads = sum(one["holds"] for one in document["signatures"])
    return f"{document['verdict']} at {made}, by {leads} of 3 leads: key with fingerprint {key}."


if __name__ == "__main__":
    try:
        print(verify(Path(sys.argv[1]), "".join(sys.argv[2:])))
    except (IndexError, OSError):
        sys.exit("NOT BELIEVED: There is no such file. Name the JSON file, then the fingerprint.")
    except ValueError as error:
        sys.exit(f"NOT BELIEVED: {error}")
