"""Magic Flow: the Python runtime."""
