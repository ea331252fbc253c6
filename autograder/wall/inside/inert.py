"""What `autograder` is behind the wall: `check` and `question` do nothing, and the checks are not there."""


def check(name: str) -> float:
    """Nothing is checked here; the judge does that from outside."""
    return 0.0


def question(id: str) -> None:
    """Nothing to show."""
