"""A class of strangers: every hostile or odd submission gets its exact score, and nobody else loses a point."""

from __future__ import annotations

import copy
import csv
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.authoring.build import Kind, build
from autograder.course import find_lab
from tests.attacks.corpus import ATTACKS, FULL, HOSTILE_IDS, SEED, code, dump
from tests.attacks.users import USERS, command_as, environment, give_to

DRIVER = Path(__file__).with_name("driver.py")
NEIGHBOURS = 12
SLOWEST = (
    40.0  # wall seconds that any submission may cost, with the short budgets of driver.py, on a machine that is busy
)


@dataclass(repr=False)
class Graded:
    """What one run over the whole corpus left behind."""

    out: Path
    results: dict[str, dict]
    seconds: dict[str, float]
    before: dict[str, str]
    after: dict[str, str]
    connections: int
    leftovers: list[str]
    said: str


def fingerprints(*folders: Path) -> dict[str, str]:
    """Every file below some folders with its mode and a hash of its bytes."""
    return {
        str(path): f"{path.lstat().st_mode:o} {hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ''}"
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if "posekit" not in path.parts
    }


def identity(index: int) -> str:
    return f"{index:03d} {ATTACKS[index].name.replace('/', '|')}"


@pytest.fixture(scope="module", params=USERS)
def graded(request, root, mini) -> Iterator[Graded]:
    user = request.param
    command_as(user, ["true"])
    home = Path(tempfile.mkdtemp(prefix="attacks-"))
    try:
        yield run(user, home, mini)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def run(user: str, home: Path, mini: Path) -> Graded:
    home.chmod(0o755)
    course, submissions, out, canary = home / "course", home / "submissions", home / "out", home / "canary"
    shutil.copytree(mini, course, symlinks=True)
    base = json.loads(build(find_lab(course, "lab9"), Kind.WALKTHROUGH))
    for folder in (submissions, out, canary):
        folder.mkdir()
    (canary / "precious").write_text("do not touch")
    (canary / "precious").chmod(0o666)
    canary.chmod(0o777)
    for index, attack in enumerate(ATTACKS):
        (submissions / f"{identity(index)}.ipynb").write_bytes(attack.make(copy.deepcopy(base)))
    for number in range(NEIGHBOURS):  # all over the class
        honest = copy.deepcopy(base)
        honest["cells"].append(code(f"# neighbour {number}"))
        (submissions / f"{number * len(ATTACKS) // NEIGHBOURS:03d} neighbour.ipynb").write_bytes(dump(honest))
    for name in HOSTILE_IDS:
        (submissions / f"{name}.ipynb").write_bytes(dump(base))
    (submissions / "link.ipynb").symlink_to(canary / "precious")
    (submissions / "folder.ipynb").mkdir()
    os.mkfifo(submissions / "fifo.ipynb")
    give_to(user, home)
    times = home / "times"
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    before = fingerprints(course, canary, submissions)
    command = [sys.executable, str(DRIVER), "grade", str(submissions), "--lab", "lab9", "--out", str(out)]
    done = subprocess.run(
        command_as(user, [*command, "--seed", str(SEED), "--jobs", "2"]),
        cwd=course, env=environment(home) | {"ATTACK_TIMES": str(times)}, capture_output=True, text=True, timeout=1200,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    connections = 0
    try:
        listener.accept()
        connections = 1
    except BlockingIOError:
        pass
    listener.close()
    results = {}
    for path in (out / "results").glob("*.json"):
        document = json.loads(path.read_text("utf-8"))
        results[document["extra_data"]["student"]] = document
    leftovers = [str(path) for path in (home / "tmp").iterdir()] + processes_of(str(home))
    seconds = dict(line.split() for line in times.read_text().splitlines())
    return Graded(
        out, results, {key: float(value) for key, value in seconds.items()}, before, fingerprints(course, canary, submissions),
        connections, leftovers, done.stdout + done.stderr,
    )  # fmt: skip


def processes_of(mark: str) -> list[str]:
    """Command lines that name our folder, and processes of the users that a wall runs as."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if mark in words:
                found.append(words)
    return found


@pytest.mark.parametrize("index", range(len(ATTACKS)), ids=[attack.name for attack in ATTACKS])
def test_scores(graded, index):
    attack = ATTACKS[index]
    result = graded.results[identity(index)]
    found = {name: exercise["score"] for name, exercise in result["extra_data"]["exercises"].items()}
    told = json.dumps(result, ensure_ascii=False)
    reasons = {
        n: [t["message"] for t in e["tests"]]
        for n, e in result["extra_data"]["exercises"].items()
        if e["error"] or e["hints"]
    }
    assert found == attack.scores, (reasons, result["extra_data"]["notes"])
    assert attack.says in told
    sha = result["extra_data"]["notebook_sha256"]
    if sha in graded.seconds:
        assert graded.seconds[sha] < SLOWEST


def test_neighbours_lose_nothing(graded):
    neighbours = [result for student, result in graded.results.items() if student.endswith(" neighbour")]
    assert len(neighbours) == NEIGHBOURS
    assert {result["score"] for result in neighbours} == {sum(FULL.values())}


@pytest.mark.parametrize("name", HOSTILE_IDS)
def test_hostile_names_get_their_grade(graded, name):
    assert graded.results[name]["score"] == sum(FULL.values())


def test_everybody_has_one_row_and_one_file(graded):
    expected = len(ATTACKS) + NEIGHBOURS + len(HOSTILE_IDS)
    students = set(graded.results)
    assert len(students - {"link", "folder", "fifo"}) == expected
    assert len(list((graded.out / "feedback").glob("*.html"))) == len(students)
    with open(graded.out / "grades.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 1 + len(students)
    assert not [cell for row in rows for cell in row if cell[:1] in "=+@" and cell]
    assert len({len(row) for row in rows}) == 1


def test_nothing_outside_was_touched(graded):
    assert graded.after == graded.before
    assert graded.connections == 0
    assert graded.leftovers == []
    assert not Path("/tmp/pwned").exists()


def test_pages_run_no_script_of_a_student(graded):
    for page in [*(graded.out / "feedback").glob("*.html"), graded.out / "class.html"]:
        text = page.read_text("utf-8")
        assert "<script>alert" not in text and "<img src=x" not in text, page.name


def test_reports_carry_the_wall(graded):
    graded_use = {result["extra_data"]["wall"]["graded_use"] for result in graded.results.values()}
    assert graded_use == {True}
    layers = {tuple(result["extra_data"]["wall"]["layers"]) for result in graded.results.values()} - {()}
    assert len(layers) == 1 and "seccomp" in next(iter(layers))


def test_times_are_bounded(graded, capsys):
    names = {graded.results[identity(i)]["extra_data"]["notebook_sha256"]: ATTACKS[i].name for i in range(len(ATTACKS))}
    slowest = sorted(((s, names[sha]) for sha, s in graded.seconds.items() if sha in names), reverse=True)
    with capsys.disabled():
        total = sum(graded.seconds.values())
        print(f"\n{len(graded.seconds)} submissions in {total:.0f} worker seconds; the slowest:")
        for seconds, name in slowest[:12]:
            print(f"  {seconds:6.2f} s  {name}")
    assert slowest[0][0] < SLOWEST
