"""The source engine: from the bytes of training code to facts, without running it. No torch here."""
