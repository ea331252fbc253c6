"""The wall, layer by layer, as root and as an ordinary user; what is left of it where there are no namespaces; what it costs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from autograder.judge.binding import Exercise
from autograder.outcome import Budget, StartError, StudentError, WallError
from autograder.wall import box as wall_module
from autograder.wall.box import Wall, find_bubblewrap
from autograder.wall.limits import Limits, Meter
from autograder.wall.process import WalledTransport
from tests.attacks.users import USERS, command_as, environment, give_to
from tests.wall_probe import SECRET

PROBE = Path(__file__).with_name("wall_probe.py")
NEEDS_WALL = pytest.mark.skipif(find_bubblewrap() is None, reason="needs bubblewrap")
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the wall stands on Linux only")


def probe(user: str, root: Path, *words: str) -> dict:
    home = Path(tempfile.mkdtemp(prefix="wall-"))
    try:
        home.chmod(0o755)
        variables = environment(home) | {"PYTHONPATH": str(root)}
        give_to(user, home)
        done = subprocess.run(
            command_as(user, [sys.executable, str(PROBE), str(root), *words]),
            cwd="/", env=variables, capture_output=True, text=True, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout) | {"left in TMPDIR": [p.name for p in (home / "tmp").iterdir()]}
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module", params=USERS)
def facts(request, root) -> dict:
    """What the probe finds behind a full wall."""
    if find_bubblewrap() is None:
        pytest.skip("needs bubblewrap")
    return probe(request.param, root) | {"user": request.param}


def test_every_layer_stands(facts):
    layers = facts["layers"]
    missing = {"own user"} if facts["identity"]["uid"] == 12345 or os.getuid() != 0 else set()
    assert set(layers["missing"]) == missing
    assert layers["graded_use"] and layers["summary"].startswith("Wall: bubblewrap")
    assert {"no network", "own mounts and ipc", "own processes", "limits", "no capabilities", "seccomp"} <= set(
        layers["layers"]
    )


def test_no_powers(facts):
    status = facts["status"]
    assert all(int(status[kind], 16) == 0 for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd"))
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    assert facts["identity"]["uid"] not in (0, None)
    if facts["user"] == "root":
        assert facts["identity"]["uid"] >= 60_000 and status["Groups"] == ""


def test_no_secret_in_memory_environment_or_descriptors(facts):
    assert facts["has_secret"] == []
    allowed = {
        "PATH", "HOME", "TMPDIR", "LANG", "PWD", "MPLBACKEND", "MPLCONFIGDIR", "PYTHONPATH", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE",
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_",
    }  # fmt: skip
    assert set(facts["identity"]["environment"]) <= allowed
    assert SECRET not in json.dumps(facts)
    descriptors = facts["descriptors"]
    assert (
        set(descriptors) >= {"0", "1", "2"} and len(descriptors) == 4
    )  # /dev/null three times, and the exercise's socket
    assert sorted(descriptors.values()) == ["0o14", "0o2", "0o2", "0o2"]


def test_no_network_no_neighbours_no_course(facts):
    assert facts["network"] == ["lo"]
    assert facts["identity"]["name"] == "wall"
    assert 1 in facts["processes"] and len(facts["processes"]) <= 3  # its own, and one that ends just now
    for word in ("solution", "check", "test_", "answer", "judge", "grading", "bank"):
        assert not [path for path in facts["course"] if word in path], word


def test_only_the_scratch_is_writable_and_it_is_small(facts):
    assert set(facts["writable"]) <= set(facts["scratch"])
    assert all(size <= 32 << 20 for size in facts["filled"].values())


def test_nothing_outlives_a_submission(facts):
    assert facts["left"] == []
    assert facts["left over"] == 0
    assert facts["processes at the end"] == [] and facts["left in TMPDIR"] == []


def test_a_daemon_ends_with_its_exercise(facts):
    assert len(facts["processes after a daemon"]) == 2


def test_a_budget_of_memory_cannot_be_raised(facts):
    assert facts["eats little"] == 50 * 2**17
    assert "StudentError: memory" in facts["eats too much"]


def test_a_budget_of_time_cannot_be_swallowed(facts):
    assert facts["spins"] == "WallError: time"


def test_costs(facts, capsys):
    with capsys.disabled():
        print(f"\n{facts['user']}: " + ", ".join(f"{name} {ms:.2f} ms" for name, ms in facts["cost"].items()))
    assert facts["cost"]["call"] < 10.0 and facts["cost"]["submission"] < 2000.0  # an order above, for busy machines


# --- a thin wall ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("user", USERS)
def test_without_bubblewrap_the_process_split_stays_and_says_so(user, root):
    facts = probe(user, root, "thin")
    layers = facts["layers"]
    assert not layers["graded_use"] and layers["summary"].startswith("NOT FOR GRADED USE")
    assert "bubblewrap" in layers["missing"] and "bubblewrap" not in layers["layers"]
    assert SECRET not in json.dumps(facts)
    assert facts["spins"] == "WallError: time" and "StudentError: memory" in facts["eats too much"]
    assert facts["processes at the end"] == [] and facts["left in TMPDIR"] == []


def doctor(root: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "doctor", *words], cwd=root, capture_output=True, text=True, timeout=120
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@NEEDS_WALL
def test_doctor_prints_the_layers(root):
    said = doctor(root)
    assert "Fit for graded use." in said
    for layer in ("bubblewrap", "no network", "own processes", "limits", "no capabilities", "seccomp"):
        assert f"✓ {layer}" in said


def test_doctor_warns_of_a_thin_wall(root):
    said = doctor(root, "--thin")
    assert "✗ bubblewrap" in said and "NOT FOR GRADED USE" in said


def test_without_libseccomp_the_filter_is_reported_missing(root, monkeypatch):
    monkeypatch.setattr(wall_module, "seccomp_filter", lambda: b"")
    with Wall(root) as wall:
        layers = wall.layers()
    assert "seccomp" in layers["missing"] and "seccomp" not in layers["layers"] and "seccomp" in layers["summary"]


def test_a_program_that_is_no_bubblewrap_is_one_clear_line(root, monkeypatch):
    monkeypatch.setattr(wall_module, "find_bubblewrap", lambda: shutil.which("false"))
    with pytest.raises(StartError, match="the wall does not stand"):
        Wall(root).__enter__()


# --- the judge's side of it ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wall(root):
    with Wall(root, "import numpy as np\n") as standing:
        yield standing


def call(
    wall: Wall, cell: str, *args, budget: Budget = Budget(1.0), limits: Limits = Limits(idle=1.0, grace=0.3, frame=1.0)
):
    with wall.process(Meter(limits)) as submission:
        submission.run_cell(cell, 1)
        transport = WalledTransport(submission.exercise, submission.meter)
        try:
            return Exercise("f", transport, budget)(*args)
        finally:
            transport.close()


SWALLOW = """
def f(x):
    while True:
        try:
            while True:
                len('')
        except BaseException:
            pass
