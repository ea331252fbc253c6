"""What people read about results."""
