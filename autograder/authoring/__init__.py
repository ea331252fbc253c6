"""Source notebooks to what people open."""


class BuildError(Exception):
    """A source that cannot be built: the lab, the cell, and what to do."""
