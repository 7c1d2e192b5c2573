"""Run inside the image neutron-server: binds ports by Neutron's own classes, prints what came of them as JSON."""

import json

from neutron.plugins.ml2 import driver_context, models
from stevedore.named import NamedExtensionManager

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


print(json.dumps({"normal": bound("normal", SEGMENTS), "direct": bound("direct", SEGMENTS),
                  "no segment": bound("normal", [])}))
