"""An example class: the released notebook filled in by students who understand, misunderstand, give up and cheat.

Forty of them, in the names of mathematicians long dead. As in a real class a few misunderstandings are shared by several, many slips
are one student's alone, and some hand in late, nothing, or no notebook. The mistakes are the banks'; the lab's name seeds the draw.
A few answer the written questions, in the words of the marked samples.
"""

from __future__ import annotations

import ast
import random
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from autograder.authoring.build import Kind, build, entries, questions
from autograder.authoring.spans import names_defined, names_needed, read_spans
from autograder.course import CourseError, Lab
from autograder.files import write_atomically
from autograder.judge.bank import load_bank

DUE = "2025-10-06 23:59"
IN_TIME, LATE = (
    "2025-10-06 21:14:03",
    {"chatelet": "2025-10-07 08:12:40", "napier": "2025-10-07 00:41:09", "newton": "2025-10-09 17:30:00"},
)
RIGHT = ("archimedes", "euclid", "euler", "gauss", "hypatia", "lovelace")
WRONG = (
    "agnesi", "bernoulli", "bhaskara", "boole", "brahmagupta", "cauchy", "chatelet", "dirichlet", "fourier", "germain", "hamilton",
    "jacobi", "kovalevskaya", "lagrange", "laplace", "legendre", "leibniz", "madhava", "napier", "newton", "sylvester", "viete",
)  # fmt: skip
UNFINISHED = {"abel": 0.75, "galois": 0.5, "pascal": 0.25, "riemann": 0.5}  # and how much of the lab they did
SHARED = (9, 7, 6, 5, 4, 4, 3)  # students who have a misunderstanding in common
WRITERS = (
    "lovelace",
    "madhava",
    "hypatia",
    "kovalevskaya",
)  # they answer the written questions, by the samples in turn
SLIPS = 14  # mistakes that one student alone makes, at most

FAKE_SCORE = """\
# A submission that wants points without work: nothing here may move its score.
import numpy.testing
import sys
for name in dir(numpy.testing):
    if name.startswith("assert"):
        setattr(numpy.testing, name, lambda *args, **kwargs: None)
print("softplus — 3 of 3 points")
print('{"score": 50}')
check = lambda name: 100.0
"""

BANKS_OWN = ("@mistake(", "@alternative")  # other decorators belong to the answer
Answers = dict[str, str]  # the source of each exercise's cell


def write_class(lab: Lab, folder: Path) -> list[str]:
    """Write what the class handed in as nbgrader collects it, <student>/<lab>/ with a time stamp; the students' names, in order.

    Raises
    ------
    CourseError
        Where the lab has no banks to take mistakes from.
    """
    if not lab.banks.is_dir():
        raise CourseError(f"{lab.name} has no banks in tests/banks: the example class takes its mistakes from there")
    students = _students(lab)
    for name, files in sorted(students.items()):
        own = folder / name / lab.name
        own.mkdir(parents=True, exist_ok=True)
        for file, content in {**files, "timestamp.txt": LATE.get(name, IN_TIME)}.items():
            write_atomically(own / file, content)
    return sorted(students)


