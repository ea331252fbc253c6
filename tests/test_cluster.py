"""Grading on a dask cluster: as on one machine, whatever threads its workers have and whatever becomes of them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import dask
import pytest

from autograder.authoring.build import Kind, build
from autograder.course import find_lab
from autograder.grading.child import Child, ChildEnded
from autograder.grading.plan import make_plan
from autograder.outcome import StartError
from tests.test_resume import everything, group, leave_torch_out

BODY = "return 2.0 * np.asarray(x, dtype=float)"
WRONG = "return np.asarray(x, dtype=float) ** 2"


@pytest.fixture(scope="module")
def course(mini, tmp_path_factory) -> Path:
    """A course without torch, and six notebooks: every other one squares instead of doubling."""
    course = tmp_path_factory.mktemp("cluster") / "course"
    shutil.copytree(mini, course, symlinks=True)
    leave_torch_out(course)
    lab = find_lab(course, "lab9")
    lab.notebook.write_text(build(lab), "utf-8")
    hand_in(course / "class", build(lab, Kind.WALKTHROUGH), 6)
    return course


def hand_in(folder, solved, count):
    folder.mkdir()
    for number in range(count):
        notebook = json.loads(solved.replace(BODY, WRONG) if number % 2 else solved)
        notebook["metadata"]["number"] = number
        (folder / f"student {number:02d}.ipynb").write_text(json.dumps(notebook), "utf-8")


@contextmanager
def cluster(workers=1, threads=4, allowed_failures=3):
    from distributed import LocalCluster

    with dask.config.set({"distributed.scheduler.allowed-failures": allowed_failures}):
        with LocalCluster(
            n_workers=workers, threads_per_worker=threads, processes=True, host="127.0.0.1", dashboard_address=":0",
            worker_dashboard_address=None,
        ) as made:  # fmt: skip
            yield made


def command(course, out, *words, lab="lab9"):
    start = [sys.executable, "-m", "autograder", "grade", "class", "--lab", lab, "--out", str(out), "--seed", "4"]
    return [*start, *map(str, words)]


def grade(course, out, *words, lab="lab9"):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command(course, out, *words, lab=lab), cwd=course, env=environment, capture_output=True, text=True, timeout=900
    )


@pytest.fixture(scope="module")
def here(course):
    """The files of a run on this machine."""
    done = grade(course, "here", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    return everything(course / "here")


def processes_below(made):
    """What the workers of a cluster have started, once it has had the time to end."""
    end = time.monotonic() + 30
    while (found := [pid for nanny in made.workers.values() for pid in group(nanny.pid)]) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def test_threads_of_a_worker_share_nothing_and_leave_nothing(course, here):
    with cluster(threads=4) as made:
        for run in ("first", "second"):
            done = grade(course, run, "--scheduler", made.scheduler_address)
            assert done.returncode == 0 and not done.stderr, done.stderr
            assert everything(course / run) == here
            assert processes_below(made) == []


@pytest.mark.slow
def test_eight_threads_grade_forty_notebooks_five_times_as_one_machine_does(root, tmp_path):
    hand_in(tmp_path / "class", build(find_lab(root, "lab1"), Kind.WALKTHROUGH), 40)
    assert grade_lab1(root, tmp_path, "here").returncode == 0
    expected = everything(tmp_path / "here")
    with cluster(threads=8) as made:
        for run in range(5):
            done = grade_lab1(root, tmp_path, f"run {run}", "--scheduler", made.scheduler_address)
            assert done.returncode == 0, done.stderr
            assert everything(tmp_path / f"run {run}") == expected
            assert processes_below(made) == []


def grade_lab1(root, folder, out, *words):
    words = [
        str(folder / "class") if word == "class" else word for word in command(root, folder / out, *words, lab="lab1")
    ]
    return subprocess.run(words, cwd=root, capture_output=True, text=True, timeout=3000)


def test_a_worker_that_is_killed_costs_nobody_a_point(course, here):
    with cluster(workers=2, threads=1) as made:
        run = subprocess.Popen(command(course, "killed", "--scheduler", made.scheduler_address), cwd=course)
        end = time.monotonic() + 120
        while not list((course / "killed").glob("units/*.json")) and time.monotonic() < end:
            time.sleep(0.02)
        os.kill(next(iter(made.workers.values())).pid, signal.SIGKILL)
        assert run.wait(timeout=600) == 0
    assert everything(course / "killed") == here


@contextmanager
def started(folder, *kinds):
    """Real `dask scheduler` and `dask worker` processes, each a session of its own, as on machines of their own."""
    made = []
    try:
        for kind, *words in kinds:
            command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard", "--host", "127.0.0.1"]
            command += ["--scheduler-file", str(folder / "scheduler.json"), *words]
            made.append(
                subprocess.Popen(command, cwd=folder, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            )  # fmt: skip
        end = time.monotonic() + 120
        while not (folder / "scheduler.json").exists() and time.monotonic() < end:
            time.sleep(0.05)
        yield json.loads((folder / "scheduler.json").read_text())["address"], made
    finally:
        for process in made:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_a_machine_of_a_real_cluster_that_is_lost_costs_nobody_a_point(course, here, tmp_path):
    workers = [("worker", "--nthreads", "3"), ("worker", "--nthreads", "2")]
    with started(tmp_path, ("scheduler", "--port", "0"), *workers) as (address, processes):
        from distributed import Client

        with Client(address, timeout="60s") as client:
            client.wait_for_workers(2, timeout=120)
        run = subprocess.Popen(command(course, "lost", "--scheduler", address), cwd=course)
        end = time.monotonic() + 120
        while not list((course / "lost").glob("units/*.json")) and time.monotonic() < end:
            time.sleep(0.02)
        os.killpg(processes[1].pid, signal.SIGKILL)  # its nanny as well, which would start it again
        assert run.wait(timeout=600) == 0
    assert everything(course / "lost") == here


@pytest.mark.parametrize(
    ("victim", "said"), [("getpid", "it ended the grader"), ("getppid", "it took several workers")]
)
def test_a_notebook_that_kills_its_grader_or_its_worker_has_no_grade(course, victim, said):
    """A private check that kills stands for whatever may do so, where an answer is wrong."""
    private = course / f"private {victim}"
    private.mkdir()
    (private / "test_more.py").write_text(
        "import os\n\nfrom autograder import hint, points\n\n\n@points(1)\n@hint('Twice.')\n"
        f"def test_more(double):\n    assert double(3.0) == 6.0 or os.kill(os.{victim}(), 9)\n",
        "utf-8",
    )
    out = f"poison {victim}"
    with cluster(workers=2, threads=1, allowed_failures=0) as made:
        done = grade(course, out, "--scheduler", made.scheduler_address, "--private", private)
        assert processes_below(made) == []
    assert done.returncode == 1 and said in done.stderr.strip().splitlines()[-1], done.stderr
    results = [json.loads(path.read_text("utf-8")) for path in sorted((course / out / "results").iterdir())]
    assert [result["score"] for result in results] == [6, None] * 3


def test_a_scheduler_that_goes_is_one_line(course):
    with cluster(threads=1) as made:
        run = subprocess.Popen(
            command(course, "alone", "--scheduler", made.scheduler_address), cwd=course, stderr=subprocess.PIPE, text=True
        )  # fmt: skip
        end = time.monotonic() + 120
        while not list((course / "alone").glob("units/*.json")) and time.monotonic() < end:
            time.sleep(0.02)
    _, said = run.communicate(timeout=120)
    assert run.returncode == 1 and "is gone" in said.strip().splitlines()[-1], said


def test_a_grader_ends_with_whoever_started_it(course):
    plan = make_plan(find_lab(course, "lab9"), seed=4)
    child = Child(plan, plan.version())
    assert json.loads(child.grade((course / "class" / "student 00.ipynb").read_bytes()))["score"] == 5
    below = [child._process.pid, *group(child._process.pid)]
    assert len(below) > 1  # the wall is one of them
    child._requests.close()  # as when the other end is killed
    child._process.wait(timeout=30)
    end = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in below) and time.monotonic() < end:
        time.sleep(0.05)
    assert not [pid for pid in below if Path(f"/proc/{pid}").exists()]
    with pytest.raises(ChildEnded):
        child.grade(b"{}")
    child.kill()


def test_a_worker_with_another_course_grades_nothing(course):
    child = Child(make_plan(find_lab(course, "lab9"), seed=4), "another version")
    with pytest.raises(StartError, match="has another course, or other versions of"):
        child.grade(b"{}")
    child.close()
