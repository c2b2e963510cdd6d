"""Threads in which sources are asked: one that hangs is left behind, and stops neither others nor the end."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress


class PollThreads:
    """Runs calls that may block, each in a thread of its own, for an event loop."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []

    async def run(self, call: Callable[[], None], seconds: float) -> None:
        """Wait for a call; TimeoutError when it takes longer, and then it is not waited for."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def work() -> None:
            fault: BaseException | None = None
            try:
                call()
            except BaseException as error:  # handed to whoever waits
                fault = error
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(_finish, done, fault)

        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=work, daemon=True, name="source")
        self._threads.append(thread)
        thread.start()
        async with asyncio.timeout(seconds):
            await done

    def join(self, seconds: float) -> None:
        """Wait for what is under way, at most so long in all."""
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))


def _finish(done: asyncio.Future[None], fault: BaseException | None) -> None:
    if done.done():  # nobody waits any more
        return
    if fault is None:
        done.set_result(None)
    else:
        done.set_exception(fault)
