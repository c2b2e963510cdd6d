"""FHIR references as addresses that are the same in every document: `Type/id` or `Type?number`.

A `Type/id` keeps the server before it when the reference names one (`feeds.server_addresses`).

Read are absolute and relative addresses, with or without a version; `urn:uuid:…` and `urn:oid:…`;
a conditional address (`Patient?identifier=system|value`); and a logical reference, which has an
identifier and no address. A number carries its system as `system|value` when it has one.
"""

from typing import Any
from urllib.parse import unquote

from downtime.feeds.fhir.data_types import elements_at, text_at
from downtime.feeds.server_addresses import split_address

_IDENTIFIER = "identifier="


def reference_address(reference: Any, target_type: str = "") -> str:
    """The address that a Reference means; empty for a contained one, and when it says nothing.

    `target_type` is what a logical reference means that does not say so itself.
    """
    text = text_at(reference, "reference")
    if text.startswith("#"):
        return ""
    if text.startswith("urn:"):
        return text
    if text:
        return _normalise_address(text)
    kind = text_at(reference, "type") or target_type
    for identifier in elements_at(reference, "identifier"):
        if kind and (number := number_text(identifier)):
            return f"{kind}?{number}"
    return ""


def _normalise_address(text: str) -> str:
    path, _, query = text.partition("?")
    if query:
        steps = path.rstrip("/").split("/")
        numbers = [part for part in query.split("&") if part.startswith(_IDENTIFIER)]
        number = unquote(numbers[0].removeprefix(_IDENTIFIER)) if numbers else query
        return f"{steps[-1]}?{number.removeprefix('|')}"
    address = split_address(path)
    return str(
        address if address.server else address._replace(path="/".join(address.path.split("/")[-2:]))
    )


def conditional_number(text: str) -> tuple[str, str]:
    """System and value of `Type?identifier=system|value`; empty when it is no such address."""
    query = text.partition("?")[2]
    for part in query.split("&"):
        if part.startswith(_IDENTIFIER):
            system, bar, value = unquote(part.removeprefix(_IDENTIFIER)).partition("|")
            return (system, value) if bar else ("", system)
    return "", ""


def number_text(identifier: Any) -> str:
    """`system|value` of an Identifier, or its value alone; empty when it has none."""
    value, system = text_at(identifier, "value"), text_at(identifier, "system")
    return f"{system}|{value}" if system and value else value


def server_of(full_url: str, resource_type: str) -> str:
    """The server of an entry's `fullUrl`; empty when that is no address on a server."""
    address = split_address(full_url)
    return address.server if address.path.startswith(f"{resource_type}/") else ""


def resource_addresses(resource: Any, full_url: str) -> tuple[str, ...]:
    """Every address by which references may mean a resource; the first is its own."""
    kind, identity = text_at(resource, "resourceType"), text_at(resource, "id")
    server = server_of(full_url, kind)
    address = str(split_address(full_url)) if server else f"{kind}/{identity}" * bool(identity)
    addresses = [address] if address else []
    if full_url.startswith("urn:"):
        addresses.append(full_url)
    for identifier in elements_at(resource, "identifier"):
        for number in (number_text(identifier), text_at(identifier, "value")):
            if number:
                addresses.append(f"{kind}?{number}")
    return tuple(dict.fromkeys(addresses))


def address_type(address: str) -> str:
    """`Patient` of `https://…/Patient/1/_history/2` and of `Patient?identifier=…`."""
    path, query, _ = address.partition("?")
    steps = path.split("/_history")[0].split("/")
    if query:
        return steps[-1]
    return steps[-2] if len(steps) > 1 else ""
