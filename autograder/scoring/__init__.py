"""The capstone's predictions against the truth of its clip, on the instructor's side: files that are hostile, numbers, a leaderboard."""


class ScoreError(Exception):
    """One clear line: nothing could be scored."""
