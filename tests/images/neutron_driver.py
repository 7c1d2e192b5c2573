"""Run inside the image neutron-server: binds ports and publishes what happens to routers and floating IPs by Neutron's
own classes, prints what came of it as JSON."""

import json

from neutron.plugins.ml2 import driver_context, models
from neutron_lib.callbacks import events, registry, resources
from neutron_lib.context import get_admin_context
from neutron_lib.plugins import constants, directory
from oslo_config import cfg
from stevedore.named import NamedExtensionManager

cfg.CONF([])
SEGMENTS = [{"id": "one", "network_type": "vxlan"}, {"id": "two", "network_type": "vlan"}]
DRIVER = NamedExtensionManager("neutron.ml2.mechanism_drivers", ["treadle"], invoke_on_load=True)["treadle"].obj
DRIVER.initialize()


def bound(kind, segments):
    binding = models.PortBinding(port_id="p", host="nowhere", vif_type="unbound")
    network = driver_context.NetworkContext(None, None, {"id": "n"}, segments=segments)
    context = driver_context.PortContext(None, None, {"id": "p", "binding:vnic_type": kind}, network, binding, [])
    context._prepare_to_bind(segments)
    DRIVER.bind_port(context)
    return [context._new_bound_segment, context._binding.vif_type, context._new_port_status]


class Plugin:
    """The core plugin and the one of routers: which agents there are, and what was said to be of which status."""

    def __init__(self, *agents):
        self.agents, self.said = agents, []

    def get_agents(self, context, filters):
        assert context.is_admin
        return [agent for agent in self.agents if agent in filters["agent_type"]]

    def update_status(self, context, which, status):
        assert context.is_admin
        self.said.append([which, status])

    update_port_status = update_floatingip_status = update_status


def published(*agents):
    plugin = Plugin(*agents)
    directory.add_plugin(constants.CORE, plugin)
    directory.add_plugin(constants.L3, plugin)
    router = type("Router", (), {"gw_port_id": "gateway"})()
    free, used = {"router_id": None, "status": "DOWN"}, {"router_id": "r", "status": "ACTIVE"}
    down = {"router_id": "r", "status": "DOWN"}
    left = {"router_id": None, "status": "ACTIVE"}
    for resource, event, name, states, metadata in (
            (resources.FLOATING_IP, events.AFTER_CREATE, "made free", [free], {}),
            (resources.FLOATING_IP, events.AFTER_CREATE, "made for a port", [down], {}),
            (resources.FLOATING_IP, events.AFTER_UPDATE, "associated", [free, down], {}),
            (resources.FLOATING_IP, events.AFTER_UPDATE, "described", [used, used], {}),
            (resources.FLOATING_IP, events.AFTER_UPDATE, "dissociated", [used, left], {}),
            (resources.ROUTER_INTERFACE, events.AFTER_CREATE, "r", [router], {"port": {"id": "interface"}}),
            (resources.ROUTER_GATEWAY, events.AFTER_CREATE, "r", [router], {})):
        payload = events.DBEventPayload(get_admin_context(), metadata=metadata, resource_id=name, states=states)
        registry.publish(resource, event, None, payload=payload)
    return plugin.said


print(json.dumps({"bound": {"normal": bound("normal", SEGMENTS), "direct": bound("direct", SEGMENTS),
                            "no segment": bound("normal", [])},
                  "no agent": published(), "DHCP agent": published("DHCP agent"), "L3 agent": published("L3 agent")}))
