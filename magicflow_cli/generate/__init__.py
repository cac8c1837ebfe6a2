"""Generators: plan → view model → templates → files → disk."""
