"""What an operator sets: environment files and folders, answers files, plan environments; checked and merged."""

from treadle.heat.environment.load import Environment, check_known, load_environments, unknown_names
from treadle.heat.environment.merge import deep_update
from treadle.heat.environment.sources import EnvironmentSource, Origin

__all__ = ["Environment", "EnvironmentSource", "Origin", "check_known", "deep_update", "load_environments",
           "unknown_names"]
