//! Tenant messages to and from the domain.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    parse::{known_enum, proto_time, resource},
    proto::tenant as proto,
    quota_convert,
};
use crate::{
    auth::parse_jwk,
    domain::{
        ids::{Kid, TenantId},
        key::{Key, KeyAlgorithm},
        page::PageSize,
        quota::Quota,
        refusal::{Refusal, Violations},
        scope::{Scope, ScopeSet},
        tenant::{RequestRate, Tenant, TenantChange, TenantMode, TenantState, check_ceiling},
        text,
        zone::TimeZone,
    },
    ops::{NewKey, NewTenant},
};

/// The most scopes a list may have: more than there are is a mistake.
const MAX_SCOPES: usize = 64;

/// The fields of a tenant that a mask may name, beside single quotas.
const CHANGEABLE: [&str; 6] = ["display_name", "scopes", "requests_per_second", "four_eyes", "time_zone", "quotas"];
/// The most paths of a mask.
const MAX_PATHS: usize = 32;

/// The tenant that a resource name is of.
pub(super) fn tenant_id(field: &str, name: &str) -> Result<TenantId, Refusal> {
    resource(name, "tenants/", TenantId::parse).map_err(|rule| Violations::one(field, rule))
}

/// The tenant and the key that a resource name is of; apart, because the tenant decides whether the caller may learn what
/// is wrong with the key.
pub(super) fn key_id(field: &str, name: &str) -> (Result<TenantId, Refusal>, Result<Kid, Refusal>) {
    let Some((tenant, kid)) = name.split_once("/keys/") else {
        let refusal = Violations::one(field, "must be of the form tenants/{tenant}/keys/{kid}");
        return (tenant_id(field, name), Err(refusal));
    };
    let kid = Kid::parse(kid).map_err(|rule| Violations::one(field, format!("the id after /keys/ {rule}")));
    (tenant_id(field, tenant), kid)
}

/// Which page of tenants: the tenant that it begins after, and its size.
pub(super) fn tenant_page(from: &proto::ListTenantsRequest) -> Result<(Option<TenantId>, PageSize), Refusal> {
    let mut violations = Violations::default();
    let after = match from.page_token.as_str() {
        "" => None,
        token => violations.take("page_token", read_tenant_token(token)),
    };
    let size = violations.take("page_size", PageSize::parse(from.page_size));
    match size {
        Some(size) if violations.is_empty() => Ok((after, size)),
        _ => Err(Refusal::Invalid(violations)),
    }
}

/// The token of the page that begins after a tenant.
pub(super) fn tenant_token(last: &TenantId) -> String {
    URL_SAFE_NO_PAD.encode(last.as_str())
}

fn read_tenant_token(token: &str) -> Result<TenantId, String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
    TenantId::parse(&String::from_utf8_lossy(&bytes)).map_err(|_| "must be a next_page_token".to_owned())
}

/// A message as a tenant to create.
pub(super) fn new_tenant(from: proto::CreateTenantRequest) -> Result<NewTenant, Refusal> {
    let mut violations = Violations::default();
    let id = violations.take("tenant_id", TenantId::parse(&from.tenant_id));
    let Some(tenant) = from.tenant else {
        violations.add("tenant", "is required");
        return Err(Refusal::Invalid(violations));
    };
    let display_name = violations.take("tenant.display_name", text::plain(&tenant.display_name, 1, 128));
    let scopes = violations
        .take("tenant.scopes", scopes(&tenant.scopes))
        .map(|scopes| if scopes.is_empty() { ScopeSet::partner() } else { scopes });
    if let (Some(id), Some(scopes)) = (&id, scopes)
        && let Err(rule) = check_ceiling(id, scopes)
    {
        violations.add("tenant.scopes", rule);
    }
    let rate = match tenant.requests_per_second {
        0 => Some(RequestRate::DEFAULT),
        rate => violations.take("tenant.requests_per_second", RequestRate::parse(i64::from(rate))),
    };
    let quotas = quota_convert::quotas(&tenant.quotas.unwrap_or_default(), &mut violations);
    let mode = violations.take("tenant.mode", known_enum::<proto::TenantMode>(tenant.mode)).map(mode);
    let time_zone = match tenant.time_zone.as_str() {
        "" => Some(TimeZone::utc()),
        name => violations.take("tenant.time_zone", TimeZone::parse(name)),
    };
    match (id, display_name, scopes, rate, mode, time_zone) {
        (Some(id), Some(display_name), Some(scopes), Some(rate), Some(mode), Some(time_zone))
            if violations.is_empty() =>
        {
            Ok(NewTenant { id, display_name, scopes, rate, quotas, four_eyes: tenant.four_eyes, mode, time_zone })
        }
        _ => Err(Refusal::Invalid(violations)),
    }
}

