"""Twenty senders in a process of their own: `python _mllp_senders.py PORT SENDERS MESSAGES [FIRST]`.

Messages are numbered from FIRST (1). Each sends a message, waits for its answer, and sends the next. Prints JSON: how many a second were
acknowledged with AA, and the milliseconds that answers took at the median and the 99th percentile.
"""

import json
import selectors
import socket
import sys
import time

FS = b"\x1c"
TEMPLATE = (
    "MSH|^~\\&|PAS|RXH|DT|RXH|2026110210{minute:02}{second:02}||ADT^A01^ADT_A01|{number}|P|2.4\r"
    "EVN|A01|2026110210{minute:02}{second:02}\r"
    "PID|1||{patient}^^^DEMO^MR~9434765919^^^NHS^NH||Test{patient}^Tom^^^Mr||19{year:02}0102|M|||"
    "1 High Street^^Town^^AB1 2CD\r"
    "PV1|1|I|W{ward}^B1^{bed}^RXH||||C1^Care^Carl||110|||||||||{number}||||||||||||||||||||||||"
    "|2026110210{minute:02}{second:02}\r"
    "AL1|1|DA|PEN^Penicillin|SV|Rash\r"
)


def message(number: int) -> bytes:
    values = {"number": number, "second": number // 400 % 60, "minute": number // 24_000 % 60, "patient": number, "year": 30 + number % 60,
              "ward": number % 40, "bed": number % 30}  # fmt: skip
    return b"\x0b" + TEMPLATE.format(**values).encode() + FS + b"\r"


def main(port: int, senders: int, count: int, first: int = 1) -> None:
    messages = [message(number) for number in reversed(range(first, first + count))]
    selector, taken, waits = selectors.DefaultSelector(), 0, []
    open_lines = 0
    sent_at: dict[socket.socket, float] = {}
    for _ in range(senders):
        line = socket.create_connection(("127.0.0.1", port))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(line, selectors.EVENT_READ)
        open_lines += 1
    started = time.perf_counter()
    for key in list(selector.get_map().values()):
        sent_at[key.fileobj] = time.perf_counter()
        key.fileobj.sendall(messages.pop())
    while open_lines:
        for key, _ in selector.select():
            line = key.fileobj
            answer = line.recv(4096)
            while answer and FS not in answer:
                answer += line.recv(4096)
            waits.append(time.perf_counter() - sent_at[line])
            taken += b"MSA|AA|" in answer
            if messages and answer:
                sent_at[line] = time.perf_counter()
                line.sendall(messages.pop())
            else:
                selector.unregister(line)
                line.close()
                open_lines -= 1
    seconds = time.perf_counter() - started
    waits.sort()
    print(json.dumps({
        "rate": taken / seconds, "taken": taken,
        "median": waits[len(waits) // 2] * 1000, "p99": waits[len(waits) * 99 // 100] * 1000,
    }))  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
