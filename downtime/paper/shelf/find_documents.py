"""Read the shelf: its documents with how far they hold, their files, and the pages on which words stand."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from downtime.clinical import display
from downtime.errors import NotFoundError
from downtime.paper.shelf import policies, store
from downtime.paper.shelf.model import (
    DocumentKind,
    DocumentState,
    SearchHit,
    ShelfDocument,
    ShelfVersion,
)
from downtime.settings import Settings
from downtime.vault.vault import Vault


def list_documents(vault: Vault, *, withdrawn: bool = False) -> list[ShelfDocument]:
    """The documents of the shelf by kind and title; with `withdrawn` those that were taken off as well."""
    by_name: dict[str, list[ShelfVersion]] = defaultdict(list)
    for version in store.fetch_versions(vault.db):
        by_name[version.document].append(version)
    documents = [ShelfDocument(versions=tuple(versions)) for versions in by_name.values()]
    kinds = list(DocumentKind)
    return sorted(
        (item for item in documents if withdrawn or not item.latest.is_withdrawn),
        key=lambda item: (kinds.index(item.latest.kind), item.latest.title.casefold()),
    )


def find_document(vault: Vault, name: str) -> ShelfDocument | None:
    """A document by its name, withdrawn or not."""
    documents = list_documents(vault, withdrawn=True)
    return next((item for item in documents if item.latest.document == name), None)


def get_document(vault: Vault, name: str) -> ShelfDocument:
    """One that is on the shelf; NotFoundError."""
    return policies.check_stands(find_document(vault, name))


def read_file(vault: Vault, version: ShelfVersion) -> bytes:
    """The file of a version; NotFoundError where it was never brought to this machine."""
    if content := store.fetch_file(vault.db, version.sha256):
        return content
    raise NotFoundError(
        "shelf.file",
        "The file of this version is not on this machine.",
        "Open the newest version, or ask the publisher for the older one.",
    )


def search_shelf(vault: Vault, text: str) -> list[SearchHit]:
    """The pages and telephone lines that hold all words of a text, by their beginnings; best first."""
    terms = re.findall(r"[^\W_]+", text)  # as the index has them: `long-acting` is two words there
    query = " ".join(f'"{term}"*' for term in terms)
    if not query:
        return []
    documents = {item.latest.id: item for item in list_documents(vault)}
    hits = store.search_pages(vault.db, query, documents)
    return [SearchHit(documents[hit.version], hit.page, hit.excerpt) for hit in hits]


def list_warnings(
    documents: Iterable[ShelfDocument], today: date, settings: Settings
) -> Iterator[str]:
    """A sentence for each document that has expired, and for those that soon have to be looked at."""
    soon = (today + timedelta(days=settings.shelf.review_warning_days)).isoformat()
    for latest in (item.latest for item in documents):
        state = latest.find_state(today)
        if state is DocumentState.EXPIRED:
            since = display.format_day(latest.expires)
            yield f"EXPIRED: {latest.title} (since {since}). Ask {latest.owner} for the new one."
        elif state is DocumentState.REVIEW_DUE:
            yield (
                f"{latest.title}: its review by {latest.owner} was due on"
                f" {display.format_day(latest.review)}."
            )
        elif min(filter(None, (latest.review, latest.expires))) <= soon:
            day = min(filter(None, (latest.review, latest.expires)))
            yield (
                f"{latest.title}: {latest.owner} has to review it before {display.format_day(day)}."
            )
