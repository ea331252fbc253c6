"""Each line of the install page that can run here does what it says; the others are compared with what they name."""

import os
import re
import shutil
import signal
import subprocess
import tomllib
import urllib.request
from time import monotonic, sleep

import pytest

PAGE = "site/start/install.md"
BLOCK = re.compile(r"```\{code-block\} (\w+)\n(?::name: ([\w-]+)\n\n)?(.*?)```", re.DOTALL)
MEGABYTE = 2**20


@pytest.fixture(scope="module")
def lines(root):
    """The lines of the page's blocks by the block's name, those without a name under their language."""
    return {name or language: text.splitlines() for language, name, text in BLOCK.findall((root / PAGE).read_text())}


@pytest.fixture
def checkout(root, tmp_path):
    """A clone without anything that a build or an environment has left."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (root / name).exists():
            (tmp_path / "checkout" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, tmp_path / "checkout" / name)
    return tmp_path / "checkout"


def shell(script, cwd):
    done = subprocess.run(["sh", "-ec", script], cwd=cwd, capture_output=True, text=True, start_new_session=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def assert_opens(script, cwd):
    """JupyterLab comes up and shows the notebook of Lab 1; it is ended again."""
    port = 18765
    environment = os.environ | {
        "JUPYTER_PORT": str(port),
        "JUPYTER_TOKEN": "t",
        "BROWSER": "true",
        "PYTHONWARNINGS": "",
    }
    server = subprocess.Popen(["sh", "-ec", script], cwd=cwd, env=environment, start_new_session=True)
    try:
        until = monotonic() + 120
        address = f"http://127.0.0.1:{port}/api/contents/lab1_likelihood.ipynb?content=0&token=t"
        while True:
            try:
                with urllib.request.urlopen(address) as answer:
                    assert b'"lab1_likelihood.ipynb"' in answer.read()
                break
            except OSError:
                assert monotonic() < until and server.poll() is None
                sleep(0.5)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def test_the_page_has_every_way(lines):
    assert set(lines) == {"with-make", "with-pip", "make-the-wheel", "powershell", "with-conda", "on-paper"}


def test_lines_name_what_there_is(root, lines):
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    assert lines["with-pip"][2] == f'pip install "posekit-{version}-py3-none-any.whl[lab]"'
    targets = re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.MULTILINE)
    assert all(line.split()[0] == "make" and line.split()[1] in targets for line in lines["with-make"])
    *_, create, activate, start, lab = lines["with-conda"]
    assert (root / create.split()[-1]).exists() and f"name: {activate.split()[-1]}\n" in (
        root / create.split()[-1]
    ).read_text()
    assert [start, lab] == lines["with-pip"][3:]  # which is run below


def test_make_lab_as_root_says_what_to_do(checkout):
    """Root is what `id -u` says; installing is skipped by what marks it as done."""
    for name in (".venv/bin/posekit", ".venv/bin/jupyter", "fake/id"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text('#!/bin/sh\ncase "$0" in *id) echo ${ME-0};; *) echo "$0 $*";; esac\n')
        (checkout / name).chmod(0o755)
    for name in ("python", "core", "lab"):
        (checkout / ".venv" / name).touch()

    def make(*words, me):
        path = f"{checkout / 'fake'}:{os.environ['PATH']}"
        command = ["make", "lab", *words]
        environment = os.environ | {"PATH": path, "ME": me}
        return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)

    refused = make(me="0")
    assert refused.returncode == 2 and "make lab JUPYTER=--allow-root" in refused.stderr
    assert "jupyter lab" not in refused.stdout
    for done in (make("JUPYTER=--allow-root", me="0"), make(me="1000")):
        assert done.returncode == 0 and re.search(r"jupyter lab .* work$", done.stdout, re.MULTILINE)


@pytest.mark.slow
def test_the_lines_for_pip_work(lines, checkout, tmp_path):
    """From nothing but the wheel, without make and without torch: Labs 0 to 3 in less than 0.8 GB."""
    (make_wheel,) = lines["make-the-wheel"]
    shell(make_wheel, checkout)
    folder = tmp_path / "student"
    folder.mkdir()
    (wheel,) = (checkout / "dist").iterdir()
    shutil.copy2(wheel, folder)
    *installs, start, lab = lines["with-pip"]
    started = monotonic()
    shell("\n".join(installs), folder)
    files = [path for path in (folder / "posekit-env").rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(path.stat().st_size for path in files) / MEGABYTE
    print(f"{size:.0f} MB in {monotonic() - started:.0f} s")
    assert size < 800
    names = {path.name for path in files}
    assert not {"nbgrader", "torch"} & {
        path.name for path in (folder / "posekit-env" / "lib").glob("*/site-packages/*")
    }
    assert "jupyter-lab" in names
    activate = installs[1]
    assert "Wrote work/lab1_likelihood.ipynb" in shell(f"{activate}\n{start}", folder)
    assert_opens(f"{activate}\nexec {lab} {'--allow-root' if os.getuid() == 0 else ''}", folder)
    (on_paper,) = lines["on-paper"]
    shell(f"{activate}\n{on_paper}", folder)
    assert "pre-wrap" in (folder / "work" / "lab1_likelihood.html").read_text()


@pytest.mark.slow
def test_the_lines_for_make_work(lines, checkout):
    demo, lab = lines["with-make"]
    assert "class.html" in shell(demo, checkout)
    shell("make .venv/lab", checkout)  # what takes minutes, and waits for no browser
    root = " JUPYTER=--allow-root" if os.getuid() == 0 else ""
    assert_opens(f"exec {lab}{root}", checkout)
