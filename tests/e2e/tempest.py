"""Tempest's smoke tests, by hand, against a cloud such as bin/standalone makes.

    python -m tests.e2e.tempest FOLDER [--cloud NAME] [--regex EXPRESSION]

FOLDER gets an environment with Tempest, its configuration and its logs, and may be used again. Images, flavors and an
external network that Tempest has to be told of are made for it and removed at the end. Servers are not logged in to:
Nova's fake hypervisor runs none. So the one smoke test that pings a server whatever the configuration says is left out,
unless EXPRESSION names it.
"""

from __future__ import annotations

import argparse
import configparser
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import openstack
from openstack.connection import Connection

VERSION = "tempest==47.0.0"
#: Tempest's name of a service, and its type in the catalogue of Keystone.
SERVICES = {"glance": "image", "nova": "compute", "neutron": "network", "cinder": "volumev3", "swift": "object-store"}
#: Its pings have no switch; those of all other smoke tests go with the logging in (run_validation).
PINGS = r"\.test_network_basic_ops\b"


def installed(folder: Path) -> Path:
    """Tempest's program."""
    program = folder / "venv/bin/tempest"
    if not program.exists():
        venv.create(folder / "venv", with_pip=True)
        subprocess.run([program.with_name("pip"), "--disable-pip-version-check", "install", "--quiet", VERSION],
                       check=True)
    return program


@contextmanager
def told(cloud: Connection) -> Iterator[dict[str, dict[str, str]]]:
    """Sections of the configuration that name what there has to be in the cloud, for as long as it is there."""
    images, flavors, networks = [], [], []
    try:
        for name in ("tempest-1", "tempest-2"):
            images.append(cloud.create_image(name, data=os.urandom(1 << 20), disk_format="raw", visibility="public",
                                             container_format="bare", wait=True))
            flavors.append(cloud.create_flavor(name, ram=64 * len(images), vcpus=1, disk=1))
        networks.append(cloud.create_network("tempest", external=True, provider={
            "network_type": "flat", "physical_network": "datacentre"}))
        cloud.create_subnet(networks[0].id, cidr="192.0.2.0/24", enable_dhcp=False)
        yield {"compute": {"image_ref": images[0].id, "image_ref_alt": images[1].id,
                           "flavor_ref": flavors[0].id, "flavor_ref_alt": flavors[1].id},
               "network": {"public_network_id": networks[0].id, "floating_network_name": networks[0].name}}
    finally:
        for image in images:
            cloud.delete_image(image.id)
        for flavor in flavors:
            cloud.delete_flavor(flavor.id)
        for network in networks:
            cloud.delete_network(network.id)


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=60):
            return True
    except URLError:
        return False


def configuration(cloud: Connection, folder: Path) -> dict[str, dict[str, str]]:
    """What the cloud's entry in clouds.yaml and its catalogue say."""
    auth = cloud.config.get_auth_args()
    there = {service["type"] for service in cloud.service_catalog}
    host = urlsplit(auth["auth_url"])
    dashboard = f"{host.scheme}://{host.hostname}/"
    return {
        "DEFAULT": {"log_file": str(folder / "tempest.log")},
        "oslo_concurrency": {"lock_path": str(folder / "locks")},
        "auth": {"admin_username": auth["username"], "admin_password": auth["password"],
                 "admin_project_name": auth["project_name"], "admin_domain_name": "Default"},
        "identity": {"uri_v3": f"{auth['auth_url'].removesuffix('/v3')}/v3", "auth_version": "v3",
                     "region": cloud.config.region_name},
        "service_available": {**{name: str(kind in there) for name, kind in SERVICES.items()},
                              "horizon": str(answers(dashboard))},
        "dashboard": {"dashboard_url": dashboard},
        "compute-feature-enabled": {"console_output": "False"},
        "validation": {"run_validation": "False"},
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.tempest", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cloud", default="overcloud", help="its name in clouds.yaml (default: %(default)s)")
    parser.add_argument("--regex", help="tests to run in place of the smoke tests")
    args = parser.parse_args()
    folder = args.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    program = installed(folder)
    if not (folder / "workspace").exists():
        # Otherwise it notes every workspace by name for the user, and refuses another one of that name.
        subprocess.run([program, "init", "--workspace-path", folder / "workspaces.yaml", folder / "workspace"],
                       check=True)
    cloud = openstack.connect(cloud=args.cloud)
    with told(cloud) as more:
        known = configparser.ConfigParser(interpolation=None)
        known.read_dict({**configuration(cloud, folder), **more})
        file = folder / "tempest.conf"
        file.touch(mode=0o600)
        with file.open("w") as out:
            known.write(out)
        which = ["--regex", args.regex] if args.regex else ["--smoke", "--exclude-regex", PINGS]
        return subprocess.run([program, "run", *which, "--concurrency", "2", "--config-file", file], check=False,
                              cwd=folder / "workspace").returncode


if __name__ == "__main__":
    sys.exit(main())
