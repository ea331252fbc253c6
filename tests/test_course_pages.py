"""The pages about the course agree with its notebooks: hours, numbers of exercises, questions of the quiz."""

import re

from autograder.course import labs

HOURS = re.compile(r"^\*\*Hours\*\*.*", re.MULTILINE)


def hours(lab):
    """The hours of a lab as the head of its notebook lists them, added up."""
    said = HOURS.search(lab.source.read_text("utf-8"))[0].split(";")[0]
    return sum(float(number) for number in re.findall(r"\d+(?:\.\d+)?", said))


def row(page, first):
    return next(line for line in page.splitlines() if line.startswith(f"| {first} |"))


def test_hours_are_those_of_the_notebooks(root):
    syllabus, readme = (root / "site/course/syllabus.md").read_text(), (root / "README.md").read_text()
    for lab in labs(root):
        name = lab.name if lab.name == "capstone" else lab.name.removeprefix("lab")
        in_syllabus = row(syllabus, "Capstone" if lab.name == "capstone" else f"Lab {name}").split("|")[3]
        assert float(in_syllabus) == float(row(readme, name).split("|")[3]) == hours(lab), lab.name


def test_outcomes_name_exercises_that_are_there(root):
    sources = {lab.name.removeprefix("lab"): lab.source.read_text("utf-8") for lab in labs(root)}
    number = ""
    for line in (root / "site/course/outcomes.md").read_text().splitlines():
        if not (match := re.match(r"\| (\d?) ?\| .* \| ([\w, –]+) \|$", line)):
            continue
        number = match[1] or number
        there = set(re.findall(r"^\*\*Exercise (\d+)", sources[number], re.MULTILINE))
        there |= set(re.findall(r'question\("(\w+)"\)', sources[number]))
        named = set(re.findall(r"\w+", match[2]))
        assert named <= there, f"Lab {number}: {named - there}"


def test_the_quiz_has_three_questions_a_lab_each_with_its_answer(root):
    quiz = (root / "site/course/quiz.md").read_text()
    for number, lab in enumerate(labs(root)[1:], 1):
        asked = re.findall(rf"^\*\*{number}\.(\d)\*\* ", quiz, re.MULTILINE)
        assert asked == ["1", "2", "3"], lab.name
    assert quiz.count("<details><summary>Answer</summary>") == len(re.findall(r"^\*\*\d\.\d\*\* ", quiz, re.MULTILINE))


def test_pictures_are_there_with_alt_text_and_caption_and_are_light(root):
    shown = set()
    for page in (root / "README.md", *(root / "site").rglob("*.md")):
        for alt, name, after in re.findall(r"^!\[(.*?)\]\((.*?)\)\n\n(.*)$", page.read_text(), re.MULTILINE):
            picture = (page.parent / name).resolve()
            assert picture.is_file(), (page.name, name)
            assert len(alt) > 40 and after.startswith("*"), (page.name, name)
            shown.add(picture)
    screens = set((root / "site" / "screens").resolve().iterdir())
    assert screens and screens <= shown
    assert all(picture.stat().st_size <= 150_000 for picture in screens)
