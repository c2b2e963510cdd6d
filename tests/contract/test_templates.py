"""A page's template is named after the view that answers with it; docs/architecture.md has the rule.

`templates/web/MODULE/VIEW.html` belongs to the function VIEW of `downtime/web/views/MODULE.py` (or of
`downtime/web/MODULE.py`). A part of a page begins with an underscore. What several pages include
lies in `parts/`.
"""

import ast
import re

from tests.contract import house

TEMPLATES = house.ROOT / "templates"
WEB = TEMPLATES / "web"
SHARED = ("layout.html", "parts/")
LONGEST_LINE = 120


def strings_of(tree: ast.Module) -> set[str]:
    """The names of templates that a module mentions."""
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and str(node.value).endswith(".html")
    }


def rendered() -> dict[str, set[str]]:
    """Each module of the web room, by its last name, with the templates that it renders."""
    web = [module for module in house.modules() if module.room == "web"]
    return {m.name.rpartition(".")[2]: names for m in web if (names := strings_of(m.tree))}


def functions(name: str) -> set[str]:
    """The functions of a module of the web room that others may call: its views."""
    trees = [m.tree for m in house.modules() if m.name.endswith(f".{name}") and m.room == "web"]
    nodes = [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {node.name for node in nodes if not node.name.startswith("_")}


def mentioned() -> set[str]:
    """The templates that other templates extend, include or import."""
    texts = [path.read_text(encoding="utf-8") for path in WEB.rglob("*.html")]
    return {name for text in texts for name in re.findall(r'"([\w./-]+\.html)"', text)}


def test_a_template_is_named_after_the_view_that_renders_it():
    wrong = [
        f"{module} renders {template}"
        for module, templates in rendered().items()
        for template in templates
        if (folder := template.rpartition("/")[0]) != module
        or not (template.startswith(f"{folder}/_") or is_of_a_view(template))
    ]
    assert wrong == []


def is_of_a_view(template: str) -> bool:
    folder, _, name = template.rpartition("/")
    return folder == "error_pages" or name.removesuffix(".html") in functions(folder)


def test_no_template_is_missing_or_unused():
    used = mentioned().union(*rendered().values())
    present = {path.relative_to(WEB).as_posix() for path in WEB.rglob("*.html")}
    assert used - present == set()
    assert present - used == set()


def test_a_template_that_is_of_no_view_is_shared():
    pages = set().union(*rendered().values())
    others = {path.relative_to(WEB).as_posix() for path in WEB.rglob("*.html")} - pages
    assert {name for name in others if not name.startswith(SHARED)} == set()


def test_no_view_hides_what_every_page_has():
    hidden = [
        f"{module.path.name}:{node.lineno} {keyword.arg}"
        for module in house.modules()
        if module.room == "web"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "render_template"
        for keyword in node.keywords
        if keyword.arg in ("page", "may", "forms")
    ]
    assert hidden == []


def test_no_line_is_longer_than_a_screen_is_wide():
    long_lines = [
        f"{path.relative_to(house.ROOT)}:{number}"
        for path in TEMPLATES.rglob("*.html")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > LONGEST_LINE
    ]
    assert long_lines == []
