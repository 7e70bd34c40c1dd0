"""Calls Riskport knowing nothing of its contract but what the server tells by reflection (v1alpha)."""

from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

import caller

SERVICES = {
    "riskport.credit.v1.CreditScoreService",
    "riskport.decision.v1.DecisionService",
    "riskport.tenant.v1.TenantService",
    "grpc.health.v1.Health",
}


def call(channel, pool, path, request):
    """Calls a unary method with a dictionary; answers a message."""
    service, name = path.rsplit("/", 1)
    method = pool.FindServiceByName(service).methods_by_name[name]
    Request, Response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    function = channel.unary_unary(
        f"/{path}", request_serializer=Request.SerializeToString, response_deserializer=Response.FromString
    )
    return function(json_format.ParseDict(request, Request()), metadata=caller.signed(), timeout=10)


def contract():
    """Every service and every message that a method names is told."""
    with caller.channel() as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        pool = DescriptorPool(database)
        served = set(database.get_services())
        assert SERVICES <= served, served
        for service in SERVICES:
            methods = pool.FindServiceByName(service).methods
            assert methods, service
            for method in methods:
                GetMessageClass(method.input_type), GetMessageClass(method.output_type)


def score():
    """A score, and the stored decision that it names."""
    with caller.channel() as channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        answer = call(channel, pool, "riskport.credit.v1.CreditScoreService/ScoreCredit", caller.applicant())
        caller.adds_up(answer)
        found = call(channel, pool, "riskport.decision.v1.DecisionService/GetDecision", {"name": answer.decision})
        assert found.decision.credit_score == answer, found


caller.main({"contract": contract, "score": score})
