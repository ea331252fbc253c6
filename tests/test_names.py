"""Names that are right, on a sample: `python -m tests.names` has the whole of it."""

from collections import Counter

import pytest

from autograder.course import find_lab
from tests.names import DIAGNOSED, mistakes, withheld


@pytest.fixture
def sample(root):
    def sample(labs, first):
        """Counts and wrong names for the first mistakes of these labs that are drawn."""
        counts = Counter()
        drawn = mistakes([find_lab(root, lab) for lab in labs])
        return counts, list(withheld(drawn[:first], counts))

    return sample


def test_no_mistake_of_a_few_gets_anothers_name(sample):
    counts, wrong = sample(["lab0", "lab1"], 100)
    assert not wrong
    assert counts["by their own"] >= 0.9 * counts["mistakes"]


@pytest.mark.slow
def test_no_mistake_gets_anothers_name(sample):
    pytest.importorskip("torch")
    counts, wrong = sample(DIAGNOSED, 300)
    assert not wrong
    assert counts["by their own"] >= 0.85 * counts["mistakes"]
