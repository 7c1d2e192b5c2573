"""Test nodes by hand:

    python -m tests.e2e.nodes make FOLDER NAME… [--number N] [--role ROLE] [--image IMAGE…]
    python -m tests.e2e.nodes remove FOLDER [--number N]

``make`` writes FOLDER/nodes.yaml, for ``openstack overcloud deploy --nodes``; FOLDER/ssh_config is for ``ssh -F``.
"""

import argparse
from pathlib import Path

from tests.e2e.nodes.machines import Machines, nodes_file

parser = argparse.ArgumentParser(prog="python -m tests.e2e.nodes", description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("what", choices=("make", "remove"))
parser.add_argument("folder", type=Path)
parser.add_argument("names", nargs="*", metavar="NAME")
parser.add_argument("--number", type=int, default=200, help="of the network 172.30.N.0/24 (default: %(default)s)")
parser.add_argument("--role", default="Controller", help="default: %(default)s")
parser.add_argument("--image", action="append", default=[], help="of the machine's engine, to be copied into theirs")
args = parser.parse_args()

machines = Machines(args.number, args.names, args.folder.absolute())
if args.what == "remove":
    machines.remove()
else:
    machines.make(args.image)
    (args.folder / "nodes.yaml").write_text(nodes_file(machines, args.role))
