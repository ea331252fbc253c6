"""Killed at any moment, resumed, repeated, with more workers: the same bytes; and nothing half-written, nobody lost."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.authoring.build import Kind, build
from autograder.course import find_lab
from autograder.result import Result
from tests.attacks.corpus import code, defining, dump

SEED = 20_260_101
COPIES = ("copy one", "copy two")


@pytest.fixture(scope="module")
def course(tmp_path_factory, mini) -> Path:
    """The tests' own course and a class for it, with answers whose messages could differ from run to run."""
    folder = tmp_path_factory.mktemp("resume") / "course"
    shutil.copytree(mini, folder, symlinks=True)
    leave_torch_out(folder)
    lab = find_lab(folder, "lab9")
    lab.notebook.write_text(build(lab), "utf-8")
    base = json.loads(build(lab, Kind.WALKTHROUGH))
    submissions = folder / "submissions"
    submissions.mkdir()
    for number in range(14):
        notebook = copy.deepcopy(base)
        notebook["cells"].append(code(f"number = {number}"))
        cell = notebook["cells"][defining(notebook, "double")]
        if number % 7 == 1:
            cell["source"] = "def double(x):\n    return np.asarray(x) ** 2"
        if number % 7 == 2:
            cell["source"] = (
                "def double(x):\n    raise ValueError(f'{double} {object()}')"  # addresses differ from run to run
            )
        if number % 7 == 3:
            cell["source"] = "import os\ndef double(x):\n    os._exit(0)"
        if number % 7 == 4:
            cell["source"] = "def double(x):\n    return np.ones(10**10)"
        if number % 7 == 5:
            cell["source"] = "names = {'a', 'b', 'c', 'd'}\ndef double(x):\n    raise KeyError(list(names))"
        (submissions / f"student {number:02d}.ipynb").write_bytes(dump(notebook))
    for name in COPIES:
        (submissions / f"{name}.ipynb").write_bytes(dump(base))
    (submissions / "broken.ipynb").write_bytes(b"{")
    return folder


def leave_torch_out(course: Path) -> None:
    """Importing it takes most of the time of a short run."""
    source = course / "solutions" / "notebooks" / "lab9_mini.md"
    text = source.read_text("utf-8").replace("import torch\nfrom torch import nn\n", "")
    text = text.replace("; 6 points", "; 4 points").replace("Exercise 4", "Exercise 3")
    source.write_text(
        re.sub(r"\*\*Exercise 3\*\* · 2 points.*?import TinyNet\n```\n", "", text, flags=re.DOTALL), "utf-8"
    )
    reference = course / "solutions" / "mini.py"
    text = reference.read_text("utf-8").replace("import torch\nfrom torch import nn\n", "")
    reference.write_text(re.sub(r"class TinyNet.*?(?=^def )", "", text, flags=re.MULTILINE | re.DOTALL), "utf-8")
    (course / "autograder" / "checks" / "lab9" / "test_TinyNet.py").unlink()


def command(course: Path, out: Path, *words: str) -> list[str]:
    start = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        str(course / "submissions"),
        "--lab",
        "lab9",
        "--out",
        str(out),
    ]
    return [*start, "--seed", str(SEED), *words]


