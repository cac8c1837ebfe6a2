"""Magic Flow: the compiler, the generators and the command line."""

__version__ = "2.0.0a1"
