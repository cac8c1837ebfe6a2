"""Workflows in virtual time: random runs, scenarios, and what they cover."""
