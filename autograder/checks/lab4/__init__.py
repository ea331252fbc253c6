"""Lab 4: what the thirteen exercises on correlation, heatmaps, detectors and their evaluation must do."""
