//! Why a call was refused: the one error of the platform.
//!
//! Each kind has one gRPC code (the mapping is `rpc::status`), and each refusal a stable reason in SCREAMING_SNAKE that
//! programs can branch on. No refusal holds applicant data: a violation names the field and the rule, never the value.

use std::time::Duration;

use thiserror::Error;

/// One field that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field in proto names.
    pub field: String,
    /// Why, in one English sentence without the value.
    pub description: String,
}

/// The most violations one answer lists; a request with more has a systematic fault that these show as well.
pub const MAX_VIOLATIONS: usize = 64;

/// Collects every violation of a request, so that a caller mends them all at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Notes that a field was refused.
    pub fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        if self.0.len() < MAX_VIOLATIONS {
            self.0.push(Violation { field: field.into(), description: description.into() });
        }
    }

    /// Takes the value of a field, or notes why there is none.
    pub fn take<T>(&mut self, field: &str, value: Result<T, String>) -> Option<T> {
        value.map_err(|description| self.add(field, description)).ok()
    }

    /// Adds what was found later of the same request. A field that is noted already keeps its first fault, for a value
    /// that could not be read looks missing later; so does everything inside such a field.
    pub fn join(&mut self, later: Self) {
        for one in later.0 {
            let inside = |outer: &str| one.field.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
            if !self.0.iter().any(|noted| noted.field == one.field || inside(&noted.field)) {
                self.add(one.field, one.description);
            }
        }
    }

    /// What was noted.
    #[must_use]
    pub fn as_slice(&self) -> &[Violation] {
        &self.0
    }

    /// Whether nothing was noted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The refusal of exactly one field.
    #[must_use]
    pub fn one(field: &str, description: impl Into<String>) -> Refusal {
        let mut violations = Self::default();
        violations.add(field, description);
        Refusal::Invalid(violations)
    }
}

/// Why the caller may not do what it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// The token's effective scopes lack the one that is needed.
    ScopeMissing,
    /// The tenant is suspended.
    TenantSuspended,
    /// The request names another tenant than the caller's own.
    OtherTenant,
    /// A key may only be given scopes that the one who gives them has.
    ScopeNotGrantable,
    /// The tenant needs four eyes: the key that uploaded a model version may not bring it into the traffic.
    FourEyes,
}

/// What stands in the way, though the request itself is well formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The request id was used for another request.
    RequestIdReused,
    /// The operator's own tenant cannot be suspended, and its scopes cannot be changed.
    OperatorTenant,
    /// The last good key of the operator's own tenant that has all operator scopes cannot be revoked.
    LastOperatorKey,
    /// The model has no version in charge.
    NoChampion,
    /// No version was in charge before the champion.
    NoPreviousChampion,
    /// The version has not reproduced any reference rows.
    VersionNotValidated,
    /// The version is a draft no more.
    VersionNotDraft,
    /// The version was retired.
    VersionRetired,
    /// The version takes part in the traffic.
    VersionInTraffic,
    /// The version's features or kind are not those of the champion.
    SchemaDiffers,
    /// The platform has a model of that name that the tenant may use, or the tenant has one itself.
    ModelNameTaken,
    /// The model cannot do what is asked: it has no points, is of another kind, or cannot have such a calibration.
    ModelUnsuitable,
    /// Too few outcomes were reported to fit a calibration on.
    TooFewOutcomes,
    /// No calibration fits the outcomes: one value parts the good from the bad, or risk does not rise with the prediction.
    OutcomesUnfit,
    /// The policy does not fit the lists or the model of now.
    PolicyUnsuitable,
    /// Another policy in charge decides one of the scenes.
    SceneTaken,
    /// A policy in charge names the list.
    ListInUse,
    /// The platform has a rate plan of that name.
    PlanNameTaken,
    /// The decision cannot bring the risk: it is of another subject, kind or model than is asked for, or has no probability.
    DecisionUnsuitable,
    /// The decision is older than the plan takes.
    DecisionTooOld,
    /// The quote has expired.
    QuoteExpired,
    /// The quote was accepted under another request id.
    QuoteAccepted,
}

