"""`check("softplus")` in a notebook: the same checks as in grading, on the public seed, in the student's own process.

What was found is kept with the notebook's own names, for `check_all()`, which asks again only where a function, or one that it uses,
is another than it was.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.course import CHECKS, Entry, checks_of, exercise_names, released_entries
from autograder.judge.binding import LocalTransport
from autograder.judge.checking import read_checks
from autograder.judge.run import run_exercise, unrunnable, used_directly
from autograder.outcome import Failure, Kind, Outcome
from autograder.result import ExerciseResult
from autograder.wall.inside.cells import used

if TYPE_CHECKING:
    from autograder.reports.shown import Shown

KEPT = "_autograder_checked"  # the name under which a notebook keeps what was found in it
LAB = "_autograder_lab"


@dataclass(frozen=True)
class Checked:
    """What a check found, and everything in the notebook that it hung on, by name."""

    result: ExerciseResult
    hung_on: dict[str, Any]

    def holds(self, namespace: dict[str, Any]) -> bool:
        return all(namespace.get(name) is value for name, value in self.hung_on.items())


def check(name: str) -> float:
    """Run the checks of one exercise on the function of that name in the calling notebook.

    What each check found is shown in colour where the notebook shows what a cell ends with, and else printed, to standard output alone.

    Returns
    -------
    float
        The points earned. (nbgrader reads the last expression of a check cell as partial credit, where its text is a float's.)
    """
    from autograder.reports.shown import Points

    path = checks_of(name)
    if path is None:
        print(f"There is no exercise called {name!r}: check the spelling.")
        return 0.0
    namespace = sys._getframe(1).f_globals
    result = _checked(name, path, namespace)
    return _shown(Points(result), "check", name)


def check_all(lab: str = "") -> float:
    """The state of a lab in the calling notebook: points so far, and what to do in each exercise. What has not changed is not run again.

    Parameters
    ----------
    lab : str
        "lab1", say; where it is not given, the lab of the last `check`, else the one of which most exercises are defined.

    Returns
    -------
    float
        The points so far.
    """
    from autograder.reports.shown import Progress

    namespace = sys._getframe(1).f_globals
    chosen = lab or namespace.get(LAB) or _most_defined(namespace)
    folder = CHECKS / chosen
    if not chosen:
        print("No exercise is defined here yet: run the notebook's cells.")
        return 0.0
    if not exercise_names(folder):
        print(f"There is no lab called {chosen!r}.")
        return 0.0
    title, entries = released_entries(chosen)
    entries = entries or [Entry(name, False) for name in exercise_names(folder)]
    results = []
    for entry in entries:
        path = folder / f"test_{entry.name}.py"
        result = _kept(entry.name, namespace) or _checked(entry.name, path, namespace)
        results.append(replace(result, optional=entry.optional, label=entry.label, section=entry.section))
    return _shown(Progress(title or chosen, results), "check_all")


def _kept(name: str, namespace: dict[str, Any]) -> ExerciseResult | None:
    """What was found when an exercise was checked, where nothing has changed since."""
    known = namespace.get(KEPT, {}).get(name)
    return known.result if known is not None and known.holds(namespace) else None


def _checked(name: str, path: Path, namespace: dict[str, Any]) -> ExerciseResult:
    """What the checks of one exercise find, kept in the notebook."""
    checks = read_checks(path)
    hung_on = {name: namespace.get(name)}
    if name in namespace:
        try:
            with silent_stderr():
                result, _ = run_exercise(name, checks, LocalTransport(name, namespace[name]))
                uses = used(name, namespace)
                hung_on |= {other: namespace.get(other) for other in {*uses}.union(*uses.values())}
                if result.score < result.max_score:
                    result = replace(result, rests_on=_rests_on(name, path.parent, namespace))
        except KeyboardInterrupt:  # anew, without the way here
            raise KeyboardInterrupt(f"the check of {name} was stopped") from None
    else:
        result = unrunnable(name, checks, Outcome.NOT_DEFINED, Failure(Kind.MISSING, call=name, name=name))
    namespace.setdefault(KEPT, {})[name] = Checked(result, hung_on)
    namespace[LAB] = path.parent.name
    return result


def _shown(points: Shown, function: str, *words: str) -> float:
    """Points that the notebook is going to show; elsewhere their report is printed, and they are plain: nothing is told twice."""
    if _cell_ends_with(function, *words):
        return points
    print(points.report())
    return float(points)


def _cell_ends_with(function: str, *words: str) -> bool:
    """Whether this is a notebook, and what the running cell ends with, and so shows, is this call."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "kernel") or shell.ast_node_interactivity == "none":
        return False
    try:
        source = shell.user_ns["In"][-1]
        last = ast.parse(source).body[-1]
    except (KeyError, IndexError, TypeError, SyntaxError, ValueError):
        return False
    if not isinstance(last, ast.Expr) or not isinstance(last.value, ast.Call) or source.rstrip().endswith(";"):
        return False
    call = last.value
    given = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    return isinstance(call.func, ast.Name) and call.func.id == function and given[: len(words)] == list(words)


def _most_defined(namespace: dict[str, Any]) -> str:
    """The lab of which most exercises are defined; "" where none is."""
    counts = {
        folder.name: sum(name in namespace for name in exercise_names(folder)) for folder in sorted(CHECKS.glob("lab*"))
    }
    best = max(counts, key=lambda lab: counts[lab], default="")
    return best if best and counts[best] else ""


def _rests_on(name: str, lab: Path, namespace: dict[str, Any]) -> tuple[str, ...]:
    """The other exercises of a lab that an answer uses, itself or by way of its helpers, and that are not right."""
    found = []
    for other in sorted(used_directly(name, used(name, namespace), set(exercise_names(lab)))):
        if other in namespace:
            result = _kept(other, namespace)
            if result is None:
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
