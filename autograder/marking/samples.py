"""Marks for the example class, whose written answers are the course's marked samples."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from autograder.authoring.written import Question
from autograder.files import clean, defuse, write_atomically
from autograder.marking.given import code_of
from autograder.result import WrittenAnswer


def write_sample_marks(path: Path, keys: Mapping[str, Question]) -> int:
    """A table for `mark`, with a row for each marked sample: its points, and why, as the comment. Returns how many."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["question", "answer", "points", "comment"])
    rows = [
        [
            key.id,
            code_of(WrittenAnswer(key.id, key.title, key.points, sample.text)),
            sample.points,
            defuse(clean(sample.why)),
        ]
        for key in keys.values()
        for sample in key.samples
    ]
    writer.writerows(rows)
    write_atomically(path, "\ufeff" + out.getvalue())
    return len(rows)
