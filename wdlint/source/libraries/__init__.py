"""What calls, members and options of libraries mean to the evaluator: one module a library, or a kind of libraries.

A module of this room that defines `LIBRARY` is found by itself. To teach wdlint another library, add a file here:

    '''hydra: `instantiate` makes what its configuration names.'''

    def _instantiate(evaluator: Evaluation, call: Call) -> Answers | None:
        return …  # what the call may return; None where this can't be told

    LIBRARY = Library(
        paths=("hydra",),  # the import paths that it answers for
        calls={"hydra.utils.instantiate": _instantiate},
    )

What a `Library` can say is in `library`: what functions and methods return, what the things that it makes hold, how
it declares options. A reader asks the evaluator (`values.evaluation.Evaluation`) what the arguments are, and answers in
the evaluator's own values (`values.values`). A call that no library speaks of makes an `Instance` of what was called.

Tables of plain facts (layers, optimizers, models, wrappers, helpers) are in `wdlint.knowledge`. What needs conditions
on parameters, such as a helper that divides a model by a rule of its own, is in `optimizers.helpers`.
"""
