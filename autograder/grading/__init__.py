"""A class, resumable: from files handed in to results."""


class UnitError(Exception):
    """A unit that we failed, and why: it has no grade, which is not a grade of zero."""