def grade(course: Path, out: Path, *words: str) -> None:
    done = subprocess.run(
        command(course, out, *words), cwd=course, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


def everything(out: Path) -> dict[str, str]:
    """Every file that a run leaves, by name, with a hash of its bytes."""
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in out.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def undisturbed(course) -> dict[str, str]:
    grade(course, course / "undisturbed", "--jobs", "2")
    return everything(course / "undisturbed")


def test_everybody_has_a_result(course, undisturbed):
    results = sorted((course / "undisturbed" / "results").glob("*.json"))
    assert len(results) == len(list((course / "submissions").iterdir()))
    assert not [name for name in undisturbed if name.endswith(".tmp")]


def test_one_worker_gives_the_same_bytes(course, undisturbed):
    grade(course, course / "alone", "--jobs", "1")
    assert everything(course / "alone") == undisturbed


def test_running_again_gives_the_same_bytes_and_forgets_who_left(course, undisturbed):
    stale = course / "undisturbed" / "results" / "gone.json"
    stale.write_text("{}")
    grade(course, course / "undisturbed", "--jobs", "2")
    assert everything(course / "undisturbed") == undisturbed


@pytest.mark.parametrize("moment", range(3))
def test_killed_and_resumed(course, undisturbed, moment):
    out = course / f"killed {moment}"
    rng = random.Random(moment)
    temporary = course / f"temporary {moment}"
    temporary.mkdir()
    for _ in range(2):  # killed twice
        run = subprocess.Popen(
            command(course, out, "--jobs", "2", "--resume"), cwd=course, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=os.environ | {"OMP_NUM_THREADS": "1", "TMPDIR": str(temporary)}, start_new_session=True,
        )  # fmt: skip
        wait_for_units(out, run, rng.randint(0, 9))
        time.sleep(rng.random() * 0.3)
        below = group(run.pid)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        for path in [*out.glob("results/*.json"), *out.glob("units/*.json")]:
            Result.from_json(json.loads(path.read_text("utf-8")))  # whole
        end = time.monotonic() + 30
        while (alive := [pid for pid in below if Path(f"/proc/{pid}").exists()]) and time.monotonic() < end:
            time.sleep(0.05)
        assert alive == []
        assert list(temporary.glob("posekit-*")) == []
    grade(course, out, "--jobs", "2", "--resume")
    assert everything(out) == undisturbed


def wait_for_units(out: Path, run: subprocess.Popen, count: int) -> None:
    """Until so many units are finished, or the run is over."""
    end = time.monotonic() + 300
    while run.poll() is None and len(list(out.glob("units/*.json"))) < count and time.monotonic() < end:
        time.sleep(0.01)


def group(pid: int) -> list[int]:
    """The other processes of a session: workers, bubblewrap and what it runs have the session or a parent in it."""
    parents, found = {}, []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
    todo = [pid]
    while todo:
        children = [child for child, parent in parents.items() if parent == todo[0]]
        todo = todo[1:] + children
        found += children
    return found


@pytest.mark.parametrize("victim", ["worker", "wall"])
def test_a_worker_or_a_wall_that_is_killed_costs_nobody_a_point(course, undisturbed, victim):
    out = course / f"without a {victim}"
    run = subprocess.Popen(
        command(course, out, "--jobs", "2"), cwd=course, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_for_units(out, run, 2)
    found = []
    for pid in group(run.pid):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if (b"bwrap" in words.split(b"\0")[0]) if victim == "wall" else (b"autograder" in words and b"grade" in words):
            found.append(pid)
    assert found
    os.kill(found[0], signal.SIGKILL)
    assert run.wait(timeout=600) == 0
    assert everything(out) == undisturbed


def test_identical_notebooks_share_the_grade_and_not_the_record(course, undisturbed):
    out = course / "undisturbed"
    one, two = (json.loads((out / "results" / name).read_text("utf-8")) for name in names_of(out, COPIES))
    assert (one["extra_data"].pop("student"), two["extra_data"].pop("student")) == COPIES
    assert one == two
    notebooks = {path.read_bytes() for path in (course / "submissions").glob("*.ipynb")}
    assert (
        len(list((out / "units").glob("*.json"))) == len(notebooks) == len(list((out / "results").glob("*.json"))) - 1
    )


def names_of(out: Path, students: tuple[str, ...]) -> list[str]:
    found = {
        json.loads(p.read_text("utf-8"))["extra_data"]["student"]: p.name for p in (out / "results").glob("*.json")
    }
    return [found[student] for student in students]


def test_a_unit_that_is_half_written_is_graded_again(course, undisturbed):
    out = course / "half"
    shutil.copytree(course / "undisturbed", out)
    for number, unit in enumerate(sorted((out / "units").glob("*.json"))[:3]):
        text = unit.read_text("utf-8")
        unit.write_text(["", text[: len(text) // 2], '{"score": 1000}'][number])
    (out / "units" / ".abc.tmp").write_text("half")
    grade(course, out, "--jobs", "1", "--resume")
    assert everything(out) == undisturbed


def test_another_seed_or_another_course_grades_anew(course, undisturbed):
    out = course / "other"
    shutil.copytree(course / "undisturbed", out)
    subprocess.run(
        [*command(course, out, "--jobs", "1", "--resume")[:-5], "--seed", "5", "--resume"], cwd=course, check=True, capture_output=True,
    )  # fmt: skip
    assert json.loads((out / "run.json").read_text())["seed"] == 5
    assert not set(p.name for p in (out / "units").glob("*.json")) <= set(undisturbed)
