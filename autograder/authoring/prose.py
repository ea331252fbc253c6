"""What a source notebook's prose says of its exercises in numbers, held against their checks."""

from __future__ import annotations

import re
from dataclasses import dataclass

MARK = re.compile(r"^\*\*Exercise (\d+)[^*\n]*\*\* · (\d+) points? · [●○]{3} · (\d+) minutes\.([^\n]*)", re.MULTILINE)
HOURS = re.compile(
    r"^\*\*Hours\*\* About (\d+(?:\.5)?) for the exercises[^;\n]*; (\d+) points from checks(?:, (\d+) written)?",
    re.MULTILINE,
)
ROUNDED = 0.75  # hours: "about 4" may stand for what lies between a quarter past three and a quarter to five


@dataclass(frozen=True)
class Mark:
    """The line that introduces an exercise: `**Exercise 4** · 3 points · ●●○ · 15 minutes. Write …`."""

    number: int
    points: int
    minutes: int
    rest: str


def read_marks(prose: str) -> list[Mark]:
    return [Mark(int(n), int(points), int(minutes), rest) for n, points, minutes, rest in MARK.findall(prose)]


def fault_of_exercise(name: str, prose: str, points: int, before: Mark | None) -> str:
    """What is wrong with the prose between the exercise before and this one, or ""."""
    marks = read_marks(prose)
    if len(marks) != 1:
        return f"{len(marks)} lines introduce {name}: write one, `**Exercise 4** · 3 points · ●●○ · 15 minutes. Write …`, before it"
    mark = marks[0]
    if mark.points != points:
        return f"the prose of {name} says {mark.points} points, its checks are worth {points}"
    if not re.search(rf"`{re.escape(name)}\b", mark.rest):
        return f"the line of exercise {mark.number} does not name `{name}`"
    last = before.number if before else 0
    if mark.number not in (last + 1, last or 1):
        return f"{name} is exercise {mark.number}, but follows exercise {last}"
    return ""


def fault_of_hours(prose: str, minutes: int, points: int, written: int) -> str:
    """What is wrong with the lab's line of hours and points, or "". Optional exercises are in neither."""
    found = HOURS.search(prose)
    if found is None:
        return "no line says `**Hours** About 4 for the exercises …; 38 points from checks, 12 written`"
    hours, from_checks, by_hand = float(found[1]), int(found[2]), int(found[3] or 0)
    if (from_checks, by_hand) != (points, written):
        return f"the line of hours says {from_checks} points from checks and {by_hand} written; there are {points} and {written}"
    if abs(hours - minutes / 60) > ROUNDED:
        return f"the line of hours says {hours:g} for the exercises, whose minutes add up to {minutes / 60:.1f}"
    return ""
