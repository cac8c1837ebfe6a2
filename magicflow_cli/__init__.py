"""Magic Flow: the compiler, the generators and the command line."""
