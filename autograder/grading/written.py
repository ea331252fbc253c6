"""Written answers, wherever a student has put them, with the pictures that belong to them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from autograder.course import ANSWER_PROMPT
from autograder.files import one_line
from autograder.grading.notebook import Cell
from autograder.grading.release import Release

ANSWER = 200_000  # characters; what is beyond is announced, and in the notebook
PICTURE_BYTES = 5 << 20
PICTURES_BYTES = 20 << 20  # of one answer
# How the pictures begin that a browser draws and never runs.
_RASTER = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
_PROMPT = re.compile(rf"^\W*{re.escape(ANSWER_PROMPT.strip('*.'))}\W*$", re.IGNORECASE)
_INLINE = re.compile(r"data:(image/[\w.+-]{1,40});base64,([A-Za-z0-9+/=]+)")
QUOTED = 20  # characters of a question's line that are taken for the question where more stands on the line


@dataclass
class Answer:
    """The text of an answer, and its pictures by name, as data URIs."""

    text: str = ""
    attachments: dict[str, str] = field(default_factory=dict)


def question_ids(release: Release) -> list[str]:
    """The questions that a lab asks, in order."""
    marked = (cell.grade_id for cell in release.cells if cell.grade_id.startswith("written-"))
    return [grade_id.removeprefix("written-") for grade_id in marked]


def written_answer(cells: Sequence[Cell], release: Release, id: str) -> Answer:
    """What a student wrote to a question.

    The answer is all that stands between the question and the course's next cell, in whatever cells, with what was added to the
    question's own cell. Where there is nothing, it is what stands right above the question.

    Raises
    ------
    KeyError
        Where the lab has no such question.
    """
    asked, prompt = release.place_of[f"written-{id}"], release.place_of.get(f"answer-{id}")
    marked = {release.place_by_mark(cell) for cell in cells}
    places = [_place(cell, release, id, asked, marked) for cell in cells]
    anchors = [i for i, place in enumerate(places) if place is not None and place in (asked, prompt)]
    found: dict[int, str] = {}
    for anchor in anchors:
        source = cells[anchor].source
        found[anchor] = added(release.cells[asked].source, source) if places[anchor] == asked else _unprompted(source)
        for i in _own(places, anchor + 1, asked):
            found[i] = _unprompted(cells[i].source)
    used = [i for i in sorted(found) if found[i].strip() or cells[i].attachments]
    if not used and anchors:
        used = _above(cells, places, release, anchors[0])
        found = {i: cells[i].source for i in used}
    return _assembled([(found[i].strip(), cells[i].attachments) for i in used])


def _place(cell: Cell, release: Release, id: str, asked: int, marked: set[int | None]) -> int | None:
    """Where the course has a cell, None for a student's own; a copy of a later cell, which is there itself, is the student's."""
    place = release.place_by_mark(cell)
    if place is None and not _unprompted(cell.source).strip():
        return None  # a prompt, of whichever question
    if place is None:
        place = release.place_by_text(cell)
        if place is not None and place > asked and place in marked:
            return None
    if place is None and not cell.code and re.search(rf"^#+ *{re.escape(id)} · ", cell.source, re.MULTILINE):
        return asked
    return place


def _own(places: list[int | None], begin: int, asked: int) -> Iterator[int]:
    """The student's own cells up to the course's next; a copy of an earlier cell of the course is passed over."""
    for i, place in enumerate(places[begin:], begin):
        if place is None:
            yield i
        elif place >= asked:
            return


def _above(cells: Sequence[Cell], places: list[int | None], release: Release, anchor: int) -> list[int]:
    """The student's own texts between a question and the course's cell before it, which is no other question's."""
    own: list[int] = []
    for i in range(anchor - 1, -1, -1):
        place = places[i]
        if place is not None:
            before = release.cells[place]
            another = before.grade_id.startswith("written-") or any(tag.startswith("answer-") for tag in before.tags)
            return [] if another else own[::-1]
        if not cells[i].code and _unprompted(cells[i].source).strip():
            own.append(i)
    return []


def _unprompted(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if not _PROMPT.match(line))


def added(question: str, source: str) -> str:
    """The lines, and the parts of lines, that a cell has beside the question's text."""
    known = {line.strip() for line in question.splitlines()}
    long = sorted((line for line in known if len(line) >= QUOTED), key=len, reverse=True)
    lines: list[str] = []
    for line in _unprompted(source).splitlines():
        if line.strip() in known:
            if line.strip() == "" and lines and lines[-1] != "":
                lines.append("")
            continue
        if len(line.strip()) >= QUOTED and any(line.strip() in text for text in long):
            continue  # a line of the question, cut
        quoted = next((text for text in long if text in line), None)
        lines.append(line if quoted is None else line.replace(quoted, "", 1).strip())
    return "\n".join(lines).strip()


def _assembled(parts: list[tuple[str, tuple[tuple[str, str, str], ...]]]) -> Answer:
    """One text of several cells; pictures that stand in the text itself are taken out and named."""
    answer, texts, room = Answer(), [], PICTURES_BYTES

    def keep(name: str, data: str) -> str:
        """The name under which a picture is kept, or why it is not."""
        nonlocal room
        picture, why = _picture(data)
        if picture is not None and len(picture[1]) > room:
            picture, why = None, "there are too many pictures"
        if picture is None:
            texts.append(f"[The picture {one_line(name)[:80]} is not shown here: {why}. It is in the notebook.]")
            return name
        stem, dot, ending = name.rpartition(".") if "." in name else (name, "", "")
        number, free = 1, name
        while free in answer.attachments:
            number += 1
            free = f"{stem}-{number}{dot}{ending}"
        kind, payload = picture
        room -= len(payload)
        answer.attachments[free] = f"data:{kind};base64,{base64.b64encode(payload).decode()}"
        return free

    for text, attachments in parts:
        place = len(texts)
        for name, _, data in attachments:
            if (free := keep(name, data)) != name:
                text = text.replace(f"attachment:{name}", f"attachment:{free}")
        text = _INLINE.sub(lambda found: f"attachment:{keep('picture.' + found[1].partition('/')[2], found[2])}", text)
        texts.insert(place, text)
    answer.text = "\n\n".join(filter(None, texts))
    if len(answer.text) > ANSWER:
        left = len(answer.text) - ANSWER
        answer.text = f"{answer.text[:ANSWER]}\n\n[{left} more characters are in the notebook.]"
    return answer


def _picture(data: str) -> tuple[tuple[str, bytes] | None, str]:
    """A picture's type and bytes, else why it is not shown; what it says of its type is not asked."""
    if len(data) > PICTURE_BYTES * 3 // 2:
        return None, f"it is larger than {PICTURE_BYTES >> 20} MiB"
    try:
        payload = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return None, "it is damaged"
    if len(payload) > PICTURE_BYTES:
        return None, f"it is larger than {PICTURE_BYTES >> 20} MiB"
    if payload[:4] == b"RIFF" and payload[8:12] == b"WEBP":
        return ("image/webp", payload), ""
    for beginning, kind in _RASTER.items():
        if payload.startswith(beginning):
            return (kind, payload), ""
    return None, "only PNG, JPEG, GIF and WebP are"
