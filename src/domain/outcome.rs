//! What became of a decision.

use super::{
    ids::{DecisionId, OutcomeId, RequestId},
    money::Money,
    text::payload,
    time::Timestamp,
};

/// The earliest observation that is taken: 2000-01-01, in seconds since 1970.
const EARLIEST_OBSERVATION_SECONDS: i64 = 946_684_800;
/// How far an observation may lie ahead of our clock: a day, for clocks and time zones that are off.
const LATEST_AHEAD_SECONDS: i64 = 86_400;

/// Checks that an observation lies in a time that makes sense.
///
/// # Errors
/// One sentence that says the rule.
pub fn check_observed(observed: Timestamp, now: Timestamp) -> Result<Timestamp, String> {
    if observed.seconds() < EARLIEST_OBSERVATION_SECONDS || observed > now.plus_seconds(LATEST_AHEAD_SECONDS) {
        return Err("must not be before 2000 or more than one day ahead".to_owned());
    }
    Ok(observed)
}

/// What the partner did with a scored application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreditAction {
    /// Approved in line with the policy.
    Approved,
    /// Refused in line with the policy.
    Refused,
    /// A person approved against the policy, for this reason.
    OverriddenApproved(String),
    /// A person refused against the policy, for this reason.
    OverriddenRefused(String),
}

impl CreditAction {
    /// The name in the database.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::OverriddenApproved(_) => "overridden_approved",
            Self::OverriddenRefused(_) => "overridden_refused",
        }
    }

    /// Why a person overrode the policy; empty when nobody did.
    #[must_use]
    pub fn override_reason(&self) -> &str {
        match self {
            Self::Approved | Self::Refused => "",
            Self::OverriddenApproved(reason) | Self::OverriddenRefused(reason) => reason,
        }
    }

    /// The action of that name, with the reason that an override has.
    #[must_use]
    pub fn from_name(name: &str, override_reason: String) -> Option<Self> {
        match name {
            "approved" => Some(Self::Approved),
            "refused" => Some(Self::Refused),
            "overridden_approved" => Some(Self::OverriddenApproved(override_reason)),
            "overridden_refused" => Some(Self::OverriddenRefused(override_reason)),
            _ => None,
        }
    }
}

/// How an account has performed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditPerformance {
    /// Whether it defaulted.
    pub defaulted: bool,
    /// Days past due, 0-36,500, if known.
    pub days_past_due: Option<i32>,
    /// The amount outstanding.
    pub amount: Option<Money>,
}

/// A valid report of an outcome; at least one of action and performance is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeReport {
    /// The partner's id of the report.
    pub request_id: RequestId,
    /// The decision reported on.
    pub decision: DecisionId,
    /// What the partner did.
    pub action: Option<CreditAction>,
    /// How the account performed.
    pub performance: Option<CreditPerformance>,
    /// When it was observed.
    pub observed: Timestamp,
}

impl OutcomeReport {
    /// The bytes that make two reports with one id the same report: everything but the id.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let action = self.action.as_ref().map_or("", CreditAction::name);
        let reason = self.action.as_ref().map_or("", CreditAction::override_reason);
        let performance = self.performance.as_ref().map_or(String::new(), |performance| {
            let amount = performance.amount.as_ref();
            let amount = amount.map(|amount| format!("{} {}", amount.amount_minor, amount.currency_code));
            let days = performance.days_past_due.map_or(String::new(), |days| days.to_string());
            format!("{} {days} {}", performance.defaulted, amount.unwrap_or_default())
        });
        let observed = self.observed.micros().to_string();
        payload(&[self.decision.as_str(), action, reason, &performance, &observed].map(str::as_bytes))
    }
}

/// A stored report. Of several the one observed last is in force, and of those the one reported last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditOutcome {
    /// Its id.
    pub id: OutcomeId,
    /// What was reported.
    pub report: OutcomeReport,
    /// When it was reported.
    pub reported: Timestamp,
}
