"""The notebooks run top to bottom, as an instructor (source), a reader (walkthrough) and a student who gave up halfway run them."""

import ast
import symtable
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

from autograder.authoring.build import Kind, build, entries
from autograder.course import extras, labs

ROOT = Path(__file__).parent.parent
LABS = labs(ROOT)
ALL = [*LABS, *extras(ROOT)]


def run(notebook, allow_errors=False):
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        allow_errors=allow_errors,
        resources={"metadata": {"path": str(ROOT)}},
    )
    client.execute()
    return notebook


def outputs(notebook, kind):
    return [
        (cell, out)
        for cell in notebook.cells
        if cell.cell_type == "code"
        for out in cell.outputs
        if out.output_type == kind
    ]


def first_half(names):
    return names[: (len(names) + 1) // 2]


def every_second(names):
    return names[::2]


def every_other_second(names):
    return names[1::2]


@pytest.mark.parametrize("lab", ALL, ids=lambda lab: lab.name)
def test_walkthrough_runs_and_every_check_passes(lab):
    notebook = run(nbformat.reads(build(lab, Kind.WALKTHROUGH), as_version=4))
    worth = {
        c.metadata.nbgrader.grade_id: c.metadata.nbgrader.points
        for c in notebook.cells
        if c.metadata.get("nbgrader", {}).get("grade")
    }
    for cell, result in outputs(notebook, "execute_result"):
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in worth:
            assert float(result.data["text/plain"]) == worth.pop(name)
    assert not worth
    assert not [out for cell, out in outputs(notebook, "stream") if out.name == "stderr"], (
        "a walkthrough is shown to readers: no warnings"
    )


@pytest.mark.parametrize("lab", ALL, ids=lambda lab: lab.name)
def test_every_picture_has_alt_text(lab):
    """Figures go through posekit.draw, which asks for alt text; a bare matplotlib picture would have none."""
    source = jupytext.read(lab.source, fmt="md:myst")
    for cell in source.cells:
        if cell.cell_type == "code":
            assert "plt.show" not in cell.source and "%matplotlib" not in cell.source
        for line in cell.source.splitlines() if cell.cell_type == "markdown" else ():
            assert "![](" not in line


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
def test_source_runs_as_it_stands(lab):
    run(jupytext.read(lab.source, fmt="md:myst"))


@pytest.mark.slow
@pytest.mark.parametrize("written", [first_half, every_second, every_other_second])
@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
def test_a_student_who_leaves_gaps_is_told_what_is_missing(lab, written):
    """Nothing after a gap shows a traceback but the student's own cells that are still stubs of classes."""
    student = nbformat.reads(build(lab, Kind.STUDENT), as_version=4)
    solved = {
        c.metadata.nbgrader.grade_id: c.source
        for c in nbformat.reads(build(lab, Kind.WALKTHROUGH), as_version=4).cells
        if "nbgrader" in c.metadata
    }
    done = written([entry.name for entry in entries(lab)])
    for cell in student.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in done:
            cell.source = solved[name]
    notebook = run(student, allow_errors=True)
    failed = [
        (cell.source[:80], out.ename)
        for cell, out in outputs(notebook, "error")
        if not cell.source.startswith("class ")
    ]
    assert not failed


def listed(statement):
    """The names that `draw.needs` lists, or None where a statement does not stand under it."""
    if isinstance(statement, ast.With) and ast.unparse(statement.items[0].context_expr).startswith("draw.needs("):
        return {argument.value for argument in statement.items[0].context_expr.args}
    return None


def scopes(table):
    yield table
    for inner in table.get_children():
        yield from scopes(inner)


def names_of(statement):
    """The names of the notebook that a statement binds, and those that it uses, in its functions also."""
    module = symtable.symtable(ast.unparse(statement), "cell", "exec")
    made = {symbol.get_name() for symbol in module.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    used = {symbol.get_name() for symbol in module.get_symbols() if symbol.is_referenced()}
    inner = [symbol for scope in scopes(module) if scope is not module for symbol in scope.get_symbols()]
    return made, used | {symbol.get_name() for symbol in inner if symbol.is_global()}


@pytest.mark.parametrize("lab", ALL, ids=lambda lab: lab.name)
def test_a_picture_lists_what_earlier_pictures_made(lab):
    """What is made under `draw.needs` may be missing, in a notebook with any gaps: who uses it lists it, or what was made with it."""
    perhaps, surely = {}, set()  # name -> all that the same block makes
    for cell in jupytext.read(lab.source, fmt="md:myst").cells:
        for statement in ast.parse(cell.source).body if cell.cell_type == "code" else ():
            made, used = names_of(statement)
            if not isinstance(statement, ast.FunctionDef):  # what that uses matters where it is called
                for name in (used & set(perhaps)) - surely - made:
                    assert perhaps[name] & (listed(statement) or set()), (
                        f"{name} may be missing in:\n{ast.unparse(statement)}"
                    )
            if listed(statement) is None:
                surely |= made
            else:
                perhaps |= dict.fromkeys(made, made)
