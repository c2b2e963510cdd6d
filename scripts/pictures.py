"""Draw the pictures of the README and the guides: a served demonstration in a browser, 1366 × 768, kept small."""

import io
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from waitress.server import create_server

from downtime.clock import system_clock
from downtime.config import Home
from downtime.demo import story
from downtime.demo.commands import read_accounts
from downtime.demo.pages import make_pages
from downtime.web import create_app

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
SCREEN = {"width": 1366, "height": 768}
COLOURS = 32
BROWSER = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PICTURES = (
    ("codes", "", "/demonstration"),
    ("what-to-do", "Blessing Eze", "/what-to-do"),
    ("beds", "Blessing Eze", "/beds/ward?ward=AMU"),
    ("outages", "Siobhán Duffy", "/outages/declare?systems=EPR"),
    ("worklists", "Owen Pritchard", "/worklists"),
)
"""Name of the picture, who is signed in, and the address of the page."""


@contextmanager
def serve(home: Home) -> Iterator[str]:
    """The demonstration at an address, with its page of codes."""
    pages = make_pages(lambda: read_accounts(home), system_clock)
    server = create_server(create_app(home, pages=(pages,)), map={}, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()


def draw(page: Page, name: str) -> None:
    """One screen in few colours, so that the repository stays small."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    small = picture.quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(FOLDER / f"{name}.png", optimize=True)


def draw_all(address: str) -> None:
    """Every picture, each person in a browser of their own."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=BROWSER)
        pages: dict[str, Page] = {}
        for name, person, path in PICTURES:
            if person not in pages:
                pages[person] = browser.new_page(base_url=address, viewport=SCREEN)
                pages[person].goto("/demonstration")
                if person:
                    pages[person].click(f"text=Sign in as {person}")
                    pages[person].wait_for_selector(".nav")
            pages[person].goto(path)
            draw(pages[person], name)
        browser.close()


def main() -> None:
    """Of the demonstration in the folder that was named, else of one that is made for it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(sys.argv[1]) if sys.argv[1:] else Path(folder) / "demo")
        if not sys.argv[1:]:
            story.run(home, "small", 1, system_clock, print, story.Ending.HALF_WAY)
        with serve(home) as address:
            draw_all(address)


if __name__ == "__main__":
    main()
