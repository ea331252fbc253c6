"""Results of little students and classes, and what a browser would make of the pages about them."""

import html.parser

from autograder.files import file_names
from autograder.outcome import Outcome
from autograder.reports.class_page import write_class_page
from autograder.reports.feedback import write_feedback
from autograder.result import ExerciseResult, Result, TestResult

WALL = {"layers": ["namespaces", "seccomp"], "missing": {}, "graded_use": True, "summary": "Wall: namespaces, seccomp."}
THIN = {"layers": ["rlimits"], "missing": {"seccomp": "no libseccomp"}, "graded_use": False, "summary": "Limits only."}

OVERFLOW = TestResult(
    "does not overflow",
    1,
    Outcome.FAILED,
    "softplus([710.0, …]) gave [inf, …], expected [710.0, …]",
    "exp(a) overflows for large a. Take m = max(0, a) out of the logarithm first.",
)
SMALL = TestResult(
    "keeps small values",
    1,
    Outcome.FAILED,
    "softplus([…, -40.0, …]) gave 0.0, expected 4.248e-18",
    "For very negative a the 1 swallows exp(a): log(1 + x) for tiny x needs np.log1p.",
)
AGREES = TestResult("agrees with logaddexp", 1, Outcome.PASSED)
MEAN = "takes the mean instead of the sum"


def softplus(*tests: TestResult, **kwargs) -> ExerciseResult:
    return ExerciseResult("softplus", tests or (AGREES, OVERFLOW, SMALL), **kwargs)


def nll(score: int = 4, **kwargs) -> ExerciseResult:
    message = "" if score == 4 else "nll(w, X, y) gave 0.69, expected 27.7"
    hint = "" if score == 4 else "The objective is a sum over the data."
    return ExerciseResult(
        "nll", (TestResult("is a sum", 4, Outcome.PASSED if score else Outcome.FAILED, message, hint),), **kwargs
    )


def make(student: str = "ann", *exercises: ExerciseResult, **kwargs) -> Result:
    fields = {"wall": WALL, "notebook_sha256": "ab" * 32, "versions": {"numpy": "2.0"}} | kwargs
    return Result(student, "lab1", exercises or (softplus(), nll()), **fields)


def a_class(count: int = 40, mean: int = 11) -> list[Result]:
    wrong = [make(f"m{i:02}", softplus(AGREES), nll(0, diagnosis=MEAN)) for i in range(mean)]
    return wrong + [make(f"r{i:02}", softplus(AGREES), nll()) for i in range(count - mean)]


VOID = {"meta", "br", "img"}


class Page(html.parser.HTMLParser):
    """What a browser would make of a page: elements with attributes, and text. Fails on anything unbalanced."""

    def __init__(self, source: str):
        super().__init__(convert_charrefs=True)
        self.source, self.stack, self.elements, self.texts = source, [], [], []
        self.feed(source)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs)
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if self.stack and self.stack[-1] != "style":
            self.texts.append(data)

    def handle_comment(self, data):
        raise AssertionError("a comment")

    def handle_pi(self, data):
        raise AssertionError("a processing instruction")

    def unknown_decl(self, data):
        raise AssertionError("a declaration")

    @property
    def text(self) -> str:
        return "".join(self.texts)

    @property
    def skeleton(self):
        """Everything but texts and the values of attributes."""
        return [(tag, sorted(attributes)) for tag, attributes in self.elements]

    def find(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def feedback(tmp_path, result) -> Page:
    write_feedback(result, tmp_path / "f.html")
    return Page((tmp_path / "f.html").read_text("utf-8"))


def pages_of(results):
    return {student: f"feedback/{name}.html" for student, name in file_names(r.student for r in results).items()}


def class_page(tmp_path, results) -> Page:
    write_class_page(results, tmp_path / "class.html", pages_of(results))
    return Page((tmp_path / "class.html").read_text("utf-8"))
