"""Lab 5: what the sixteen exercises on residual networks, heads, augmentation and fine-tuning must do."""
