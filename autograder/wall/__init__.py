"""The student's side, and the way there and back."""
