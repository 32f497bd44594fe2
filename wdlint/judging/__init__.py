"""What rules share: what a rule is, questions that several of them ask of facts, their words, and which of them run.

The rules themselves are in `rules/`; nothing here reads source or tensors.
"""
