"""What the name of a file or folder says: each learning platform has its own form for whose it is, and which attempt."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

LONGEST = 500  # characters; a longer name has no form


@dataclass(frozen=True)
class Named:
    """What a name says.

    Attributes
    ----------
    form : str
        Whose form it is: "Canvas", "Moodle", …
    student : str
        The student, as that platform tells one from another.
    file : str
        The name under which the student handed the file in; "" for a folder, or a receipt that the platform adds.
    order : tuple of int
        Orders the files of a student by age.
    when : datetime or None
        When it was handed in. The newest attempt counts.
    late : bool
        Canvas has marked it as late.
    assignment : str
        The assignment, where the name says it.
    """

    form: str
    student: str
    file: str = ""
    order: tuple[int, ...] = ()
    when: datetime | None = None
    late: bool = False
    assignment: str = ""


_CANVAS = re.compile(
    r"(?P<student>anon_[^_]+|(?P<name>.+?)(?P<late>_LATE)?_(?P<user>\d{1,20}))(?(name)|(?P<anonymous_late>_LATE)?)"
    r"_(?:(?P<number>\d{1,20})_(?P<file>.+)|(?P<entry>text|link)\.html)",
    re.DOTALL,
)
_CANVAS_VERSION = re.compile(r"-(\d{1,4})$")
_MOODLE = re.compile(r"(?P<student>.+_\d+)_assignsubmission_[a-z]+(?:_(?P<file>.+?))?(?:_|\.html)?", re.DOTALL)
_BLACKBOARD = re.compile(
    r"(?P<head>.+)_attempt_(?P<when>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)?", re.DOTALL | re.IGNORECASE
)
_BRIGHTSPACE = re.compile(
    r"(?P<first>\d+)-(?P<second>\d+) ?- (?P<name>.+?) ?- "
    r"(?P<when>(?:\d{4}-\d\d-\d\d|[^-]*?\b\d{4}\b[^-]*?) \d{1,2}[:.]?\d\d(?: ?[AP]\.?M\.?)?)(?: - (?P<file>.+))?",
    re.DOTALL | re.IGNORECASE,
)
_EXCHANGE = re.compile(
    r"(?P<student>.+)\+(?P<assignment>[^+]+)\+(?P<when>\d{4}-\d\d-\d\d[ _T]\d\d[:_-]?\d\d[:_-]?\d\d[^+]*)(?:\+\w+)?",
    re.DOTALL,
)
_ILIAS_FILE = re.compile(r"(?P<when>20\d{12})_(?P<file>.+)", re.DOTALL)


def canvas(name: str) -> Named | None:
    """`name_LATE_user_number_file-1.ipynb`, of a text `name_user_text.html`."""
    found = _CANVAS.fullmatch(name)
    if not found:
        return None
    student = "_".join(filter(None, found.group("name", "user"))) or found["student"]
    stem, ending = os.path.splitext(found["file"] or f"{found['entry']}.html")
    version = _CANVAS_VERSION.search(stem)
    return Named(
        "Canvas",
        student,
        (stem[: version.start()] if version else stem) + ending,
        (int(version[1]) if version else 0, int(found["number"] or 0)),
        late=bool(found["late"] or found["anonymous_late"]),
    )


def is_certain(name: str) -> bool:
    """Whether what looks like Canvas's is no student's id such as lee_1_2_x: Canvas's numbers are longer."""
    found = _CANVAS.fullmatch(name)
    return found is not None and all(len(number or "000") >= 3 for number in found.group("user", "number"))


def moodle(name: str) -> Named | None:
    """`Jane Doe_123_assignsubmission_file_lab1.ipynb`, or a folder `Jane Doe_123_assignsubmission_file_`."""
    found = _MOODLE.fullmatch(name)
    return Named("Moodle", found["student"], found["file"] or "") if found else None


def blackboard(name: str) -> Named | None:
    """`Lab 1_jdoe_attempt_2025-01-05-23-59-00_lab1.ipynb`, the receipt without a file; the assignment is still in front."""
    found = _BLACKBOARD.fullmatch(name)
    if not found:
        return None
    when = _time(*map(int, found["when"].split("-")))
    return Named("Blackboard", found["head"], found["file"] or "", when=when) if when else None


def brightspace(name: str) -> Named | None:
    """`12345-67890 - Jane Doe - Jan 5, 2025 1159 PM - lab1.ipynb`; the numbers are still in front of the name."""
    found = _BRIGHTSPACE.fullmatch(name)
    if not found:
        return None
    who = "\0".join(found.group("first", "second", "name"))
    return Named("Brightspace", who, found["file"] or "", when=_spoken_time(found["when"]))


def exchange(name: str) -> Named | None:
    """`jdoe+lab1+2025-01-05 12:00:00 UTC`, nbgrader's inbound folder."""
    found = _EXCHANGE.fullmatch(name)
    if not found:
        return None
    when = found["when"][:19].replace("_", ":") + found["when"][19:]  # where a file system takes no colon
    return Named("nbgrader", found["student"], when=read_time(when), assignment=found["assignment"])


def ilias_file(name: str) -> tuple[datetime | None, str]:
    """When a file was handed in, and its own name: `20250105235900_lab1.ipynb`."""
    found = _ILIAS_FILE.fullmatch(name)
    if not found:
        return None, name
    text = found["when"]
    when = _time(int(text[:4]), *(int(text[i : i + 2]) for i in range(4, 14, 2)))
    return (when, found["file"]) if when else (None, name)


_FILES = (moodle, blackboard, brightspace, canvas)
_FOLDERS = (moodle, brightspace, blackboard)


def read_files(names: Iterable[str]) -> dict[str, Named | None]:
    """What each file's name says, None where it has nobody's form."""
    return _settled({name: _read(name, _FILES) for name in names})


