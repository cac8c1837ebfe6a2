"""From plans to view models: one package per language. Nothing here knows a template's
text, and no template decides anything."""
