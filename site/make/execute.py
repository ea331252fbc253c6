"""Walkthroughs with their outputs, executed once: a change of prose costs no figure."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from autograder.authoring.build import Kind, build
from autograder.course import Lab
from autograder.files import write_atomically

SHOWN_BY = ("numpy", "matplotlib", "torch")  # what figures are made with


def executed(lab: Lab, cache: Path) -> nbformat.NotebookNode:
    """The walkthrough of a lab with its outputs.

    They are kept in the folder `cache` under a digest of what they depend on: the code of all cells, what the labs and their
    checks import of the course, and versions.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        Where a cell fails.
    """
    notebook = nbformat.reads(build(lab, Kind.WALKTHROUGH), as_version=4)
    kept = cache / f"{lab.name}-{_digest(lab, notebook)}.ipynb"
    if not kept.exists():
        print(f"Running {lab.stem} …", flush=True)
        NotebookClient(
            notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(lab.root)}}
        ).execute()
        cache.mkdir(parents=True, exist_ok=True)
        write_atomically(kept, nbformat.writes(notebook))
        for old in cache.glob(f"{lab.name}-*.ipynb"):
            if old != kept:
                old.unlink()
        return notebook
    done = {cell.id: cell for cell in nbformat.read(kept, as_version=4).cells}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = done[cell.id].outputs
    return notebook


def _digest(lab: Lab, notebook: nbformat.NotebookNode) -> str:
    digest = hashlib.sha256()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            digest.update(f"{cell.id}\n{cell.source}\n".encode())
    reports = (lab.root / "autograder" / "reports").rglob("*.*")  # outputs hold what checks say, in their own style
    for path in sorted([*(lab.root / "posekit").rglob("*.py"), *lab.checks.glob("*.py"), *reports]):
        if path.suffix != ".pyc":
            digest.update(path.read_bytes())
    digest.update((lab.root / "data" / "arrays" / "SHA256SUMS").read_bytes())
    for name in SHOWN_BY:
        digest.update(metadata.version(name).encode())
    return digest.hexdigest()[:12]
