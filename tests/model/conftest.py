"""The model engine needs torch; where it isn't installed, none of these tests is collected."""

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["test_*.py", "*/test_*.py"]
