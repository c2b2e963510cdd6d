"""Keep what this process holds out of core files, debuggers of the same user and, where that is allowed, swap.

Source: core(5), PR_SET_DUMPABLE in prctl(2), mlockall(2). Children inherit the limit on core files alone, so each
process of ours that holds patients asks for itself. On systems that know none of it nothing is done: full-disk
encryption is asked for there (docs/security.md).
"""

import ctypes
import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4


def keep_memory_private() -> None:
    """No core file, no attaching, and no swapping where the system lets this user lock memory without limit.

    A limit would let later allocations fail, in the middle of somebody's work: then nothing is locked.
    """
    if sys.platform != "linux":
        return
    import resource

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY:
            library.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT)
