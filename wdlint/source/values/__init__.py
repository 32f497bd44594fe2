"""The evaluator: what may this expression be? Its door is `evaluator`.

Nothing here knows models, selections, optimizers or penalties.
"""
