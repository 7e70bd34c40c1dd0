//! Decisions found again, what became of them, and what nobody finds in the database.

mod listing;
mod outcomes;
pub mod privacy;
mod unsealed;

use riskport::rpc::proto::credit::ScoreCreditResponse;

use crate::support::{
    applicant,
    platform::{Partner, Platform},
};

/// Scores the `at`th client under a request id.
async fn score(platform: &Platform, bank: &Partner, request_id: &str, at: usize) -> ScoreCreditResponse {
    platform.credit(bank).await.score_credit(applicant::request(request_id, at)).await.unwrap().into_inner()
}
