"""Desired and observed containers in; a list of actions out, and then the same list done."""

from treadle.instantiate.absorb import Mutable, wants_mutable
from treadle.instantiate.desired import Desired, Difference, Held, build_desired, missing_paths, part_key, source_keys
from treadle.instantiate.execute import Executor
from treadle.instantiate.plan import Action, Kind, Run, changes, plan
from treadle.instantiate.reload import NotTaken, Reloader
from treadle.instantiate.still import still
from treadle.instantiate.taken import TakenRecord
from treadle.instantiate.words import file_deltas, options, place, shown, spec_words, tree_deltas

__all__ = ["Action", "Desired", "Difference", "Executor", "Held", "Kind", "Mutable", "NotTaken", "Reloader", "Run",
           "TakenRecord", "build_desired", "changes", "file_deltas", "missing_paths", "options", "part_key", "place",
           "plan", "shown", "source_keys", "spec_words", "still", "tree_deltas", "wants_mutable"]
