"""Projects of several system users: a setgid folder (2770) of one group; files in it 0660, whatever the umask."""

from __future__ import annotations

import grp
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from workbench.errors import ProjectError

FOLDER = 0o2770
FILE = 0o660
#: Wrong places that are named one by one.
_NAMED = 5


def shared(folder: str | os.PathLike[str]) -> bool:
    """Whether what is made in ``folder`` belongs to a group that works together."""
    try:
        mode = os.stat(folder).st_mode
    except OSError:
        return False
    return bool(mode & stat.S_ISGID and mode & stat.S_IWGRP)


def fit(path: str | os.PathLike[str]) -> None:
    """Give what was just made in a shared folder the modes that it must have there; elsewhere nothing happens.

    What belongs to another user stays as it is: its owner gave it the modes.
    """
    if not shared(os.path.dirname(os.path.abspath(path))):
        return
    found = os.stat(path)
    wanted = FOLDER if stat.S_ISDIR(found.st_mode) else FILE
    if stat.S_IMODE(found.st_mode) != wanted and found.st_uid == os.geteuid():
        os.chmod(path, wanted)


def open_file(path: str | os.PathLike[str], flags: int) -> int:
    """``os.open`` (0666 less the umask) of a file that the group of a shared folder may write; returns the descriptor."""
    made = flags & os.O_CREAT and not os.path.exists(path)
    descriptor = os.open(path, flags, 0o666)
    if made:
        fit(path)
    return descriptor


def share(folder: Path, group: str) -> None:
    """Hand a project's folder and all in it to ``group``; raises ``ProjectError`` (no such group, not allowed)."""
    try:
        number = grp.getgrnam(group).gr_gid
    except KeyError:
        raise ProjectError(f"There is no group {group!r} on this system; make it with `groupadd {group}`.") from None
    try:
        for path in (folder, *_inside(folder)):
            os.chown(path, -1, number)
            path.chmod(FOLDER if path.is_dir() else FILE)
    except PermissionError as error:
        raise ProjectError(
            f"{error.filename}: cannot be given to the group {group!r}; you must own it and be a member of the group "
            f"(`usermod -aG {group} NAME`, then log in again)."
        ) from error
    except OSError as error:
        raise ProjectError(f"{error.filename}: cannot be shared ({error.strerror}).") from error


def _inside(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        yield from (path for name in (*folders, *files) if not (path := Path(parent, name)).is_symlink())


def faults(folder: Path) -> list[str]:
    """What keeps the group of a shared project from working in it, each with what to do; [] when all is well."""
    group = folder.stat().st_gid
    try:
        name = grp.getgrgid(group).gr_name
    except KeyError:
        name = str(group)
    found: dict[str, list[Path]] = {}
    for path in (folder, *_inside(folder)):
        try:
            status = path.stat()
        except FileNotFoundError:  # gone meanwhile
            continue
        wanted = FOLDER if stat.S_ISDIR(status.st_mode) else FILE
        if status.st_gid != group:
            found.setdefault(f"chgrp {name}", []).append(path)
        if stat.S_IMODE(status.st_mode) & wanted != wanted:
            found.setdefault("chmod 2770" if path.is_dir() else "chmod 660", []).append(path)
        if stat.S_IMODE(status.st_mode) & 0o007:
            found.setdefault("chmod o-rwx", []).append(path)
    said = []
    for command, paths in found.items():
        more = f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
        said.append(f"{command} {' '.join(str(path) for path in paths[:_NAMED])}{more}")
    if os.geteuid() != 0 and group not in (os.getegid(), *os.getgroups()):
        said.append(
            f"you are not in the group {name}: `usermod -aG {name} {os.environ.get('USER', 'YOU')}`, then log in again"
        )
    return said
