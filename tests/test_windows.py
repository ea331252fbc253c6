"""On plain Windows a student can start a lab and check answers; a teacher is told in one line where to grade.

Windows is simulated: what only Unix has is taken out of the standard library, once the libraries that look at the platform
when they are imported have done so.
"""

import subprocess
import sys

import pytest

WINDOWS = """
import multiprocessing.context, os, signal, socket, subprocess, sys
import IPython, jinja2, jupytext, nbformat, numpy, pytest, rich.console, rich.progress, scipy.special, typer, yaml

for name in ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"):
    sys.modules[name] = None
gone = {
    os: "O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK chroot fork forkpty getegid geteuid getgid getuid killpg memfd_create "
    "mkfifo posix_spawn register_at_fork sched_getaffinity setgid setsid setuid statvfs uname wait4",
    signal: "ITIMER_REAL SIGALRM SIGCHLD SIGHUP SIGKILL SIGXCPU alarm setitimer",
    socket: "AF_UNIX",
}
for module, names in gone.items():
    for name in names.split():
        vars(module).pop(name, None)
"""
CHECK = """
import numpy as np
from autograder import check

def softplus(a):
    return np.log1p(np.exp(a))

print(check("softplus"))
"""
RUN = """
import runpy
sys.argv = {words!r}
runpy.run_module({words[0]!r}, run_name="__main__")
"""


def on_windows(program, cwd):
    return subprocess.run([sys.executable, "-c", WINDOWS + program], cwd=cwd, capture_output=True, text=True)


def test_check_works(tmp_path):
    done = on_windows(CHECK, tmp_path)
    assert done.returncode == 0 and done.stdout.startswith("softplus — 2 of 3 points") and not done.stderr


def test_a_lab_is_started(root, tmp_path):
    assert on_windows(RUN.format(words=["posekit.cli", "start", "lab1", "here"]), tmp_path).returncode == 0
    copy = tmp_path / "here" / "lab1_likelihood.ipynb"
    assert copy.read_bytes() == (root / "labs" / copy.name).read_bytes()


@pytest.mark.parametrize("words", [["grade", "submissions", "--lab", "lab1"], ["doctor"]])
def test_who_grades_is_sent_to_wsl_in_one_line(root, words):
    done = on_windows(RUN.format(words=["autograder", *words]), root)
    assert done.returncode == 1
    assert (
        done.stderr
        == "autograder: grading needs Linux or macOS; on Windows, do it in WSL (`wsl --install`, then as on Linux)\n"
    )


def test_an_example_class_is_written(root, tmp_path):
    assert on_windows(RUN.format(words=["autograder", "example", str(tmp_path / "class")]), root).returncode == 0
