"""Uploads a partner's own model, and keeps what EvaluateRisk says of its rows for those who cannot import our stubs."""

import json
import uuid

from google.protobuf import json_format
from riskport.risk.v1 import model_pb2 as model
from riskport.risk.v1 import risk_model_pb2 as risk
from riskport.risk.v1 import risk_model_pb2_grpc as risk_grpc

import caller
import rows


def features(row):
    """A row as EvaluateRisk has it."""
    named = {name: rows.CATEGORIES[name][int(value)] if name in rows.CATEGORIES else value for name, value in row.items()}
    return {name: value for name, value in named.items() if value is not None}


def upload():
    """Uploads the fixture with reference rows, and puts it in charge."""
    file, names, known = rows.fixture()
    specs = [
        model.FeatureSpec(
            name=name,
            type=model.FEATURE_TYPE_CATEGORY if name in rows.CATEGORIES else model.FEATURE_TYPE_NUMBER,
            missing=model.MISSING_POLICY_ACCEPT,
        )
        for name in names
    ]
    manifest = model.ModelManifest(title="Card clients", kind=model.MODEL_KIND_GENERIC, features=specs)
    header = risk.UploadHeader(model=f"models/{rows.MODEL}", manifest=manifest, file_bytes=len(file))
    reference = [
        json_format.ParseDict({"features": features(row), "expected": prediction}, risk.ReferenceRow())
        for row, prediction in known[:20]
    ]
    parts = [
        risk.UploadModelRequest(header=header),
        risk.UploadModelRequest(chunk=file),
        risk.UploadModelRequest(reference_rows=risk.ReferenceRows(rows=reference)),
    ]
    verdicts = []
    with caller.channel() as channel:
        stub = risk_grpc.RiskModelServiceStub(channel)
        version = stub.UploadModel(iter(parts), metadata=caller.signed(), timeout=30).version
        named = risk.PromoteModelVersionRequest(name=version.name)
        stub.PromoteModelVersion(named, metadata=caller.signed(), timeout=10)
        for row, _ in known[:10]:
            question = {"request_id": str(uuid.uuid4()), "subject": "client", "model": f"models/{rows.MODEL}"}
            question = json_format.ParseDict(question | {"features": features(row)}, risk.EvaluateRiskRequest())
            verdict = stub.EvaluateRisk(question, metadata=caller.signed(), timeout=10)
            verdicts.append({output: getattr(verdict, output) for output in ("prediction", "raw", "probability")})
    rows.VERDICTS.write_text(json.dumps(verdicts))


caller.main({"upload": upload})
