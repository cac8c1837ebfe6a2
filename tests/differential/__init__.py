"""The cores of two languages against each other: the same plans, the same events."""
