"""Whose row is it: students of ours and the people in another system's table."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.exports import ExportError


@dataclass(frozen=True)
class Person:
    """What a table says of somebody.

    Attributes
    ----------
    exact : what only this person has: ids, a login, an e-mail address
    number : the number that the system puts behind the name of who hands in
    logins : what may also be another's: the part of a login before @
    names : last and first name, or a name and ""
    """

    exact: Iterable[str] = ()
    number: str = ""
    logins: Iterable[str] = ()
    names: Iterable[tuple[str, str]] = ()


def match(students: Iterable[str], people: Mapping[str, Person]) -> dict[str, str]:
    """Student -> key of `people`; nobody is matched where there is a doubt."""
    exact: dict[str, set[str]] = defaultdict(set)
    by_number: dict[str, set[str]] = defaultdict(set)
    by_login: dict[str, set[str]] = defaultdict(set)
    by_name: dict[str, set[str]] = defaultdict(set)
    for key, person in people.items():
        by_number[folded(person.number)].add(key)
        for text in person.exact:
            exact[folded(text)].add(key)
        for text in person.logins:
            by_login[folded(text)].add(key)
        for last, first in person.names:
            for name in (letters(last + first), letters(first + last)):
                by_name[name].add(key)
    for keys_of in (exact, by_number, by_login, by_name):
        keys_of.pop("", None)  # what a row lacks says nothing about a student
    found: dict[str, str] = {}
    for student in students:
        name = folded(student)
        numbered = re.fullmatch(
            r".+_(\d+)", name, re.DOTALL
        )  # as `intake` names who handed in through Canvas or Moodle
        plain = (
            name[: numbered.start(1)] if numbered and not by_number else name
        )  # a table that does not know these numbers
        guesses = (
            by_number.get(numbered[1] if numbered else "", set()),
            by_login.get(name, set()),
            by_name.get(letters(plain), set()),
        )
        keys = exact.get(name) or set().union(*guesses)
        if len(keys) == 1:
            (found[student],) = keys
    claims = Counter(found.values())
    return {student: key for student, key in found.items() if claims[key] == 1}


def folded(text: str) -> str:
    """Text to be compared: the same letter is written in several ways (a Mac's file names take é apart)."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def letters(text: str) -> str:
    return "".join(c for c in folded(text) if c.isalnum())


def read_table(path: Path, where_from: str) -> tuple[list[str], list[list[str]]]:
    """The header of a CSV with commas or semicolons, and the rows below it, each as long as the header.

    Raises
    ------
    ExportError
        Where it is no such file.
    """
    try:
        content = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ExportError(f"{path}: not a CSV in UTF-8, {where_from}") from None
    first = content.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise ExportError(f"{path}: not a CSV ({error})") from None
    header = lines[0] if lines else []
    return header, [(row + [""] * len(header))[: len(header)] for row in lines[1:] if row]
