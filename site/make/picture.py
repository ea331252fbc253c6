"""Makes the README's picture: the last figure of Lab 1, drawn by its reference solutions.

make picture
"""

import base64
import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from autograder.authoring.build import Kind, build
from autograder.course import find_lab

ROOT = Path(__file__).parents[2]
FIGURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")


def main() -> None:
    notebook = nbformat.reads(build(find_lab(ROOT, "lab1"), Kind.WALKTHROUGH), as_version=4)
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    shown = [out.get("data", {}).get("text/html", "") for cell in notebook.cells for out in cell.get("outputs", [])]
    figures = [match[1] for html in shown for match in FIGURE.finditer(html)]
    (ROOT / "site" / "lab1.png").write_bytes(base64.b64decode(figures[-1]))


if __name__ == "__main__":
    main()
