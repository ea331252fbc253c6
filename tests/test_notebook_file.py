"""Files that students hand in as notebooks: what can be read is read, and what is something else is told what it is in one line."""

import base64
import gzip
import io
import json
import random
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.course import find_lab
from autograder.grading.notebook import MAX_BYTES, MAX_CELLS, NotebookError, parse, without_outputs
from autograder.grading.one import grade_notebook
from autograder.grading.plan import make_plan
from autograder.grading.release import Release
from tests.conftest import ROOT

NOTEBOOK = json.loads((ROOT / "labs" / "lab1_likelihood.ipynb").read_text("utf-8"))
TEXT = json.dumps(NOTEBOOK, indent=1, ensure_ascii=False)
CELLS = parse(TEXT.encode())


def with_outputs(*outputs) -> str:
    """The notebook with outputs at each code cell."""
    cells = [cell | ({"outputs": list(outputs)} if cell["cell_type"] == "code" else {}) for cell in NOTEBOOK["cells"]]
    return json.dumps(NOTEBOOK | {"cells": cells}, indent=1)


def refused(payload: bytes) -> str:
    with pytest.raises(NotebookError) as error:
        parse(payload)
    assert "\n" not in str(error.value) and str(error.value).startswith(("the file ", "the notebook"))
    return str(error.value)


# --- encodings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_notebook_is_read_in_every_unicode(encoding, ends):
    assert parse(TEXT.replace("\n", ends).encode(encoding)) == CELLS


@pytest.mark.parametrize(("encoding", "letter", "byte"), [("cp1252", "’", "0x92"), ("latin-1", "é", "0xe9")])
def test_a_byte_of_another_encoding_is_named_with_its_line(encoding, letter, byte):
    text = json.dumps(NOTEBOOK, indent=1).replace("Patches", f"Patches{letter}", 1)
    line = text[: text.index(letter)].count("\n") + 1
    said = f"not text in UTF-8: line {line} has the byte {byte} (in Windows-1252 it is {letter})"
    assert said in refused(text.encode(encoding))


# --- what is no notebook ----------------------------------------------------------------------------------------------


def archive(*names) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name in names:
            opened.writestr(name, TEXT)
    return buffer.getvalue()


