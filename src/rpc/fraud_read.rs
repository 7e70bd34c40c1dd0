//! Events and reports of the contract, read into the domain.

use super::{
    features::features_at,
    fraud_scene::standard_scene,
    parse::{known_enum, language, purpose, required_time},
    proto::fraud as proto,
};
use crate::domain::{
    credit::Language,
    features::{Features, shown},
    fraud::{
        Entities, EntityKind, FraudLabel, FraudReport, MAX_ATTRIBUTES, NewEvent, PartnerAction, ReportTarget, Scene,
        check_live_time,
    },
    ids::RequestId,
    money::Money,
    refusal::{Refusal, Violations},
    text,
    time::Timestamp,
};

/// How far from UTC a place may be, in minutes.
const MAX_OFFSET_MINUTES: i32 = 1_080;
/// The first second of the year 2000: nothing that is reported became known before.
const YEAR_2000: i64 = 946_684_800;

/// A message as an event to decide. One that is refused is also held against the clock, if there is one that its time must
/// be near; one that is not may have been decided long ago.
pub(super) fn check(from: proto::CheckFraudRequest, clock: Option<Timestamp>) -> Result<NewEvent, Refusal> {
    let mut violations = Violations::default();
    let occurred = from.event.as_ref().and_then(|event| required_time(event.event_time).ok());
    let event = event(&from.request_id, from.event, &mut violations);
    let purpose = violations.take("purpose", purpose(&from.purpose));
    let language = violations.take("language", language(from.language));
    match (event, purpose, language) {
        (Some(event), Some(purpose), Some(language)) if violations.is_empty() => {
            Ok(NewEvent { purpose, language, tell_features: from.include_features, ..event })
        }
        _ => {
            if let Some((occurred, now)) = occurred.zip(clock) {
                violations.take("event.event_time", check_live_time(occurred, now));
            }
            Err(Refusal::Invalid(violations))
        }
    }
}

/// An event of the past.
pub(super) fn past(request_id: &str, from: proto::FraudEvent) -> Result<NewEvent, Refusal> {
    let mut violations = Violations::default();
    let event = event(request_id, Some(from), &mut violations);
    event.filter(|_| violations.is_empty()).ok_or(Refusal::Invalid(violations))
}

/// A message as a valid report.
pub(super) fn report(request_id: &str, from: Option<proto::FraudOutcome>) -> Result<FraudReport, Refusal> {
    let mut violations = Violations::default();
    let request_id = violations.take("request_id", RequestId::parse(request_id));
    let Some(from) = from else {
        violations.add("outcome", "is required");
        return Err(Refusal::Invalid(violations));
    };
    let target = target(from.target, &mut violations);
    let label = violations.take("outcome.label", known_enum::<proto::FraudLabel>(from.label)).and_then(label);
    let action = violations.take("outcome.action", known_enum::<proto::PartnerAction>(from.action)).and_then(action);
    let said = from.label != proto::FraudLabel::Unspecified as i32;
    let done = from.action != proto::PartnerAction::Unspecified as i32;
    match &target {
        Some(ReportTarget::Entity(..)) if action.is_some() => {
            violations.add("outcome.action", "must be absent for an entity");
        }
        _ => {}
    }
    if !said && !done {
        violations.add("outcome.label", "is required when there is no action");
    }
    let known = required_time(from.known_time).and_then(|known| {
        let fits = known.seconds() >= YEAR_2000;
        if fits { Ok(known) } else { Err("must not be before 2000".to_owned()) }
    });
    let known = violations.take("outcome.known_time", known);
    match (request_id, target, known) {
        (Some(request_id), Some(target), Some(known)) if violations.is_empty() => {
            Ok(FraudReport { request_id, target, label, action, known })
        }
        _ => Err(Refusal::Invalid(violations)),
    }
}

fn target(from: Option<proto::fraud_outcome::Target>, violations: &mut Violations) -> Option<ReportTarget> {
    match from {
        None => {
            violations.add("outcome.target", "is required");
            None
        }
        Some(proto::fraud_outcome::Target::Event(id)) => {
            violations.take("outcome.event", RequestId::parse(&id)).map(ReportTarget::Event)
        }
        Some(proto::fraud_outcome::Target::Entity(entity)) => {
            let kind = violations.take("outcome.entity.kind", entity_kind(entity.kind));
            // Of no kind a value can still be missing, or hold what none may.
            let value = kind.map_or_else(|| text::plain(&entity.value, 1, 256), |kind| kind.normalise(&entity.value));
            let value = violations.take("outcome.entity.value", value);
            Some(ReportTarget::Entity(kind?, value?))
        }
    }
}

/// A kind of entity that a request may name.
pub(super) fn entity_kind(from: i32) -> Result<EntityKind, String> {
    known_enum::<proto::EntityKind>(from).and_then(|kind| {
        Ok(match kind {
            proto::EntityKind::Account => EntityKind::Account,
            proto::EntityKind::Card => EntityKind::Card,
            proto::EntityKind::Device => EntityKind::Device,
            proto::EntityKind::Ip => EntityKind::Ip,
            proto::EntityKind::Phone => EntityKind::Phone,
            proto::EntityKind::Email => EntityKind::Email,
            proto::EntityKind::Address => EntityKind::Address,
            proto::EntityKind::Merchant => EntityKind::Merchant,
            proto::EntityKind::Terminal => EntityKind::Terminal,
            proto::EntityKind::Beneficiary => EntityKind::Beneficiary,
            proto::EntityKind::Unspecified => return Err("is required".to_owned()),
            proto::EntityKind::Network => return Err("follows from the ip and cannot be named".to_owned()),
        })
    })
}

