"""File locks as proofs of life: a process holds one for as long as it lives, whatever the clock says."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path


def held(path: Path) -> bool:
    """Whether some process holds this file's lock for itself. A file that may not be opened is another user's: nothing says
    that its holder is dead."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def holders(path: Path) -> list[int]:
    """The other processes that hold this file's lock, alone or shared, from the kernel's table where there is one (Linux);
    who only waits for it is left out."""
    inode = f":{path.stat().st_ino}"
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for line in Path("/proc/locks").read_text().splitlines():
            parts = line.split()  # "7: FLOCK  ADVISORY  READ 4321 fd:00:8765 0 EOF"; waiting: "7: -> FLOCK ..."
            if len(parts) > 5 and parts[1] == "FLOCK" and parts[4].isdigit() and parts[5].endswith(inode):
                found.add(int(parts[4]))
    return sorted(found - {os.getpid()})
