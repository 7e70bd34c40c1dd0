"""Scores a partner's own model with NVIDIA's tritonclient, as it is: what speaks to KServe or Triton speaks to Riskport."""

import json
import uuid

import grpc
import numpy
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

import caller
from rows import CATEGORIES, MODEL, VERDICTS, fixture


def headers(**claims):
    ((name, value),) = caller.signed(**claims)
    return {name: value}


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
    for at, verdict in enumerate(json.loads(VERDICTS.read_text())):
        for output, value in verdict.items():
            assert by_name.as_numpy(output)[at, 0] == value, (at, output, verdict)


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
