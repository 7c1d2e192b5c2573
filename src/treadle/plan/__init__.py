"""Role data, nodes and passwords in; one ``NodePlan`` a node out. Pure: nothing here touches anything."""

from treadle.plan.build import Overcloud, build
from treadle.plan.containers import Container, parse_container
from treadle.plan.nodeplan import NodePlan, PuppetConfig, Script
from treadle.plan.nodes import Node, parse_nodes
from treadle.plan.roledata import RoleData, merge

__all__ = ["Container", "Node", "NodePlan", "Overcloud", "PuppetConfig", "RoleData", "Script", "build", "merge",
           "parse_container", "parse_nodes"]
