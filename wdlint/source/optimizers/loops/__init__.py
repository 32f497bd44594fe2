"""Optimizers that a library makes of what it is handed: training loops, engines, and what they never use."""
