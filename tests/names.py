"""Names that are right: whether what the diagnosis calls a wrong answer is what the answer does.

    python -m tests.names [lab1 ...] [--first 300] [--others 300]

Mistakes are drawn from the banks in an order of chance. Each is diagnosed with its own entry, and again without, as the answer of
somebody whose mistake nobody has thought of: then another's name is wrong, unless the two do the same on inputs of fifty other seeds,
as the checks ask them and varied. Others are mutants of the references, drawn likewise. Exit status 1 where a name is wrong.
"""

from __future__ import annotations

import argparse
import importlib
import random
import resource
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring.spans import read_spans
from autograder.course import Lab, find_lab
from autograder.judge.bank import load_bank
from autograder.judge.binding import Exercise, LocalTransport, Module
from autograder.judge.checking import PUBLIC_SEED, Check, ExtraNeeded, load_checks
from autograder.judge.diagnose import Names, diagnose, names_of
from autograder.judge.draws import Case, Variation, draw_cases
from autograder.judge.run import run_exercise
from autograder.outcome import WallError
from tests.mutants import MEMORY, mutants

ROOT = Path(__file__).parent.parent
ORDER = 13
OTHER_SEEDS = range(1000, 1050)
CLOSE = 1e-6  # of the largest number: other formulas for the same cancel differently
DIAGNOSED = ("lab0", "lab1", "lab2", "lab3", "lab4", "lab5")


@dataclass(frozen=True)
class Answer:
    """A wrong answer; `name` is its own entry's in the bank, "" where it has none."""

    lab: Lab
    exercise: str
    function: Any
    what: str
    name: str = ""

    @property
    def names(self) -> Names:
        return names_of(self.lab.banks / f"{self.exercise}.py")

    def reference(self) -> Any:
        return getattr(importlib.import_module(f"solutions.{self.lab.topic}"), self.exercise)


def exercises(chosen: Iterable[Lab]) -> Iterator[tuple[Lab, str]]:
    """Those that can be checked here: Labs 4 and 5 need torch."""
    for lab in chosen:
        try:
            yield from ((lab, name) for name in load_checks(lab.checks))
        except ExtraNeeded:
            continue


def mistakes(chosen: Iterable[Lab]) -> list[Answer]:
    """All mistakes of the banks, in an order of chance that is always the same."""
    found = [
        Answer(lab, name, mistake.function, mistake.description, mistake.description)
        for lab, name in exercises(chosen)
        for mistake in load_bank(lab.banks / f"{name}.py").mistakes
    ]
    return random.Random(ORDER).sample(found, len(found))


def others(chosen: Iterable[Lab]) -> Iterator[Answer]:
    """Mutants of the references, in an order of chance that is always the same."""
    found = []
    for lab, name in exercises(chosen):
        found += [(lab, mutant) for mutant in mutants(read_spans(lab.reference)[name])]
    for lab, mutant in random.Random(ORDER).sample(found, len(found)):
        namespace = dict(vars(importlib.import_module(f"solutions.{lab.topic}")))
        try:
            exec(compile(mutant.source, f"<{mutant.change}>", "exec"), namespace)
        except Exception:  # a default or decorator that no longer works
            continue
        yield Answer(lab, mutant.exercise, namespace[mutant.exercise], mutant.change)


def named(answer: Answer, names: Names) -> str | None:
    """The name that an answer gets; "" where there is nothing to name: it is accepted, or draws samples."""
    checks = load_checks(answer.lab.checks)[answer.exercise]
    transport = LocalTransport(answer.exercise, answer.function)
    result, recording = run_exercise(answer.exercise, checks, transport)
    samples = any(call.samples for cases in recording.values() for case in cases for call in case.calls)
    if result.score == result.max_score or samples:
        return ""
    return diagnose(result, recording, names, checks, transport, PUBLIC_SEED)


def is_wrong(answer: Answer, name: str) -> str:
    """Where an answer does something else than all mistakes of that name; "" where it does the same as one of them."""
    apart = [_apart(answer, known.function) for known in answer.names.mistakes if known.description == name]
    return "" if "" in apart else apart[0]


