"""The first cell of every notebook installs the course on Colab, and does nothing elsewhere; Colab is a stand-in here."""

import json
import os
import subprocess
import sys

import pytest

from autograder.authoring.build import REPOSITORY
from autograder.course import extras, labs
from autograder.grading.notebook import parse

HIDDEN = """
from importlib import util
found = util.find_spec
util.find_spec = lambda name: None if name == "posekit" else found(name)  # Colab comes without the course
"""
PIP = """
import json, os, sys
if __name__ == "__main__":
    with open(os.environ["ASKED"], "a") as asked:
        asked.write(json.dumps(sys.argv[1:]) + "\\n")
"""


def first_cell(lab) -> str:
    return next(cell.source for cell in parse(lab.notebook.read_bytes()) if cell.code)


@pytest.mark.parametrize("where", ["colab", "colab, installed", "laptop"])
def test_the_first_cell_installs_on_colab_alone(root, tmp_path, where):
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").touch()
    (tmp_path / "pip" / "__main__.py").write_text(PIP)
    if where != "laptop":
        (tmp_path / "google" / "colab").mkdir(parents=True)
        (tmp_path / "google" / "colab" / "__init__.py").touch()
    for lab in [*labs(root), *extras(root)]:
        asked = tmp_path / f"{lab.name}.asked"
        source = first_cell(lab) if where == "colab, installed" else HIDDEN + first_cell(lab)
        environment = os.environ | {"PYTHONPATH": str(tmp_path), "ASKED": str(asked)}
        subprocess.run([sys.executable, "-c", source], cwd=tmp_path, env=environment, check=True)
        calls = [json.loads(line) for line in asked.read_text().splitlines()] if asked.exists() else []
        expected = [["install", "--quiet", f"posekit @ git+{REPOSITORY}"]] if where == "colab" else []
        assert calls == expected, lab.name
