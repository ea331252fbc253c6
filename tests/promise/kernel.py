"""What `check` says of a notebook that is run from top to bottom in a fresh kernel."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

ROOT = Path(__file__).parent.parent.parent
# As text, and as the page that a notebook shows where a cell ends with a check.
SHOWN = re.compile(r'<div class="autograder">.*?<p><b>(\w+)</b>.*?(\d+) of (\d+) points?</span></p>', re.DOTALL)
SAID = re.compile(r"^(\w+)(?: \(optional\))? — (\d+) of (\d+) points?", re.MULTILINE)


def checked(notebook: nbformat.NotebookNode) -> dict[str, int]:
    """The most that each exercise was said to have earned, by whichever cell checked it."""
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook, timeout=120, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": folder}}
        )
        try:
            client.execute(env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"})
        except DeadKernelError:  # what was said until then has been said
            pass
    found: dict[str, int] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            said = []
            if output.output_type == "stream" and output.name == "stdout":
                said = SAID.findall(output.text)
            elif output.output_type == "execute_result":
                said = SHOWN.findall(output.data.get("text/html", ""))
            for name, score, _ in said:
                found[name] = max(int(score), found.get(name, 0))
    return found
