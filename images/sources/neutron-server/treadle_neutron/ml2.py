"""Ports that are bound on every host, whether an agent runs there or not.

ML2's other drivers bind a port only where their agent is alive, and a server waits for its port. Here nothing is
plugged together: a server on a real hypervisor gets a tap device that leads nowhere.
"""

from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.plugins.ml2 import api
from oslo_log import log as logging

LOG = logging.getLogger(__name__)


class AgentlessDriver(api.MechanismDriver):
    """Binds to the first segment that the network has. Should stand last among the drivers: who knows better binds."""

    def initialize(self):
        LOG.info("Ports that no other driver binds are bound without an agent")

    @property
    def connectivity(self):
        return portbindings.CONNECTIVITY_L2

    def bind_port(self, context):
        kind = context.current.get(portbindings.VNIC_TYPE, portbindings.VNIC_NORMAL)
        if kind != portbindings.VNIC_NORMAL or not context.segments_to_bind:
            LOG.debug("Port %s of type %s is left to other drivers", context.current["id"], kind)
            return
        details = {portbindings.CAP_PORT_FILTER: False, portbindings.VIF_DETAILS_CONNECTIVITY: self.connectivity}
        context.set_binding(context.segments_to_bind[0][api.ID], portbindings.VIF_TYPE_TAP, details,
                            status=constants.PORT_STATUS_ACTIVE)
