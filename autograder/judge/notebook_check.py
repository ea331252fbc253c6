"""`check("softplus")` in a notebook: the same checks as in grading, on the public seed, in the student's own process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.course import checks_of, exercise_names
from autograder.judge.binding import LocalTransport
from autograder.judge.checking import read_checks
from autograder.judge.run import run_exercise, unrunnable, used_directly
from autograder.outcome import Failure, Kind, Outcome
from autograder.wall.inside.cells import used


def check(name: str) -> float:
    """Run the checks of one exercise on the function of that name in the calling notebook.

    Prints what each check found, to standard output alone.

    Returns
    -------
    float
        The points earned. (nbgrader reads the last expression of a check cell as partial credit, if it is a plain float.)
    """
    from autograder.reports.text import text

    path = checks_of(name)
    if path is None:
        print(f"There is no exercise called {name!r}: check the spelling.")
        return 0.0
    checks = read_checks(path)
    namespace = sys._getframe(1).f_globals
    if name in namespace:
        try:
            with silent_stderr():
                result, _ = run_exercise(name, checks, LocalTransport(name, namespace[name]))
                if result.score < result.max_score:
                    result = replace(result, rests_on=_rests_on(name, path.parent, namespace))
        except KeyboardInterrupt:  # anew, without the way here
            raise KeyboardInterrupt(f"the check of {name} was stopped") from None
    else:
        result = unrunnable(name, checks, Outcome.NOT_DEFINED, Failure(Kind.MISSING, call=name, name=name))
    print(text(result))
    return float(result.score)


def _rests_on(name: str, lab: Path, namespace: dict[str, Any]) -> tuple[str, ...]:
    """The other exercises of a lab that an answer uses, itself or by way of its helpers, and that are not right."""
    found = []
    for other in sorted(used_directly(name, used(name, namespace), set(exercise_names(lab)))):
        if other in namespace:
            checks = read_checks(lab / f"test_{other}.py")
            result, _ = run_exercise(other, checks, LocalTransport(other, namespace[other]))
            if result.score < result.max_score:
                found.append(other)
    return tuple(found)


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Keep the student's function from writing to standard error, however it holds it: nbgrader takes that for a failure."""
    stream = sys.stderr
    with open(os.devnull, "w") as nowhere:
        saved = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        sys.stderr = nowhere
        patched = _silence(stream)
        try:
            yield
        finally:
            if patched:
                del stream.write
            sys.stderr = stream
            os.dup2(saved, 2)
            os.close(saved)


def _silence(stream: Any) -> bool:
    """Replace `write` on a notebook's stream object, which a student may have kept a name for."""
    try:
        stream.write = len
    except (AttributeError, TypeError):  # a C stream's method cannot be replaced; descriptor 2 is closed to it already
        return False
    return True
