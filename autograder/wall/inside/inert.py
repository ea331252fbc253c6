"""What `autograder` is behind the wall: `check`, `check_all` and `question` do nothing, and the checks are not there."""

POINTS: dict[str, float] = {}  # the most that each exercise earns; no secret


def check(name: str) -> float:
    """Nothing is checked here; the judge does that from outside, where the notebook has its check.

    Code around it (`assert check("softplus") == 3`) goes on as it does for a right answer.
    """
    return POINTS.get(name, 0.0)


def check_all(lab: str = "") -> float:
    """Nothing is checked here either."""
    return sum(POINTS.values())


def question(id: str) -> None:
    """Nothing to show."""
