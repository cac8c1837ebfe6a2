"""Explores every combination of outcomes of a workflow, and says what it found."""
