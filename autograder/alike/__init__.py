"""Answers whose code is the same but for names and layout: a question to ask, never a verdict."""
