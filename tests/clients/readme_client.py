import json, sys, time, uuid
import grpc, jwt
from riskport.credit.v1 import credit_score_pb2, credit_score_pb2_grpc

kid, now = json.load(open("north.jwk"))["kid"], int(time.time())
claims = {"iss": "north-bank", "aud": "riskport", "iat": now, "exp": now + 600}
token = jwt.encode(claims, open("north.pem").read(), algorithm="EdDSA", headers={"kid": kid})

client = credit_score_pb2_grpc.CreditScoreServiceStub(grpc.insecure_channel(sys.argv[1]))
features = {"credit_limit": 60000, "repayment_status_1": 2, "payment_amount_1": 2410}
request = credit_score_pb2.ScoreCreditRequest(request_id=str(uuid.uuid4()), subject="client-1", features=features)
answer = client.ScoreCredit(request, metadata=[("authorization", f"Bearer {token}")], timeout=5)
print(f"score {answer.score}, band {answer.band}, probability of default {answer.probability_of_default:.1%}")
for reason in answer.reasons:
    print(f"  -{reason.points_lost}: {reason.sentence}")
