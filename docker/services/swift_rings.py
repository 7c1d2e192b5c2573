#!/usr/bin/python3
"""Builds Swift's rings, which say on which devices each object lies. Run again at any time.

    swift_rings.py WANTED RINGS

WANTED is a JSON file: part_power, replicas, min_part_hours, the folders in /srv/node (devices), the addresses of the
storage nodes (nodes) and this one's (own), the ports of the rings' servers, and weights that are not 100, by ADDRESS or
ADDRESS/DEVICE. RINGS is the folder of the rings and of the builders that they come from.

Rings have to be the same on all nodes and are never built anew: where an object lies depends on all that was changed
before. So the first node builds, and only when something differs; the others take from it what it has built.
"""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from swift.common.exceptions import RingBuilderError
from swift.common.ring import RingBuilder
from swift.common.ring.ring import RingData

PATIENCE = 300.0  # seconds, for the first node's rings
UNEVEN = 5.0  # per cent that a device has more or less than its weight asks for
SEED = "treadle"  # the same devices give the same ring
DONE = "rings.json"  # beside the rings: what they were built for


def main(wanted: Path, rings: Path) -> int:
    spec = json.loads(wanted.read_text())
    own, first = spec.pop("own"), spec["nodes"][0]
    try:
        if own == first:
            for name, port in spec["ports"].items():
                build(rings / name, spec, port)
        else:
            fetch(first, spec, rings)
    except RingBuilderError as error:
        print(error)
        return 1
    put(rings / DONE, lambda file: file.write_text(json.dumps(spec)))
    return 0


def build(ring, spec, port):
    """Bring the builder at ``ring``.builder to what is wanted, and the ring with it."""
    file, result = ring.with_suffix(".builder"), ring.with_suffix(".ring.gz")
    wanted = {(node, port, device) for node in spec["nodes"] for device in spec["devices"]}
    replicas = min(spec["replicas"], len(wanted))
    if file.exists():
        builder = RingBuilder.load(str(file))
    else:
        builder = RingBuilder(spec["part_power"], replicas, spec["min_part_hours"])
    if builder.part_power != spec["part_power"]:
        raise RingBuilderError(f"{ring.name}: the ring has 2^{builder.part_power} partitions, which cannot be changed "
                               f"to 2^{spec['part_power']}: objects would not be found. Set SwiftPartPower back.")
    before = builder.version
    if builder.min_part_hours != spec["min_part_hours"]:
        builder.change_min_part_hours(spec["min_part_hours"])
    known = {(dev["ip"], dev["port"], dev["device"]): dev for dev in builder.devs if dev is not None}
    remove(builder, ring.name, [dev for key, dev in known.items() if key not in wanted])
    for ip, device in sorted((ip, device) for ip, _, device in wanted):
        dev, weight = known.get((ip, port, device)), float(weight_of(spec["weights"], ip, device))
        if dev is None:
            builder.add_dev({"region": 1, "zone": 1, "ip": ip, "port": port, "replication_ip": ip,
                             "replication_port": port, "device": device, "weight": weight, "meta": ""})
        elif dev["weight"] != weight:
            builder.set_dev_weight(dev["id"], weight)
    if builder.replicas != replicas:
        builder.set_replicas(replicas)
    if builder.version != before or not builder.ever_rebalanced or due(builder):
        moved, balance, _ = builder.rebalance(seed=SEED)
        builder.validate()
        put(file, lambda new: builder.save(str(new)))
        print(f"{ring.name}: {len(wanted)} devices, {replicas} replicas, {moved} partitions moved, balance {balance}")
    if not result.exists() or RingData.load(str(result), metadata_only=True).version != builder.version:
        put(result, lambda new: builder.get_ring().save(str(new)))


def due(builder):
    """Whether there is left to move what could not be moved so soon after the last time."""
    return builder.min_part_seconds_left == 0 and builder.get_balance() > UNEVEN


def weight_of(weights, ip, device):
    return weights.get(f"{ip}/{device}", weights.get(ip, 100))


def remove(builder, name, gone):
    """Take devices out, unless all copies of something could be on them."""
    full = [dev for dev in gone if dev["parts"]]
    if full and len(full) >= builder.replicas:
        devices = ", ".join(f"{dev['ip']}:{dev['port']}/{dev['device']}" for dev in full)
        raise RingBuilderError(f"{name}: {devices} would be taken out, and some objects may be nowhere else. Take out "
                               f"fewer at a time, or give them the weight 0 before, so that the objects move away.")
    for dev in gone:
        builder.remove_dev(dev["id"])


def fetch(first, spec, rings):
    """Wait until the first node has built for the same devices, and take its rings."""
    fetched, end = rings / ".fetched", time.monotonic() + PATIENCE
    while True:
        done = subprocess.run(["rsync", "--archive", "--delete", "--exclude=.*", f"rsync://{first}/swift_rings/",
                               f"{fetched}/"], check=False, capture_output=True, text=True)
        if done.returncode == 0 and (fetched / DONE).exists() and json.loads((fetched / DONE).read_text()) == spec:
            break
        if time.monotonic() > end:
            raise RingBuilderError(f"{first}, the first storage node, has no rings for these devices after "
                                   f"{PATIENCE:.0f} s: {done.stderr.strip() or 'its rings are of others'}")
        time.sleep(2)
    for name in spec["ports"]:
        for suffix in (".builder", ".ring.gz"):
            (fetched / name).with_suffix(suffix).replace((rings / name).with_suffix(suffix))
    shutil.rmtree(fetched)


def put(file, write):
    """A whole file or none, whenever this is killed."""
    new = file.with_name(f".{file.name}.new")
    write(new)
    new.replace(file)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
