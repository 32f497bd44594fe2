"""The evaluator: what may this expression be? Its door is `evaluator`.

One example through the algorithm. The linted file ends in `torch.optim.AdamW(params(net), weight_decay=wd)`, with

    wd = 0.05 if args.small else 0.1

    def params(model):
        return [p for p in model.parameters() if p.ndim > 1]

Somebody asks `evaluate(wd, context)`, where the context says in which frame and at which statement the name stands.

1. `Evaluator.evaluate` has answered this before (an answer goes by the identity of expression and context), or it
   counts the question, notes that it is being asked, and hands it to `expressions.values`. A question that comes up
   while it is being answered, or lies too deep, is answered with `Unknown`: recursion ends there.
2. `expressions` looks at the kind of node. A name goes to `names`, which asks `flow` for the bindings that reach the
   statement: one assignment here, a conditional. `arithmetic.truth` is asked whether its test can be told. If not,
   both sides are evaluated, and `answers.distinct` leaves two answers: `Known(0.05)` and `Known(0.1)`, each with its
   origin and node. Several answers are normal; rules report as proven what holds for each.
3. `params(net)` is a call: `Evaluator.call` evaluates what is called. A `FunctionValue` of the project is entered:
   `binding.bind` says which parameter gets which argument, and a `Frame` with these arguments is evaluated up to its
   returns. Calls of libraries are asked of `libraries`, which is handed in, by the path that the name was imported
   under; what no library speaks of is an `Instance` of that path.
4. The comprehension is not run, either. `elements` says what its variable stands for, an `Element` of the collection
   `model.parameters()`, and the answer is a `SequenceValue` of one item under a condition, `p.ndim > 1`, which stays
   an expression. What it says of a parameter is read in `selections`, which nothing here knows.
5. What is changed in place later (`groups.append(…)`, `cfg.lr = …`) is found by `in_place` and kept with the value as
   `Changed`; `objects` reads members, items and entries with the changes that reach the place of the question.
6. A parameter of the function at hand, whose caller is not known, is looked for at its callers (`callers`), then in its
   default; a member of `args` in the command-line options that the project declares.

What can't be told is `Unknown` with a key: the same key is the same thing, so that two groups over one unseen model are
known to be over one. The work for one file is bounded (`evaluator._WORK`), and so is the nesting of calls.

Nothing here knows models, selections, optimizers, penalties or libraries. What the rooms above may ask is in
`evaluation`; `evaluator` puts the modules together. Values are in `values`.
"""
