"""Pairs of students whose answers have the same shape where few others' have it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from autograder.alike.shape import Shape

# An answer says something if the student's own part of it has some length. We count on one free choice between two ways that are equally
# natural in every ten nodes of the syntax tree (an intermediate name or none, the order of a sum, a method or a function), half a line of
# code: so two who work apart agree on 120 nodes once in 2 ** 12, and of the 780 pairs in a class of 40 fewer than one does.
ENOUGH = 120  # nodes that a pair has in common, in one exercise or several
SHORT = 30  # nodes of the student's own below which an answer is the only natural one
RARE = 10  # an answer is rare which no more than one in so many gave, or two


@dataclass(frozen=True)
class Agreement:
    """One exercise in which two students have the same shape: of `answered` students `common` have it."""

    exercise: str
    common: int
    answered: int
    own: int
    sources: tuple[str, str]

    @property
    def to_the_letter(self) -> bool:
        return self.sources[0] == self.sources[1]


@dataclass(frozen=True)
class Pair:
    students: tuple[str, str]
    agreements: tuple[Agreement, ...]

    @property
    def nodes(self) -> int:
        return sum(agreement.own for agreement in self.agreements)


def pairs(
    students: Mapping[str, Mapping[str, Shape]], expected: Iterable[Shape], given: Mapping[str, int]
) -> list[Pair]:
    """The pairs worth a question, those who have most in common first.

    Parameters
    ----------
    students : student -> exercise -> shape
    expected : shapes that anybody may come to: the reference, other known solutions, what was handed out
    given : exercise -> nodes of what was handed out
    """
    known = {shape.digest for shape in expected}
    found: dict[tuple[str, str], list[Agreement]] = defaultdict(list)
    for exercise, handed_out in given.items():
        groups: dict[str, list[str]] = defaultdict(list)
        for student in sorted(students):
            if (shape := students[student].get(exercise)) is not None:
                groups[shape.digest].append(student)
        answered = sum(map(len, groups.values()))
        for digest, group in groups.items():
            own = students[group[0]][exercise].size - handed_out
            if digest in known or own < SHORT or not 2 <= len(group) <= max(2, answered // RARE):
                continue
            for one, two in combinations(group, 2):
                sources = students[one][exercise].source, students[two][exercise].source
                found[one, two].append(Agreement(exercise, len(group), answered, own, sources))
    made = [Pair(both, tuple(agreements)) for both, agreements in found.items()]
    return sorted((pair for pair in made if pair.nodes >= ENOUGH), key=lambda pair: (-pair.nodes, pair.students))
