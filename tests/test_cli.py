"""The command line: what stdout, a path or a student's id holds ends no run and reaches no terminal as it is."""

import json
import os
import shlex
import subprocess
import sys
from importlib import metadata

import pytest

from autograder.authoring.build import Kind, build
from autograder.course import find_lab

COMMAND = f"{shlex.quote(sys.executable)} -m autograder"


def shell(script, *words, cwd, **environment):
    return subprocess.run(
        ["bash", "-c", script, "bash", *words], cwd=cwd, capture_output=True, env=os.environ | environment, timeout=120
    )


def grade(mini, folder, redirect="", out="out", **environment):
    """Grade a class, out of a shell: by default of one student, who handed in no notebook, which is quick."""
    if not folder.exists():
        (folder / "ann" / "lab9").mkdir(parents=True)
    script = f'set -o pipefail; {COMMAND} grade "$1" --lab lab9 --out "$2" --jobs 1 {redirect}'
    return shell(script, folder, os.fsencode(folder.parent) + b"/" + os.fsencode(out), cwd=mini, **environment)


def hand_in(mini, folder):
    folder.mkdir()
    (folder / "ann.ipynb").write_text(build(find_lab(mini, "lab9"), Kind.WALKTHROUGH))
    return folder


@pytest.mark.parametrize(
    ("redirect", "said"),
    [
        ("| true", b""),
        ("2>&1 | true", b""),
        ("> /dev/full", b"autograder: output is lost: No space left on device\n"),
        ("> /dev/full 2>&1", b""),
        (">&-", b""),
        ("<&- >&- 2>&-", b""),
    ],
)
def test_a_class_is_graded_whatever_becomes_of_the_output(mini, tmp_path, redirect, said):
    done = grade(mini, hand_in(mini, tmp_path / "class"), redirect)
    assert (done.returncode, done.stderr) == (0, said)
    (path,) = (tmp_path / "out" / "results").iterdir()
    assert json.loads(path.read_text())["score"] == 7 and (tmp_path / "out" / "grades.csv").exists()


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
)
def test_an_encoding_without_the_signs_is_enough(mini, tmp_path, environment):
    done = grade(mini, tmp_path / "class", **environment)
    assert done.returncode == 0 and b"ann" in done.stdout and b"grades.csv" in done.stdout and not done.stderr


@pytest.mark.parametrize("out", ["x[/b]", ":smile:", b"caf\xe9", "a\x1b[31m\nb"])
def test_a_path_is_printed_as_it_is_or_made_harmless(mini, tmp_path, out):
    done = grade(mini, tmp_path / "class", out=out)
    assert done.returncode == 0 and not done.stderr and b"\x1b" not in done.stdout
    assert b"Wrote " in done.stdout
    if out in ("x[/b]", ":smile:"):
        assert out.encode() in done.stdout.replace(b"\n", b"")


def test_a_path_in_an_error_is_one_clean_line(mini, tmp_path):
    done = shell(f'{COMMAND} grade "$1" --lab lab9', tmp_path / "no\x1b[31m\nwhere\udce9", cwd=mini)
    assert done.returncode == 1 and done.stderr.count(b"\n") == 1 and b"\x1b" not in done.stderr
    assert done.stderr.startswith(b"autograder: ")


def test_ids_are_cleaned_where_an_export_names_them(mini, tmp_path):
    assert grade(mini, tmp_path / "class").returncode == 0
    (path,) = (tmp_path / "out" / "results").iterdir()
    document = json.loads(path.read_text())
    document["extra_data"]["student"] = "a\x1b[31m\nb[/b]\udce9"
    path.write_text(json.dumps(document))
    gradebook = tmp_path / "gradebook.csv"
    gradebook.write_text("Student,ID,SIS User ID,SIS Login ID,Section,Lab 9 (1)\nSomebody,5,,,,\n")
    script = f'{COMMAND} export canvas "$1" "$2" --out "$3"'
    done = shell(script, tmp_path / "out", gradebook, os.fsencode(tmp_path) + b"/caf\xe9", cwd=mini)
    assert done.returncode == 0 and not done.stderr
    assert "no row for: a\ufffd[31m b[/b]\ufffd\n" in done.stdout.decode()
    assert b"\x1b" not in done.stdout and os.path.exists(os.fsencode(tmp_path) + b"/caf\xe9")


def test_who_handed_in_something_else_has_a_row(mini, tmp_path):
    (hand_in(mini, tmp_path / "class") / "bob.pdf").write_bytes(b"")
    done = grade(mini, tmp_path / "class")
    assert (done.returncode, done.stderr) == (0, b"")
    assert "bob" in done.stdout.decode() and "no notebook handed in, but bob.pdf" in done.stdout.decode()


def test_the_version_is_the_installed_ones(tmp_path):
    done = shell(f"{COMMAND} --version", cwd=tmp_path)
    assert done.stdout.decode() == f"posekit {metadata.version('posekit')}\n" and done.returncode == 0
