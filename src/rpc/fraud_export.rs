//! An export of features, as a stream of pieces.

use tonic::Request;

use super::{
    Context, Deadline, caller,
    parse::{proto_time, required_time},
    proto::fraud::{self as proto, ExportFeaturesRequest, ExportFeaturesResponse},
    stream::{self, Answers, Pieces},
};
use crate::{
    auth::{Permit, mark},
    domain::{
        fraud::FraudLabel,
        refusal::{Refusal, Violations},
    },
    ops::{self, ExportColumns, ExportedEvent, FeatureExport, Period},
};

/// The most values of one message: some 128 KiB.
const MAX_VALUES: usize = 16_384;

/// Exports features.
pub(super) async fn export(
    context: &Context,
    request: Request<ExportFeaturesRequest>,
) -> Result<Answers<ExportFeaturesResponse>, Refusal> {
    let permit: Permit<mark::FraudExport> = caller(&request)?.permit()?;
    let deadline = request.extensions().get::<Deadline>().copied();
    let from = request.into_inner();
    let columns = ExportColumns::parse(&from.features).map_err(Refusal::Invalid);
    let (period, columns) = Refusal::both(period(from.start_time, from.end_time), columns)?;
    let export = ops::export_features(&context.app, &permit, period, columns).await?;
    stream::tell(context, permit, deadline, |pieces| run(export, pieces))
}

/// A period: neither end is missing, and it does not end before it starts.
pub(super) fn period(
    start: Option<prost_types::Timestamp>,
    end: Option<prost_types::Timestamp>,
) -> Result<Period, Refusal> {
    let mut violations = Violations::default();
    let start = violations.take("start_time", required_time(start));
    let end = violations.take("end_time", required_time(end));
    match (start, end) {
        (Some(start), Some(end)) if start <= end => Ok(Period { start, end }),
        (Some(_), Some(_)) => Err(Violations::one("end_time", "must not be before start_time")),
        _ => Err(Refusal::Invalid(violations)),
    }
}

async fn run(mut export: FeatureExport, pieces: Pieces<ExportFeaturesResponse>) -> Result<(), Refusal> {
    let columns: Vec<String> = export.columns().map(str::to_owned).collect();
    let rows = (MAX_VALUES / columns.len().max(1)).max(1);
    let (events_read, events_total) = export.progress();
    pieces.send(ExportFeaturesResponse { columns, events_read, events_total, rows: Vec::new() }).await?;
    while let Some(made) = export.next().await? {
        let mut made = made.into_iter().map(message).peekable();
        let (events_read, events_total) = export.progress();
        loop {
            let rows = made.by_ref().take(rows).collect();
            pieces.send(ExportFeaturesResponse { columns: Vec::new(), rows, events_read, events_total }).await?;
            if made.peek().is_none() {
                break;
            }
        }
    }
    Ok(())
}

fn message(from: ExportedEvent) -> proto::ExportedEvent {
    proto::ExportedEvent {
        request_id: from.request_id,
        scene: from.scene.to_string(),
        event_time: Some(proto_time(from.occurred)),
        values: from.values,
        label: from.label.map_or(proto::FraudLabel::Unspecified, label) as i32,
        features_truncated: from.truncated,
    }
}

const fn label(from: FraudLabel) -> proto::FraudLabel {
    match from {
        FraudLabel::Fraud => proto::FraudLabel::Fraud,
        FraudLabel::Genuine => proto::FraudLabel::Genuine,
        FraudLabel::ChargeBack => proto::FraudLabel::ChargeBack,
        FraudLabel::Unsure => proto::FraudLabel::Unsure,
    }
}
