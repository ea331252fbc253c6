"""Labs on Google Colab: the badge above a notebook, and its first code cell, which installs the students' wheel there."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

# The public repository of your copy of the course, "https://github.com/stats220/labs" say: `labs/` in the commit tagged
# v0.1.0, and the students' wheel (`python -m build --wheel`) as an asset of the release of that name. It need not hold
# `solutions/`, and should not. As long as the address is this placeholder, notebooks say so. Run `autograder build` after a change.
COURSE = "https://github.com/<organisation>/<repository>"
RELEASE = "0.1.0"  # a released version of the wheel, never a branch: a term's notebooks and checks stay together

BADGE = Path(__file__).with_name("colab.png")

INSTALL = """\
# On Colab this installs the course; anywhere else it does nothing.
{imports}
if find_spec("google") and find_spec("google.colab") and not find_spec("posekit"):
    {action}
"""
IMPORTS = """\
import sys
from importlib.util import find_spec
from subprocess import run
"""
FETCH = """\
wheel = "{wheel}"
    if run([sys.executable, "-m", "pip", "install", "--quiet", wheel]).returncode:
        raise RuntimeError(f"Colab could not install the course from {{wheel}}: ask who teaches it for the address.")"""
NO_ADDRESS = "This copy of the course has no public address yet, so Colab cannot install it: ask who teaches it."


def published() -> bool:
    return "<" not in COURSE


def wheel_url() -> str:
    return f"{COURSE}/releases/download/v{RELEASE}/posekit-{RELEASE}-py3-none-any.whl"


def notebook_url(stem: str) -> str:
    """Where Colab opens a lab ("lab1_likelihood") of the released version."""
    path = COURSE.removeprefix("https://github.com/")
    return f"https://colab.research.google.com/github/{path}/blob/v{RELEASE}/labs/{stem}.ipynb"


def badge(stem: str) -> dict[str, Any]:
    """The source and attachment of the Markdown cell above a lab; the picture is inside, so that nothing is fetched."""
    picture = "![Open in Colab](attachment:colab.png)"
    if published():
        source = f"[{picture}]({notebook_url(stem)})"
    else:
        source = (
            f"{picture} is not possible yet: this copy of the course has no public address. "
            "(Who teaches it sets `COURSE` in `autograder/authoring/colab.py`.)"
        )
    return {
        "source": source,
        "attachments": {"colab.png": {"image/png": b64encode(BADGE.read_bytes()).decode("ascii")}},
    }


def install_cell() -> str:
    if not published():
        return INSTALL.format(
            imports="from importlib.util import find_spec\n", action=f'raise RuntimeError("{NO_ADDRESS}")'
        )
    return INSTALL.format(imports=IMPORTS, action=FETCH.format(wheel=wheel_url()))