/// The mode asked for; one that is not said is live.
const fn mode(from: proto::TenantMode) -> TenantMode {
    match from {
        proto::TenantMode::Unspecified | proto::TenantMode::Live => TenantMode::Live,
        proto::TenantMode::Sandbox => TenantMode::Sandbox,
        proto::TenantMode::SandboxEventClock => TenantMode::SandboxEventClock,
    }
}

/// A message as a change to a tenant.
pub(super) fn tenant_change(from: proto::UpdateTenantRequest) -> Result<(TenantId, TenantChange), Refusal> {
    let mut violations = Violations::default();
    let paths = from.update_mask.unwrap_or_default().paths;
    let changeable = |path: &String| CHANGEABLE.contains(&path.as_str()) || quota_convert::of_path(path).is_some();
    if paths.is_empty() || paths.len() > MAX_PATHS {
        violations.add("update_mask", format!("must name 1 to {MAX_PATHS} fields"));
    } else if !paths.iter().all(changeable) {
        violations.add("update_mask", format!("may name {}, and fields of quotas only", CHANGEABLE.join(", ")));
    }
    let Some(tenant) = from.tenant else {
        violations.add("tenant", "is required");
        return Err(Refusal::Invalid(violations));
    };
    let id = violations.take("tenant.name", resource(&tenant.name, "tenants/", TenantId::parse));
    let (mut change, quotas) = (TenantChange::default(), tenant.quotas.unwrap_or_default());
    for path in paths.iter().take(MAX_PATHS) {
        match path.as_str() {
            "display_name" => {
                change.display_name = violations.take("tenant.display_name", text::plain(&tenant.display_name, 1, 128));
            }
            "scopes" => {
                let given = scopes(&tenant.scopes).and_then(|scopes| match &id {
                    Some(id) => check_ceiling(id, scopes),
                    None => Ok(scopes),
                });
                change.scopes = violations.take("tenant.scopes", given);
            }
            "requests_per_second" => {
                let rate = RequestRate::parse(i64::from(tenant.requests_per_second));
                change.rate = violations.take("tenant.requests_per_second", rate);
            }
            "four_eyes" => change.four_eyes = Some(tenant.four_eyes),
            "time_zone" => {
                change.time_zone = violations.take("tenant.time_zone", TimeZone::parse(&tenant.time_zone));
            }
            "quotas" => change.quotas.extend(Quota::ALL.map(|quota| (quota, quota_convert::asked(&quotas, quota)))),
            path => {
                let one = quota_convert::of_path(path);
                change.quotas.extend(one.map(|quota| (quota, quota_convert::asked(&quotas, quota))));
            }
        }
    }
    quota_convert::check(&change.quotas, &mut violations);
    match id {
        Some(id) if violations.is_empty() => Ok((id, change)),
        _ => Err(Refusal::Invalid(violations)),
    }
}

/// A message as a key to register.
pub(super) fn new_key(from: &proto::AddKeyRequest) -> Result<NewKey, Refusal> {
    let mut violations = Violations::default();
    let algorithm = violations.take("algorithm", known_enum::<proto::KeyAlgorithm>(from.algorithm));
    let public = violations.take("jwk", parse_jwk(&from.jwk, algorithm.and_then(domain_algorithm)));
    let scopes = violations.take("scopes", scopes(&from.scopes));
    if scopes.is_some_and(ScopeSet::is_empty) {
        violations.add("scopes", "must have at least one");
    }
    let display_name = violations.take("display_name", text::plain(&from.display_name, 0, 128));
    match (public, scopes, display_name) {
        (Some(public), Some(scopes), Some(display_name)) if violations.is_empty() => {
            Ok(NewKey { public, scopes, display_name })
        }
        _ => Err(Refusal::Invalid(violations)),
    }
}

fn scopes(from: &[i32]) -> Result<ScopeSet, String> {
    if from.len() > MAX_SCOPES {
        return Err(format!("must have at most {MAX_SCOPES}"));
    }
    from.iter()
        .map(|scope| match known_enum::<proto::Scope>(*scope)? {
            proto::Scope::Unspecified => Err("must not hold SCOPE_UNSPECIFIED".to_owned()),
            proto::Scope::CreditScore => Ok(Scope::CreditScore),
            proto::Scope::CreditReport => Ok(Scope::CreditReport),
            proto::Scope::DecisionRead => Ok(Scope::DecisionRead),
            proto::Scope::TenantSelf => Ok(Scope::TenantSelf),
            proto::Scope::OperatorTenants => Ok(Scope::OperatorTenants),
            proto::Scope::OperatorKeys => Ok(Scope::OperatorKeys),
            proto::Scope::RiskEvaluate => Ok(Scope::RiskEvaluate),
            proto::Scope::ModelRead => Ok(Scope::ModelRead),
            proto::Scope::ModelManage => Ok(Scope::ModelManage),
            proto::Scope::ModelPromote => Ok(Scope::ModelPromote),
            proto::Scope::OperatorModels => Ok(Scope::OperatorModels),
            proto::Scope::FraudCheck => Ok(Scope::FraudCheck),
            proto::Scope::FraudReport => Ok(Scope::FraudReport),
            proto::Scope::FraudBackfill => Ok(Scope::FraudBackfill),
            proto::Scope::FraudPolicy => Ok(Scope::FraudPolicy),
            proto::Scope::FraudExport => Ok(Scope::FraudExport),
            proto::Scope::PricingQuote => Ok(Scope::PricingQuote),
            proto::Scope::PricingPlan => Ok(Scope::PricingPlan),
            proto::Scope::OperatorUsage => Ok(Scope::OperatorUsage),
            proto::Scope::OperatorAudit => Ok(Scope::OperatorAudit),
        })
        .collect()
}

