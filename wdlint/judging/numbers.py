"""Numbers as people write them."""

from __future__ import annotations


def number(value: float) -> str:
    """A number as a person writes it: 0.01, 1e-5, 3.

    >>> number(1e-05), number(5e-4), number(0.05), number(3.0)
    ('1e-5', '5e-4', '0.05', '3')
    """
    if 0 < abs(value) < 1e-3:
        digits, _, exponent = f"{value:.5e}".partition("e")
        return f"{digits.rstrip('0').rstrip('.')}e{int(exponent)}"
    return f"{value:.6g}".replace("e+0", "e")


def percent(share: float) -> str:
    """A share of 1 as a percentage: 0.15 is "15 %"."""
    return f"{number(100 * share)} %"
