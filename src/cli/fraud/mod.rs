//! `riskport check-fraud` and `riskport report-fraud`: one event, and what became of it.

mod answer;
mod check;
mod report;

pub(super) use self::{check::CheckFraud, report::ReportFraud};
use super::{
    Failure,
    client::{Connection, SignedChannel},
};
use crate::rpc::proto::fraud::fraud_check_service_client::FraudCheckServiceClient;

async fn open(connection: &Connection) -> Result<FraudCheckServiceClient<SignedChannel>, Failure> {
    Ok(FraudCheckServiceClient::new(connection.open().await?))
}
