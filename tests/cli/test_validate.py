"""How findings are shown to a person."""

import pytest

from treadle.cli.validate import shown
from treadle.node.validate import Finding


def finding(node="node-0", container="keystone", level="error", line=3, message="unknown option"):
    return Finding(node, "keystone", container, level, "keystone/etc/a.conf", line, "token", "x", message)


TEXT = "keystone/etc/a.conf:3 [token] x: unknown option"


@pytest.mark.parametrize(("found", "lines"), [
    ([], []),
    ([finding()], [f"error: {TEXT}  (keystone on node-0)"]),
    ([finding(), finding("node-1")], [f"error: {TEXT}  (keystone on node-0, node-1)"]),
    ([finding(container="api"), finding(container="scheduler")], [f"error: {TEXT}  (api, scheduler on node-0)"]),
    ([finding(), finding("node-1", "cron")], [f"error: {TEXT}  (keystone on node-0; cron on node-1)"]),
    ([finding(), finding(level="warning"), finding(line=4)],
     [f"error: {TEXT}  (keystone on node-0)", f"warning: {TEXT}  (keystone on node-0)",
      f"error: {TEXT.replace(':3', ':4')}  (keystone on node-0)"]),
])
def test_each_finding_is_one_line_with_where_it_is(found, lines):
    assert shown(found) == lines
