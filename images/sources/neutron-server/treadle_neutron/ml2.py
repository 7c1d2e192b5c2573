"""Ports that are bound on every host, whether an agent runs there or not.

ML2's other drivers bind a port only where their agent is alive, and a server waits for its port. Here nothing is
plugged together, which suits Nova's fake hypervisor; libvirt refuses the tap device that such a port asks for. So it is
with floating IPs and the ports of routers, of which an L3 agent tells when they work: in a cloud that has none, they do
at once.
"""

from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.callbacks import events, registry, resources
from neutron_lib.plugins import constants as plugins
from neutron_lib.plugins import directory
from neutron_lib.plugins.ml2 import api
from oslo_log import log as logging

LOG = logging.getLogger(__name__)


@registry.has_registry_receivers
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

    @registry.receives(resources.FLOATING_IP, [events.AFTER_CREATE, events.AFTER_UPDATE])
    def floating_ip_changed(self, *_, payload):
        """Also where a port with a floating IP was deleted."""
        address = payload.latest_state
        status = constants.FLOATINGIP_STATUS_ACTIVE if address["router_id"] else constants.FLOATINGIP_STATUS_DOWN
        context = payload.context.elevated()
        if address["status"] != status and not self._told_by_agents(context):
            directory.get_plugin(plugins.L3).update_floatingip_status(context, payload.resource_id, status)

    @registry.receives(resources.ROUTER_INTERFACE, [events.AFTER_CREATE])
    def interface_added(self, *_, payload):
        self._router_port_works(payload.context, payload.metadata["port"]["id"])

    @registry.receives(resources.ROUTER_GATEWAY, [events.AFTER_CREATE])
    def gateway_added(self, *_, payload):
        self._router_port_works(payload.context, payload.latest_state.gw_port_id)

    def _router_port_works(self, context, port):
        context = context.elevated()
        if not self._told_by_agents(context):
            directory.get_plugin().update_port_status(context, port, constants.PORT_STATUS_ACTIVE)

    @staticmethod
    def _told_by_agents(context):
        """A dead agent too may come back and say something else."""
        return bool(directory.get_plugin().get_agents(context, {"agent_type": [constants.AGENT_TYPE_L3]}))
