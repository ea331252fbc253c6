"""The example class, graded, as a part of the site: the class page and feedback pages as instructors and students get them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tree import Tree

from autograder.authoring.example import DUE
from autograder.course import Lab

SHOWN = {
    "lovelace": "has solved everything, and answered what is written",
    "madhava": "has made mistakes that the checks know by name",
    "zeno": "wrote a loop that never ends",
    "mallory": "prints a forged score",
}
SEED = 7


def write_demo(lab: Lab, tree: Tree, cache: Path) -> None:
    """The pages below ``extra/demo``, and the page that shows them."""
    graded = _graded(lab, cache)
    tree.put("extra/demo/class.html", (graded / "class.html").read_bytes())
    for page in sorted((graded / "feedback").glob("*.html")):
        tree.put(f"extra/demo/feedback/{page.name}", page.read_bytes())
    rows = "\n".join(
        f'<li><a href="../demo/feedback/{student}.html">The feedback page of {student}</a>, who {what}</li>'
        for student, what in SHOWN.items()
    )
    tree.put(
        "teach/demo.md",
        f"""# An example class, live

`make demo` writes an example class of {lab.name.replace("lab", "Lab ")}, right, wrong, broken and hostile, grades it
and writes these pages. They are the grader's own, and lie here as it wrote them.

<p class="doors"><a href="../demo/class.html">The class page</a></p>

<ul>
{rows}
</ul>

<iframe class="live" src="../demo/class.html" title="The class page of the example class" loading="lazy"></iframe>
""",
    )


def _graded(lab: Lab, cache: Path) -> Path:
    kept = cache / f"demo-{_digest(lab)}"
    if not kept.exists():
        print("Grading the example class …", flush=True)
        work = cache / "demo.work"
        shutil.rmtree(work, ignore_errors=True)
        grade = ["grade", work / "class", "--lab", lab.name, "--out", work / "graded", "--seed", SEED, "--due", DUE]
        example = ["example", work / "class", "--lab", lab.name, "--marks", work / "marks.csv"]
        for words in (example, grade, ["mark", work / "graded", work / "marks.csv"]):
            command = [sys.executable, "-m", "autograder", *map(str, words)]
            subprocess.run(command, cwd=lab.root, check=True, stdout=subprocess.DEVNULL)
        for old in cache.glob("demo-*"):
            shutil.rmtree(old)
        (work / "graded").rename(kept)
        shutil.rmtree(work)
    return kept


def _digest(lab: Lab) -> str:
    digest = hashlib.sha256()
    folders = (lab.root / "autograder", lab.banks, lab.root / "posekit")
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    for path in sorted([*files, lab.reference, lab.answers]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
