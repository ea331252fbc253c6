"""What the project says of itself in several places is the same everywhere."""

import re
import tomllib

import numpy as np
import pytest
import yaml
from packaging.requirements import Requirement

from autograder.course import labs
from posekit.data import load_learning_curve


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


def test_environment_equals_pyproject(root, project):
    listed = yaml.safe_load((root / "environment.yml").read_text())["dependencies"]
    *by_pip, checkout = next(entry["pip"] for entry in listed if isinstance(entry, dict))
    assert checkout == "--editable ."
    extras = project["optional-dependencies"]
    expected = [*project["dependencies"], *extras["torch"], *extras["lab"], *extras["grade"]]
    assert sorted(map(str, map(Requirement, by_pip))) == sorted(map(str, map(Requirement, expected)))
    assert f"python{project['requires-python']}" in listed


def test_citation_has_the_version(root, project):
    assert yaml.safe_load((root / "CITATION.cff").read_text())["version"] == project["version"]


def test_citation_keeps_to_its_format(root):
    """Citation File Format 1.2.0, sections "Valid keys" and "reference"; its own validator wants another jsonschema than JupyterLab."""
    cited = yaml.safe_load((root / "CITATION.cff").read_text())
    assert cited["cff-version"] == "1.2.0" and cited["type"] in ("software", "dataset") and cited["message"]
    for work in [cited, *cited["references"]]:
        assert work["title"] and all(author.keys() & {"name", "family-names"} for author in work["authors"])
    types = {"article", "book", "conference-paper", "generic", "report", "software", "standard", "thesis", "website"}
    assert {work["type"] for work in cited["references"]} <= types  # those of the format's that may come up here


def test_the_repository_is_the_same_everywhere(root, project):
    cited = yaml.safe_load((root / "CITATION.cff").read_text())["repository-code"]
    assert project["urls"] == {"Repository": cited}


def test_the_core_is_what_labs_without_torch_need(project):
    """What is large, or what only teachers and developers use, is an extra."""
    core = {Requirement(text).name for text in project["dependencies"]}
    assert core.isdisjoint({"torch", "jupyterlab", "nbgrader", "distributed", "sphinx", "mujoco"})
    assert [Requirement(text).name for text in project["optional-dependencies"]["torch"]] == ["torch"]


def test_colab_keeps_its_own_numpy_and_torch(project):
    on_colab = {"numpy": "2.1.0", "torch": "2.11.0"}
    named = [*project["dependencies"], *project["optional-dependencies"]["torch"]]
    needed = {requirement.name: requirement.specifier for requirement in map(Requirement, named)}
    assert all(needed[name].contains(version) for name, version in on_colab.items())


def test_constraints_satisfy_pyproject(root, project):
    pinned = Requirement((root / "constraints.txt").read_text().strip())
    (floor,) = map(Requirement, project["optional-dependencies"][pinned.name])
    assert all(floor.specifier.contains(spec.version) for spec in pinned.specifier)


def test_readme_begins_with_the_two_commands(root):
    readme = (root / "README.md").read_text()
    block = readme.split("```")[1]
    assert "make demo" in block and "make test" in block


def test_students_wheel_holds_no_solutions(root):
    build = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert build["only-include"] == ["posekit", "autograder", "labs"]
    assert not any("solutions" in path or "tests" in path for path in build["force-include"])


def test_readme_says_honestly_which_labs_are_ready(root):
    rows = re.findall(r"^\| (\d) \| .* \| ([\w,: ]+) \|$", (root / "README.md").read_text(), re.MULTILINE)
    there = {f"lab{number}" for number, status in rows if status.startswith(("ready", "draft"))}
    assert there == {lab.name for lab in labs(root) if lab.name.startswith("lab")} and len(rows) == 9


def test_readme_quotes_the_stored_learning_curve(root):
    curve = load_learning_curve()
    table = (root / "README.md").read_text().split("| median error in px", 1)[1].split("\n\n")[0]
    cells = [[cell.strip() for cell in row.split("|")[2:-1]] for row in table.splitlines()[2:]]
    quoted = [[np.nan if cell == "–" else float(cell) for cell in row] for row in cells]  # what was not run
    known = ~np.isnan(curve.median).all(axis=-1)
    mean = np.full(known.shape, np.nan)
    mean[known] = np.nanmean(curve.median[known], axis=-1)
    assert np.allclose(quoted, mean, rtol=0.0, atol=0.0501, equal_nan=True)  # one decimal
