"""Written answers: collected whole, wherever a student has put them, with their pictures and nothing that could run."""

import base64
import copy
import json
import random

import pytest

from autograder.course import ANSWER_PROMPT, labs
from autograder.grading.notebook import parse
from autograder.grading.release import Release
from autograder.grading.written import ANSWER, PICTURE_BYTES, added, question_ids, written_answer
from tests.conftest import ROOT

SAID = "Because the logarithm of a sum is not a sum."
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
LAB1 = json.loads((ROOT / "labs" / "lab1_likelihood.ipynb").read_text("utf-8"))
RELEASE = Release(tuple(parse(json.dumps(LAB1).encode())))


def code(source, **metadata):
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": [], "execution_count": None}


def text(source, attachments=None, **metadata):
    cell = {"cell_type": "markdown", "metadata": metadata, "source": source}
    return cell | ({"attachments": attachments} if attachments else {})


def raw(source):
    return {"cell_type": "raw", "metadata": {}, "source": source}


def attached(**pictures):
    return {name.replace("_", "."): {"image/png": base64.b64encode(data).decode()} for name, data in pictures.items()}


class Book:
    """A student's copy of lab 1, to be changed around one question."""

    def __init__(self, id="4b"):
        self.cells = copy.deepcopy(LAB1["cells"])
        for cell in self.cells:
            cell["source"] = "".join(cell["source"])
        self.question = next(i for i, c in enumerate(self.cells) if f"written-{id}" in json.dumps(c["metadata"]))
        self.prompt = self.question + 1

    def insert(self, place, *cells):
        self.cells[place:place] = cells
        return self

    def edit(self, place, source):
        self.cells[place]["source"] = source
        return self

    def strip(self):
        """As Colab, VS Code or a copy by hand may leave it."""
        for cell in self.cells:
            cell["metadata"] = {}
            cell.pop("id", None)
        return self

    def answer(self, id="4b"):
        payload = json.dumps({"cells": self.cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
        return written_answer(parse(payload), RELEASE, id)


PROMPT, SECOND = Book().prompt, Book("8b").prompt  # where the answers to 4b and to 8b go


def asked(book):
    return book.cells[book.question]["source"]


PLACES = {
    "in the prompt": lambda b: b.edit(b.prompt, SAID),
    "below the prompt's words": lambda b: b.edit(b.prompt, f"{ANSWER_PROMPT}\n\n{SAID}"),
    "below the prompt's words, changed": lambda b: b.edit(b.prompt, f"**Write your answer here**\n{SAID}"),
    "in a cell below": lambda b: b.insert(b.prompt + 1, text(SAID)),
    "in a cell above the prompt": lambda b: b.insert(b.prompt, text(SAID)),
    "below an edited prompt": lambda b: b.edit(b.prompt, "Write your answer here.").insert(b.prompt + 1, text(SAID)),
    "in the question's cell": lambda b: b.edit(b.question, asked(b) + f"\n\n{SAID}"),
    "in the question's last line": lambda b: b.edit(b.question, asked(b) + f" {SAID}"),
    "above the question's text": lambda b: b.edit(b.question, asked(b).replace("\n\n", f"\n\n{SAID}\n\n", 1)),
    "in a raw cell": lambda b: b.insert(b.prompt + 1, raw(SAID)),
    "in place of the prompt's cell": lambda b: b.insert(b.prompt, text(SAID)).cells.pop(b.prompt + 1) and b,
    "with an empty cell between": lambda b: b.insert(b.prompt + 1, text(""), code(""), text(SAID), text("")),
    "above the question": lambda b: b.insert(b.question, text(SAID)),
    "behind a heading of one's own": lambda b: b.insert(b.prompt + 1, text("# My answer"), text(SAID)),
    "behind a copy of the question": lambda b: b.insert(b.prompt + 1, text(asked(b)), text(SAID)),
    "behind a copy of an earlier cell": lambda b: b.insert(b.prompt + 1, code('check("softplus")'), text(SAID)),
    "below a question that is edited": lambda b: b.edit(b.question, asked(b)[:200]).insert(b.prompt + 1, text(SAID)),
}


@pytest.mark.parametrize("stripped", [False, True])
@pytest.mark.parametrize("place", PLACES)
def test_an_answer_is_found_wherever_it_stands(place, stripped):
    book = PLACES[place](Book())
    answer = (book.strip() if stripped else book).answer()
    assert answer.text.removeprefix("# My answer").strip() == SAID and answer.attachments == {}


def test_code_and_its_comments_are_part_of_the_answer():
    source = f"# {SAID}\nx = 1"
    assert Book().insert(PROMPT + 1, code(source)).answer().text == source


def test_an_answer_in_many_cells_is_collected_in_their_order():
    book = Book()
    book.edit(book.question, asked(book) + "\none").edit(book.prompt, f"three\n{ANSWER_PROMPT}")
    book.insert(book.prompt, text("two")).insert(book.prompt + 2, code("# four"), text("five"), raw("six"))
    assert book.answer().text.split("\n\n") == ["one", "two", "three", "# four", "five", "six"]


@pytest.mark.parametrize("stripped", [False, True])
def test_a_notebook_as_handed_out_has_no_answers(stripped):
    book = Book()
    if stripped:
        book.strip()
    for id in ("4b", "8b", "9b"):
        assert book.answer(id).text == ""


def test_a_later_cell_that_is_quoted_does_not_end_the_answer():
    book = Book()
    quoted = "My own try:\n" + book.cells[PROMPT + 2]["source"]
    assert book.insert(PROMPT + 1, code(quoted), text(SAID)).answer().text == f"{quoted.strip()}\n\n{SAID}"


def test_what_stands_behind_the_courses_next_cell_is_not_the_answer():
    book = Book()
    book.insert(book.prompt + 2, text("a remark on the next section"))
    assert book.answer().text == ""


@pytest.mark.parametrize("change", ["a line", "a word", "no metadata"])
def test_the_courses_next_cell_is_known_though_it_is_changed(change):
    book = Book().edit(PROMPT, SAID)
    below = book.cells[PROMPT + 1]
    book.insert(PROMPT + 2, text("not the answer"))
    if change == "a line":
        below["source"] += "\nMy note."
    elif change == "a word":
        below["source"] = below["source"].replace("the", "teh", 1)
    book.strip()
    assert book.answer().text == SAID


def test_one_questions_answer_is_not_anothers():
    book = Book().edit(PROMPT, "first").insert(PROMPT + 1, text("more of the first"))
    book.edit(SECOND, "second").insert(SECOND, text("above the second"))
    assert book.answer("4b").text == "first\n\nmore of the first" and "first" not in book.answer("8b").text
    assert "second" in book.answer("8b").text and book.answer("9b").text == ""


def test_a_question_that_is_deleted_leaves_its_answer():
    book = Book().edit(PROMPT, SAID)
    del book.cells[PROMPT - 1]
    assert book.answer().text == SAID


@pytest.mark.parametrize("lab", labs(ROOT), ids=lambda lab: lab.name)
@pytest.mark.parametrize("stripped", [False, True])
def test_every_question_of_every_lab_at_random_places(lab, stripped):
    """Marks put into cells of one's own between a question and the course's next cell all arrive, and nowhere else."""
    document = json.loads(lab.notebook.read_text("utf-8"))
    release = Release(tuple(parse(lab.notebook.read_bytes())))
    rng = random.Random(0)
    cells, expected, own = [], {}, None
    ids = question_ids(release)
    for number, cell in enumerate(document["cells"]):
        cell = cell | {"source": "".join(cell["source"])}
        tags = cell["metadata"].get("tags", [])
        answers = [tag.removeprefix("answer-") for tag in tags if tag.startswith("answer-")]
        if own is not None and not answers:
            own = None
        if f"{cell['metadata'].get('nbgrader', {}).get('grade_id')}".startswith("written-"):
            own = cell["metadata"]["nbgrader"]["grade_id"].removeprefix("written-")
        if stripped:
            cell = {key: value for key, value in cell.items() if key != "id"} | {"metadata": {}}
        cells.append(cell)
        if own is not None:
            for _ in range(rng.randint(0, 2)):
                mark = f"mark {number} {rng.random()}"
                expected.setdefault(own, []).append(mark)
                cells.append(rng.choice([text, code, raw])(mark))
    found = parse(json.dumps({"cells": cells, "nbformat": 4}).encode())
    assert {id: written_answer(found, release, id).text for id in ids} == {
        id: "\n\n".join(expected.get(id, [])) for id in ids
    }


def test_nothing_is_cut_silently():
    long = "\n".join(f"line {number}" for number in range(2000))
    assert Book().edit(PROMPT, long).answer().text == long
    answer = Book().edit(PROMPT, "x" * (ANSWER + 7)).answer().text
    assert answer.startswith("x" * ANSWER) and answer.endswith("[7 more characters are in the notebook.]")


@pytest.mark.parametrize(
    ("source", "more"),
    [
        ("", ""), ("The question is long enough.", ""), ("Short?", ""), ("The question is long enough. Yes.", "Yes."),
        ("Yes: The question is long enough.", "Yes:"), ("Short?\n\n\nThe question is long enough.\n\n\na\n\nb\n", "a\n\nb"),
        ("x Short?", "x Short?"),
    ],
)  # fmt: skip
def test_what_was_added_to_a_question(source, more):
    assert added("Short?\n\nThe question is long enough.", source) == more


# --- pictures ---------------------------------------------------------------------------------------------------------


def uri(kind, data):
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


RASTER = {
    "png": PNG, "jpeg": b"\xff\xd8\xff\xe0" + bytes(40), "gif": b"GIF89a" + bytes(40), "webp": b"RIFF\0\0\0\0WEBP" + bytes(40),
}  # fmt: skip


@pytest.mark.parametrize("kind", RASTER)
@pytest.mark.parametrize("claimed", ["image/png", "image/svg+xml", "text/html", "x" * 1000, '"><script>'])
def test_an_attached_picture_is_kept_as_what_it_is(kind, claimed):
    data = base64.b64encode(RASTER[kind]).decode()
    answer = (
        Book()
        .insert(PROMPT + 1, text("![p](attachment:p.png)", {"p.png": {claimed: [data[:20], "\n", data[20:]]}}))
        .answer()
    )
    assert answer.text == "![p](attachment:p.png)" and answer.attachments == {"p.png": uri(kind, RASTER[kind])}


def test_a_picture_without_words_is_an_answer():
    assert Book().insert(PROMPT + 1, text("", attached(p_png=PNG))).answer().attachments == {"p.png": uri("png", PNG)}


def test_pictures_of_one_name_are_told_apart():
    first, second = PNG + b"1", PNG + b"2"
    book = Book().insert(
        PROMPT + 1,
        text("![](attachment:image.png)", attached(image_png=first)),
        text("![](attachment:image.png)", attached(image_png=second)),
    )
    answer = book.answer()
    assert answer.text == "![](attachment:image.png)\n\n![](attachment:image-2.png)"
    assert answer.attachments == {"image.png": uri("png", first), "image-2.png": uri("png", second)}


@pytest.mark.parametrize("form", ["![p]({})", '<img src="{}">', "[p]: <{}>"])
def test_a_picture_in_the_text_itself_is_taken_out(form):
    """Colab pastes pictures so."""
    answer = Book().edit(PROMPT, "Look: " + form.format(uri("png", PNG)) + " there").answer()
    assert answer.text == "Look: " + form.format("attachment:picture.png") + " there"
    assert answer.attachments == {"picture.png": uri("png", PNG)}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<svg onload='alert(1)'>", "only PNG, JPEG, GIF and WebP are"),
        (b"<html>", "only PNG"), (b"", "only PNG"), (b"%PDF", "only PNG"),
        (PNG + bytes(PICTURE_BYTES), "it is larger than 5 MiB"),
    ],
)  # fmt: skip
def test_what_is_no_picture_to_be_shown_is_named(data, why):
    answer = Book().insert(PROMPT + 1, text("![](attachment:p.svg)", attached(p_svg=data))).answer()
    assert answer.attachments == {} and f"[The picture p.svg is not shown here: {why}" in answer.text
    assert answer.text.startswith("![](attachment:p.svg)")


NO_ATTACHMENTS = [
    [],
    "x",
    {"a": []},
    {"a": {"image/png": 3}},
    {"a": {"image/png": "§§"}},
    {"a": {"image/png": ["=", 3]}},
]


@pytest.mark.parametrize("attachments", NO_ATTACHMENTS)
def test_attachments_that_are_none_end_nothing(attachments):
    assert Book().insert(PROMPT + 1, text("words", attachments)).answer().text.startswith("words")


def test_pictures_beyond_the_room_are_named_and_a_hostile_number_ends():
    big = {f"p{n}.png": {"image/png": base64.b64encode(PNG + bytes(4 << 20)).decode()} for n in range(6)}
    answer = Book().insert(PROMPT + 1, text("", big)).answer()
    assert len(answer.attachments) == 4 and answer.text.count("there are too many pictures") == 2
