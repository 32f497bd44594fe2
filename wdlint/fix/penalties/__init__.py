"""Penalties and decays in the gradient: taken out, and their strength moved to where it acts on the weights themselves.

How an optimizer's own step is decoupled is in `step`, and what nothing asks for afterwards in `leftovers`.
"""