/// Which limit was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The tenant's requests a second.
    RequestRate,
    /// The tenant's good keys.
    Keys,
    /// The queue of the decision writer, or the calls in flight: the platform as a whole is at its limit.
    Load,
    /// The size of a message.
    MessageSize,
    /// The size of a model file.
    ModelSize,
    /// The tenant's models.
    Models,
    /// The versions of a model.
    ModelVersions,
    /// The tenant's policies, or the versions of one.
    Policies,
    /// The rules of a policy.
    PolicyRules,
    /// The tenant's lists.
    Lists,
    /// The entries of a list.
    ListEntries,
    /// The changes of one call that changes a list.
    ListChanges,
    /// The tenant's decisions of the day.
    DecisionsPerDay,
    /// The tenant's open streams.
    Streams,
    /// The rows of one call of a model.
    InferenceRows,
    /// The tenant's rate plans, or the versions of one.
    Plans,
}

/// What a process has to wait for before it can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Another process on the same database holds the behaviour of all tenants.
    FraudStateElsewhere,
    /// The tenant's behaviour is being read back from the database.
    FraudStateRebuilding,
}

impl Waiting {
    const fn reason(self) -> &'static str {
        match self {
            Self::FraudStateElsewhere => "FRAUD_STATE_ELSEWHERE",
            Self::FraudStateRebuilding => "FRAUD_STATE_REBUILDING",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::FraudStateElsewhere => "another process on this database answers fraud checks, ask that one",
            Self::FraudStateRebuilding => "the tenant's behaviour is being read back from the database, try again",
        }
    }
}

/// Why a call was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The caller did not prove who it is. One sentence for every cause, so that a forger learns nothing.
    #[error("the call needs a valid bearer token")]
    Unauthenticated,
    /// The caller is known and may not do this.
    #[error("{}", .0.sentence())]
    Denied(Denial),
    /// Fields are wrong.
    #[error("the request has invalid fields")]
    Invalid(Violations),
    /// There is no such thing, or it is another tenant's. The text is the kind of thing, for example `decision`.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// There is one already. The text is the kind of thing.
    #[error("there is already such a {0}")]
    AlreadyExists(&'static str),
    /// The state of things does not allow it.
    #[error("{}", .0.sentence())]
    Precondition(Obstacle),
    /// The same request id is being decided elsewhere, or the same tenant is being changed.
    #[error("another call is still working on the same thing, try again")]
    StillRunning,
    /// A limit was met.
    #[error("{}", .limit.sentence())]
    Exhausted {
        /// Which limit.
        limit: Limit,
        /// When to try again; nothing when waiting does not help.
        retry_after: Option<Duration>,
    },
    /// The deadline passed. A decision under way is still made, and found again under its request id.
    #[error("the deadline passed before the answer was ready")]
    DeadlineExceeded,
    /// The store does not answer, or the server is draining.
    #[error("the service cannot answer now, try again")]
    Unavailable,
    /// What answers this kind of call is not ready in this process.
    #[error("{}", .0.sentence())]
    NotReady(Waiting),
    /// A fault of ours. The cause is logged once and is not for the caller.
    #[error("an internal fault occurred")]
    Internal,
}

impl Refusal {
    /// More is asked than can be answered in good time. When to try again: a tenth of a second is many commits.
    pub const OVERLOADED: Self = Self::Exhausted { limit: Limit::Load, retry_after: Some(Duration::from_millis(100)) };

