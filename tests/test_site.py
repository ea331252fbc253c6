"""The pages of the site before Sphinx sees them: what is folded, what comes first, and what is a file."""

import base64
import io
import re

import nbformat
import pytest
from PIL import Image

from autograder.authoring.build import Kind, build, entries
from autograder.authoring.spans import read_spans
from autograder.course import find_lab


@pytest.fixture
def make(root, monkeypatch):
    """The modules of site/make by name."""
    monkeypatch.syspath_prepend(root / "site" / "make")

    def make(name):
        return __import__(name)

    return make


@pytest.fixture
def tree(make, tmp_path):
    return make("tree").Tree(tmp_path / "source")


@pytest.fixture
def lab(root):
    return find_lab(root, "lab1")


def notebook(lab, kind):
    return nbformat.reads(build(lab, kind), as_version=4)


def data_uri():
    buffer = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(buffer, "png")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def test_below_an_exercise_come_hints_then_the_solution_then_others_mistakes(make, lab):
    page = make("pages")._solved(lab, notebook(lab, Kind.WALKTHROUGH), "Lab 1")
    spans, solutions = read_spans(lab.reference), {}
    for i, cell in enumerate(page.cells):
        if cell.metadata.get("nbgrader", {}).get("solution"):
            solutions[cell.metadata.nbgrader.grade_id] = i
    assert list(solutions) == [entry.name for entry in entries(lab)]
    for name, i in solutions.items():
        hints, solution, _, wrong = page.cells[i - 1 : i + 3]
        assert hints.source.count("<details>") == 3 and not HTML.sub("", hints.source).strip()
        assert solution.source == spans[name].full and solution.metadata.tags == ["hide-input"]
        assert wrong.source.startswith("<details class='others'><summary>How others went wrong")
    assert not [cell for cell in page.cells if "Hint 1" in cell.source and "**Exercise" in cell.source]


HTML = re.compile(r"<details>.*?</details>", re.DOTALL)


def test_others_mistakes_have_their_descriptions(make, lab):
    text = make("mistakes").others(lab.banks / "softplus.py")
    assert "**A function that exponentiates before taking the maximum out.**" in text
    assert "return np.log(1 + np.exp(a))" in text and "@mistake" not in text
    assert text.count("<details") == text.count("</details>") == 2


def test_a_lab_as_released_has_figures_and_no_solution(make, lab):
    walkthrough = notebook(lab, Kind.WALKTHROUGH)
    for cell in walkthrough.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text=f"output of {cell.id}")]
    page = make("pages")._released(lab, notebook(lab, Kind.STUDENT), walkthrough, graded=True)
    code = [cell for cell in page.cells if cell.cell_type == "code"]
    assert all(bool(cell.outputs) != bool(cell.metadata.get("nbgrader", {}).get("grade")) for cell in code)
    assert not [cell for cell in page.cells if "colab" in cell.metadata.get("tags", [])]
    text = "\n".join(cell.source for cell in page.cells)
    for name, span in read_spans(lab.reference).items():
        assert not span.has_solution or span.full not in text, name


def test_pictures_become_files_once(make, tree):
    figures = make("figures")
    html = f'<figure><img src="{data_uri()}" alt="red" style="max-width: 100%"></figure>'
    shown = figures.outside(html, tree, "../")
    (file,) = tree.root.rglob("*.webp")
    source = f"../{file.relative_to(tree.root).as_posix()}"
    assert shown == (
        f'<figure><img src="{source}" width="30" height="20" loading="lazy" decoding="async" alt="red" '
        'style="max-width: 100%"></figure>'
    )
    assert Image.open(file).getpixel((3, 3)) == (255, 0, 0)
    assert figures.outside(html, tree, "../") == shown


def test_a_film_is_fetched_when_it_is_played(make, tree):
    frame = data_uri().replace("AAAA", "AAAA\\\n", 1)
    script = (
        f'frames[0] = "{frame}"\nframes[1] = "{frame}"\nsetTimeout(function() {{ anim = new Animation(frames); }}, 0);'
    )
    shown = make("figures").outside(script, tree, "")
    assert "base64" not in shown and "setTimeout" not in shown and shown.count(".webp") == 2
    assert "addEventListener(kind, once, true)" in shown and "anim = new Animation(frames);" in shown


