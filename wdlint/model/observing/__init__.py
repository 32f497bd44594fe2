"""A forward pass, observed: inputs are made, a copy of the model runs on the meta device, parameters are followed.

What their uses say of a kind is decided in `kinds`.
"""
