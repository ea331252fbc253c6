"""What runs on the student's side: in the walled-off process when grading, in the notebook's own process for `check`.

Nothing here holds a secret, and nothing that it reports is believed beyond its values.
"""
