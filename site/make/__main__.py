"""Build the site from the sources of the course: `python site/make`, or `make site`.

Pages and outputs are kept in build/, so that a change of prose runs no notebook again.
"""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from demo import write_demo
from execute import executed
from figures import outside
from nbformat import NotebookNode
from pages import write_pages
from published import leave_out_pages_that_are_gone, leave_out_what_no_page_asks_for
from sphinx.cmd.build import main as sphinx
from tree import Tree

from autograder.course import Lab, extras, find_lab, labs

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"
CACHE = BUILD / "site-cache"
KERNELS = 2  # notebooks that run at a time; one with a network in it takes a gigabyte and a half
COMMANDS = {"posekit": "posekit.cli", "autograder": "autograder.cli"}
FILMED = "lab8"  # its last scene moves on the landing page


def main() -> int:
    every = [*labs(ROOT), *extras(ROOT)]
    with ThreadPoolExecutor(KERNELS) as pool:  # threads wait here, and kernels work
        walkthroughs = dict(zip(every, pool.map(partial(executed, cache=CACHE), every), strict=True))
    tree = Tree(BUILD / "site-source")
    for path in sorted((ROOT / "site").iterdir()):  # pages, style, configuration
        if path.is_dir() and path.name != "make":
            tree.copy(path, f"{path.name}/")
        elif path.is_file():
            tree.put(path.name, path.read_bytes())
    tree.put("_viewer.md", _viewer(walkthroughs[find_lab(ROOT, FILMED)], tree))  # before its scenes are taken out
    titles = {lab: write_pages(lab, walkthroughs[lab], tree) for lab in labs(ROOT)}
    beside = {lab: write_pages(lab, walkthroughs[lab], tree, graded=False) for lab in extras(ROOT)}
    tree.put("labs/index.md", _index("Labs", "labs", titles | beside))
    tree.put("solutions/index.md", _index("Solutions", "solutions", titles))
    tree.put("reference/cli.md", _commands())
    write_demo(find_lab(ROOT, "lab1"), tree, CACHE)
    tree.prune()
    out = BUILD / "site"
    # Warnings are errors. What Sphinx remembers lies outside of what is published.
    failed = sphinx(["-q", "-W", "--keep-going", "-d", str(BUILD / "site-doctrees"), str(tree.root), str(out)])
    leave_out_what_no_page_asks_for(out / "_static", tree.root / "_static")
    leave_out_pages_that_are_gone(out, tree.root)
    return failed


WORDS = {
    "labs": "Each lab as students get it, with the figures that the reference draws.",
    "solutions": "Below each exercise: hints, then the solution, then how others went wrong. All folded: try first.",
}


def _index(title: str, folder: str, titles: dict[Lab, str]) -> str:
    rows = "\n".join(_row(lab, name) for lab, name in titles.items())
    pages = "\n".join(lab.name for lab in titles)
    return (
        f"# {title}\n\n{WORDS[folder]}\n\n"
        f"| lab | notebook |\n| --- | --- |\n{rows}\n\n```{{toctree}}\n:hidden:\n\n{pages}\n```\n"
    )


def _row(lab: Lab, title: str) -> str:
    notebook = f'<a href="../_static/notebooks/{lab.notebook.name}" download>download</a>'
    return f"| [{title}]({lab.name}) | {notebook} |"


def _viewer(walkthrough: NotebookNode, tree: Tree) -> str:
    shown = [output.get("data", {}) for cell in walkthrough.cells for output in cell.get("outputs", [])]
    scenes = [data["text/html"] for data in shown if "posekit-scene" in data.get("text/html", "")]
    return f"```{{raw}} html\n{outside(scenes[-1], tree, '')}\n```\n"


def _commands() -> str:
    """What `--help` says of every command, as typer writes it for documentation."""
    parts = ["# Commands\n"]
    for name, module in COMMANDS.items():
        words = [sys.executable, "-m", "typer", module, "utils", "docs", "--name", name]
        said = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        parts.append(re.sub("^#", "##", said, flags=re.MULTILINE))
    return "\n".join(parts)


if __name__ == "__main__":
    raise SystemExit(main())
