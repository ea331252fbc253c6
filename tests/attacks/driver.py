"""The command `autograder` with budgets that are short, so that endless things end soon, and a record of what each notebook cost.

Workers are spawned and import this file again: what is set here at module level holds in them as well. Shorter budgets change when
something is stopped, never whether.
"""

import hashlib
import os
import time
from dataclasses import replace

from autograder.grading import plan as planning
from autograder.grading import workers
from autograder.judge import checking
from autograder.outcome import Budget
from autograder.wall.limits import Limits

LIMITS = Limits(
    cell=1.5,
    cells=6.0,
    hurried=0.5,
    exercise=10.0,
    exercises=30.0,
    idle=1.5,
    cells_idle=6.0,
    exercise_idle=6.0,
    grace=0.5,
    frame=2.0,
    backstop=20.0,
    wall=90.0,
    started=150,
)

checking.DEFAULT_BUDGET = Budget(cpu=1.0)
_make_plan, _grade_unit = planning.make_plan, workers.grade_unit


def make_plan(*args, **kwargs):
    return replace(_make_plan(*args, **kwargs), limits=LIMITS)


def grade_unit(plan, payload, slot):
    begun = time.monotonic()
    document = _grade_unit(plan, payload, slot)
    with open(os.environ["ATTACK_TIMES"], "a") as times:
        times.write(f"{hashlib.sha256(payload).hexdigest()} {time.monotonic() - begun:.3f}\n")
    return document


planning.make_plan, workers.grade_unit = make_plan, grade_unit

if __name__ == "__main__":
    from autograder.cli import main

    main()
