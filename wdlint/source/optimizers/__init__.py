"""Where optimizers are made, what they are given, how a written step decays (`step`), and what libraries make (`loops`)."""
