"""Models and audits as people see them: text, tables, JSON, a page; and how the rules in use would do on a model.

Nothing is found out here. Reports of linted source are in `wdlint.report`.
"""
