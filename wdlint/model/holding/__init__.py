"""What the user's objects hold: a module its parameters, a wrapper the optimizers that really step.

Nothing here says what a parameter is for, or what an optimizer does with it.
"""
