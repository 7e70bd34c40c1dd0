//! Reads what reports count out of the bytes of a stored answer.

use prost::Message;

use super::proto::{credit::ScoreCreditResponse, fraud::CheckFraudResponse, risk::EvaluateRiskResponse};
use crate::domain::{decision::DecisionKind, monitor::Scored};

/// The score of a stored answer; nothing when there is none in it, or decisions of that kind are not counted.
#[must_use]
pub fn scored(kind: DecisionKind, reply: &[u8]) -> Option<Scored> {
    match kind {
        DecisionKind::CreditScore => {
            let reply = ScoreCreditResponse::decode(reply).ok()?;
            Some(Scored {
                points: Some(reply.score - reply.clamp_points),
                probability: Some(reply.probability_of_default),
                prediction: reply.probability_of_default,
            })
        }
        DecisionKind::RiskEvaluation => {
            let reply = EvaluateRiskResponse::decode(reply).ok()?;
            Some(Scored {
                points: reply.score.map(|score| score - reply.clamp_points),
                probability: reply.probability,
                prediction: reply.prediction,
            })
        }
        DecisionKind::FraudCheck => {
            let reply = CheckFraudResponse::decode(reply).ok()?;
            // A score of events is always within the range of 0 to 1,000, so that it is never known to be clamped.
            let points = reply.score?;
            let prediction = reply.probability.unwrap_or_else(|| f64::from(points) / 1_000.0);
            Some(Scored { points: Some(points), probability: reply.probability, prediction })
        }
        DecisionKind::Inference | DecisionKind::PriceQuote => None,
    }
}
