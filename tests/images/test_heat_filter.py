"""Our filter before Heat's API in the form of CloudFormation: who signed is asked with a token of Heat's own user."""

import pytest

from tests.images import inside

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def said():
    return inside.said("heat-api-cfn", "heat_filter.py")


def test_who_signed_comes_in_with_a_token_of_their_own(said):
    user = {"X-Auth-Token": "token-of-user", "X-Tenant-Id": "p", "X-Tenant-Name": "demo", "X-Roles": "member",
            "X-Auth-EC2-Creds": '{"ec2Credentials": {"access": "known", "signature": "s"}}'}
    assert said["known"] == [user, user]
    assert said["logins"] == 1


def test_keystone_is_told_what_was_signed_without_the_signature_among_it(said):
    asked = said["asked"]
    assert asked.pop("headers")["Host"] == "localhost:80"
    assert asked == {"access": "known", "signature": "s", "host": "localhost:80", "verb": "PUT",
                     "path": "/v1/waitcondition/arn", "params": {"AWSAccessKeyId": "known", "Timestamp": "now"},
                     "body_hash": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}


def test_others_are_refused_and_what_is_not_their_fault_is_called_so(said):
    assert said["refused"] == ["403 InvalidClientTokenId", "403 AccessDenied", "400 IncompleteSignature",
                               "500 InternalFailure"]
    assert said["wrong password"] == said["nobody there"] == ["500 InternalFailure"]


def test_the_keystones_of_several_clouds_see_no_token_of_ours(said):
    assert said["several clouds"] == ["403 AccessDenied"]
