"""The promise: for every exercise of every notebook, the grade is at least what `check` says in a fresh kernel."""

from __future__ import annotations

import os
from collections import defaultdict
from itertools import product
from pathlib import Path
from random import Random

import nbformat
import pytest

from autograder.wall.box import find_bubblewrap
from tests.attacks.users import USERS
from tests.promise.drafts import Draft, draft, worth
from tests.promise.grader import graded, scores
from tests.promise.kernel import checked
from tests.promise.peculiarities import PECULIARITIES

CASES = Path(__file__).with_name("cases")
MANY = pytest.param(300, marks=pytest.mark.slow)
GRADERS = [user for user in USERS if user != "root" or os.getuid() == 0]
pytestmark = pytest.mark.skipif(find_bubblewrap() is None, reason="needs bubblewrap")


# --- a few files -------------------------------------------------------------------------------------------------------------

FULL = {  # what must be full, by case; each was found wanting once
    "lab1/00_control": ("sigmoid", "softplus"),
    "lab1/01_given_cell_imports_warnings": ("sigmoid",),
    "lab1/02_import_added_to_given_cell": ("sigmoid",),
    "lab1/04_helper_name_reused_later": ("sigmoid", "softplus"),
    "lab1/05_function_name_reused_for_its_value": ("sigmoid",),
    "lab1/07_five_long_experiments": ("softplus",),
    "lab1/09_five_cells_that_sleep": ("sigmoid", "softplus"),
    "lab1/10_progress_bars": ("sigmoid", "softplus", "bernoulli_logpmf"),
    "lab1/11_long_demo_under_the_answer": ("softplus",),
    "lab1/13_colab_mount_then_imports": ("sigmoid",),
    "lab1/15_unused_library_is_missing": ("sigmoid",),
    "lab1/16_input_before_the_answer": ("softplus",),
    "lab1/20_writefile_then_import": ("softplus",),
    "lab4/00_control": ("train_epoch", "argmax_2d"),
    "lab4/01_tqdm_from_given_cell": ("train_epoch",),
    "lab4/02_copy_and_time_from_given_cell": ("train_epoch",),
}
SAYS = {  # what must be said of an answer that earns nothing
    "lab1/21_answer_cell_is_markdown": ("softplus", "text cell"),
    "lab1/22_attempt_commented_out": ("softplus", "commented out"),
    "lab1/23_renamed_function": ("softplus", "my_softplus"),
    "lab1/27_frompyfunc_object_array": ("softplus", "object"),
}


def case(name: str) -> str:
    return (CASES / f"{name}.ipynb").read_text("utf-8")


@pytest.fixture(scope="module")
def cases() -> dict[str, list[dict]]:
    """Each case's results, as each user's grader finds them."""
    found = defaultdict(list)
    for lab, user in product(("lab1", "lab4"), GRADERS):
        names = [name for name in (*FULL, *SAYS) if name.startswith(lab)]
        results = graded({name.partition("/")[2]: case(name) for name in names}, lab, user)
        for student, result in results.items():
            found[f"{lab}/{student}"].append(result)
    return found


@pytest.mark.parametrize("name", [*FULL, *SAYS])
def test_a_case_is_graded_as_it_was_checked(cases, name):
    said = checked(nbformat.reads(case(name), as_version=4))
    for result in cases[name]:
        found = scores(result)
        assert {exercise: found[exercise] for exercise, score in said.items() if found[exercise] < score} == {}, result[
            "notes"
        ]


@pytest.mark.parametrize("name", FULL)
def test_a_right_answer_has_full_marks_whatever_stands_around_it(cases, name):
    for result in cases[name]:
        for exercise in FULL[name]:
            found = result["exercises"][exercise]
            assert found["score"] == found["max_score"], (exercise, result["notes"])


@pytest.mark.parametrize("name", SAYS)
def test_a_missing_answer_says_where_it_was_seen(cases, name):
    exercise, words = SAYS[name]
    for result in cases[name]:
        found = result["exercises"][exercise]
        assert found["score"] == 0
        assert words in " ".join([found["error"] or "", *(test["message"] for test in found["tests"])])


@pytest.mark.parametrize("name", ["lab1/07_five_long_experiments", "lab1/15_unused_library_is_missing"])
def test_what_was_passed_over_is_remarked(cases, name):
    for result in cases[name]:
        assert any("ode cell 2" in note for note in result["notes"])


# --- many notebooks at random --------------------------------------------------------------------------------------------------


def drafts(count: int) -> dict[str, Draft]:
    """So many notebooks with one to three peculiarities each; every one comes up once before any comes up twice."""
    rng, made = Random(13), {}
    waiting: list[str] = []
    for number in range(count):
        made[f"n{number:03}"] = one = draft(rng)
        for _ in range(rng.choice((1, 1, 2, 3))):
            waiting = waiting or rng.sample(sorted(PECULIARITIES), len(PECULIARITIES))
            kind = PECULIARITIES[waiting.pop()]
            fit = [name for name in one.names if not kind.function or not name[0].isupper()]
            if fit:
                kind.do(one, rng.choice(fit))
                one.done.append(kind.name)
    return made


def grade_all(made: dict[str, Draft], user: str) -> dict[str, dict]:
    by_lab: dict[str, dict[str, str]] = defaultdict(dict)
    for student, one in made.items():
        by_lab[one.lab][student] = nbformat.writes(one.notebook())
    return {s: result for lab, texts in by_lab.items() for s, result in graded(texts, lab, user).items()}


@pytest.mark.parametrize("count", [16, MANY])
def test_no_right_notebook_loses_a_point(count):
    made = drafts(count)
    said = {student: checked(one.notebook()) for student, one in made.items()}
    assert sum(score > 0 for found in said.values() for score in found.values()) > count  # the kernels did run
    for user in GRADERS:
        results = grade_all(made, user)
        lost = []
        for student, one in made.items():
            found, full = scores(results[student]), worth(one.lab)
            due = said[student] | ({name: full[name] for name in one.chosen} if one.promised else {})
            for name, score in due.items():
                if found[name] < score:
                    lost.append((student, one.lab, name, found[name], score, one.done, results[student]["notes"][:3]))
        assert not lost, f"{user}: {len(lost)}, the first of them {lost[:5]}"


def test_there_are_many_peculiarities():
    assert len(PECULIARITIES) >= 60