fn domain_algorithm(from: proto::KeyAlgorithm) -> Option<KeyAlgorithm> {
    match from {
        proto::KeyAlgorithm::Unspecified => None,
        proto::KeyAlgorithm::Eddsa => Some(KeyAlgorithm::EdDsa),
        proto::KeyAlgorithm::Es256 => Some(KeyAlgorithm::Es256),
        proto::KeyAlgorithm::Rs256 => Some(KeyAlgorithm::Rs256),
        proto::KeyAlgorithm::Ps256 => Some(KeyAlgorithm::Ps256),
    }
}

/// A tenant as the contract has it.
pub(super) fn tenant(from: &Tenant) -> proto::Tenant {
    let state = match from.state {
        TenantState::Active => proto::TenantState::Active,
        TenantState::Suspended => proto::TenantState::Suspended,
    };
    proto::Tenant {
        name: format!("tenants/{}", from.id),
        display_name: from.display_name.clone(),
        state: state as i32,
        scopes: proto_scopes(from.scopes),
        four_eyes: from.four_eyes,
        mode: match from.mode {
            TenantMode::Live => proto::TenantMode::Live,
            TenantMode::Sandbox => proto::TenantMode::Sandbox,
            TenantMode::SandboxEventClock => proto::TenantMode::SandboxEventClock,
        } as i32,
        time_zone: from.time_zone.name().to_owned(),
        quotas: Some(quota_convert::message(&from.quotas)),
        requests_per_second: i32::try_from(from.rate.per_second()).unwrap_or(i32::MAX),
        create_time: Some(proto_time(from.created)),
        update_time: Some(proto_time(from.updated)),
    }
}

/// A key as the contract has it.
pub(super) fn key(from: &Key) -> proto::Key {
    let algorithm = match from.algorithm {
        KeyAlgorithm::EdDsa => proto::KeyAlgorithm::Eddsa,
        KeyAlgorithm::Es256 => proto::KeyAlgorithm::Es256,
        KeyAlgorithm::Rs256 => proto::KeyAlgorithm::Rs256,
        KeyAlgorithm::Ps256 => proto::KeyAlgorithm::Ps256,
    };
    proto::Key {
        name: format!("tenants/{}/keys/{}", from.tenant, from.kid),
        algorithm: algorithm as i32,
        jwk: from.jwk.clone(),
        scopes: proto_scopes(from.scopes),
        display_name: from.display_name.clone(),
        create_time: Some(proto_time(from.created)),
        revoke_time: from.revoked.map(proto_time),
    }
}

fn proto_scopes(from: ScopeSet) -> Vec<i32> {
    from.iter()
        .map(|scope| match scope {
            Scope::CreditScore => proto::Scope::CreditScore,
            Scope::CreditReport => proto::Scope::CreditReport,
            Scope::DecisionRead => proto::Scope::DecisionRead,
            Scope::TenantSelf => proto::Scope::TenantSelf,
            Scope::OperatorTenants => proto::Scope::OperatorTenants,
            Scope::OperatorKeys => proto::Scope::OperatorKeys,
            Scope::RiskEvaluate => proto::Scope::RiskEvaluate,
            Scope::ModelRead => proto::Scope::ModelRead,
            Scope::ModelManage => proto::Scope::ModelManage,
            Scope::ModelPromote => proto::Scope::ModelPromote,
            Scope::OperatorModels => proto::Scope::OperatorModels,
            Scope::FraudCheck => proto::Scope::FraudCheck,
            Scope::FraudReport => proto::Scope::FraudReport,
            Scope::FraudBackfill => proto::Scope::FraudBackfill,
            Scope::FraudPolicy => proto::Scope::FraudPolicy,
            Scope::FraudExport => proto::Scope::FraudExport,
            Scope::PricingQuote => proto::Scope::PricingQuote,
            Scope::PricingPlan => proto::Scope::PricingPlan,
            Scope::OperatorUsage => proto::Scope::OperatorUsage,
            Scope::OperatorAudit => proto::Scope::OperatorAudit,
        } as i32)
        .collect()
}
