"""Written answers on their way to a marker and back: pages and tables go out, points come in, results carry them."""


class MarkError(Exception):
    """Marks that cannot be taken; the message is one clear line."""