def read_folders(names: Iterable[str]) -> dict[str, Named | None]:
    return _settled({name: _read(name, _FOLDERS) for name in names})


def _read(name: str, forms: Iterable[Callable[[str], Named | None]]) -> Named | None:
    if len(name) > LONGEST:
        return None
    return next((found for form in forms if (found := form(unicodedata.normalize("NFC", name)))), None)


def _settled(read: dict[str, Named | None]) -> dict[str, Named | None]:
    """Take off what only a look at all names shows to be no part of the student's."""
    own = _without_assignment({found.student for found in read.values() if found and found.form == "Blackboard"})
    own |= _without_numbers({found.student for found in read.values() if found and found.form == "Brightspace"})
    return {
        name: replace(found, student=own[found.student]) if found and found.student in own else found
        for name, found in read.items()
    }


def _without_assignment(heads: set[str]) -> dict[str, str]:
    """`Lab_1_j_doe` and `Lab_1_klee` are j_doe and klee; of a single one, the last part is taken for the user's name."""
    common = os.path.commonprefix(list(heads))
    cut = common.rfind("_") + 1
    return {head: head[cut:] if len(heads) > 1 else head.rpartition("_")[2] for head in heads}


def _without_numbers(owners: set[str]) -> dict[str, str]:
    """Names alone where they are unique, else with the number that is the student's.

    Of the two numbers one may be the assignment's, or that of an attempt: the student's is one that no other name shares, and of
    two such the one that says less often that there are several students of a name.
    """
    parts = {owner: owner.split("\0") for owner in owners}
    places = []
    for place in (0, 1):
        pairs = {(numbers[place], numbers[2]) for numbers in parts.values()}
        if len({number for number, _ in pairs}) == len(pairs):
            places.append((len(pairs), place))
    personal = min(places, default=(0, 0))[1]
    numbers_of: dict[str, set[str]] = defaultdict(set)
    for numbers in parts.values():
        numbers_of[numbers[2]].add(numbers[personal] if places else "")
    return {
        owner: numbers[2] if len(numbers_of[numbers[2]]) == 1 else f"{numbers[2]}_{numbers[personal]}"
        for owner, numbers in parts.items()
    }


# --- times ------------------------------------------------------------------------------------------------------------

# The beginnings of the months' names in the languages that platforms are run in, without accents.
_MONTHS = (
    "jan ene gen", "feb fev", "mar mrt maa", "apr avr abr", "may mai mei mag", "jun juin giu", "jul juil lug", "aug aou ago",
    "sep set", "oct okt out ott", "nov", "dec dez dic",
)  # fmt: skip
_MONTH = {begin: number for number, names in enumerate(_MONTHS, 1) for begin in names.split()}
_STAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[ T:](\d\d):?(\d\d):?(\d\d)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d|[A-Za-z][\w/+-]*)?\s*"
)


def read_time(text: str) -> datetime | None:
    """`2025-01-05 12:00:00.0 UTC`, as nbgrader and Gradescope write; without a zone it is the clock's of who reads it."""
    found = _STAMP.fullmatch(text.strip()[:100])
    if not found:
        return None
    when = _time(*map(int, found.groups()[:6]))
    zone = found[7] or ""
    try:
        if zone in ("Z", "UTC", "GMT"):
            return when and when.replace(tzinfo=UTC)
        if zone[:1] in ("+", "-"):
            minutes = 60 * int(zone[1:3]) + int(zone[-2:])
            return when and when.replace(tzinfo=timezone(timedelta(minutes=minutes if zone[0] == "+" else -minutes)))
        return when and when.replace(tzinfo=ZoneInfo(zone) if zone else None)
    except (ValueError, OSError, KeyError):  # a zone that this machine does not know
        return when


def _spoken_time(text: str) -> datetime | None:
    """`Jan 5, 2025 1159 PM`, `5 January, 2025 11:59 PM`, `2025-01-05 2359`."""
    clock = re.search(r"(\d{1,2})[:.]?(\d\d)(?: ?([AP])\.?M\.?)?$", text, re.IGNORECASE)
    if clock is None:
        return None
    date = text[: clock.start()]
    hour, minute, half = int(clock[1]), int(clock[2]), (clock[3] or "").upper()
    if half:
        hour = hour % 12 + (12 if half == "P" else 0)
    if numeric := re.match(r"(\d{4})-(\d\d)-(\d\d)", date):
        return _time(int(numeric[1]), int(numeric[2]), int(numeric[3]), hour, minute)
    year, day = re.search(r"\b\d{4}\b", date), re.search(r"\b\d{1,2}\b", date)
    plain = "".join(c for c in unicodedata.normalize("NFKD", date).casefold() if not unicodedata.combining(c))
    word = re.search(r"[a-z]{3,}", plain)
    month = next((_MONTH[word[0][:n]] for n in (4, 3) if word[0][:n] in _MONTH), None) if word else None
    return _time(int(year[0]), month, int(day[0]), hour, minute) if year and day and month else None


def _time(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime | None:
    try:
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None


def lateness(when: datetime | None, due: datetime | None) -> str:
    """How late something was handed in: "1 d 2 h", "5 min"; "" where it was not, or nobody knows."""
    if when is None or due is None:
        return ""
    if (when.tzinfo is None) != (due.tzinfo is None):
        when, due = when.astimezone(), due.astimezone()  # what has no zone is meant in this machine's
    seconds = (when - due) // timedelta(seconds=1)
    if seconds <= 0:
        return ""
    minutes = max(seconds // 60, 1)
    days, hours = divmod(minutes // 60, 24)
    parts = [f"{days} d" * bool(days), f"{hours} h" * bool(hours), f"{minutes % 60} min" * (not days)]
    return " ".join(filter(None, parts))
