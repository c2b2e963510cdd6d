"""Documents say what the program does: tables are drawn from it, and named commands exist."""

import re
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import click
import pytest

from downtime import config
from downtime.accounts.model import Permission
from downtime.accounts.permissions import ROLES_ALLOWED
from downtime.cli import load_all_commands
from downtime.clinical.record_types import list_owners
from downtime.feeds.tables.mapping import table_mappings
from downtime.paper.forms import form_schema, load_form, prefill
from downtime.paper.forms.model import FieldType, GroupLayout, KeyingPolicy
from downtime.settings import Settings
from tests.contract import house

DOCS = house.ROOT / "docs"
PAGES = sorted(
    [
        house.ROOT / "README.md",
        house.ROOT / "CHANGELOG.md",
        *DOCS.glob("*.md"),
        *DOCS.glob("guides/*.md"),
        *DOCS.glob("assurance/*.md"),
    ]
)


@pytest.mark.parametrize(
    "name", ["settings.md", "permissions.md", "lifecycles.md", "commands.md", "rules.md"]
)
def test_a_drawn_document_is_as_the_program_says(name):
    """`scripts/fix` writes these; the tables themselves are in the code."""
    assert (DOCS / name).read_text(encoding="utf-8") == house.generator().documents()[name]


def test_every_setting_says_what_it_is_for():
    bare = [
        f"{section}.{field.name}"
        for section, kind in get_type_hints(Settings).items()
        for field in fields(kind)
        if not re.fullmatch(r"[A-Z].+\.", field.metadata.get("doc", ""))
    ]
    assert bare == []


def leaves(command: click.Command, path: str = "downtime"):
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from leaves(inner, f"{path} {name}")
    else:
        yield path, command


def test_every_command_names_a_permission_of_the_table():
    """Deny by default: what no role may do by the table cannot be asked on the command line."""
    commands = dict(leaves(load_all_commands()))
    assert len(commands) > 15
    named = {path: getattr(command, "permission", None) for path, command in commands.items()}
    known = {*ROLES_ALLOWED, Permission.PUBLIC}
    assert {path: name for path, name in named.items() if name not in known} == {}


def test_every_command_says_what_it_does():
    assert [path for path, command in leaves(load_all_commands()) if not command.help] == []


def named_commands(document: Path):
    """Commands that a document tells its reader to type: in code spans and blocks."""
    text = document.read_text(encoding="utf-8")
    code = re.findall(r"```.*?```|`[^`\n]+`|^    [^\n]+$", text, re.S | re.M)
    for piece in code:
        for name in re.findall(r"^[`\s]*downtime ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", piece, re.M):
            yield name.split()


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.name)
def test_commands_named_in_documents_exist(document):
    for name in named_commands(document):
        command = load_all_commands()
        for word in name:
            if not isinstance(command, click.Group):
                break
            assert word in command.commands, f"{document.name} names 'downtime {' '.join(name)}'"
            command = command.commands[word]


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    text = document.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.name)
def test_files_named_in_documents_exist(document):
    """A path in a code span that begins with one of the project's folders is a file of it."""
    text = document.read_text(encoding="utf-8")
    paths = re.findall(r"`((?:downtime|scripts|forms|templates|tests|docs)/[\w./-]*)`", text)
    assert [path for path in paths if not (house.ROOT / path).exists()] == []


def test_the_readme_leads_to_every_page_of_docs():
    readme = (house.ROOT / "README.md").read_text(encoding="utf-8")
    assert [p.name for p in DOCS.glob("*.md") if f"docs/{p.name}" not in readme] == []


def test_the_page_on_forms_names_every_word_that_a_form_may_use():
    text = (DOCS / "forms.md").read_text(encoding="utf-8")
    terms = {*form_schema.FORM, *form_schema.ITEM, *map(str, FieldType), *map(str, GroupLayout)}
    terms |= {*map(str, KeyingPolicy), *prefill.ROWS, *prefill.SHEET}
    assert sorted(word for word in terms if f"`{word}`" not in text) == []


def test_the_example_form_of_the_page_is_one(tmp_path):
    text = (DOCS / "forms.md").read_text(encoding="utf-8")
    example = re.findall(r"```yaml\n(.*?)```", text, re.S)[0]
    (tmp_path / "falls-check.yaml").write_text(example, encoding="utf-8")
    assert load_form.check_file(tmp_path / "falls-check.yaml") == []


def test_the_example_settings_of_the_page_on_feeds_are_some(tmp_path):
    text = (DOCS / "feeds.md").read_text(encoding="utf-8")
    examples = re.findall(r"```toml\n(.*?)```", text, re.S)
    (tmp_path / "config.toml").write_text("\n".join(examples), encoding="utf-8")
    settings = config.load_settings(tmp_path / "config.toml")
    (mapping,) = table_mappings(settings.feeds.tables, list_owners(settings.systems.records))
    assert mapping.matches("theatre-20261102.xlsx")
