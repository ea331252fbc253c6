"""The written answers of a class, those that are the same as one."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from autograder.result import Result, WrittenAnswer


@dataclass
class Answer:
    """One answer, and who gave it; `code` stands for it in tables and is drawn from its contents alone."""

    code: str
    said: WrittenAnswer
    students: list[str] = field(default_factory=list)


def code_of(answer: WrittenAnswer) -> str:
    """The same for answers that differ in nothing but white space and the names of pictures."""
    text = " ".join(unicodedata.normalize("NFC", answer.answer).split())
    for number, name in enumerate(answer.attachments):
        text = text.replace(f"attachment:{name}", f"attachment:{number}")
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace"))
    for picture in answer.attachments.values():
        digest.update(b"\0" + picture.encode())
    return f"{answer.question}-{digest.hexdigest()[:12]}"


def answers_of(results: Iterable[Result], seed: int) -> dict[str, list[Answer]]:
    """The answers to each question, in an order that the seed of the run draws, blank ones at the end.

    The order hangs on the answers and not on the students, and stays when a student is added.
    """
    found: dict[str, dict[str, Answer]] = {}
    for result in sorted(results, key=lambda result: result.student):
        for said in result.written:
            code = code_of(said)
            found.setdefault(said.question, {}).setdefault(code, Answer(code, said)).students.append(result.student)

    def place(answer: Answer) -> tuple[bool, bytes]:
        return answer.said.is_blank, hashlib.sha256(f"{seed}/{answer.code}".encode()).digest()

    return {question: sorted(answers.values(), key=place) for question, answers in found.items()}
