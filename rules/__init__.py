"""The rules, one a module; installed as `wdlint.rules`. Each judges facts; none reads source."""
