"""The other engine: a Heat service creates and keeps the stack, and gives its outputs.

``RemoteOvercloud`` gives the same results as ``treadle.heat.evaluate_overcloud``; ``connect_endpoint`` and
``connect_cloud`` reach the service. Nothing else in Treadle talks to a Heat API.
"""

from treadle.heat.remote.client import Heat, RemoteStack, connect_cloud, connect_endpoint, connect_session
from treadle.heat.remote.overcloud import RemoteOvercloud, delete_stack

__all__ = [
    "Heat",
    "RemoteOvercloud",
    "RemoteStack",
    "connect_cloud",
    "connect_endpoint",
    "connect_session",
    "delete_stack",
]
