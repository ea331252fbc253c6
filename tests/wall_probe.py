"""What a student's code finds behind the wall, as JSON: `python wall_probe.py COURSE [thin]`. Run by test_wall.py as several users."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from autograder.judge.binding import Exercise
from autograder.outcome import Budget, StudentError
from autograder.wall.box import Wall
from autograder.wall.limits import Limits, Meter
from autograder.wall.process import WalledTransport

SECRET = "S3cret-" + "of-the-judge"  # held by this process in memory, in its environment and in an open file
MASK = 0x55

INSIDE = f"""
import ctypes, fcntl, os, socket, sys, time
import numpy as np
SECRET = bytes(b ^ {MASK} for b in {bytes(b ^ MASK for b in SECRET.encode())!r})

def identity():
    return {{"uid": os.getuid(), "environment": dict(os.environ), "name": os.uname().nodename}}

def status():
    lines = [line.split(":", 1) for line in open("/proc/self/status") if ":" in line]
    return {{key: value.strip() for key, value in lines}}

def processes():
    return [int(pid) for pid in os.listdir("/proc") if pid.isdigit()]

def descriptors():
    found = {{}}
    for fd in range(1024):
        try:
            fcntl.fcntl(fd, fcntl.F_GETFD)
        except OSError:
            continue
        found[str(fd)] = oct(os.fstat(fd).st_mode >> 12)
    return found

def network():
    return [line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]]

def writable():
    found = []
    for folder, folders, files in os.walk("/"):
        if folder.startswith("/proc"):
            folders[:] = []
            continue
        if os.access(folder, os.W_OK):
            found.append(folder)
        found += [os.path.join(folder, f) for f in files if folder.startswith("/course") and os.access(os.path.join(folder, f), os.W_OK)]
    return found

def tree(folder):
    return sorted(os.path.join(f, name)[len(folder):] for f, _, names in os.walk(folder) for name in names if f.count("/") < 4)

def has_secret():
    places = [path for path in ("/proc/1/environ", "/proc/self/environ") if os.access(path, os.R_OK) and SECRET in open(path, "rb").read()]
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # make its own memory readable again
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            bounds, rights = line.split()[:2]
            start, end = (int(b, 16) for b in bounds.split("-"))
            if "r" in rights and "w" in rights:
                try:
                    memory.seek(start)
                    held = memory.read(end - start)
                except (OSError, ValueError, OverflowError):
                    continue
                at = held.find(SECRET)
                while at >= 0:
                    if start + at != id(SECRET) + bytes.__basicsize__ - 1:
                        places.append(line)
                    at = held.find(SECRET, at + 1)
                del held
    return places

def leave(folders):
    for folder in folders:
        open(folder + "/left", "w").write("x")

def left(folders):
    return [folder for folder in folders if os.path.exists(folder + "/left")]

def fill(folder):
    size = 0
    try:
        for i in range(100):
            with open(f"{{folder}}/{{i}}", "wb") as file:
                for _ in range(16):
                    size += file.write(bytes(1 << 20))
    except OSError:
        pass
    return size

def same(x):
    return x

def daemon():
    for _ in range(5):
        if os.fork() == 0:
            os.setsid()
            while True:
                time.sleep(0.01)

def eat(mebibytes):
    import resource
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    except (OSError, ValueError):
        pass
    return float(np.ones(int(mebibytes) << 17).sum())

def spin():
    while True:
        try:
            while True:
                len(str(1))
        except BaseException:
            pass
