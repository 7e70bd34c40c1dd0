//! A tenant: an institution that calls the platform.

use super::{
    decision::Environment,
    fraud::EventClock,
    ids::TenantId,
    quota::{Quota, QuotaSet},
    scope::ScopeSet,
    time::Timestamp,
    zone::TimeZone,
};

/// Whether a tenant may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantState {
    /// It may.
    Active,
    /// Every call is refused until it is resumed.
    Suspended,
}

impl TenantState {
    /// The name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    /// The state of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Active, Self::Suspended].into_iter().find(|state| state.name() == name)
    }
}

named!(
    /// Whether what a tenant does counts, and what tells its time.
    TenantMode {
        /// It counts, by the server's clock.
        Live = "live",
        /// It tries things out, by the server's clock. Nothing is billed.
        Sandbox = "sandbox",
        /// It tries things out, by the time of its newest event: labelled history can be replayed. Nothing is billed.
        SandboxEventClock = "sandbox_event_clock",
    }
);

impl TenantMode {
    /// Whether its decisions count.
    #[must_use]
    pub const fn environment(self) -> Environment {
        match self {
            Self::Live => Environment::Live,
            Self::Sandbox | Self::SandboxEventClock => Environment::Sandbox,
        }
    }

    /// What tells its time.
    #[must_use]
    pub const fn clock(self) -> EventClock {
        match self {
            Self::Live | Self::Sandbox => EventClock::Server,
            Self::SandboxEventClock => EventClock::Event,
        }
    }
}

/// Calls and stream items a second that a tenant may make; at once it may make one second's worth, unless a quota says more or
/// less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRate(u32);

impl RequestRate {
    /// What a tenant gets whose creator asks for nothing.
    pub const DEFAULT: Self = Self(100);
    /// The most that can be asked for.
    pub const MAX: Self = Self(100_000);

    /// Takes a rate of 1-100,000 a second.
    ///
    /// # Errors
    /// One sentence that says the range.
    pub fn parse(per_second: i64) -> Result<Self, String> {
        match u32::try_from(per_second) {
            Ok(rate) if (1..=Self::MAX.0).contains(&rate) => Ok(Self(rate)),
            _ => Err(format!("must be 1 to {}", Self::MAX.0)),
        }
    }

    /// Requests a second.
    #[must_use]
    pub const fn per_second(self) -> u32 {
        self.0
    }
}

/// An institution that calls the platform, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name for people.
    pub display_name: String,
    /// Whether it may call.
    pub state: TenantState,
    /// The ceiling of what its keys may do.
    pub scopes: ScopeSet,
    /// Its requests a second.
    pub rate: RequestRate,
    /// Its other quotas.
    pub quotas: QuotaSet,
    /// Whether the key that uploaded a model version may not bring it into the traffic.
    pub four_eyes: bool,
    /// Whether what it does counts, and what tells its time.
    pub mode: TenantMode,
    /// Where events happen that do not say it.
    pub time_zone: TimeZone,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

/// A change to a tenant: the fields that are there are set, the others stay.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TenantChange {
    /// A new name for people.
    pub display_name: Option<String>,
    /// A new ceiling.
    pub scopes: Option<ScopeSet>,
    /// New requests a second.
    pub rate: Option<RequestRate>,
    /// New quotas, each in its range.
    pub quotas: Vec<(Quota, i64)>,
    /// Whether the key that uploaded a model version may not bring it into the traffic.
    pub four_eyes: Option<bool>,
    /// Where events happen that do not say it.
    pub time_zone: Option<TimeZone>,
}

/// Checks that scopes may be given to a tenant: operator scopes to the operator only, all others to partners only.
///
/// # Errors
/// One sentence that says the rule.
pub fn check_ceiling(tenant: &TenantId, scopes: ScopeSet) -> Result<ScopeSet, String> {
    let allowed = if tenant.is_operator() { ScopeSet::operator() } else { ScopeSet::partner() };
    if scopes.is_subset_of(allowed) {
        Ok(scopes)
    } else if tenant.is_operator() {
        Err(format!("the operator's own tenant takes {allowed} only"))
    } else {
        Err("the scopes that begin with operator. are for the operator's own tenant only".to_owned())
    }
}
