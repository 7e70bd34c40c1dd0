"""What the Python checks share: where the server is, the partner's tokens, and an applicant to score."""

import json
import os
import pathlib
import sys
import time
import uuid

import grpc
import jwt

# The folder with the partners' keys, as `riskport key new` wrote them: north-ALGORITHM.pem and .jwk, and south-EdDSA.
KEYS = pathlib.Path(os.environ["RISKPORT_CLIENTS_KEYS"])
ADDRESS = os.environ["RISKPORT_CLIENTS_ADDRESS"]
# The certificate of a server with TLS; not set for one without.
CERTIFICATE = os.environ.get("RISKPORT_CLIENTS_CERTIFICATE")
SAMPLE = pathlib.Path(__file__).parents[2] / "models" / "credit" / "sample.json"


def channel():
    """A connection to the server."""
    if CERTIFICATE is None:
        return grpc.insecure_channel(ADDRESS)
    trusted = pathlib.Path(CERTIFICATE).read_bytes()
    return grpc.secure_channel(ADDRESS, grpc.ssl_channel_credentials(trusted))


def signed(algorithm="EdDSA", tenant="north-bank", **claims):
    """Metadata with a token that PyJWT signs with the partner's key of that algorithm."""
    key = f"{tenant.removesuffix('-bank')}-{algorithm}"
    public = json.loads((KEYS / f"{key}.jwk").read_text())
    private = (KEYS / f"{key}.pem").read_text()
    now = int(time.time())
    claims = {"iss": tenant, "aud": "riskport", "sub": "check", "iat": now, "exp": now + 600} | claims
    token = jwt.encode(claims, private, algorithm=algorithm, headers={"kid": public["kid"]})
    return [("authorization", f"Bearer {token}")]


def applicant(at=0):
    """A valid request, as a dictionary, under a new request id, about a real client that the model never saw."""
    rows = json.loads(SAMPLE.read_text())["rows"]
    row = rows[at % len(rows)]
    return {"request_id": str(uuid.uuid4()), "subject": row["client"], "features": row["features"]}


def refusal(call):
    """The error that a call must end with."""
    try:
        call()
    except grpc.RpcError as error:
        return error
    raise AssertionError("the call was not refused")


def adds_up(score):
    """Checks the arithmetic that the contract promises of every score."""
    points = sum(one.points for one in score.contributions)
    assert score.score == score.base_points + points + score.clamp_points, score
    assert 350 <= score.score <= 950 and 0 < score.probability_of_default < 1, score
    assert score.decision.startswith("decisions/") and len(score.reasons) <= 4, score


def main(checks):
    """Runs the check that the command line names, with the arguments that follow."""
    checks[sys.argv[1]](*sys.argv[2:])
