"""Which lab a name means, and what students' programs make of a name: copies, numbers, dates behind it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

# What Jupyter, nbgitpuller and browsers put behind the name of a copy.
_COPY = re.compile(
    r"(?:-Copy(\d+)|__(\d{14})|[ _]?\((\d{1,2})\)| - Copy(?: \((\d+)\))?| copy(?: (\d+))?)$", re.IGNORECASE
)
# What Google Drive puts in front of it.
_COPY_OF = re.compile(r"^(?:copy of|kopie von|kopie van|copie de|copia de|copia di|cópia de|kopia) +", re.IGNORECASE)
_AROUND = r"[-_. ]+"


@dataclass(frozen=True)
class Title:
    """A lab as file names spell it.

    `lab` is "lab1", `topic` "likelihood" or "" where it is not known, `assignment` what the teacher's system calls it.
    """

    lab: str
    topic: str = ""
    assignment: str = ""

    @cached_property
    def _spelled(self) -> str:
        """A pattern of lab1, Lab 1, lab-01, lab1_likelihood …, and of the assignment's name."""
        letters = self.lab.rstrip("0123456789")
        number = self.lab[len(letters) :].lstrip("0")
        lab = rf"{re.escape(_folded(letters))}[-_. ]?0*{number}(?!\d)"
        topic = rf"{_AROUND}{re.escape(_folded(self.topic))}" if self.topic else r"_[a-z0-9]+"
        names = [rf"{lab}(?:{topic})?"]
        if self.assignment:
            names.insert(0, rf"{re.escape(_folded(self.assignment))}(?!\d)")
        return f"(?:{'|'.join(names)})"

    def rank(self, name: str) -> int:
        """2 for "lab1" or "lab1_topic", 1 for what begins or ends so ("lab1_topic (1)"), else 0; "lab10" is not lab1."""
        name = _COPY_OF.sub("", _folded(name))
        if re.fullmatch(self._spelled, name):
            return 2
        return int(bool(re.match(self._spelled, name) or re.search(rf"(?<![a-z0-9]){self._spelled}$", name)))

    def is_called(self, name: str) -> bool:
        """Whether a folder is this assignment's: by the teacher's name for it, where there is one."""
        if self.assignment:
            return _folded(name) == _folded(self.assignment)
        return self.rank(name) == 2

    def is_of_the_course(self, name: str) -> bool:
        """Whether a folder is this lab's or another's of its series: a course sorted by labs."""
        return self.is_called(name) or bool(re.fullmatch(r"(?:lab[-_. ]?\d+|capstone)(?:_[a-z]+)?", _folded(name)))

    @property
    def wanted(self) -> str:
        return self.assignment or self.lab

    def student_of_file(self, stem: str) -> tuple[str, int]:
        """The student in a plain file's name, and the number of the copy.

        `jdoe`, `jdoe-Copy1`, `jdoe_lab1`, `lab1-jdoe`, `Jane Doe - lab1_likelihood`. A name that says nothing but the lab is
        left whole: it may be anybody's.
        """
        if self.says_nobody(stem):
            return unicodedata.normalize("NFC", stem), 0
        name, copy = _original(stem)
        return self.student_of_folder(name), copy

    def student_of_folder(self, name: str) -> str:
        """The student in a folder's name: `lab1-jdoe` of a repository is jdoe."""
        name = unicodedata.normalize("NFC", name)
        folded = _folded(name)
        if len(folded) != len(name):  # a letter that becomes several: then places in one are not places in the other
            return name
        if (found := re.search(rf"{_AROUND}{self._spelled}$", folded)) and name[: found.start()].strip():
            return name[: found.start()]
        found = re.match(rf"{self._own}{_AROUND}(?=[^\W_])", folded)
        return name[found.end() :] if found else name

    def is_behind_a_name(self, stem: str) -> bool:
        """Whether a file's name is a student's with the lab's behind it: `jdoe_lab1`, `Jane Doe - lab1_likelihood`."""
        name = _folded(_original(stem)[0])
        return bool(re.search(rf"\w{_AROUND}{self._spelled}$", name)) and not re.match(self._spelled, name)

    @cached_property
    def _own(self) -> str:
        """The lab's name where a student's follows: without the topic where that is not known, since it may be the student."""
        return self._spelled if self.topic else self._spelled.replace(r"(?:_[a-z0-9]+)?", "")

    def says_nobody(self, stem: str) -> bool:
        """Whether a name is the lab's own, be it of a copy."""
        name, _ = _original(stem)
        return self.rank(name) == 2 or not name.strip() or name.casefold() in ("untitled", "notebook")


def _original(stem: str) -> tuple[str, int]:
    """The name that a copy was made of, and the copy's number."""
    name, copy = unicodedata.normalize("NFC", stem), 0
    while found := _COPY.search(name):
        copy = copy or int(next(filter(None, found.groups()), 1))
        name = name[: found.start()]
    return _COPY_OF.sub("", name), copy


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