"""


def test_an_honest_call(wall):
    assert np.array_equal(call(wall, "def f(x):\n    return x + 1", np.arange(3)), [1, 2, 3])


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("import os\ndef f(x):\n    os._exit(0)", "^ended"),
        ("import os\ndef f(x):\n    os.kill(os.getpid(), 9)", "ended"),
        ("import time\ndef f(x):\n    time.sleep(1000)", "^waits"),
        ("import time\ndef f(x):\n    end = time.time() + 1000\n    while time.time() < end:\n        time.sleep(0.3)", "^waits"),
        (SWALLOW, "^time"),
        ("import os\ndef f(x):\n    while True:\n        if os.fork():\n            os._exit(0)", "^processes|^time|^ended"),
    ],
)  # fmt: skip
def test_what_never_answers_is_stopped_and_says_why(wall, cell, says):
    with pytest.raises(WallError, match=says):
        call(wall, cell, 1.0, limits=Limits(idle=1.0, grace=0.3, frame=1.0, started=100))


def test_a_long_talk_is_no_silence(wall):
    """While the judge looks, a function that asks it something may be waiting for the answer."""
    meter = Meter(Limits(idle=0.3))
    with wall.process(meter) as submission:
        submission.run_cell("def f(g):\n    for i in range(12_000):\n        g(i)\n    return i\n", 1)
        transport = WalledTransport(submission.exercise, meter)
        assert Exercise("f", transport, Budget(5.0))(lambda i: i) == 11_999
        transport.close()


def test_cpu_time_of_processes_that_have_ended_still_counts():
    meter = Meter(Limits())
    for pid, cpu in ((7, 1.0), (7, 2.0), (8, 1.5), (9, 0.5), (7, 0.25)):  # 7 comes again as another process
        meter.read({"processes": [[pid, "R", cpu, 0]], "shared": 0, "started": 0}, False, 1 << 30)
    assert meter.cpu == 2.0 + 1.5 + 0.5 + 0.25


def test_memory_of_several_processes_is_added_up():
    meter = Meter(Limits())
    seen = {"processes": [[pid, "S", 0.0, 300 << 20] for pid in range(10)], "shared": 100 << 20, "started": 0}
    with pytest.raises(WallError, match="process memory"):
        meter.read(seen, False, 1 << 30)
    meter.read(seen | {"shared": 200 << 20}, False, 1 << 30)  # what the fork server holds is counted once


def test_a_notebook_has_one_allowance(wall):
    limits = Limits(exercises=1.0)
    with wall.process(Meter(limits)) as submission:
        submission.run_cell(
            "import time\ndef f(x):\n    end = time.process_time() + 0.6\n    while time.process_time() < end:\n        pass",
            1,
        )
        transport = WalledTransport(submission.exercise, submission.meter)
        exercise = Exercise("f", transport, Budget(5.0))
        with pytest.raises(WallError, match="notebook time"):
            for _ in range(20):
                exercise(1.0)
        transport.close()


def test_a_declared_budget_ends_one_check_and_the_next_call_has_a_new_process(wall):
    with wall.process(Meter(Limits(grace=0.3))) as submission:
        submission.run_cell(
            "def f(x):\n    while x:\n        try:\n            len('')\n        except BaseException:\n            pass\n    return 5.0",
            1,
        )

        def open():
            submission.stop_exercises()
            return submission.exercise()

        transport = WalledTransport(open, submission.meter)
        with pytest.raises(StudentError):
            Exercise("f", transport, Budget(0.3, declared=True))(True)
        assert transport.dead is None
        assert Exercise("f", transport, Budget(1.0))(False) == 5.0
        transport.close()


def test_a_fallen_wall_says_so_and_can_be_built_again(root):
    with Wall(root) as wall:
        wall.layers()
        below = descendants(wall._process.pid)
        os.kill(wall._process.pid, signal.SIGKILL)
        wall._process.wait()
        wait_until_gone(below)  # the kernel takes the zygote along, but a moment later, in which it could still answer
        with pytest.raises(StartError):
            wall.process()
    with Wall(root) as wall:
        assert wall.layers()["layers"]


def test_the_wall_falls_with_the_judge(root):
    """A judge that is killed takes everything behind its wall along, loops included."""
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom autograder.wall.box import Wall\n"
        f"wall = Wall(Path({str(root)!r})).__enter__()\nsubmission = wall.process()\n"
        "submission._waiter.send(__import__('autograder.wall.wire', fromlist=['x']).encode("
        "{'do': 'cell', 'cell': {'source': 'while True: pass', 'number': 1}}))\nprint('up', flush=True)\ntime.sleep(100)"
    )
    with tempfile.TemporaryDirectory() as folder:
        judge = subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, env=os.environ | {"TMPDIR": folder}, cwd=root
        )
        assert judge.stdout.readline() == b"up\n"
        below = descendants(judge.pid)
        assert len(below) >= 2
        judge.kill()
        judge.wait()
        wait_until_gone(below)
        assert list(Path(folder).iterdir()) == []


def wait_until_gone(pids: list[int]) -> None:
    """However busy the machine is: the end of the wait is for processes that stay."""
    end = time.monotonic() + 300
    while (alive := [pid for pid in pids if is_alive(pid)]) and time.monotonic() < end:
        time.sleep(0.05)
    assert alive == []


def descendants(root: int) -> list[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        children = [child for child, parent in parents.items() if parent == pid]
        found += children
        todo += children
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
