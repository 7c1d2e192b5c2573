"""Signed requests, as those of CloudFormation are: who signed is asked of Keystone by a service that has logged in.

Keystone answers ``/v3/ec2tokens`` to services and administrators alone (CVE-2025-65073). Heat's own filter asks without
a token up to 24.0.0, and every signed request ends with AccessDenied. This one goes once that one logs in.
"""

import hashlib

from heat.api.aws import ec2token, exception
from keystoneauth1 import exceptions, loading, session
from keystonemiddleware import auth_token  # noqa: F401  (it registers the options of [keystone_authtoken])
from oslo_config import cfg
from oslo_log import log as logging
from oslo_serialization import jsonutils

LOG = logging.getLogger(__name__)


class Ec2Token(ec2token.EC2Token):
    """Heat's filter with a session of Heat's own user, the one that looks at tokens."""

    def __init__(self, app, conf):
        super().__init__(app, conf)
        self._keystone = session.Session(loading.load_auth_from_conf_options(cfg.CONF, "keystone_authtoken"),
                                         timeout=self._conf_get("timeout"), **self.ssl_options)

    def _authorize(self, req, auth_uri):
        access, signature = self._get_access(req), self._get_signature(req)
        # The parent says what is missing, and asks nobody. Of several clouds' Keystones it asks each without a token:
        # ours is for none of them but our own.
        if not (access and signature and auth_uri) or self._conf_get("multi_cloud"):
            return super()._authorize(req, auth_uri)
        token, told = self._asked(auth_uri, {
            "access": access, "signature": signature, "host": req.host, "verb": req.method, "path": req.path,
            "params": {name: value for name, value in req.params.items() if name != "Signature"},
            "headers": dict(req.headers), "body_hash": hashlib.sha256(req.body).hexdigest()})
        req.headers.update({
            "X-Auth-EC2-Creds": jsonutils.dumps({"ec2Credentials": {"access": access, "signature": signature}}),
            "X-Auth-Token": token, "X-Auth-URL": auth_uri,
            "X-Tenant-Name": told["project"]["name"], "X-Tenant-Id": told["project"]["id"],
            "X-Roles": ",".join(role["name"] for role in told["roles"])})
        return self.application

    def _asked(self, auth_uri, credentials):
        """A token of who signed, and what Keystone tells of it."""
        uri = self._conf_get_keystone_ec2_uri(auth_uri)
        try:
            answer = self._keystone.post(uri, json={"ec2Credentials": credentials}, raise_exc=False)
        except exceptions.ClientException as e:
            LOG.error("Who signed a request cannot be asked at %s: %s", uri, e)
            raise exception.HeatInternalFailureError() from e
        if answer.status_code == 404:
            raise exception.HeatInvalidClientTokenIdError()
        if answer.status_code == 401:
            raise exception.HeatAccessDeniedError()
        if answer.status_code != 200:
            LOG.error("%s answers %d to who signed a request: %s", uri, answer.status_code, answer.text)
            raise exception.HeatInternalFailureError()
        return answer.headers["X-Subject-Token"], answer.json()["token"]


def filter_factory(global_conf, **local_conf):
    """For paste.deploy."""
    return lambda app: Ec2Token(app, {**global_conf, **local_conf})
