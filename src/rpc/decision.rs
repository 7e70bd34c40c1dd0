//! `riskport.decision.v1.DecisionService`.

use prost::Message;
use tonic::{Request, Response, Status};

use super::{
    Context, caller, credit_convert,
    features::struct_of,
    parse::{known_enum, optional_time, proto_time, resource},
    proto::{
        credit::ScoreCreditResponse,
        decision::{
            self as proto, GetDecisionRequest, GetDecisionResponse, ListDecisionsRequest, ListDecisionsResponse,
            decision::Reply, decision_service_server::DecisionService, shadow_result::Reply as ShadowReply,
        },
        fraud::CheckFraudResponse,
        inference::ModelInferResponse,
        pricing::{QuotePriceResponse, price::Detail},
        risk::EvaluateRiskResponse,
    },
};
use crate::{
    domain::{
        decision::{Decision, DecisionKind, ShadowResult, TrafficRole},
        ids::DecisionId,
        page::PageSize,
        refusal::{Refusal, Violations},
        text,
    },
    ops::{self, DecisionQuery, PageToken},
    vault,
};

/// The service over its use cases.
#[derive(Clone)]
pub struct Decisions(pub Context);

#[tonic::async_trait]
impl DecisionService for Decisions {
    async fn get_decision(
        &self,
        request: Request<GetDecisionRequest>,
    ) -> Result<Response<GetDecisionResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let (id, full) = which(request.get_ref())?;
        let found = ops::get_decision(&self.0.app, &permit, &id, full).await?;
        let shadows = found.shadows.into_iter().map(|one| shadow(&found.decision, one)).collect::<Result<_, _>>()?;
        let mut decision = message(found.decision)?;
        decision.shadows = shadows;
        decision.credit_outcome = found.outcome.as_ref().map(credit_convert::outcome);
        decision.features = found.features.map(|features| struct_of(features.into_iter()));
        Ok(Response::new(GetDecisionResponse { decision: Some(decision) }))
    }

    async fn list_decisions(
        &self,
        request: Request<ListDecisionsRequest>,
    ) -> Result<Response<ListDecisionsResponse>, Status> {
        let permit = caller(&request)?.permit()?;
        let query = query(request.get_ref())?;
        let (decisions, next_page_token) = ops::list_decisions(&self.0.app, &permit, &query).await?;
        let decisions = decisions.into_iter().map(listed).collect::<Result<_, _>>()?;
        Ok(Response::new(ListDecisionsResponse { decisions, next_page_token }))
    }
}

/// A decision as it stands in a list: without what may be large, for a page must fit what clients take.
fn listed(from: Decision) -> Result<proto::Decision, Refusal> {
    let mut decision = message(from)?;
    match &mut decision.reply {
        Some(Reply::Inference(reply)) => reply.raw_output_contents.clear(),
        Some(Reply::PriceQuote(reply)) => {
            let price = reply.quote.as_mut().and_then(|quote| quote.price.as_mut());
            if let Some(Detail::Loan(loan)) = price.and_then(|price| price.detail.as_mut()) {
                loan.schedule.clear();
            }
        }
        _ => {}
    }
    Ok(decision)
}

fn which(from: &GetDecisionRequest) -> Result<(DecisionId, bool), Refusal> {
    let mut violations = Violations::default();
    let id = violations.take("name", resource(&from.name, "decisions/", DecisionId::parse));
    let view = violations.take("view", known_enum::<proto::DecisionView>(from.view));
    match (id, view) {
        (Some(id), Some(view)) => Ok((id, view == proto::DecisionView::Full)),
        _ => Err(Refusal::Invalid(violations)),
    }
}

fn query(from: &ListDecisionsRequest) -> Result<DecisionQuery, Refusal> {
    let mut violations = Violations::default();
    let start = optional_time("start_time", from.start_time, &mut violations);
    let end = optional_time("end_time", from.end_time, &mut violations);
    if let (Some(start), Some(end)) = (start, end)
        && end < start
    {
        violations.add("end_time", "must not be before start_time");
    }
    let kind = violations.take("kind", known_enum::<proto::DecisionKind>(from.kind)).and_then(|kind| match kind {
        proto::DecisionKind::Unspecified => None,
        proto::DecisionKind::CreditScore => Some(DecisionKind::CreditScore),
        proto::DecisionKind::RiskEvaluation => Some(DecisionKind::RiskEvaluation),
        proto::DecisionKind::Inference => Some(DecisionKind::Inference),
        proto::DecisionKind::FraudCheck => Some(DecisionKind::FraudCheck),
        proto::DecisionKind::PriceQuote => Some(DecisionKind::PriceQuote),
    });
    let subject = match from.subject.as_str() {
        "" => None,
        subject => violations.take("subject", text::plain(subject, 1, 128)),
    };
    let token = match from.page_token.as_str() {
        "" => None,
        token => violations.take("page_token", PageToken::parse(token)),
    };
    let size = violations.take("page_size", PageSize::parse(from.page_size));
    match size {
        Some(size) if violations.is_empty() => Ok(DecisionQuery { start, end, kind, subject, size, token }),
        _ => Err(Refusal::Invalid(violations)),
    }
}