"""


def main(course: Path, thin: bool) -> dict:
    os.environ["JUDGE_SECRET"] = SECRET
    kept = open(__file__, "rb")  # a descriptor that must not be inherited
    facts: dict = {}
    with Wall(course, "import numpy as np\n", thin=thin) as wall:
        facts["layers"] = wall.layers()

        def ask(submission, name, *args, budget=Budget(2.0)):
            meter = submission.meter
            transport = WalledTransport(submission.exercise, meter)
            try:
                return Exercise(name, transport, budget)(*args)
            except StudentError as error:
                return f"{type(error).__name__}: {error}"
            finally:
                transport.close()
                submission.stop_exercises()

        def fresh():
            submission = wall.process(Meter(Limits(idle=2.0)))
            submission.run_cell(INSIDE, 1)
            return submission

        scratch = [folder for folder in ("/box", "/dev/shm", "/tmp") if folder in wall._scratch()]
        with fresh() as submission:
            for name in ("identity", "status", "processes", "descriptors", "network", "writable", "has_secret"):
                facts[name] = ask(submission, name)
            facts["course"] = ask(submission, "tree", "/course")
            facts["leave"] = ask(submission, "leave", scratch)
            facts["daemon"] = ask(submission, "daemon")
            facts["processes after a daemon"] = settled(lambda: ask(submission, "processes"), 2)
            facts["filled"] = {folder: ask(submission, "fill", folder) for folder in scratch}
            budget = Budget(2.0, 100.0, declared=True)
            facts["eats little"] = ask(submission, "eat", 50, budget=budget)
            facts["eats too much"] = ask(submission, "eat", 400, budget=budget)
            begun = time.monotonic()
            facts["spins"] = ask(submission, "spin", budget=Budget(0.5))
            facts["spins for"] = time.monotonic() - begun
        settled(lambda: below(os.getpid()), len(below_wall(wall)))
        with fresh() as submission:
            facts["left"] = ask(submission, "left", scratch)
        facts["left over"] = len(settled(lambda: below(os.getpid()), len(below_wall(wall)))) - len(below_wall(wall))
        facts["cost"] = costs(wall, fresh)
        facts["scratch"] = scratch
    facts["processes at the end"] = below(os.getpid())
    kept.close()
    return facts


def settled(look: Callable[[], list], most: int) -> list:
    """What `look` finds when it is at most so many, or after a minute: what is killed takes a moment to be gone, on a busy machine more."""
    end = time.monotonic() + 60
    while len(found := look()) > most and time.monotonic() < end:
        time.sleep(0.05)
    return found


def costs(wall: Wall, fresh) -> dict[str, float]:
    """Milliseconds of a submission of one cell and four exercises, of a call, and of a call of a function that calls back.

    The least of many runs: whatever else the machine does only adds.
    """
    cell = "def f(x):\n    return x\ndef g(h, x):\n    return h(x)"
    whole, calls, backs = [], [], []
    for _ in range(7):
        begun = time.perf_counter()
        with wall.process() as submission:
            submission.run_cell(cell, 1)
            for _ in range(4):
                transport = WalledTransport(submission.exercise, submission.meter)
                Exercise("f", transport, Budget(5.0))(np.zeros(3))
                transport.close()
                submission.stop_exercises()
        whole.append(time.perf_counter() - begun)
    with wall.process() as submission:
        submission.run_cell(cell, 1)
        transport = WalledTransport(submission.exercise, submission.meter)
        for name, args, times in (("f", (np.zeros(3),), calls), ("g", (lambda x: x, np.zeros(3)), backs)):
            exercise = Exercise(name, transport, Budget(5.0))
            for _ in range(300):
                begun = time.perf_counter()
                exercise(*args)
                times.append(time.perf_counter() - begun)
        transport.close()
    return {
        "submission": 1e3 * min(whole),
        "call": 1e3 * min(calls),
        "call with a call-back": 1e3 * min(backs),
    }


def below(root: int) -> list[str]:
    """Command lines of the processes below one that have not ended."""
    parents: dict[int, int] = {}
    names: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                names[int(entry.name)] = (
                    (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:80] + " " + fields[0]
                )
                parents[int(entry.name)] = int(fields[1])
            except OSError:
                continue

    def is_below(pid: int) -> bool:
        while pid in parents and pid != root:
            pid = parents[pid]
        return pid == root

    return [names[pid] for pid in parents if pid != root and is_below(pid) and not names[pid].endswith(" Z")]


def below_wall(wall: Wall) -> list[str]:
    """bubblewrap's and the zygote's own processes: two, one where the wall is thin."""
    return ["bwrap", "zygote", "bwrap"][: 3 if wall.bubblewrap else 1]


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), "thin" in sys.argv[2:]), default=lambda array: array.tolist()))