def _apart(answer: Answer, known: Any) -> str:
    """Where an answer and a known mistake do not do the same."""
    for seed in OTHER_SEEDS:
        for check in load_checks(answer.lab.checks)[answer.exercise]:
            for case in [] if check.budget.declared else _varied(answer, check, seed):
                try:
                    functions = (answer.function, known, answer.reference())
                    one, other, right = (case.ask(LocalTransport(answer.exercise, f)) for f in functions)
                except WallError:
                    return f"{check.name!r}, seed {seed}, {case.variation}: one of them does not end"
                if not _did_the_same(one, other, right):
                    return f"{check.name!r}, seed {seed}, {case.variation}"
    return ""


def _varied(answer: Answer, check: Check, seed: int) -> Iterator[Case]:
    """What a check asks the reference, and with other numbers; of a check that draws none, once as it is."""
    right = LocalTransport(answer.exercise, answer.reference())
    for case in draw_cases(check, right, seed) or []:
        if check.uses_rng or seed == OTHER_SEEDS[0]:
            yield case
        yield case.varied(Variation.NEAR, right)


def _did_the_same(one: Exercise, other: Exercise, right: Exercise) -> bool:
    """How often an answer asks a function of the check counts only where its value is right: there it may be the mistake."""
    if len(one.calls) != len(other.calls):
        return False
    for a, b, due in zip(one.calls, other.calls, right.calls):
        as_often = len(a.talk) == len(b.talk) or not _close(a.value, due.value)
        if not as_often or (a.error, sorted(a.changed)) != (b.error, sorted(b.changed)) or not _close(a.value, b.value):
            return False
    return True


def _close(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(_close(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return isinstance(b, (list, tuple)) and len(a) == len(b) and all(map(_close, a, b))
    if isinstance(a, Module) or a is None or isinstance(a, str):
        return isinstance(b, Module) if isinstance(a, Module) else type(a) is type(b) and a == b
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype.kind not in "biufc" or b.dtype.kind not in "biufc":
        return False
    finite = abs(b[np.isfinite(b)]).max(initial=0.0)
    return np.allclose(a, b, rtol=0.0, atol=CLOSE * finite + np.finfo(float).tiny, equal_nan=True)


def withheld(answers: Iterable[Answer], counts: Counter[str]) -> Iterator[str]:
    """Diagnose mistakes with their own entries and without; a line for each wrong name."""
    for answer in answers:
        own = named(answer, answer.names)
        counts["mistakes"] += own != ""
        counts["by their own"] += own == answer.name
        if own and own != answer.name:
            if where := is_wrong(answer, own):
                yield f"{answer.lab.name} {answer.exercise}: {answer.what!r} is called {own!r}: {where}"
            else:
                counts["by a name before it"] += 1
        if other := named(answer, answer.names.without(answer.name)):
            if where := is_wrong(answer, other):
                yield f"{answer.lab.name} {answer.exercise}: {answer.what!r}, withheld, is called {other!r}: {where}"
            else:
                counts["withheld, by one that does the same"] += 1


def foreign(answers: Iterable[Answer], first: int, counts: Counter[str]) -> Iterator[str]:
    """Diagnose so many wrong answers that no bank holds; a line for each wrong name."""
    for answer in answers:
        if counts["others"] == first:
            return
        name = named(answer, answer.names)
        counts["others"] += name != ""
        if name:
            counts["others named"] += 1
            if where := is_wrong(answer, name):
                yield f"{answer.lab.name} {answer.exercise}: the mutant {answer.what!r} is called {name!r}: {where}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labs", nargs="*", default=DIAGNOSED)
    parser.add_argument("--first", type=int, default=300, help="mistakes of the banks")
    parser.add_argument("--others", type=int, default=300, help="mutants that the checks notice")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    chosen = [find_lab(ROOT, name) for name in arguments.labs]
    counts: Counter[str] = Counter()
    wrong = 0
    drawn = mistakes(chosen)
    for line in withheld(drawn[: arguments.first], counts):
        wrong += 1
        print("  wrong: " + line, flush=True)
    print(
        f"{arguments.first} of {len(drawn)} mistakes drawn, {counts['mistakes']} can be named: {counts['by their own']} are by their own "
        f"entry, {counts['by a name before it']} by one that does the same; without it {counts['withheld, by one that does the same']} "
        f"by one that does the same, {wrong} wrongly",
        flush=True,
    )
    wrong_others = 0
    for line in foreign(others(chosen), arguments.others, counts):
        wrong_others += 1
        print("  wrong: " + line, flush=True)
    print(f"{counts['others']} mutants of the references: {counts['others named']} named, {wrong_others} wrongly")
    return 1 if wrong + wrong_others else 0


if __name__ == "__main__":
    sys.exit(main())