/// A kind as the contract has it.
pub(super) const fn proto_kind(from: DecisionKind) -> proto::DecisionKind {
    match from {
        DecisionKind::CreditScore => proto::DecisionKind::CreditScore,
        DecisionKind::RiskEvaluation => proto::DecisionKind::RiskEvaluation,
        DecisionKind::Inference => proto::DecisionKind::Inference,
        DecisionKind::FraudCheck => proto::DecisionKind::FraudCheck,
        DecisionKind::PriceQuote => proto::DecisionKind::PriceQuote,
    }
}

fn message(from: Decision) -> Result<proto::Decision, Refusal> {
    let reply = match from.kind {
        DecisionKind::CreditScore => {
            let reply = ScoreCreditResponse::decode(from.reply.as_slice()).map_err(|_| Refusal::Internal)?;
            Reply::CreditScore(reply)
        }
        DecisionKind::RiskEvaluation => {
            let reply = EvaluateRiskResponse::decode(from.reply.as_slice()).map_err(|_| Refusal::Internal)?;
            Reply::RiskEvaluation(reply)
        }
        DecisionKind::Inference => {
            let reply = ModelInferResponse::decode(from.reply.as_slice()).map_err(|_| Refusal::Internal)?;
            Reply::Inference(reply)
        }
        DecisionKind::FraudCheck => {
            let reply = CheckFraudResponse::decode(from.reply.as_slice()).map_err(|_| Refusal::Internal)?;
            Reply::FraudCheck(reply)
        }
        DecisionKind::PriceQuote => {
            let reply = QuotePriceResponse::decode(from.reply.as_slice()).map_err(|_| Refusal::Internal)?;
            Reply::PriceQuote(reply)
        }
    };
    let role = match from.role {
        TrafficRole::Champion => proto::TrafficRole::Champion,
        TrafficRole::Challenger => proto::TrafficRole::Challenger,
        TrafficRole::Shadow => proto::TrafficRole::Shadow,
    };
    Ok(proto::Decision {
        name: format!("decisions/{}", from.id),
        kind: proto_kind(from.kind) as i32,
        request_id: from.request_id.as_str().to_owned(),
        decide_time: Some(proto_time(from.decided)),
        kid: from.kid.as_str().to_owned(),
        actor: from.actor,
        subject_hmac: vault::hex(&from.subject_hmac),
        purpose: from.purpose,
        model_version: match from.model_version {
            // Rules decided alone.
            0 => String::new(),
            version => format!("models/{}/versions/{version}", from.model),
        },
        model_digest: from.model_digest,
        policy_digest: from.policy_digest.unwrap_or_default(),
        lists_digest: from.lists_digest.unwrap_or_default(),
        catalogue_digest: from.catalogue_digest.unwrap_or_default(),
        traffic_role: role as i32,
        writer_id: from.writer.as_str().to_owned(),
        sequence: from.sequence,
        input_commitment: vault::hex(&from.input_commitment),
        billable_units: from.billable_units,
        reply: Some(reply),
        credit_outcome: None,
        features: None,
        shadows: Vec::new(),
    })
}

/// What a shadow made of a decision's inputs.
fn shadow(decision: &Decision, from: ShadowResult) -> Result<proto::ShadowResult, Refusal> {
    let reply = match (decision.kind, from.reply) {
        // What has rows, and a price, has no shadows.
        (_, None) | (DecisionKind::Inference | DecisionKind::PriceQuote, _) => None,
        (DecisionKind::CreditScore, Some(bytes)) => ScoreCreditResponse::decode(bytes.as_slice())
            .map(ShadowReply::CreditScore)
            .map(Some)
            .map_err(|_| Refusal::Internal)?,
        (DecisionKind::RiskEvaluation, Some(bytes)) => EvaluateRiskResponse::decode(bytes.as_slice())
            .map(ShadowReply::RiskEvaluation)
            .map(Some)
            .map_err(|_| Refusal::Internal)?,
        (DecisionKind::FraudCheck, Some(bytes)) => CheckFraudResponse::decode(bytes.as_slice())
            .map(ShadowReply::FraudCheck)
            .map(Some)
            .map_err(|_| Refusal::Internal)?,
    };
    Ok(proto::ShadowResult {
        model_version: format!("models/{}/versions/{}", decision.model, from.model_version),
        model_digest: from.model_digest,
        reply,
    })
}
