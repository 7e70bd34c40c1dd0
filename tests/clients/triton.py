"""Scores a partner's own model with NVIDIA's tritonclient, as it is: what speaks to KServe or Triton speaks to Riskport."""

import json
import pathlib
import uuid

import grpc
import numpy
import tritonclient.grpc as triton
from google.protobuf import json_format
from riskport.risk.v1 import model_pb2 as model
from riskport.risk.v1 import risk_model_pb2 as risk
from riskport.risk.v1 import risk_model_pb2_grpc as risk_grpc
from tritonclient.utils import InferenceServerException

import caller

FIXTURES = pathlib.Path(__file__).parents[1] / "cases" / "models"
MODEL = "card-clients"
# The categories of the model by their codes in its file.
CATEGORIES = {"sex": ["m", "f"], "education": ["a", "b", "c", "d"], "marriage": ["x", "y", "z"]}


def headers(**claims):
    ((name, value),) = caller.signed(**claims)
    return {name: value}


def fixture():
    """A LightGBM file, its features, and rows without a missing text with the predictions of LightGBM itself."""
    file = (FIXTURES / "lightgbm-binary.txt").read_bytes()
    names = next(line for line in file.decode().splitlines() if line.startswith("feature_names="))
    names = names.removeprefix("feature_names=").split(" ")
    expected = json.loads((FIXTURES / "lightgbm-binary.expected.json").read_text())
    rows = [
        (dict(zip(names, row)), prediction)
        for row, prediction in zip(expected["rows"], expected["prediction"])
        if all(value is not None and value >= 0 for value in row[-3:])
    ]
    return file, names, rows


def features(row):
    """A row as EvaluateRisk has it."""
    named = {name: CATEGORIES[name][int(value)] if name in CATEGORIES else value for name, value in row.items()}
    return {name: value for name, value in named.items() if value is not None}


def upload():
    """Uploads the fixture with reference rows, and puts it in charge."""
    file, names, rows = fixture()
    specs = [
        model.FeatureSpec(
            name=name,
            type=model.FEATURE_TYPE_CATEGORY if name in CATEGORIES else model.FEATURE_TYPE_NUMBER,
            values=CATEGORIES.get(name, []),
            missing=model.MISSING_POLICY_ACCEPT,
        )
        for name in names
    ]
    manifest = model.ModelManifest(title="Card clients", kind=model.MODEL_KIND_GENERIC, features=specs)
    header = risk.UploadHeader(model=f"models/{MODEL}", manifest=manifest, file_bytes=len(file))
    reference = [
        json_format.ParseDict({"features": features(row), "expected": prediction}, risk.ReferenceRow())
        for row, prediction in rows[:20]
    ]
    parts = [
        risk.UploadModelRequest(header=header),
        risk.UploadModelRequest(chunk=file),
        risk.UploadModelRequest(reference_rows=risk.ReferenceRows(rows=reference)),
    ]
    with caller.channel() as channel:
        stub = risk_grpc.RiskModelServiceStub(channel)
        version = stub.UploadModel(iter(parts), metadata=caller.signed(), timeout=30).version
        named = risk.PromoteModelVersionRequest(name=version.name)
        stub.PromoteModelVersion(named, metadata=caller.signed(), timeout=10)


def columns(rows):
    """Rows as one tensor a feature."""
    for name in rows[0][0]:
        values = [row[name] for row, _ in rows]
        if name in CATEGORIES:
            texts = [CATEGORIES[name][int(value)].encode() for value in values]
            column, datatype = numpy.array(texts, dtype=numpy.object_).reshape(-1, 1), "BYTES"
        else:
            numbers = [numpy.nan if value is None else value for value in values]
            column, datatype = numpy.array(numbers, dtype=numpy.float64).reshape(-1, 1), "FP64"
        tensor = triton.InferInput(name, list(column.shape), datatype)
        tensor.set_data_from_numpy(column)
        yield tensor


def matrix(rows):
    """Rows as one tensor of all features, where a text is its place in the manifest's list."""
    cells = [[numpy.nan if value is None else value for value in row.values()] for row, _ in rows]
    tensor = triton.InferInput("input", [len(cells), len(cells[0])], "FP64")
    tensor.set_data_from_numpy(numpy.array(cells, dtype=numpy.float64))
    return [tensor]


def client():
    return triton.InferenceServerClient(caller.ADDRESS)


def score():
    """Predictions are LightGBM's own and those of EvaluateRisk, to the bit, and the decision is named."""
    upload()
    _, _, rows = fixture()
    wanted = numpy.array([prediction for _, prediction in rows])
    with client() as server:
        assert server.is_server_live(headers=headers()) and server.is_server_ready(headers=headers())
        assert server.is_model_ready(MODEL, headers=headers()) and server.is_model_ready(MODEL, "1", headers=headers())
        told = server.get_model_metadata(MODEL, headers=headers())
        assert [one.name for one in told.inputs] == list(rows[0][0]), told
        assert [one.name for one in told.outputs] == ["prediction", "raw", "probability"], told
        by_name = server.infer(MODEL, list(columns(rows)), headers=headers(), client_timeout=30)
        by_matrix = server.infer(
            MODEL,
            matrix(rows),
            outputs=[triton.InferRequestedOutput("prediction")],
            request_id=str(uuid.uuid4()),
            headers=headers(),
        )
    for answer in (by_name, by_matrix):
        found = answer.as_numpy("prediction")
        assert found.shape == (len(rows), 1) and numpy.abs(found[:, 0] - wanted).max() < 1e-12, found
    assert by_matrix.as_numpy("raw") is None
    assert by_name.get_response().parameters["decision"].string_param.startswith("decisions/")
    with caller.channel() as channel:
        stub = risk_grpc.RiskModelServiceStub(channel)
        for at in (0, 7, len(rows) - 1):
            question = {"request_id": str(uuid.uuid4()), "subject": "client", "model": f"models/{MODEL}"}
            question = json_format.ParseDict(question | {"features": features(rows[at][0])}, risk.EvaluateRiskRequest())
            verdict = stub.EvaluateRisk(question, metadata=caller.signed(), timeout=10)
            for output in ("prediction", "raw", "probability"):
                assert by_name.as_numpy(output)[at, 0] == getattr(verdict, output), (at, output, verdict)


def refused(call, status):
    try:
        call()
    except InferenceServerException as error:
        assert error.status() == f"StatusCode.{status.name}", error
        return
    raise AssertionError("the call was not refused")


def strangers():
    """Another tenant's model is not found, no more than one that never was; no token, no answer."""
    _, _, rows = fixture()
    other = headers(algorithm="EdDSA", tenant="south-bank")
    with client() as server:
        for name in (MODEL, "never"):
            refused(lambda: server.infer(name, matrix(rows), headers=other), grpc.StatusCode.NOT_FOUND)
            refused(lambda: server.get_model_metadata(name, headers=other), grpc.StatusCode.NOT_FOUND)
            refused(lambda: server.is_model_ready(name, headers=other), grpc.StatusCode.NOT_FOUND)
        refused(lambda: server.infer(MODEL, matrix(rows)), grpc.StatusCode.UNAUTHENTICATED)


caller.main({"score": score, "strangers": strangers})