    /// Two parts of one request, or why they are refused: what is wrong with the fields of both at once, and otherwise
    /// the first refusal.
    ///
    /// # Errors
    /// When either part is refused.
    pub fn both<A, B>(first: Result<A, Self>, second: Result<B, Self>) -> Result<(A, B), Self> {
        match (first, second) {
            (Ok(first), Ok(second)) => Ok((first, second)),
            (Err(Self::Invalid(mut violations)), Err(Self::Invalid(more))) => {
                violations.join(more);
                Err(Self::Invalid(violations))
            }
            (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
        }
    }

    /// The stable reason, for `google.rpc.ErrorInfo`.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Denied(denial) => denial.reason(),
            Self::Invalid(_) => "INVALID_FIELDS",
            Self::NotFound(_) => "NOT_FOUND",
            Self::AlreadyExists(_) => "ALREADY_EXISTS",
            Self::Precondition(obstacle) => obstacle.reason(),
            Self::StillRunning => "REQUEST_STILL_RUNNING",
            Self::Exhausted { limit, .. } => limit.reason(),
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::Unavailable => "UNAVAILABLE",
            Self::NotReady(waiting) => waiting.reason(),
            Self::Internal => "INTERNAL",
        }
    }
}

impl Denial {
    const fn reason(self) -> &'static str {
        match self {
            Self::ScopeMissing => "SCOPE_MISSING",
            Self::TenantSuspended => "TENANT_SUSPENDED",
            Self::OtherTenant => "OTHER_TENANT",
            Self::ScopeNotGrantable => "SCOPE_NOT_GRANTABLE",
            Self::FourEyes => "FOUR_EYES_REQUIRED",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::ScopeMissing => "the token does not have the scope this call needs",
            Self::TenantSuspended => "the tenant is suspended",
            Self::OtherTenant => "the request names another tenant than the caller's own",
            Self::ScopeNotGrantable => "a key can only be given scopes that the caller and the tenant have",
            Self::FourEyes => "the key that uploaded a model version may not bring it into the traffic, use another",
        }
    }
}

impl Obstacle {
    const fn reason(self) -> &'static str {
        match self {
            Self::RequestIdReused => "REQUEST_ID_REUSED",
            Self::OperatorTenant => "OPERATOR_TENANT",
            Self::LastOperatorKey => "LAST_OPERATOR_KEY",
            Self::NoChampion => "MODEL_NOT_ACTIVE",
            Self::NoPreviousChampion => "NO_PREVIOUS_CHAMPION",
            Self::VersionNotValidated => "MODEL_VERSION_NOT_VALIDATED",
            Self::VersionNotDraft => "MODEL_VERSION_NOT_DRAFT",
            Self::VersionRetired => "MODEL_VERSION_RETIRED",
            Self::VersionInTraffic => "MODEL_VERSION_IN_TRAFFIC",
            Self::SchemaDiffers => "MODEL_SCHEMA_DIFFERS",
            Self::ModelNameTaken => "MODEL_NAME_TAKEN",
            Self::ModelUnsuitable => "MODEL_UNSUITABLE",
            Self::TooFewOutcomes => "TOO_FEW_OUTCOMES",
            Self::OutcomesUnfit => "OUTCOMES_UNFIT",
            Self::PolicyUnsuitable => "POLICY_UNSUITABLE",
            Self::SceneTaken => "SCENE_TAKEN",
            Self::ListInUse => "LIST_IN_USE",
            Self::PlanNameTaken => "PLAN_NAME_TAKEN",
            Self::DecisionUnsuitable => "DECISION_UNSUITABLE",
            Self::DecisionTooOld => "DECISION_TOO_OLD",
            Self::QuoteExpired => "QUOTE_EXPIRED",
            Self::QuoteAccepted => "QUOTE_ACCEPTED",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::RequestIdReused => "the request id was used for a request with other content",
            Self::OperatorTenant => "the operator's own tenant cannot be suspended, and its scopes cannot be changed",
            Self::LastOperatorKey => "the last good key with all operator scopes cannot be revoked, add another first",
            Self::NoChampion => "the model has no version in charge, promote one first",
            Self::NoPreviousChampion => "no version was in charge before the champion",
            Self::VersionNotValidated => "the version has not reproduced reference rows, validate it first",
            Self::VersionNotDraft => "the version is a draft no more",
            Self::VersionRetired => "the version was retired",
            Self::VersionInTraffic => "the version takes part in the traffic, take it out first",
            Self::SchemaDiffers => "the version's kind or features are not those of the champion",
            Self::ModelNameTaken => "there is another model of that name for the tenant",
            Self::ModelUnsuitable => {
                "the model is of another kind, gives no points, has other features, or cannot have such a calibration"
            }
            Self::TooFewOutcomes => {
                "too few outcomes: a Platt calibration needs 20 bad and 20 good ones, an isotonic one 1000 altogether as \
                 well, an intercept alone 10 bad and 10 good ones"
            }
            Self::OutcomesUnfit => {
                "no calibration fits: one value parts the good from the bad, or risk does not rise with the prediction"
            }
            Self::PolicyUnsuitable => {
                "the policy does not fit the lists or the model of now; CreatePolicyVersion says where"
            }
            Self::SceneTaken => "another policy in charge decides one of the scenes",
            Self::ListInUse => "a policy in charge names the list",
            Self::PlanNameTaken => "the platform has a rate plan of that name, take another",
            Self::DecisionUnsuitable => {
                "the decision is of another subject, kind or model than the plan takes, or has no probability"
            }
            Self::DecisionTooOld => "the decision is older than the plan takes, have it made anew",
            Self::QuoteExpired => "the quote has expired, ask for another",
            Self::QuoteAccepted => "the quote was accepted before, under another request id",
        }
    }
}

