"""A class, resumable: from files handed in to results."""
