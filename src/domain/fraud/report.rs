//! A report of what became of an event or an entity, in the clear as it comes in.

use super::{EntityKind, EventLabel, FraudLabel, PartnerAction};
use crate::domain::{ids::RequestId, text::payload, time::Timestamp};

/// What a report is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportTarget {
    /// The event with this id.
    Event(RequestId),
    /// An entity in its normal form, in the clear; it must be neither stored nor logged.
    Entity(EntityKind, String),
}

/// A valid report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FraudReport {
    /// The partner's id of the report.
    pub request_id: RequestId,
    /// What it is about.
    pub target: ReportTarget,
    /// What that turned out to be.
    pub label: Option<FraudLabel>,
    /// What the partner did; of events only. This or the label is there.
    pub action: Option<PartnerAction>,
    /// When it became known to the partner.
    pub known: Timestamp,
}

impl FraudReport {
    /// What it says of an event; nothing when it is about an entity.
    #[must_use]
    pub fn event_label(&self) -> Option<EventLabel> {
        let ReportTarget::Event(event) = &self.target else { return None };
        let bad = self.label.map(|label| (label != FraudLabel::Unsure).then(|| label.is_fraud()));
        Some(EventLabel { event: event.clone(), approved: self.action.map(PartnerAction::let_through), bad })
    }

    /// The bytes that make two reports with one id the same report: everything but the id.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let (kind, value) = match &self.target {
            ReportTarget::Event(id) => ("event", id.as_str()),
            ReportTarget::Entity(kind, value) => (kind.name(), value.as_str()),
        };
        payload(&[
            kind.as_bytes(),
            value.as_bytes(),
            self.label.map_or("", FraudLabel::name).as_bytes(),
            self.action.map_or("", PartnerAction::name).as_bytes(),
            &self.known.micros().to_be_bytes(),
        ])
    }
}