fn label(from: proto::FraudLabel) -> Option<FraudLabel> {
    match from {
        proto::FraudLabel::Unspecified => None,
        proto::FraudLabel::Fraud => Some(FraudLabel::Fraud),
        proto::FraudLabel::Genuine => Some(FraudLabel::Genuine),
        proto::FraudLabel::ChargeBack => Some(FraudLabel::ChargeBack),
        proto::FraudLabel::Unsure => Some(FraudLabel::Unsure),
    }
}

fn action(from: proto::PartnerAction) -> Option<PartnerAction> {
    match from {
        proto::PartnerAction::Unspecified => None,
        proto::PartnerAction::ChallengePassed => Some(PartnerAction::ChallengePassed),
        proto::PartnerAction::ChallengeFailed => Some(PartnerAction::ChallengeFailed),
        proto::PartnerAction::Released => Some(PartnerAction::Released),
        proto::PartnerAction::Blocked => Some(PartnerAction::Blocked),
    }
}

fn event(request_id: &str, from: Option<proto::FraudEvent>, violations: &mut Violations) -> Option<NewEvent> {
    let request_id = violations.take("request_id", RequestId::parse(request_id));
    let Some(from) = from else {
        violations.add("event", "is required");
        return None;
    };
    let scene = violations.take("event.scene", known_enum::<proto::Scene>(from.scene));
    let scene = scene.and_then(|one| scene_of(one, &from.custom_scene, violations));
    let occurred = violations.take("event.event_time", required_time(from.event_time));
    if from.utc_offset_minutes.is_some_and(|minutes| !(-MAX_OFFSET_MINUTES..=MAX_OFFSET_MINUTES).contains(&minutes)) {
        violations.add("event.utc_offset_minutes", "must be -1080 to 1080");
    }
    let amount = from.amount.and_then(|amount| match Money::not_negative(&amount.currency_code, amount.amount_minor) {
        Ok(money) => Some(money),
        Err(wrong) => {
            for (field, rule) in wrong {
                violations.add(format!("event.amount.{field}"), rule);
            }
            None
        }
    });
    let entities = entities(&from.entities.unwrap_or_default(), violations);
    let attributes = attributes(from.attributes, violations);
    let (request_id, scene, occurred): (RequestId, Scene, Timestamp) = (request_id?, scene?, occurred?);
    Some(NewEvent {
        request_id,
        scene,
        occurred,
        utc_offset_minutes: from.utc_offset_minutes,
        amount,
        entities,
        attributes,
        purpose: String::new(),
        language: Language::default(),
        tell_features: false,
    })
}

fn scene_of(from: proto::Scene, custom: &str, violations: &mut Violations) -> Option<Scene> {
    if from != proto::Scene::Custom && !custom.is_empty() {
        violations.add("event.custom_scene", "must be empty unless the scene is SCENE_CUSTOM");
    }
    if from == proto::Scene::Custom {
        let custom = Some(custom).filter(|name| name.starts_with("x-"));
        let scene = custom.ok_or_else(|| "must begin with x-".to_owned()).and_then(Scene::parse);
        return violations.take("event.custom_scene", scene);
    }
    violations.take("event.scene", standard_scene(from).ok_or_else(|| "is required".to_owned()))
}

fn entities(from: &proto::Entities, violations: &mut Violations) -> Entities {
    let mut entities = Entities::default();
    let fields = [
        (EntityKind::Account, &from.account),
        (EntityKind::Card, &from.card),
        (EntityKind::Device, &from.device),
        (EntityKind::Ip, &from.ip),
        (EntityKind::Phone, &from.phone),
        (EntityKind::Email, &from.email),
        (EntityKind::Address, &from.address),
        (EntityKind::Merchant, &from.merchant),
        (EntityKind::Terminal, &from.terminal),
        (EntityKind::Beneficiary, &from.beneficiary),
    ];
    if fields.iter().all(|(_, value)| value.is_empty()) {
        violations.add("event.entities", "must have at least one entity");
    }
    for (kind, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
        if let Err(rule) = entities.set(kind, value) {
            violations.add(format!("event.entities.{}", kind.name()), rule);
        }
    }
    entities
}

fn attributes(from: Option<prost_types::Struct>, violations: &mut Violations) -> Features {
    if from.as_ref().is_some_and(|from| from.fields.len() > MAX_ATTRIBUTES) {
        violations.add("event.attributes", format!("must have at most {MAX_ATTRIBUTES} entries"));
        return Features::default();
    }
    let attributes = features_at("event.attributes", from, violations);
    for (name, _) in attributes.iter() {
        if let Err(rule) = text::name(name) {
            violations.add(format!("event.attributes.{}", shown(name)), rule);
        }
    }
    attributes
}
