"""What people read about a plan: diagrams, plain words, OpenAPI, Markdown."""