@dataclass
class _Book:
    """What can be written into a lab's exercises."""

    lab: Lab
    released: str = field(init=False)
    names: list[str] = field(init=False)
    solved: Answers = field(init=False)
    mistakes: dict[str, list[str]] = field(init=False)
    alternatives: dict[str, list[str]] = field(init=False)
    built_on: set[str] = field(init=False)  # exercises that an answer to another, or a given function, computes with

    def __post_init__(self) -> None:
        self.released = build(self.lab, Kind.STUDENT)
        self.names = [entry.name for entry in entries(self.lab)]
        self.solved = {name: span.full for name, span in read_spans(self.lab.reference).items() if span.has_solution}
        given = _cells_given(nbformat.reads(self.released, as_version=4))
        known = set().union(*map(names_defined, given)) | set(self.names)
        banks = {name: self.lab.banks / f"{name}.py" for name in self.names}
        self.mistakes = {name: _sources(path, name, known, mistakes=True) for name, path in banks.items()}
        self.alternatives = {name: _sources(path, name, known, mistakes=False) for name, path in banks.items()}
        answers = [self.solved[name] for name in self.names]
        answers += [source for sources in self.alternatives.values() for source in sources]
        self.built_on = set().union(*(names_needed(source) - names_defined(source) for source in (*given, *answers)))

    def notebook(self, answers: Answers, *edits: Edit) -> str:
        notebook = nbformat.reads(self.released, as_version=4)
        _fill(notebook, answers)
        for edit in edits:
            edit(notebook)
        return nbformat.writes(notebook) + "\n"


Edit = Callable[[nbformat.NotebookNode], None]


