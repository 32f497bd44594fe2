"""Where optimizers are made, what they are given, and how a written step decays (`step`)."""
