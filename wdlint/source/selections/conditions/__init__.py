"""From a test in the source (`"bias" in n or p.ndim < 2`) to a condition on the current parameter."""
