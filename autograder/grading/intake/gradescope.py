"""Gradescope's export: a folder per submission, and who handed it in in a file of metadata."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml

from autograder.files import one_line
from autograder.grading.intake.forms import read_time
from autograder.grading.intake.hand_ins import HandIn, HandIns, pieces_in
from autograder.grading.intake.levels import Level
from autograder.grading.intake.sources import File, Unreadable

log = logging.getLogger(__name__)

METADATA_BYTES = 64 * 2**20
_SUBMISSION = re.compile(r"submission_\d+")


@dataclass(frozen=True)
class _Record:
    """The students of a submission, and when they handed it in."""

    students: tuple[str, ...] = ()
    when: datetime | None = None


def submissions_in(level: Level) -> list[Level]:
    """The folders of submissions, where this is Gradescope's export."""
    return [] if level.notebooks else [f for name, f in level.folders.items() if _SUBMISSION.fullmatch(name)]


def read(level: Level) -> HandIns:
    """`submission_N/**`, with the students' names in submission_metadata.yml."""
    hand_ins: HandIns = defaultdict(HandIn)
    notes: list[str] = []
    records: dict[str, _Record] = {}
    for file in level.files:
        if file.name == "submission_metadata.yml":
            try:
                records = _metadata(file)
            except Unreadable as error:
                notes = [f"submission_metadata.yml {error}: named by the submission's folder"]
                log.warning("submission_metadata.yml %s: students are named by their submission's folder", error)
    for folder in submissions_in(level):
        record = records.get(folder.name, _Record())
        students = record.students or (folder.name,)
        for student in students:
            hand_in = hand_ins[student]
            hand_in.pieces += pieces_in(folder, record.when)
            hand_in.notes += notes
            if len(students) > 1:
                hand_in.notes.append("handed in by a group: " + one_line(", ".join(students)))
    return hand_ins


def _metadata(file: File) -> dict[str, _Record]:
    # The base loader makes strings, lists and dicts only, ignores Ruby's tags, and keeps the zeros of id 00123.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        document = yaml.load(file.read(METADATA_BYTES), Loader=loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Unreadable(f"cannot be read ({type(error).__name__})") from None
    submitters: dict[str, list[list[str]]] = {}
    times: dict[str, datetime | None] = {}
    for folder, record in document.items() if isinstance(document, dict) else ():
        found = record.get(":submitters") if isinstance(record, dict) else None
        found = found if isinstance(found, list) else []
        submitters[str(folder)] = [_ids(submitter) for submitter in found if isinstance(submitter, dict)]
        created = record.get(":created_at") if isinstance(record, dict) else None
        times[str(folder)] = read_time(created) if isinstance(created, str) else None
    # An id that several people have ("0000") would make one student of them: the next kind of id counts then.
    owners: dict[tuple[int, str], set[str | int]] = defaultdict(set)
    for number, (sid, email, name) in enumerate(ids for people in submitters.values() for ids in people):
        owners[0, sid].add(email or name)
        owners[1, email].add(name)
        owners[2, name].add(number)
    records: dict[str, _Record] = {}
    for folder, people in submitters.items():
        own = [[i for kind, i in enumerate(ids) if i and len(owners[kind, i]) == 1] for ids in people]
        records[folder] = _Record(tuple(dict.fromkeys(ids[0] if ids else folder for ids in own)), times[folder])
    return records


def _ids(submitter: dict[str, Any]) -> list[str]:
    """Student id, e-mail address and name, "" where there is none."""
    found = [submitter.get(key) for key in (":sid", ":email", ":name")]
    ids = [i.strip() if isinstance(i, str) else "" for i in found]
    return ["" if i.casefold() in ("~", "null", "none", "n/a", "-") else i for i in ids]
