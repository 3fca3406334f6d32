"""The screen in a real SSH session to this machine, over a slow line: python benchmarks/ssh.py [--samples 1000000]

An sshd of its own (own settings, host key, authorised key, port; all in a temporary folder) listens on the loopback; a
relay in front of it holds every packet back for half of ``--delay`` each way (80 ms: 40 there, 40 back). Nothing of the
system's is changed, but root's sshd is given the empty /run/sshd that it wants for as long as it runs. Prints each figure
beside its gate. The terminal is a program that answers none of the questions that the screen asks it, so whatever would
wait for an answer would be seen here.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import getpass
import json
import os
import pty
import select
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.screen import MARKER, PROBE, SCREEN  # noqa: E402 - the checkout must be importable first

#: Name -> (keys measured, keys before them).
KEYS = {
    "step in the window": ("down*25", ""),
    "step that scrolls": ("j*60", "pagedown," * 3 + "home,pagedown"),
    "page down": ("pagedown*40", ""),
    "label key": ("1*40", ""),
}


class Missing(Exception):
    """Something that the session needs is not on this machine."""


def tool(name: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        raise Missing(f"{name} is missing (Debian: apt-get install openssh-server openssh-client)")
    return found


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def relay(target: int, delay: float) -> Iterator[int]:
    """A port whose bytes reach ``target`` after ``delay`` seconds, and the answers come back after as long."""
    loop = asyncio.new_event_loop()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Every piece is written ``delay`` after it has come; reading goes on meanwhile."""
        while data := await reader.read(1 << 16):
            loop.call_later(delay, writer.write, data)
        loop.call_later(delay, writer.close)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", target)
        for one in (writer, to_writer):
            one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(carry(reader, to_writer), carry(to_reader, writer))

    server = loop.run_until_complete(asyncio.start_server(connected, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@contextlib.contextmanager
def daemon(folder: Path) -> Iterator[int]:
    """An sshd that lets in the key ``folder/key``; yields its port. Raises ``Missing``."""
    program, keygen = tool("sshd"), tool("ssh-keygen")
    for name in ("host", "key"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    shutil.copy(folder / "key.pub", folder / "authorized")
    port = free_port()
    settings = {
        "Port": port, "ListenAddress": "127.0.0.1", "HostKey": folder / "host", "AuthorizedKeysFile": folder / "authorized",
        "PidFile": "none", "UsePAM": "no", "StrictModes": "no", "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no", "PermitRootLogin": "prohibit-password", "PrintMotd": "no", "PrintLastLog": "no",
        "LogLevel": "ERROR",
    }  # fmt: skip
    (folder / "settings").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    separation = Path("/run/sshd")  # where Debian's sshd, run as root, wants an empty folder; its service makes it
    made = os.geteuid() == 0 and not separation.exists()
    if made:
        separation.mkdir(mode=0o755)
    log = folder / "log"
    with log.open("wb") as errors:
        process = subprocess.Popen([program, "-D", "-e", "-f", str(folder / "settings")], stderr=errors)
    try:
        for _ in range(100):
            if process.poll() is not None:
                raise Missing(f"sshd does not start: {log.read_text().strip()[-300:]}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        host = (folder / "host.pub").read_text().split()[:2]
        (folder / "known").write_text(f"* {' '.join(host)}\n")
        yield port
    finally:
        process.terminate()
        process.wait()
        if made:
            separation.rmdir()


def session(folder: Path, port: int) -> list[str]:
    """The words of an ssh command that logs in through the relay, all but what it runs."""
    options = {
        "IdentityFile": folder / "key", "IdentitiesOnly": "yes", "UserKnownHostsFile": folder / "known",
        "StrictHostKeyChecking": "yes", "GlobalKnownHostsFile": "none", "LogLevel": "ERROR", "BatchMode": "yes",
    }  # fmt: skip
    words = [tool("ssh"), "-F", "none", "-tt", "-p", str(port), "-l", getpass.getuser()]
    return [*words, *(word for name, value in options.items() for word in ("-o", f"{name}={value}")), "127.0.0.1"]


class Line:
    """A command in a pseudo-terminal, for what the probe does not measure."""

    def __init__(self, command: list[str]) -> None:
        self.started = time.perf_counter()
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], command)
        tty.setraw(self.descriptor)

    def until(self, marker: bytes, seconds: float = 20.0) -> float:
        """Seconds until ``marker`` has come."""
        began, seen = time.perf_counter(), b""
        while marker not in seen:
            if not select.select([self.descriptor], [], [], seconds)[0] or time.perf_counter() - began > seconds:
                raise Missing(f"the session says nothing: {seen[-300:]!r}")
            try:
                seen += os.read(self.descriptor, 1 << 16)
            except OSError:
                raise Missing(f"the session ended: {seen[-300:].decode(errors='replace')}") from None
        return time.perf_counter() - began

    def close(self) -> None:
        os.close(self.descriptor)
        os.waitpid(self.pid, 0)


def log_in(ssh: list[str]) -> float:
    """Seconds from the command to the first byte that the far side writes."""
    line = Line([*ssh, "echo ready"])
    line.until(b"ready")
    seconds = time.perf_counter() - line.started
    line.close()
    return seconds


def round_trips(ssh: list[str], count: int = 60) -> list[float]:
    """Milliseconds from a byte's write to its return, through ssh and both terminals."""
    line = Line([*ssh, "stty raw -echo; echo ready; exec cat"])
    line.until(b"ready")
    time.sleep(0.5)
    found = []
    for _ in range(count):
        began = time.perf_counter()
        os.write(line.descriptor, b"x")
        line.until(b"x")
        found.append((time.perf_counter() - began) * 1e3)
        time.sleep(0.01)
    os.write(line.descriptor, b"\x04")
    line.close()
    return sorted(found)


def probe(script: Path, command: list[str], keys: str = "", before: str = "", settle: float = 2.0) -> dict[str, Any]:
    words = [
        sys.executable,
        str(script),
        "--marker",
        MARKER,
        "--keys",
        keys,
        "--before",
        before,
        "--settle",
        str(settle),
        "--",
    ]
    done = subprocess.run([*words, *command], capture_output=True, text=True, timeout=600, check=False)
    found = json.loads(done.stdout) if done.stdout.strip() else {}
    if found.get("marker_s") is None:
        raise SystemExit(f"the screen was not seen: {found.get('tail') or done.stderr[-2000:]}")
    return dict(found)


def measure(script: Path, folder: Path, ssh: list[str], runs: int) -> dict[str, tuple[str, str, bool | None]]:
    """Name of the figure to (value, gate, whether it holds)."""
    who = (f"ssh-{os.getpid()}-{n}" for n in range(1_000))
    names = ("WORKBENCH_CONFIG", "PYTHONPATH", "PYTHONPYCACHEPREFIX")
    settled = {"COLORTERM": "truecolor", "LANG": "C.UTF-8", **{name: os.environ[name] for name in names}}

    def near() -> list[str]:
        return [sys.executable, "-c", SCREEN, str(folder), next(who)]

    def far() -> list[str]:
        words = ["exec", "env", *(f"{name}={value}" for name, value in settled.items()), *near()]
        return [*ssh, shlex.join(words)]

    trips = round_trips(ssh)
    trip = median(trips)
    turns = [
        (log_in(ssh), probe(script, far(), settle=0.1)["marker_s"], probe(script, near(), settle=0.1)["marker_s"])
        for _ in range(runs + 1)  # the first start compiles and warms the file cache: it is not counted
    ][1:]
    login, paint, local = (median(turn[at] for turn in turns) for at in range(3))
    limit = login + 0.45 + 2 * trip / 1e3
    figures: dict[str, tuple[str, str, bool | None]] = {
        "round trip of a byte, p50 / p95 ms": (f"{trip:.1f} / {trips[int(len(trips) * 0.95)]:.1f}", "", None),
        "log-in, s to the far side's first byte": (f"{login:.2f}", "", None),
        "paint, s from the ssh command": (f"{paint:.2f}", f"<= {limit:.2f} (log-in + 0.45 + 2 trips)", paint <= limit),
        "  of it after the log-in (locally)": (
            f"{paint - login:.2f} ({local:.2f})",
            f"ratio to local {(paint - login) / local:.2f}",
            None,
        ),
    }
    for name, (keys, before) in KEYS.items():
        key = keys.partition("*")[0]
        there = probe(script, far(), keys, before)["keys"][key]
        here = probe(script, near(), keys, before)["keys"][key]
        p50, p95 = there["last_ms"]
        beside = " / ".join(map(str, here["last_ms"]))
        figures[f"{name}, last byte, p50 / p95 ms (locally)"] = (
            f"{p50} / {p95} ({beside})", f"p95 <= {trip + 35:.0f} (trip + 35); beyond the trip {p95 - trip:.0f}", p95 <= trip + 35
        )  # fmt: skip
        even = there["bytes"] <= 1.1 * here["bytes"] + 16
        figures[f"{name}, bytes (locally)"] = (f"{there['bytes']:,} ({here['bytes']:,})", "as locally", even)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--project", type=Path, help="a project made by make_project.py (it is written to)")
    parser.add_argument("--probe", type=Path, default=PROBE)
    parser.add_argument(
        "--delay", type=float, default=80.0, help="milliseconds added to a round trip, half of them each way"
    )
    parser.add_argument("--runs", type=int, default=7, help="alternated log-ins and starts")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not arguments.probe.is_file():
        raise SystemExit(f"{arguments.probe} is missing: name the probe with --probe.")
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        os.environ["WORKBENCH_CONFIG"] = str(place / "config")
        os.environ["PYTHONPATH"] = str(HERE.parent)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(place / "bytecode")
        (place / "ssh").mkdir(mode=0o700)
        try:
            with daemon(place / "ssh") as port, relay(port, arguments.delay / 2e3) as front:
                ssh = session(place / "ssh", front)
                log_in(ssh)
                folder = arguments.project
                if folder is None:
                    from benchmarks.make_project import build

                    folder = place / "project"
                    build(folder, arguments.samples)
                figures = measure(arguments.probe, folder.resolve(), ssh, arguments.runs)
        except Missing as missing:
            print(f"skipped: {missing}")
            return
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return
    for name, (value, gate, holds) in figures.items():
        print(f"{name:<52} {value:>26}   {gate}{'' if holds is None else '   holds' if holds else '   MISSED'}")


if __name__ == "__main__":
    main()
