"""The process that compares a scanned page with the prints of forms; run by `find_layouts` with limits.

Standard input is one JSON document: the picture, and the layouts that it may be of. It writes one line of
JSON: for each layout how alike each of its pages is, from the first.

Arguments: bytes of memory, seconds.
"""

import sys

import orjson

from downtime.processes.sandbox import limit_resources
from downtime.scanning.layout_likeness import rank_prints
from downtime.scanning.page_sandbox import decode_picture, parse_layout
from downtime.scanning.printed_page import render_printed_page


def main(memory: str, seconds: str) -> int:
    """Write how alike each page of each layout is."""
    limit_resources(memory, seconds)
    work = orjson.loads(sys.stdin.buffer.read())
    layouts = [parse_layout(digest, text) for digest, text in work["layouts"].items()]
    pages = [(layout, number) for layout in layouts for number in range(1, len(layout.pages) + 1)]
    prints = (render_printed_page(layout, number) for layout, number in pages)
    likeness = iter(rank_prints(decode_picture(work["picture"]), prints))
    answer = {layout.digest: [next(likeness) for _ in layout.pages] for layout in layouts}
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