impl Limit {
    /// The stable reason of meeting this limit.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::RequestRate => "REQUEST_RATE_EXCEEDED",
            Self::Keys => "TOO_MANY_KEYS",
            Self::Load => "OVERLOADED",
            Self::MessageSize => "MESSAGE_TOO_LARGE",
            Self::ModelSize => "MODEL_TOO_LARGE",
            Self::Models | Self::ModelVersions => "TOO_MANY_MODELS",
            Self::Policies => "TOO_MANY_POLICIES",
            Self::PolicyRules => "TOO_MANY_RULES",
            Self::Lists | Self::ListEntries => "TOO_MANY_LISTED",
            Self::ListChanges => "TOO_MANY_LIST_CHANGES",
            Self::DecisionsPerDay => "DAILY_DECISIONS_EXCEEDED",
            Self::Streams => "TOO_MANY_STREAMS",
            Self::InferenceRows => "TOO_MANY_ROWS",
            Self::Plans => "TOO_MANY_PLANS",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::RequestRate => "the tenant's requests a second are used up, try again later",
            Self::Keys => "the tenant has as many good keys as it may have, revoke one first",
            Self::Load => "the service is at its limit, try again later",
            Self::MessageSize => "the message is larger than the service takes",
            Self::ModelSize => "the model file is larger than the service takes",
            Self::Models => "the tenant has as many models as it may have",
            Self::ModelVersions => "the model has as many versions as it may have",
            Self::Policies => "the tenant has as many policies, or the policy as many versions, as there may be",
            Self::PolicyRules => "the policy has more rules than the tenant's may have",
            Self::Lists => "the tenant has as many lists as it may have",
            Self::ListEntries => "the list would have more entries than it may have",
            Self::ListChanges => "the call has more changes than the tenant's may have, the earlier ones are made",
            Self::DecisionsPerDay => "the tenant's decisions of the day are used up, a new day begins at midnight UTC",
            Self::Streams => "the tenant has as many streams open as it may have, end one first",
            Self::InferenceRows => "the call has more rows than the tenant's may have",
            Self::Plans => "the tenant has as many rate plans, or the plan as many versions, as there may be",
        }
    }
}