CONFLICT = TEXT.replace(
    ' "metadata": {', '<<<<<<< HEAD\n "x": 1,\n=======\n "x": 2,\n>>>>>>> upstream\n "metadata": {', 1
)
KINDS = {
    "nothing": (b"", "empty"),
    "spaces": (b" \r\n\t", "empty"),
    "zeros": (bytes(10_000), "empty"),
    "conflict": (CONFLICT.encode(), "git's conflict markers (line "),
    "conflict in outputs": (
        with_outputs({"a": 1}).replace('"a": 1', '"a": 1\n<<<<<<< HEAD\n=======\n>>>>>>> x', 1).encode(),
        "git's conflict markers (line ",
    ),
    "conflict, indented": (
        TEXT.replace(' "metadata": {', '   <<<<<<< HEAD\n "metadata": {', 1).encode(),
        "git's conflict markers",
    ),
    "web page": (b"<!DOCTYPE html>\n<html><head><title>lab1_likelihood.ipynb</title>", "web page"),
    "web page, in capitals": (b"\n\n<HTML lang=en>", "web page"),
    "web page, behind a comment": (b"<!-- saved from x -->\n<html>", "web page"),
    "XML": (b'<?xml version="1.0"?><svg/>', "XML"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n", "pointer of Git LFS"),
    "zip": (archive("lab1.ipynb"), "zip archive"),
    "empty zip": (b"PK\5\6" + bytes(18), "zip archive"),
    "Word": (archive("[Content_Types].xml", "word/document.xml"), "Office document"),
    "gzip": (gzip.compress(TEXT.encode()), "gzip"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(10), "7z"),
    "RAR": (b"Rar!\x1a\x07", "RAR"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
    "PNG": (b"\x89PNG\r\n\x1a\n", "picture"),
    "rich text": (b"{\\rtf1\\ansi", "rich text"),
    "Python": (b"import numpy as np\n\n\ndef softplus(a):\n    return a\n", "Python code"),
    "Python, jupytext": (b"# %% [markdown]\n# words\n# %%\nx = 1\n", "Python code"),
    "Python, short": (b"x=1", "Python code"),
    "Python, a syntax error": (b"import numpy as np\ndef f(:\n", "Python code"),
    "words": (b"Dear Sir or Madam,\n\nplease find attached.", "plain text"),
    "cut off": (TEXT[: len(TEXT) // 2].encode(), "cut off"),
    "cut off in a letter": ("[é".encode()[:-1], "cut off"),
    "cut off in outputs": (with_outputs({"text": "x" * 1000})[:-90_000].encode(), "cut off"),
    "trailing comma": (TEXT.replace('"nbformat_minor": 5', '"nbformat_minor": 5,').encode(), "damaged in line"),
    "JSON": (b'{"a": 1}', "holds no notebook cells"),
    "a list": (b"[1, 2]", "holds no notebook cells"),
    "JSON in JSON": (json.dumps(TEXT).encode(), "a single text in quotes"),
    "Google Drive": (b'{"url": "https://docs.google.com/open?id=1", "doc_id": "1"}', "link to a document"),
    "binary": (bytes(range(256)) * 10, "binary"),
    "UTF-16, damaged": (b"\xff\xfe" + TEXT.encode("utf-16-le")[:-1], "UTF-16"),
    "nested without end": (b"[" * 100_000, "nested without end"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_notebook_is_told_what_it_is(kind):
    payload, said = KINDS[kind]
    assert said in refused(payload)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_whatever_the_bytes_are_there_are_cells_or_one_line(payload):
    try:
        assert isinstance(parse(payload), list)
    except NotebookError as error:
        assert "\n" not in str(error)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_notebook_is_read_or_refused_in_one_line(data):
    payload = bytearray(with_outputs({"data": {"text/plain": ["x", 'quote " \\ ']}}).encode()[:20_000])
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    try:
        parse(bytes(payload))
    except NotebookError as error:
        assert "\n" not in str(error)


# --- outputs ----------------------------------------------------------------------------------------------------------

OUTPUTS = [
    {"output_type": "stream", "text": ["a\n", 'quotes " and \\" and \\\\', "[{", "}]"]},
    {"output_type": "display_data", "data": {"application/json": [[1, [2.5e-3, None], {"outputs": [True]}], {}], "x": NotImplemented}},
    {"output_type": "error", "traceback": ["\u001b[31m", "é😀"], "ename": '"outputs": ['},
]  # fmt: skip
OUTPUTS[1]["data"]["x"] = float("nan")


@pytest.mark.parametrize("ascii", [True, False])
@pytest.mark.parametrize("indent", [None, 1])
def test_outputs_change_nothing(indent, ascii):
    document = json.loads(with_outputs(*OUTPUTS))
    document["metadata"]["widgets"] = {"state": {"1": {"outputs": [1], "x": "}"}}}
    assert parse(json.dumps(document, indent=indent, ensure_ascii=ascii).encode()) == CELLS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(['"outputs": [', "outputs", "\\"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4) | st.just("outputs"), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def emptied(document):
    """The oracle: outputs and widgets emptied in the parsed document."""
    if isinstance(document, dict):
        return {
            key: type(value)() if key in ("outputs", "widgets") and isinstance(value, (list, dict)) else emptied(value)
            for key, value in document.items()
        }
    return [emptied(value) for value in document] if isinstance(document, list) else document


@settings(max_examples=400, deadline=None)
@given(JSON, st.booleans(), st.sampled_from([None, 1]))
def test_outputs_are_cut_out_of_any_json(document, ascii, indent):
    text = json.dumps(document, ensure_ascii=ascii, indent=indent)
    assert json.dumps(json.loads(without_outputs(text))) == json.dumps(emptied(document))


def test_eighteen_megabytes_of_videos_are_read():
    video = base64.b64encode(random.Random(0).randbytes(3 << 20)).decode()
    cells = json.loads(TEXT)["cells"]
    for cell in [cell for cell in cells if cell["cell_type"] == "code"][:6]:
        cell["outputs"] = [
            {"output_type": "display_data", "data": {"text/html": f'<video src="data:video/mp4;base64,{video}">'}}
        ]
    payload = json.dumps(NOTEBOOK | {"cells": cells}).encode()
    assert len(payload) > 18 << 20 and parse(payload) == CELLS


def test_what_is_not_output_has_a_cap():
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": "#" * MAX_BYTES}
    assert "more than 64 MiB beside its outputs" in refused(json.dumps({"cells": [cell]}).encode())


@pytest.mark.parametrize(
    "payload",
    [
        b'{"cells":[{"outputs":[' + b"[[[[]]]]," * (4 << 20) + b"1]}]}",
        b'{"cells":[],"x":[' + b"[]," * (9 << 20) + b"1]}",
        b'{"cells":[],"x":"' + b'\\"' * (16 << 20),
        b'{"cells":[{"outputs":["' + b'\\"' * (16 << 20),
        b'{"cells":[' + b'{"outputs":[' * (2 << 20),
        b'{"outputs":' * 400_000,
        b'{"cells":[{"outputs":[' + b'"a' * (8 << 20),
    ],
    ids=range(7),
)
def test_a_hostile_file_is_refused_before_it_costs_much(payload):
    """Where the work grew with the square of the size, this would not end."""
    refused(payload)


def test_no_cell_is_dropped_silently():
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "source": ""}
    many = [empty] * 2100
    assert parse(json.dumps(NOTEBOOK | {"cells": [*many, *NOTEBOOK["cells"]]}).encode())[2100:] == CELLS
    assert f"more than {MAX_CELLS} cells" in refused(json.dumps({"cells": [empty] * (MAX_CELLS + 1)}).encode())


# --- whose notebook it is ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plan():
    return make_plan(find_lab(ROOT, "lab1"), seed=1)


def book(*cells) -> bytes:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 4}).encode()


def code(source, **metadata):
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": []}


def text(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (
            book(code('import os\nprint("week 3")'), code("def train(x):\n    return x")),
            "another course's notebook: none of lab1's exercises",
        ),
        (
            book(text("# Homework 7"), code("import numpy as np"), code("softmax = 1\nnll_loss = 2")),
            "another course's notebook",
        ),
        (book(), "the notebook is empty"),
        (book(code(""), text("  \n")), "the notebook is empty"),
        ((ROOT / "labs" / "lab2_descent.ipynb").read_bytes(), "this is the notebook of lab2, not of lab1"),
        (CONFLICT.encode(), "git's conflict markers"),
    ],
)
def test_a_notebook_of_something_else_is_one_line(plan, payload, said):
    result = grade_notebook(payload, plan, wall=None)  # nothing of it is run
    (error,) = {exercise.error for exercise in result.exercises}
    assert said in error and result.score == 0


def code_cells(*names):
    return [cell for cell in NOTEBOOK["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") in names]


@pytest.mark.parametrize(
    "cells",
    [
        [code("def softplus(a):\n    return a")], [code("nll = lambda w: 1")], [code("# def softplus(a):\n#     return a")],
        [text("```python\ndef softplus(a):\n    return a\n```")], [code('check("nll")')], [code("class softplus:\n    pass")],
        code_cells("softplus"), code_cells("softplus-check"), code_cells("written-4b"),
        [cell | {"metadata": {}, "id": "x"} for cell in code_cells("softplus")],
        [cell for cell in NOTEBOOK["cells"] if "explore" in cell["metadata"].get("tags", [])][2:3],
    ],
    ids=range(11),
)  # fmt: skip
def test_a_trace_of_the_lab_makes_a_notebook_its_own(cells):
    assert not Release(tuple(CELLS)).is_foreign(parse(book(code("import os"), *cells)))


def test_the_releases_cells_are_known_without_their_marks():
    release = Release(tuple(CELLS))
    for place, cell in enumerate(CELLS):
        assert release.place_by_mark(cell) == place
        stripped = replace(cell, id="", grade_id="", tags=frozenset())
        assert release.place_by_mark(stripped) is None
        same = [i for i, other in enumerate(CELLS) if other.source == cell.source]
        assert release.place_by_text(stripped) == place or len(same) > 1
