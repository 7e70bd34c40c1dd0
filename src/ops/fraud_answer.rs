//! What is answered on an event: the decision, and everything that it rests on.

use std::sync::Arc;

use crate::{
    domain::{
        credit::Language,
        decision::TrafficRole,
        fraud::{Catalogue, EntityKind, Event, FraudDecision},
        ids::DecisionId,
        risk::RiskReason,
        time::Timestamp,
    },
    engine::{Judgement, rule::Facts},
    state::{ServedPolicy, ServedVersion, fraud::FeatureVector},
};

/// What a model made of an event.
pub struct Scored {
    /// The version of the model.
    pub version: Arc<ServedVersion>,
    /// Its part in the traffic.
    pub role: TrafficRole,
    /// The score, 0-1,000; higher is riskier.
    pub score: i32,
    /// The calibrated probability of fraud.
    pub probability: Option<f64>,
    /// What it was made of, in the order of the model's manifest.
    row: Vec<f64>,
}

/// What a version makes of an event; nothing when its output is not finite, and then the rules decide alone.
pub(super) fn score(version: Arc<ServedVersion>, role: TrafficRole, vector: &FeatureVector) -> Option<Scored> {
    let row = version.event_row()?.row(vector);
    let (prediction, points) = version.model.score_row(&row)?;
    Some(Scored { score: points.score, probability: prediction.probability, row, version, role })
}

/// How one element goes with the person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IdentityCheck {
    /// The kind of element.
    pub element: EntityKind,
    /// The place of its code in [`IDENTITY_CODES`](crate::domain::fraud::IDENTITY_CODES).
    pub code: usize,
    /// Days since the account was last seen with it.
    pub seen_days_ago: Option<f64>,
    /// How many other accounts were seen with it.
    pub other_accounts: Option<f64>,
}

/// What links the person to others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Relations {
    /// Accounts of the cluster.
    pub accounts: f64,
    /// Things that link them.
    pub things: f64,
    /// Links over all possible pairs.
    pub density: f64,
    /// Steps to the nearest confirmed fraud.
    pub hops_to_fraud: Option<f64>,
}

/// The answer to one event.
pub struct FraudAnswer<'a> {
    /// The decision that it becomes, or stands beside.
    pub decision: &'a DecisionId,
    /// When.
    pub decided: Timestamp,
    /// The policy that decided.
    pub policy: &'a ServedPolicy,
    /// What the policy says.
    pub judgement: Judgement,
    /// What the model says; nothing when its output is not finite.
    pub scored: Option<&'a Scored>,
    /// What raised the score most, weightiest first; empty when the score alone would let the event through.
    pub score_reasons: Vec<RiskReason>,
    /// The policy's lists that the event met, by their place.
    pub listed: &'a [bool],
    /// What was known before the event.
    pub features: &'a FeatureVector,
    /// The language of sentences.
    pub language: Language,
    /// Whether to tell the features.
    pub tell_features: bool,
}

impl<'a> FraudAnswer<'a> {
    /// Judges an event, with or without a score.
    pub(super) fn judge(
        decision: &'a DecisionId,
        decided: Timestamp,
        known: &'a Known<'a>,
        scored: Option<&'a Scored>,
    ) -> Self {
        let facts = Facts {
            event: known.event,
            features: known.features.values(),
            score: scored.map(|scored| scored.score),
            listed: known.listed,
        };
        let judgement = known.policy.policy.judge(&facts);
        // Most events are let through, and why a score is not lower takes longer to say than the score.
        let speaks = judgement.score_decision.is_some_and(|one| one > FraudDecision::Allow);
        let of_score = scored.filter(|_| speaks).map(|one| one.version.model.reasons_of_row(&one.row, known.language));
        Self {
            decision,
            decided,
            policy: known.policy,
            judgement,
            scored,
            score_reasons: of_score.unwrap_or_default(),
            listed: known.listed,
            features: known.features,
            language: known.language,
            tell_features: known.tell_features,
        }
    }

    /// What is to be done.
    #[must_use]
    pub fn outcome(&self) -> FraudDecision {
        self.judgement.decision
    }

    /// How the person's elements go together.
    pub fn identity(&self) -> impl Iterator<Item = IdentityCheck> {
        let catalogue = Catalogue::get();
        catalogue.identity.iter().filter_map(|(element, start)| {
            let shared = catalogue.shared.iter().find(|(kind, _)| kind == element);
            Some(IdentityCheck {
                element: *element,
                code: small(self.features.value(*start)?),
                seen_days_ago: self.features.value(start + 1),
                other_accounts: shared.and_then(|(_, at)| self.features.value(*at)),
            })
        })
    }

    /// What links the person to others; nothing for an event without an account.
    #[must_use]
    pub fn relations(&self) -> Option<Relations> {
        let start = Catalogue::get().relations;
        let value = |at: usize| self.features.value(start + at);
        Some(Relations {
            accounts: value(0)?,
            things: value(1).unwrap_or_default(),
            density: value(3).unwrap_or_default(),
            hops_to_fraud: value(6),
        })
    }
}

/// What is known of an event when it is judged.
pub(super) struct Known<'a> {
    pub event: &'a Event,
    pub features: &'a FeatureVector,
    pub policy: &'a ServedPolicy,
    pub listed: &'a [bool],
    pub language: Language,
    pub tell_features: bool,
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the place in a list of three")]
fn small(value: f64) -> usize {
    value as usize
}
