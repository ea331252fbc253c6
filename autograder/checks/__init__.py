"""Graded properties: a folder per lab, a file per exercise, and in `common.py` what several of a lab's files share."""
