"""Tells Nova to place no new servers on this compute (``disable``), or to do so again (``enable``).

Runs in the container of nova-compute, as the service's own user of [service_user].
Source: Compute API reference, os-services, microversion 2.53 and later.
"""

import sys

from keystoneauth1 import exceptions, loading
from oslo_config import cfg

FILE = "/etc/nova/nova.conf"
REASON = "the node is drained"


def main(word: str) -> int:
    conf = cfg.ConfigOpts()
    conf.register_opts([cfg.StrOpt("host")])
    for register in (loading.register_auth_conf_options, loading.register_session_conf_options):
        register(conf, "service_user")
    conf.register_opts([cfg.StrOpt("region_name")], "service_user")
    conf(["--config-file", FILE], project="nova")
    session = loading.load_session_from_conf_options(
        conf, "service_user", auth=loading.load_auth_from_conf_options(conf, "service_user"))
    where = {"service_type": "compute", "interface": "internal", "region_name": conf.service_user.region_name}
    version = {"OpenStack-API-Version": "compute 2.53"}
    try:
        found = session.get(f"/os-services?binary=nova-compute&host={conf.host}", endpoint_filter=where,
                            headers=version).json()["services"]
        for service in found:
            body = {"status": f"{word}d", **({"disabled_reason": REASON} if word == "disable" else {})}
            session.put(f"/os-services/{service['id']}", json=body, endpoint_filter=where, headers=version)
    except exceptions.ClientException as error:
        print(f"Nova says: {error}")
        return 1
    print(f"nova-compute of {conf.host} {word}d" if found else f"Nova knows no compute {conf.host}")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
