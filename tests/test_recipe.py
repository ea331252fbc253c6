"""CONTRIBUTING's recipe "add an exercise with its bank", followed to the letter in a copy of the course."""

import os
import re
import shutil
import subprocess
import sys

import pytest

STEP = re.compile(r"^`(?P<file>[\w/.]+)`\n\n(?P<fence>`{3,4})\w+\n(?P<block>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def checkout(root, tmp_path):
    """What the recipe touches, copied; what it does not, linked."""
    for name in ("solutions", "autograder", "labs", "tests"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("posekit", "data", "pyproject.toml"):
        (tmp_path / name).symlink_to(root / name)
    return tmp_path


def run(checkout, *words):
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    return subprocess.run([sys.executable, *words], cwd=checkout, env=environment, capture_output=True, text=True)


def test_the_recipe_works(root, checkout):
    steps = list(STEP.finditer((root / "CONTRIBUTING.md").read_text("utf-8")))
    assert len(steps) == 4
    for step in steps:
        path = checkout / step["file"]
        before = path.read_text("utf-8") if path.exists() else ""
        path.write_text(f"{before}\n\n{step['block']}" if before else step["block"], "utf-8")
    built = run(checkout, "-m", "autograder", "build")
    assert built.returncode == 0, built.stderr
    assert 'check(\\"logit\\")' in (checkout / "labs" / "lab1_likelihood.ipynb").read_text("utf-8")
    banks = run(
        checkout, "-m", "pytest", "-q", "tests/test_banks.py", "-k", "logit", "--seeds", "5", "-p", "no:cacheprovider"
    )
    assert banks.returncode == 0, banks.stdout
    # its size, the reference, five mistakes, two alternatives (and what else has "logit" in its name)
    assert int(re.search(r"(\d+) passed", banks.stdout)[1]) >= 9
    walkthrough, out = checkout / "walkthrough", checkout / "graded"
    assert run(checkout, "-m", "autograder", "build", "--walkthrough", str(walkthrough)).returncode == 0
    for other in walkthrough.glob("*.ipynb"):
        if not other.name.startswith("lab1_"):
            other.unlink()
    graded = run(
        checkout, "-m", "autograder", "grade", str(walkthrough), "--lab", "lab1", "--out", str(out), "--jobs", "1"
    )
    assert graded.returncode == 0, graded.stderr
    assert '"logit: is infinite at certainty",\n   "score": 1' in next((out / "results").glob("*.json")).read_text(
        "utf-8"
    )
