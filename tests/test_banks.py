"""The checks are themselves checked: each mistake fails with its own hint, each alternative and the reference passes, on every seed."""

import importlib
import inspect
import re
from functools import partial
from itertools import groupby
from pathlib import Path

import pytest

from autograder.course import labs
from autograder.judge.bank import load_bank
from autograder.judge.binding import LocalTransport
from autograder.judge.checking import ExtraNeeded, load_checks
from autograder.judge.run import run_exercise
from autograder.outcome import Kind

ROOT = Path(__file__).parent.parent


def exercises(lab):
    """The exercises of a lab that can be checked here: where torch is missing, other labs' banks can still be tested."""
    try:
        return [(lab, name) for name in load_checks(lab.checks)]
    except ExtraNeeded:
        return []


EXERCISES = [exercise for lab in labs(ROOT) if lab.banks.is_dir() for exercise in exercises(lab)]
BANKS = {(lab.name, name): load_bank(lab.banks / f"{name}.py") for lab, name in EXERCISES}
EACH = 2  # seeds that no entry of a bank is spared


def bound(lab, name, function, seed, checks=None):
    checks = load_checks(lab.checks)[name] if checks is None else checks
    result, _ = run_exercise(name, checks, LocalTransport(name, function), seed=seed)
    return result


def results(lab, name, function, seeds):
    """The result on the first seed, and on the others of those checks that draw from it: the rest cannot differ."""
    drawing = [check for check in load_checks(lab.checks)[name] if check.uses_rng]
    yield seeds[0], bound(lab, name, function, seeds[0])
    for seed in seeds[1:] if drawing else ():
        yield seed, bound(lab, name, function, seed, drawing)


@pytest.fixture
def seeds_of(request, seeds):
    """The seeds that an entry of a bank is run over: all, or, with `--deal`, the first few and its share of the others."""
    return partial(dealt, seeds) if request.config.getoption("--deal") else lambda lab, name, function: seeds


def dealt(seeds, lab, name, function):
    """What an unlucky draw of a check does shows in some entry of the bank; every entry on every seed would take a day."""
    bank = BANKS[lab.name, name]
    entries = [mistake.function for mistake in bank.mistakes] + list(bank.alternatives)
    return [*seeds[:EACH], *seeds[EACH:][entries.index(function) :: len(entries)]]


def said(result):
    return "\n".join(f"{test.message}\n{test.hint}" for test in result.tests if not test.passed)


def ids(value):
    return getattr(value, "name", None) or (value if isinstance(value, str) else None)


@pytest.mark.parametrize(("lab", "name"), EXERCISES, ids=ids)
def test_bank_is_large_enough(lab, name):
    bank = BANKS[lab.name, name]
    names = [name for name, _ in groupby(mistake.description for mistake in bank.mistakes)]
    assert len(names) >= 5 and len(bank.alternatives) >= 2
    assert len(set(names)) == len(names), "one mistake with several numbers in it stands in one place"


@pytest.mark.parametrize(("lab", "name"), EXERCISES, ids=ids)
def test_hints_blame_the_size_of_numbers_under_a_condition(lab, name):
    """A wrong formula fails the checks with large, tiny and nearly equal numbers, too, and nothing overflows in it."""
    _, *later = load_checks(lab.checks)[name]
    for check in later:
        for cause in re.finditer(
            r"\b(over|under)flows?\b|\b(loses?|cancel) (its |their )?digits|\bswallows\b", check.hint
        ):
            sentence = re.split(r"[.;] ", check.hint[: cause.start()])[-1]
            assert re.search(r"\b(If|where)\b", sentence), f"{check.name}: as if it knew that {cause[0]!r} is why"


@pytest.mark.parametrize(("lab", "name"), EXERCISES, ids=ids)
def test_reference_passes(lab, name, seeds):
    function = getattr(importlib.import_module(f"solutions.{lab.module}"), name)
    for seed, result in results(lab, name, function, seeds):
        assert result.score == result.max_score, f"seed {seed}: {said(result)}"


@pytest.mark.parametrize(
    ("lab", "name", "mistake"),
    [(lab, name, mistake) for lab, name in EXERCISES for mistake in BANKS[lab.name, name].mistakes],
    ids=lambda value: value.function.__name__ if hasattr(value, "function") else ids(value),
)
def test_mistake_fails_with_its_own_hint(lab, name, mistake, seeds_of):
    verdicts = {}
    for seed, result in results(lab, name, mistake.function, seeds_of(lab, name, mistake.function)):
        if not verdicts:
            assert result.score < result.max_score, "not caught"
            assert mistake.hint in said(result), f"caught, but told something else:\n{said(result)}"
            verdicts = {test.name: test.passed for test in result.tests}
            stumbled = [test.message for test in result.tests if test.failure and test.failure.kind is Kind.UNUSABLE]
            assert not stumbled, f"a check does not foresee this mistake: {stumbled[0]}"
        changed = [test.name for test in result.tests if test.passed != verdicts[test.name]]
        assert not changed, f"{changed[0]!r} has another verdict on seed {seed} than on the first"


@pytest.mark.parametrize(
    ("lab", "name", "function"),
    [(lab, name, function) for lab, name in EXERCISES for function in BANKS[lab.name, name].alternatives],
    ids=lambda value: value.__name__ if callable(value) else ids(value),
)
def test_alternative_passes(lab, name, function, seeds_of):
    if "import torch" in inspect.getsource(function):
        pytest.importorskip("torch")
    for seed, result in results(lab, name, function, seeds_of(lab, name, function)):
        assert result.score == result.max_score, f"seed {seed}: {said(result)}"
