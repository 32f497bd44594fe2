"""Which parameters a selection takes: predicates over parameters, and membership decided without running them."""
