"""Lab 2: each exercise against closed forms, torch's optimisers, or a theorem."""
