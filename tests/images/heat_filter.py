"""Run inside the image heat-api-cfn: signed requests go through our filter to a small Keystone, and what came of them
is printed as JSON."""

import json
import re
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import webob
from oslo_config import cfg
from oslo_log import log as logging
from treadle_heat.ec2token import filter_factory

#: What Keystone answers to who signed with this key.
ANSWERS = {"known": (200, {"token": {"project": {"id": "p", "name": "demo"}, "roles": [{"name": "member"}]}}),
           "unknown": (404, {"error": {"message": "EC2 access key not found."}}),
           "forged": (401, {"error": {"message": "no"}}),
           "odd": (500, {"error": {"message": "the database is away"}})}
LOGINS = []


class Keystone(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v3/auth/tokens":
            LOGINS.append(asked["auth"]["identity"]["password"]["user"])
            self.answered(*((201, {"token": {"expires_at": "2999-01-01T00:00:00Z", "methods": ["password"]}})
                            if LOGINS[-1]["password"] == "right" else (401, {})), "token-of-heat")
        elif self.path != "/v3/ec2tokens" or self.headers["X-Auth-Token"] != "token-of-heat":
            self.answered(401, {}, "")
        else:
            self.server.asked = asked["ec2Credentials"]
            self.answered(*ANSWERS[self.server.asked["access"]], "token-of-user")

    def answered(self, status, document, token):
        body = json.dumps(document).encode()
        self.send_response(status)
        for name, value in (("X-Subject-Token", token), ("Content-Type", "application/json"),
                            ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing but the result is printed."""


SERVER = ThreadingHTTPServer(("127.0.0.1", 0), Keystone)
URL = f"http://127.0.0.1:{SERVER.server_port}/v3"
threading.Thread(target=SERVER.serve_forever, daemon=True).start()
logging.register_options(cfg.CONF)


def through(*keys, password="right", url=URL, **conf):
    """What the application behind one filter is told of each who asks, or status and code of the error."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(f"[keystone_authtoken]\nauth_type=v3password\nauth_url={url}\n"
                   f"username=heat\nuser_domain_name=Default\npassword={password}\n")
        file.flush()
        cfg.CONF(["--config-file", file.name])
        app = filter_factory({}, auth_uri=f"{url}/ec2tokens", **conf)(passed)
    said = []
    for key in keys:
        query = f"AWSAccessKeyId={key}&Signature=s&Timestamp=now" if key else ""
        answer = webob.Request.blank(f"/v1/waitcondition/arn?{query}", method="PUT", body=b"{}").get_response(app)
        said.append(json.loads(answer.body) if answer.status_code == 200 else
                    f"{answer.status_code} {re.findall('<Code>(.*)</Code>', answer.text)[0]}")
    return said


@webob.dec.wsgify
def passed(request):
    return webob.Response(json={name: request.headers.get(name) for name in (
        "X-Auth-Token", "X-Auth-EC2-Creds", "X-Tenant-Id", "X-Tenant-Name", "X-Roles")})


print(json.dumps({"known": through("known", "known"), "logins": len(LOGINS), "asked": SERVER.asked,
                  "refused": through("unknown", "forged", "", "odd"),
                  "wrong password": through("known", password="wrong"),
                  "nobody there": through("known", url="http://127.0.0.1:1/v3"),
                  "several clouds": through("known", multi_cloud=True, allowed_auth_uris=[URL])}))
