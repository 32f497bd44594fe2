"""What is known of libraries: optimizers, wrappers, layers and models, as data files and a small typed reader each.

Nothing here imports torch or libcst, and nothing of wdlint but `wdlint.facts`. A data file is read
when the first question about it is asked, and once. The scripts that write the data files are in
`wdlint.making`; they alone need the libraries.
"""
