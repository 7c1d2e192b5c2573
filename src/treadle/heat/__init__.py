"""Evaluates templates of OpenStack Heat (HOT), as Heat itself would, in one process and without a cloud.

``evaluate`` gives the outputs of one template; ``evaluate_overcloud`` renders a tree of templates for its roles
first. Both read files and do nothing else.
"""

from treadle.heat.environment import Environment, deep_update, load_environments
from treadle.heat.evaluate import build, evaluate
from treadle.heat.files import Files
from treadle.heat.overcloud import OvercloudResult, Tree, check_parameter_names, evaluate_overcloud, load_tree
from treadle.heat.resources.random_string import RandomProvider, RandomRequest
from treadle.heat.roles import load_roles, render
from treadle.heat.stack import Stack

__all__ = [
    "Environment",
    "Files",
    "OvercloudResult",
    "RandomProvider",
    "RandomRequest",
    "Stack",
    "Tree",
    "build",
    "check_parameter_names",
    "deep_update",
    "evaluate",
    "evaluate_overcloud",
    "load_environments",
    "load_roles",
    "load_tree",
    "render",
]