def test_what_did_not_change_is_not_written_and_what_is_gone_goes(make, tree):
    tree.put("a/one.md", "one")
    tree.put("b/two.md", "two")
    written = (tree.root / "a" / "one.md").stat().st_mtime_ns
    again = make("tree").Tree(tree.root)
    again.put("a/one.md", "one")
    again.prune()
    assert (tree.root / "a" / "one.md").stat().st_mtime_ns == written and not (tree.root / "b").exists()


def test_pages_without_a_source_are_not_published(make, root, tmp_path):
    source, out = tmp_path / "source", tmp_path / "site"
    for name in ("labs/lab1.ipynb", "index.md", "extra/demo/class.html"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("", "utf-8")
    kept = {"labs/lab1.html", "index.html", "demo/class.html", "search.html", "_static/macros.html"}
    for name in kept | {"reference/gone.html", "demo/gone.html"}:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("", "utf-8")
    make("published").leave_out_pages_that_are_gone(out, source)
    assert {path.relative_to(out).as_posix() for path in out.rglob("*.html")} == kept


def test_outputs_are_kept_as_long_as_no_code_changes(make, tmp_path, root, monkeypatch):
    execute, lab = make("execute"), find_lab(root, "lab0")
    runs = []

    class Client:
        def __init__(self, notebook, **options):
            runs.append(notebook)

        def execute(self):
            for cell in runs[-1].cells:
                if cell.cell_type == "code":
                    cell.outputs = [nbformat.v4.new_output("stream", text=f"run {len(runs)}")]

    monkeypatch.setattr(execute, "NotebookClient", Client)
    written = build(lab, Kind.WALKTHROUGH)
    versions = [
        written,
        written.replace("Nothing here counts", "None of this counts"),
        written.replace("import sys", "import os"),
    ]
    seen = []
    for text in versions:
        monkeypatch.setattr(execute, "build", lambda lab, kind, text=text: text)
        cells = execute.executed(lab, tmp_path).cells
        seen.append({cell.outputs[0].text for cell in cells if cell.cell_type == "code"})
        assert "".join(cell.source for cell in cells) == "".join(
            cell.source for cell in nbformat.reads(text, as_version=4).cells
        )
    assert seen == [{"run 1"}, {"run 1"}, {"run 2"}] and len(list(tmp_path.iterdir())) == 1


def test_pages_include_what_there_is(root):
    """The parts of other files that pages show."""
    for page in (root / "site").rglob("*.md"):
        for block in re.findall(r"```\{include\} (\.\./.*?)```", page.read_text(), re.DOTALL):
            name, *options = block.splitlines()
            source = (root / "build" / "site-source" / page.relative_to(root / "site")).parent / name
            text = (root / source.resolve().relative_to(root)).read_text()
            assert all(marker in text for marker in re.findall(r':(?:start|end)-\w+: "(.*)"', "\n".join(options)))


def test_nothing_is_fetched_from_elsewhere(root):
    for path in (root / "site").rglob("*"):
        if path.suffix in (".html", ".css", ".js", ".svg"):
            assert not re.search(r"(?:src|href|url|import)\W{1,3}(?:https?:)?//", path.read_text()), path


@pytest.mark.parametrize(
    ("source", "folded"),
    [
        ('draw.frame(\n    image,\n    alt="A rat.",\n)', True),
        ('with draw.needs("nll"):\n    w = fit(nll)\n    draw.curve(\n        w,\n        alt="",\n    )', True),
        ("x = 1\ny = x + 2\ndraw.frame(y)", False),
        ('with draw.needs("nll"):\n    print(nll(w))', False),
        ("%timeit draw.frame(y)", False),
    ],
)
def test_code_that_mostly_draws_is_folded(make, source, folded):
    assert make("pages").draws(source) == folded
