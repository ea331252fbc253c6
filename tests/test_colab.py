"""The badge and the first cell of every notebook: Colab is a stand-in here, the wheel and its installation are real."""

import http.server
import json
import os
import subprocess
import sys
import threading
import tomllib
import zipfile
from functools import partial

import pytest

from autograder.authoring import colab
from autograder.authoring.build import Kind, build
from autograder.course import find_lab, labs
from autograder.grading.notebook import parse

ADDRESS = "https://github.com/stats220/labs"
WHEEL = f"{ADDRESS}/releases/download/v{colab.RELEASE}/posekit-{colab.RELEASE}-py3-none-any.whl"
# What Colab had when the course was written: a wheel that asks for more would tear its GPU build down.
FLOORS = {"numpy": "2.1.0", "torch": "2.11.0"}

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
    sys.exit(int(os.environ["FAILS"]))
"""


@pytest.fixture
def published(monkeypatch):
    monkeypatch.setattr(colab, "COURSE", ADDRESS)


def first_cell(lab) -> str:
    return next(cell.source for cell in parse(build(lab).encode()) if cell.code)


def stand_in(folder):
    (folder / "google" / "colab").mkdir(parents=True)
    (folder / "google" / "colab" / "__init__.py").touch()


@pytest.fixture
def run(tmp_path):
    """Run a cell where `pip` only takes down what it is asked for; the process, and what was asked."""
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").touch()
    (tmp_path / "pip" / "__main__.py").write_text(PIP)

    def run(source, fails=0):
        asked = tmp_path / "asked"
        asked.unlink(missing_ok=True)
        environment = os.environ | {"PYTHONPATH": str(tmp_path), "ASKED": str(asked), "FAILS": str(fails)}
        done = subprocess.run(
            [sys.executable, "-c", source], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        return done, [json.loads(line) for line in asked.read_text().splitlines()] if asked.exists() else []

    return run


@pytest.mark.parametrize("where", ["colab", "colab, installed", "laptop"])
def test_the_first_cell_installs_on_colab_alone(root, tmp_path, run, published, where):
    if where != "laptop":
        stand_in(tmp_path)
    source = first_cell(find_lab(root, "lab1"))
    done, asked = run(source if where == "colab, installed" else HIDDEN + source)
    assert done.returncode == 0, done.stderr
    assert asked == ([["install", "--quiet", WHEEL]] if where == "colab" else [])


def test_every_lab_has_the_badge_and_the_same_first_cell(root, published):
    for lab in labs(root):
        cells = json.loads(build(lab))["cells"]
        link = f"https://colab.research.google.com/github/stats220/labs/blob/v{colab.RELEASE}/labs/{lab.stem}.ipynb"
        assert "".join(cells[0]["source"]) == f"[![Open in Colab](attachment:colab.png)]({link})"
        assert set(cells[0]["attachments"]) == {"colab.png"}
        assert first_cell(lab) == colab.install_cell().strip()


def test_what_cannot_be_fetched_is_said_with_the_address(root, tmp_path, run, published):
    stand_in(tmp_path)
    done, _ = run(HIDDEN + first_cell(find_lab(root, "lab1")), fails=1)
    assert done.returncode == 1 and f"could not install the course from {WHEEL}: ask who teaches it" in done.stderr


def test_a_placeholder_is_no_address(root, tmp_path, run, monkeypatch):
    monkeypatch.setattr(colab, "COURSE", "https://github.com/<organisation>/<repository>")
    lab = find_lab(root, "lab1")
    badge = "".join(json.loads(build(lab))["cells"][0]["source"])
    assert "is not possible yet" in badge and "](http" not in badge
    stand_in(tmp_path)
    done, asked = run(HIDDEN + first_cell(lab))
    assert done.returncode == 1 and not asked
    assert done.stderr.splitlines()[-1] == f"RuntimeError: {colab.NO_ADDRESS}"


def test_it_is_pinned_to_a_release_that_is_not_to_come(root):
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    assert tuple(map(int, colab.RELEASE.split("."))) <= tuple(map(int, version.split(".")))


@pytest.mark.slow
def test_the_real_wheel_runs_a_first_exercise_on_what_colab_has(root, tmp_path, monkeypatch):
    """Into an environment with nothing but Colab's NumPy, and a record that its torch is there (the real one is 5 GB)."""
    released = tmp_path / "releases" / "download" / f"v{colab.RELEASE}"
    python = tmp_path / "environment" / "bin" / "python"

    def done(*words, **options):
        outcome = subprocess.run([str(word) for word in words], capture_output=True, text=True, **options)
        assert outcome.returncode == 0, outcome.stdout[-2000:] + outcome.stderr[-2000:]
        return outcome.stdout

    done(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", released, root)
    (wheel,) = released.iterdir()
    wheel = wheel.rename(released / f"posekit-{colab.RELEASE}-py3-none-any.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if "solutions" in name or "banks" in name or "truth" in name]

    done(sys.executable, "-m", "venv", tmp_path / "environment")
    done(python, "-m", "pip", "install", "--quiet", f"numpy=={FLOORS['numpy']}")
    packages = done(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'), end='')")
    record = tmp_path / packages / f"torch-{FLOORS['torch']}.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: torch\nVersion: {FLOORS['torch']}\n")
    stand_in(tmp_path / packages)

    handler = partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(colab, "COURSE", f"http://127.0.0.1:{server.server_port}")
        cells = [cell for cell in parse(build(find_lab(root, "lab1"), Kind.WALKTHROUGH).encode()) if cell.code]
        upto = next(i for i, cell in enumerate(cells) if cell.grade_id == "extract_patches-check")
        program = "\n\n".join(cell.source for cell in cells[:upto]) + '\nassert check("extract_patches") == 4.0\n'
        said = done(python, "-c", program, cwd=tmp_path)
        server.shutdown()
    assert "extract_patches — 4 of 4 points" in said
    has = "from importlib import metadata as m; print([m.version(n) for n in ('numpy', 'torch', 'posekit')])"
    assert done(python, "-c", has).strip() == str([*FLOORS.values(), colab.RELEASE])
