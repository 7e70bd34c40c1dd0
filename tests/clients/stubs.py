"""Calls Riskport through the stubs that grpcio-tools generates from proto/."""

import time

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

import caller
from riskport.credit.v1 import credit_score_pb2 as credit
from riskport.credit.v1 import credit_score_pb2_grpc as credit_grpc
from riskport.decision.v1 import decision_pb2 as decision
from riskport.decision.v1 import decision_pb2_grpc as decision_grpc
from riskport.tenant.v1 import tenant_pb2 as tenant
from riskport.tenant.v1 import tenant_pb2_grpc as tenant_grpc


def request(at=0):
    return credit.ScoreCreditRequest(**caller.applicant(at))


def details(error, *kinds):
    """The details of an error, one message of each kind."""
    found = []
    for kind in kinds:
        detail = kind()
        assert any(one.Unpack(detail) for one in rpc_status.from_call(error).details), f"no {kind.DESCRIPTOR.name}"
        found.append(detail)
    return found


def score(algorithm):
    """A score with a token of that algorithm."""
    with caller.channel() as channel:
        stub = credit_grpc.CreditScoreServiceStub(channel)
        caller.adds_up(stub.ScoreCredit(request(), metadata=caller.signed(algorithm), timeout=10))


def fields():
    """A refused request names every wrong field at once, and a reason for programs."""
    wrong = credit.ScoreCreditRequest(request_id="no spaces", features={"credit_limit": "much", "no_such": 1})
    with caller.channel() as channel:
        stub = credit_grpc.CreditScoreServiceStub(channel)
        error = caller.refusal(lambda: stub.ScoreCredit(wrong, metadata=caller.signed(), timeout=10))
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
    info, bad = details(error, error_details_pb2.ErrorInfo, error_details_pb2.BadRequest)
    assert (info.domain, info.reason) == ("riskport", "INVALID_FIELDS"), info
    named = {one.field for one in bad.field_violations}
    assert {"request_id", "subject", "features.credit_limit", "features.no_such"} <= named, named


def strangers():
    """Who has no token, an expired one, or one for another platform is refused in the same words."""
    now = int(time.time())
    tokens = [[], caller.signed(iat=now - 7200, exp=now - 3600), caller.signed(aud="another")]
    with caller.channel() as channel:
        stub = credit_grpc.CreditScoreServiceStub(channel)
        errors = [caller.refusal(lambda: stub.ScoreCredit(request(), metadata=one, timeout=10)) for one in tokens]
    assert {error.code() for error in errors} == {grpc.StatusCode.UNAUTHENTICATED}, errors
    assert len({error.details() for error in errors}) == 1, errors
    for error in errors:
        (info,) = details(error, error_details_pb2.ErrorInfo)
        assert info.domain == "riskport" and info.reason, info


def retry():
    """A retry gets the same bytes and says so in metadata; the same id with other content is refused."""
    first = request()
    other = credit.ScoreCreditRequest()
    other.CopyFrom(first)
    other.subject = "somebody else"
    with caller.channel() as channel:
        # Without a deserializer the answer is the bytes that came.
        function = channel.unary_unary(
            "/riskport.credit.v1.CreditScoreService/ScoreCredit",
            request_serializer=credit.ScoreCreditRequest.SerializeToString,
        )
        answers = [function.with_call(first, metadata=caller.signed(), timeout=10) for _ in range(3)]
        error = caller.refusal(lambda: function(other, metadata=caller.signed(), timeout=10))
    assert len({answer for answer, _ in answers}) == 1, answers
    replayed = [dict(call.initial_metadata()).get("riskport-replayed") for _, call in answers]
    assert replayed == [None, "true", "true"], replayed
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
    (info,) = details(error, error_details_pb2.ErrorInfo)
    assert info.reason == "REQUEST_ID_REUSED", info


def stream():
    """Of 300 items each gets its one answer, the wrong one too, and a streamed item is found by a unary retry."""
    requests = {one.request_id: one for one in (request(at) for at in range(300))}
    wrong = list(requests)[150]
    requests[wrong].subject = ""
    items = (credit.StreamScoreCreditRequest(request=one) for one in requests.values())
    with caller.channel() as channel:
        stub = credit_grpc.CreditScoreServiceStub(channel)
        answers = list(stub.StreamScoreCredit(items, metadata=caller.signed(), timeout=60))
        good = {answer.request_id: answer.response for answer in answers if answer.HasField("response")}
        first = next(iter(good))
        again = stub.ScoreCredit(requests[first], metadata=caller.signed(), timeout=10)
    assert len(answers) == 300 and {answer.request_id for answer in answers} == set(requests)
    (refused,) = [answer for answer in answers if answer.HasField("error")]
    assert refused.request_id == wrong and refused.error.code == grpc.StatusCode.INVALID_ARGUMENT.value[0], refused
    assert [one.field for one in refused.error.violations] == ["subject"], refused
    assert len({one.decision for one in good.values()}) == 299
    for one in good.values():
        caller.adds_up(one)
    assert again == good[first], again


def record():
    """What a partner asks after a score: the outcome is reported, the decision found by name and by subject."""
    scored = request(7)
    metadata = caller.signed("ES256")
    observed = Timestamp()
    observed.GetCurrentTime()
    with caller.channel() as channel:
        scores = credit_grpc.CreditScoreServiceStub(channel)
        decisions = decision_grpc.DecisionServiceStub(channel)
        name = scores.ScoreCredit(scored, metadata=metadata, timeout=10).decision
        report = credit.ReportCreditOutcomeRequest(
            request_id=scored.request_id,
            decision=name,
            action=credit.CREDIT_ACTION_APPROVED,
            performance=credit.CreditPerformance(defaulted=True, days_past_due=91),
            observe_time=observed,
        )
        scores.ReportCreditOutcome(report, metadata=metadata, timeout=10)
        wanted = decision.GetDecisionRequest(name=name, view=decision.DECISION_VIEW_FULL)
        found = decisions.GetDecision(wanted, metadata=metadata, timeout=10).decision
        filtered = decision.ListDecisionsRequest(subject=scored.subject)
        listed = decisions.ListDecisions(filtered, metadata=metadata, timeout=10).decisions
    assert found.credit_outcome.performance.days_past_due == 91, found
    assert found.features == scored.features and found.actor == "check", found
    assert name in {one.name for one in listed}, listed


def profile():
    """A partner reads its own profile, and may not read another's."""
    with caller.channel() as channel:
        stub = tenant_grpc.TenantServiceStub(channel)
        own = stub.GetTenant(tenant.GetTenantRequest(name="tenants/north-bank"), metadata=caller.signed(), timeout=10)
        other = tenant.GetTenantRequest(name="tenants/operator")
        error = caller.refusal(lambda: stub.GetTenant(other, metadata=caller.signed(), timeout=10))
    assert own.tenant.display_name == "North Bank", own
    assert error.code() == grpc.StatusCode.PERMISSION_DENIED, error


def health():
    """Health is told to everybody, of the server and of a service; an unknown service is not found."""
    with caller.channel() as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for service in ["", "riskport.credit.v1.CreditScoreService"]:
            answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING, answer
        error = caller.refusal(lambda: stub.Check(health_pb2.HealthCheckRequest(service="no.such"), timeout=10))
    assert error.code() == grpc.StatusCode.NOT_FOUND, error


CHECKS = [score, fields, strangers, retry, stream, record, profile, health]
caller.main({check.__name__: check for check in CHECKS})
