"""Desired and observed containers in; a list of actions out, and then the same list done."""

from treadle.instantiate.desired import Desired, Held, build_desired, missing_paths, part_key, source_keys
from treadle.instantiate.execute import Executor
from treadle.instantiate.plan import Action, Kind, Run, changes, plan
from treadle.instantiate.words import spec_words, tree_words

__all__ = ["Action", "Desired", "Executor", "Held", "Kind", "Run", "build_desired", "changes", "missing_paths",
           "part_key", "plan", "source_keys", "spec_words", "tree_words"]
