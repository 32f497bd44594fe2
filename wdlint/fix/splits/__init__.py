"""Mending groups that are divided already: their conditions, their lists, their strengths.

What a model's parameters are divided by is decided in `emit`, groups that are not divided yet are in `division`.
"""
