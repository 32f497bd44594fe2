"""Scripts that write the data files of `wdlint.knowledge`; run by hand, never imported by a reader."""
