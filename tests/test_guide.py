"""The teacher's guide: every command of it is run, page by page, on a small class."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.alike.shape import names_defined
from autograder.authoring.build import Kind, build
from autograder.course import exercise_names, find_lab, labs
from autograder.grading.notebook import parse
from tests.attacks.corpus import defining
from tests.conftest import ROOT

GUIDE = ROOT / "site" / "teach"
PAGES = sorted(GUIDE.glob("*.md"))
COURSE = (
    "autograder",
    "labs",
    "solutions",
    "posekit",
    "data",
    "tests",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "constraints.txt",
)
ANSWERS = {
    "ada": "Take $e^m$ out. With m = 0 it overflows for large a.", "boris": "Take  $e^m$ out.\nWith m = 0 it overflows for large a.",
    "dora": "Because it is stable.",
}  # fmt: skip
CANVAS = [
    ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Lab 1: Likelihood (501)"],
    ["Ada, A", "1001", "", "ada", "A", ""], ["Ada, A", "1001", "", "ada", "B", ""], ["Boris, B", "1002", "", "boris", "A", "EX"],
    ["Dora, D", "1003", "", "dora", "B", ""], ["Student, Test", "1999", "", "", "A", ""],
]  # fmt: skip
MOODLE = [
    ["Identifier", "Full name", "Email address", "Grade"],
    ["Participant 7", "Ada", "ada@x.edu", ""],
    ["Participant 8", "Dora", "dora@x.edu", ""],
]


def blocks(page):
    return re.findall(r"^```sh\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def write_table(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A checkout with a class of four, graded once: two right, one of them with the answer of the other, a wrong one, a broken file."""
    folder = tmp_path_factory.mktemp("guide") / "course"
    (folder / "submissions").mkdir(parents=True)
    for name in COURSE:
        (folder / name).symlink_to(ROOT / name)
    base = build(find_lab(ROOT, "lab1"), Kind.WALKTHROUGH)
    for student, said in ANSWERS.items():
        notebook = json.loads(base)
        for cell in notebook["cells"]:
            if "answer-4b" in cell["metadata"].get("tags", []):
                cell["source"] = said
        if student == "dora":
            notebook["cells"][defining(notebook, "softplus")]["source"] = (
                "def softplus(a):\n    return np.log(1 + np.exp(a))"
            )
        (folder / "submissions" / f"{student}.ipynb").write_text(json.dumps(notebook), "utf-8")
    (folder / "submissions" / "emil.ipynb").write_bytes(b"{")
    write_table(folder / "canvas_gradebook.csv", CANVAS)
    write_table(folder / "moodle_worksheet.csv", MOODLE)
    run(folder, "autograder grade submissions --lab lab1 --out graded && autograder mark graded")
    return folder


def run(folder, block):
    scripts = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": os.pathsep.join([scripts, os.environ["PATH"]]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )  # fmt: skip
    assert done.returncode == 0, f"{block}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture
def own(desk, tmp_path):
    return shutil.copytree(desk, tmp_path / "course", symlinks=True)


# Pages that grade or build, a few seconds each.
LONG = {"adapt", "collect", "disputes", "grade", "private-checks", "release"}


@pytest.mark.parametrize(
    "page", [pytest.param(p, id=p.stem, marks=[pytest.mark.slow] if p.stem in LONG else []) for p in PAGES]
)
def test_every_command_of_a_page_runs(page, own):
    for block in blocks(page):
        run(own, block)
    AFTER.get(page.stem, lambda folder: None)(own)


def after_marking(folder):
    points = {row["student"]: row["written 4b"] for row in table(folder / "graded" / "grades.csv")}
    assert points.keys() >= {"ada", "boris", "dora"} and "1" in points.values()
    assert points["ada"] == points["boris"]


def after_export(folder):
    total = {row["student"]: row["total"] for row in table(folder / "graded" / "grades.csv")}
    assert [row["Lab 1: Likelihood (501)"] for row in table(folder / "canvas.csv")] == [
        total["ada"],
        total["ada"],
        "EX",
        total["dora"],
        "",
    ]
    assert [row["Grade"] for row in table(folder / "moodle.csv")] == [total["ada"], total["dora"]]


def after_disputes(folder):
    assert {row["student"]: row["written 4b"] for row in table(folder / "graded" / "grades.csv")}["dora"] == "2"


def after_private_checks(folder):
    score = {row["student"]: int(row["score"]) for row in table(folder / "graded_private" / "grades.csv")}
    before = {row["student"]: int(row["score"]) for row in table(folder / "graded" / "grades.csv")}
    assert score["ada"] == before["ada"] + 1 and score["emil"] == 0


AFTER = {
    "mark": after_marking, "export": after_export, "disputes": after_disputes, "private-checks": after_private_checks,
}  # fmt: skip


def table(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_guide_names_every_command_that_there_is():
    from autograder import cli

    text = "".join(page.read_text("utf-8") for page in PAGES)
    commands = {command.name or command.callback.__name__ for command in cli.app.registered_commands} - {"example"}
    exports = {command.name or command.callback.__name__ for command in cli.export.registered_commands}
    assert not [name for name in commands if f"autograder {name}" not in text]
    assert not [name for name in exports if f"autograder export {name}" not in text]


def test_no_page_is_left_out_and_no_link_leads_nowhere():
    listed = set(
        re.search(r"```\{toctree\}.*?\n((?:[\w-]+\n)+)```", (GUIDE / "index.md").read_text(), re.DOTALL)[1].split()
    )
    assert listed == {page.stem for page in PAGES} - {"index"}
    for page in PAGES:
        for target in re.findall(r"\]\(([\w/-]+\.md)\)", page.read_text("utf-8")):
            assert (GUIDE / target).exists(), (page.name, target)
        assert "@" not in re.sub(r"`[^`]*`|```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL), page.name


def test_the_table_of_what_gives_answers_away_is_true():
    found = {}
    for lab in labs(ROOT):
        own = set(exercise_names(lab.checks))
        defined = names_defined([cell.source for cell in parse(lab.notebook.read_bytes()) if cell.code]) - own
        before = labs(ROOT)[: labs(ROOT).index(lab)]
        if earlier := [other.name[3:] for other in before if defined & set(exercise_names(other.checks))]:
            found[lab.name.removeprefix("lab")] = ", ".join(earlier)
    said = dict(
        re.findall(r"^\| (\d|capstone) \| ([\d, ]+) \|$", (GUIDE / "release.md").read_text("utf-8"), re.MULTILINE)
    )
    assert said == found


def test_the_guide_says_where_the_address_for_colab_is_set():
    from autograder.authoring import colab

    said = (GUIDE / "release.md").read_text("utf-8")
    assert Path(colab.__file__).relative_to(ROOT).as_posix() in said
    (name,) = (name for name, value in vars(colab).items() if value is colab.COURSE)
    assert (
        f"`{name}`" in said
        and "(../start/install.md#colab)" in said
        and "(colab)=" in (ROOT / "site/start/install.md").read_text("utf-8")
    )