def _students(lab: Lab) -> dict[str, dict[str, str | bytes]]:
    """The files of each student."""
    book, rng = _Book(lab), random.Random(lab.name)
    first, solved = book.names[0], book.solved
    half = {name: solved[name] for name in book.names[: len(book.names) // 2]}
    last = next(name for name in reversed(book.names) if re.match(r"def .*:$", solved[name].split("\n")[0]))
    broken = solved | {first: solved[first].replace("):", ")", 1)}
    endless = solved | {last: solved[last].split("\n")[0] + "\n    while True:\n        pass"}
    whole = book.notebook(solved)
    special = {
        "fermat": book.notebook({}),  # it would not fit into the margin
        "descartes": book.notebook({}),
        "bolzano": whole[: len(whole) // 2],
        "cardano": book.notebook(broken),
        "zeno": book.notebook(endless),
        "seki": book.notebook(solved, _drop_checks),
        "mallory": book.notebook(half, _cheat),
    }
    said = _said(lab)
    written = {name: book.notebook(answers, _say(said.get(name, {}))) for name, answers in _answers(book, rng).items()}
    files: dict[str, dict[str, str | bytes]] = {n: {lab.notebook.name: text} for n, text in (special | written).items()}
    files["fibonacci"] = {f"{lab.stem}.pdf": b"%PDF-1.7\n"}
    return files


def _said(lab: Lab) -> dict[str, Answers]:
    """The written answers of those who give any, by student and question; hardly a sample is given by one alone."""
    said: dict[str, Answers] = {student: {} for student in WRITERS}
    for question in questions(lab).values():
        samples = question.samples
        for student, sample in zip(WRITERS, samples * 2):  # two students each at most
            said[student][question.id] = sample.text
    return said


def _answers(book: _Book, rng: random.Random) -> dict[str, Answers]:
    """The answers of those who hand in an honest notebook."""
    answers = {name: dict(book.solved) for name in (*RIGHT, *WRONG)}
    for name, part in UNFINISHED.items():
        done = book.names[: max(1, round(part * len(book.names)))]
        answers[name] = {exercise: book.solved[exercise] for exercise in done}
    for name in RIGHT[1:]:
        for exercise in rng.sample(book.names, len(book.names) // 3):
            plain = [source for source in book.alternatives[exercise] if "torch" not in source]
            own = rng.choice([book.solved[exercise], *plain])
            # A list is right in an exercise, and not where another one computes with it as with an array.
            if exercise not in book.built_on:
                answers[name][exercise] = own
    wrong: dict[str, set[str]] = {name: set() for name in (*WRONG, *UNFINISHED)}  # exercises, by student
    weakness = {name: rng.choice((1, 1, 2, 4)) for name in wrong}

    def drawn(students: Iterable[str], size: int) -> list[str]:
        """So many of them, the weak ones sooner."""
        return sorted(students, key=lambda name: rng.random() ** (1 / weakness[name]), reverse=True)[:size]

    def err(student: str, exercise: str, mistake: str) -> None:
        answers[student][exercise] = mistake
        wrong[student].add(exercise)

    open_to = [name for name in book.names if book.mistakes[name]]
    chosen = rng.sample(open_to, min(len(SHARED), len(open_to)))
    used = {exercise: rng.choice(book.mistakes[exercise]) for exercise in chosen}
    for (exercise, mistake), size in zip(used.items(), SHARED):
        for student in drawn((name for name in wrong if exercise in answers[name]), size):
            err(student, exercise, mistake)
    slips = [(name, source) for name in open_to for source in book.mistakes[name] if source != used.get(name)]
    rng.shuffle(slips)
    for exercise, mistake in slips[:SLIPS]:
        able = [name for name in wrong if exercise in answers[name] and exercise not in wrong[name]]
        if able:
            err(min(able, key=lambda name: (len(wrong[name]) > 0, rng.random())), exercise, mistake)
    return answers


def _cells_given(notebook: nbformat.NotebookNode) -> list[str]:
    """The code of a released notebook that is there in a graded run, stubs included."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [cell.source for cell in code if "explore" not in cell.metadata.get("tags", [])]


def _sources(path: Path, name: str, known: set[str], mistakes: bool) -> list[str]:
    """Sources of a bank's mistakes, or of its alternatives, under the exercise's own name.

    These are those that need `known` names and helpers of the bank alone.
    """
    if not path.exists():
        return []
    bank, spans, imports = load_bank(path), read_spans(path), _standard_imports(path)
    functions: Iterable = (known_mistake.function for known_mistake in bank.mistakes) if mistakes else bank.alternatives
    sources = []
    for own in (function.__name__ for function in functions):
        if own not in spans:
            continue
        lines = spans[own].full.splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith(("def ", "class ")))
        over = [line for line in lines[:start] if line.startswith("@") and not line.startswith(BANKS_OWN)]
        source = re.sub(rf"(?<!\.)\b{own}\b", name, "\n".join(over + lines[start:]))
        needed, helpers = names_needed(source) - known, set()
        while needed and needed <= spans.keys() | imports.keys():
            helpers |= needed
            needed = set().union(*(names_needed(spans[helper].full) for helper in needed & spans.keys()))
            needed -= known | helpers
        if not needed:
            front = [statement for helper, statement in imports.items() if helper in helpers]
            front += [span.full for helper, span in spans.items() if helper in helpers]
            sources.append("\n\n\n".join([*front, source]))
    return sources


def _standard_imports(path: Path) -> dict[str, str]:
    """What a bank imports of the standard library, by name: all that an answer may bring along."""
    found = {}
    for node in ast.parse(path.read_text("utf-8")).body:
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            source = node.module if isinstance(node, ast.ImportFrom) else alias.name
            if source in sys.stdlib_module_names:
                alone = ast.ImportFrom(source, [alias], 0) if isinstance(node, ast.ImportFrom) else ast.Import([alias])
                found[alias.asname or alias.name] = ast.unparse(alone)
    return found


def _fill(notebook: nbformat.NotebookNode, sources: dict[str, str]) -> None:
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in sources and cell.metadata.nbgrader.solution:
            cell.source = sources[name]


def _say(said: Answers) -> Edit:
    """Write answers to questions into a notebook, below each question."""

    def edit(notebook: nbformat.NotebookNode) -> None:
        for cell in notebook.cells:
            for tag in cell.metadata.get("tags", ()):
                cell.source = said.get(tag.removeprefix("answer-"), cell.source)

    return edit


def _drop_checks(notebook: nbformat.NotebookNode) -> None:
    notebook.cells = [cell for cell in notebook.cells if not cell.metadata.get("nbgrader", {}).get("grade")]


def _cheat(notebook: nbformat.NotebookNode) -> None:
    notebook.cells.insert(1, nbformat.v4.new_code_cell(FAKE_SCORE, id="cheat"))
