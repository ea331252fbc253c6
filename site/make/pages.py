"""Two pages for each lab: as it is released, with its figures, and with hints, solutions and others' mistakes folded."""

from __future__ import annotations

import ast
import re

import nbformat
from figures import outside
from mistakes import others
from nbformat import NotebookNode
from tree import Tree

from autograder.authoring import colab
from autograder.authoring.build import COLAB, Kind, build, questions
from autograder.course import ANSWER_PROMPT, Lab

HINTS = re.compile(r"\A(?:\s*<details>.*?</details>)+", re.DOTALL)
TITLE = re.compile(r"\A# (?P<title>.+)$", re.MULTILINE)


def write_pages(lab: Lab, walkthrough: NotebookNode, tree: Tree, graded: bool = True) -> str:
    """Both pages and the notebook for download, of a walkthrough with outputs, which this changes; the lab's title.

    What is not graded has no page of solutions.
    """
    released = nbformat.reads(build(lab, Kind.STUDENT), as_version=4)
    for cell in [*walkthrough.cells, *released.cells]:
        if cell.cell_type == "code" and draws(cell.source):
            cell.metadata["tags"] = [*{*cell.metadata.get("tags", []), "hide-input"}]
    tree.put(f"_static/notebooks/{lab.notebook.name}", build(lab, Kind.STUDENT))
    for cell in walkthrough.cells:
        if cell.cell_type == "code":
            # Of what a cell ends with, the report of a check is shown, and a bare value is not.
            said = [out for out in cell.outputs if out.output_type != "execute_result" or "text/html" in out.data]
            cell.outputs = [_shown(output, tree) for output in said]
    title = next(TITLE.match(cell.source)["title"] for cell in released.cells if cell.source.startswith("# "))
    tree.put(f"labs/{lab.name}.ipynb", _text(_released(lab, released, walkthrough, graded)))
    if graded:
        tree.put(f"solutions/{lab.name}.ipynb", _text(_solved(lab, walkthrough, title)))
    return title


def _shown(output: NotebookNode, tree: Tree) -> NotebookNode:
    if "text/html" in output.get("data", {}):
        output.data = {"text/html": outside(output.data["text/html"], tree, "../")}
    return output


def draws(source: str) -> bool:
    """Whether most of a cell is calls of `posekit.draw`: a reader of the page wants the picture."""
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a magic
        return False
    calls = [node for node in ast.walk(ast.Module(body, [])) if isinstance(node, ast.Call)]
    drawn = {
        line
        for call in calls
        if re.match(r"draw\.(?!needs|finished)", ast.unparse(call.func))
        for line in range(call.lineno, (call.end_lineno or call.lineno) + 1)
    }
    return 2 * len(drawn) > len([line for line in source.splitlines() if line.strip()])


def _own(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if COLAB not in cell.metadata.get("tags", [])]


def _graded(cell: NotebookNode, flag: str) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get(flag))


def _released(lab: Lab, released: NotebookNode, walkthrough: NotebookNode, graded: bool) -> NotebookNode:
    shown = {cell.id: cell.get("outputs", []) for cell in walkthrough.cells}
    released.cells = _own(released)
    for cell in released.cells:
        # A check's verdict on the reference would say nothing about the stub above it.
        if cell.cell_type == "code" and not _graded(cell, "grade"):
            cell.outputs = shown[cell.id]
    doors = f'<a href="../_static/notebooks/{lab.notebook.name}" download>Download the notebook</a> {_on_colab(lab)}'
    said = ""
    if graded:
        doors += f' <a href="../solutions/{lab.name}.html">Solutions</a>'
        said = "\n\nThe figures are what the reference draws; yours come from your own functions."
    _below_title(released, f'<p class="doors">{doors}</p>{said}')
    return released


def _solved(lab: Lab, notebook: NotebookNode, title: str) -> NotebookNode:
    cells: list[NotebookNode] = []
    waiting: list[NotebookNode] = []  # what is shown behind the hints
    asked = questions(lab)
    for cell in _own(notebook):
        if _graded(cell, "solution"):
            waiting = [_folded(cell, "Show the solution"), *waiting]
            continue
        if _graded(cell, "grade"):
            name = cell.metadata.nbgrader.grade_id.removesuffix("-check")
            cell.metadata["tags"] = ["remove-input"]
            waiting += [cell, _prose(others(lab.banks / f"{name}.py"))]
            continue
        if waiting and cell.cell_type == "markdown":
            hints = HINTS.match(cell.source)
            cells += [_prose(hints[0])] if hints else []
            cell.source = cell.source[hints.end() :] if hints else cell.source
        cells += waiting
        waiting = []
        if cell.source == ANSWER_PROMPT:
            key = asked[
                next(tag for tag in cell.metadata.tags if tag.startswith("answer-")).removeprefix("answer-")
            ].key
            cell.source = f"<details class='others'><summary>Model answer and rubric</summary>\n\n{key}\n\n</details>"
        cells.append(cell)
    notebook.cells = cells + waiting
    for cell in notebook.cells:
        cell.source = TITLE.sub(lambda match: f"# Solutions of {title}", cell.source, count=1)
    _below_title(
        notebook,
        f'<p class="doors"><a href="../labs/{lab.name}.html">The lab without solutions</a></p>\n\n'
        "Try first. Below each exercise come its hints, then the solution, then the mistakes that the checks know by name, each folded.",
    )
    return notebook


def _below_title(notebook: NotebookNode, text: str) -> None:
    first = next(cell for cell in notebook.cells if cell.source.startswith("# "))
    title, _, rest = first.source.partition("\n")
    first.source = f"{title}\n\n{text}\n{rest}"


def _on_colab(lab: Lab) -> str:
    if colab.published():
        return f'<a href="{colab.notebook_url(lab.stem)}">Open in Colab</a>'
    return '<a href="../start/install.html#colab">On Colab</a>'


def _folded(cell: NotebookNode, prompt: str) -> NotebookNode:
    cell.metadata["tags"] = ["hide-input"]
    cell.metadata["mystnb"] = {"code_prompt_show": prompt, "code_prompt_hide": prompt.replace("Show", "Hide")}
    return cell


def _prose(text: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(text)


def _text(notebook: NotebookNode) -> str:
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    return nbformat.writes(notebook)
