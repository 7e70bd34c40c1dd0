//! A verified caller, and the permits it can give.

use std::{marker::PhantomData, sync::Arc};

use super::certificate::Thumbprint;
use crate::domain::{
    ids::{Kid, TenantId},
    key::Key,
    quota::QuotaSet,
    refusal::{Denial, Refusal},
    scope::{Scope, ScopeSet},
    tenant::{RequestRate, Tenant, TenantMode},
    time::Timestamp,
    zone::TimeZone,
};

/// Whoever holds a verified token. Only [`super::verify()`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    tenant: TenantId,
    kid: Kid,
    actor: String,
    scopes: ScopeSet,
    rate: RequestRate,
    quotas: QuotaSet,
    mode: TenantMode,
    time_zone: TimeZone,
    expires: Timestamp,
    bound_to: Option<Thumbprint>,
}

impl Caller {
    pub(super) fn new(
        key: &Key,
        tenant: &Tenant,
        actor: String,
        scopes: ScopeSet,
        expires: Timestamp,
        bound_to: Option<Thumbprint>,
    ) -> Self {
        Self {
            tenant: key.tenant.clone(),
            kid: key.kid.clone(),
            actor,
            scopes,
            rate: tenant.rate,
            quotas: tenant.quotas,
            mode: tenant.mode,
            time_zone: tenant.time_zone.clone(),
            expires,
            bound_to,
        }
    }

    /// Whether the token may be used on a connection whose client showed this certificate, or none.
    #[must_use]
    pub fn may_use(&self, certificate: Option<&Thumbprint>) -> bool {
        self.bound_to.is_none() || self.bound_to.as_ref() == certificate
    }

    /// The tenant the caller belongs to, from the key that verified the token.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The key that verified the token.
    #[must_use]
    pub fn kid(&self) -> &Kid {
        &self.kid
    }

    /// `sub` of the token: who or what acts; may be empty.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// What the caller may do.
    #[must_use]
    pub fn scopes(&self) -> ScopeSet {
        self.scopes
    }

    /// The tenant's requests a second.
    #[must_use]
    pub fn rate(&self) -> RequestRate {
        self.rate
    }

    /// The tenant's other quotas.
    #[must_use]
    pub fn quotas(&self) -> &QuotaSet {
        &self.quotas
    }

    /// Whether what the tenant does counts, and what tells its time.
    #[must_use]
    pub fn mode(&self) -> TenantMode {
        self.mode
    }

    /// Where the tenant's events happen that do not say it.
    #[must_use]
    pub fn time_zone(&self) -> &TimeZone {
        &self.time_zone
    }

    /// When the token ends: the last moment that it is taken.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// The caller as it is now that its tenant may have changed: what the tenant no longer has, the caller loses.
    #[must_use]
    pub fn under(&self, tenant: &Tenant) -> Self {
        Self {
            scopes: self.scopes.intersect(tenant.scopes),
            rate: tenant.rate,
            quotas: tenant.quotas,
            mode: tenant.mode,
            time_zone: tenant.time_zone.clone(),
            ..self.clone()
        }
    }

    /// The proof that this caller may do what needs the scope `S`.
    ///
    /// # Errors
    /// Denied, when the caller's effective scopes lack it.
    pub fn permit<S: ScopeMark>(self: &Arc<Self>) -> Result<Permit<S>, Refusal> {
        self.need(S::SCOPE)?;
        Ok(Permit { caller: Arc::clone(self), scope: PhantomData })
    }

    /// The proof that this caller may do what needs the operator's scope `S` on any tenant, or `tenant.self` on its own.
    /// The target is what the request names, if it names a tenant at all: who has no right learns nothing about names.
    ///
    /// # Errors
    /// Denied, when the caller has neither scope, or names another tenant and is no operator; then what is wrong with
    /// the name. Nothing is looked up for it.
    pub fn permit_for<S: ScopeMark>(
        self: &Arc<Self>,
        target: Result<TenantId, Refusal>,
    ) -> Result<TenantPermit<S>, Refusal> {
        let operator = self.scopes.contains(S::SCOPE);
        if !operator {
            self.need(Scope::TenantSelf)?;
        }
        let target = target?;
        if !operator && target != self.tenant {
            return Err(Refusal::Denied(Denial::OtherTenant));
        }
        Ok(TenantPermit { caller: Arc::clone(self), target, scope: PhantomData })
    }

    /// The proof that this caller may read what needs the operator's scope `S` of all tenants, for a target of nothing, or of one;
    /// with `tenant.self` of its own only. The target is what the request names.
    ///
    /// # Errors
    /// As [`Self::permit_for`]; who is no operator and names all is denied as who names another tenant.
    pub fn permit_over<S: ScopeMark>(
        self: &Arc<Self>,
        target: Result<Option<TenantId>, Refusal>,
    ) -> Result<ReadPermit<S>, Refusal> {
        match target.transpose() {
            Some(one) => self.permit_for(one).map(ReadPermit::from),
            None if self.scopes.contains(S::SCOPE) => {
                Ok(ReadPermit { caller: Arc::clone(self), target: None, scope: PhantomData })
            }
            None => {
                self.need(Scope::TenantSelf)?;
                Err(Refusal::Denied(Denial::OtherTenant))
            }
        }
    }

    fn need(&self, scope: Scope) -> Result<(), Refusal> {
        if self.scopes.contains(scope) { Ok(()) } else { Err(Refusal::Denied(Denial::ScopeMissing)) }
    }
}

/// A scope as a type, so that a permit for one cannot be used where another is needed.
pub trait ScopeMark {
    /// The scope.
    const SCOPE: Scope;
}

/// The scopes as types.
pub mod mark {
    use super::{Scope, ScopeMark};

    macro_rules! marks {
        ($($name:ident),+) => {$(
            #[doc = concat!("The scope [`Scope::", stringify!($name), "`] as a type.")]
            #[derive(Debug, Clone, Copy)]
            pub enum $name {}

            impl ScopeMark for $name {
                const SCOPE: Scope = Scope::$name;
            }
        )+};
    }

    marks!(
        CreditScore,
        CreditReport,
        DecisionRead,
        OperatorTenants,
        OperatorKeys,
        RiskEvaluate,
        ModelRead,
        ModelManage,
        ModelPromote,
        OperatorModels,
        FraudCheck,
        FraudReport,
        FraudBackfill,
        FraudPolicy,
        FraudExport,
        PricingQuote,
        PricingPlan,
        OperatorUsage,
        OperatorAudit
    );
}

/// The proof that a caller may do what needs the scope `S`, within its own tenant or, for the operator's scopes, over
/// all. Only a [`Caller`] gives one.
#[derive(Debug, Clone)]
pub struct Permit<S> {
    caller: Arc<Caller>,
    scope: PhantomData<S>,
}

impl<S> Permit<S> {
    /// Who acts.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The tenant the caller belongs to.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        self.caller.tenant()
    }
}

/// The proof that a caller may do what needs the scope `S`, or `tenant.self`, to one tenant. Only a [`Caller`] gives
/// one.
#[derive(Debug, Clone)]
pub struct TenantPermit<S> {
    caller: Arc<Caller>,
    target: TenantId,
    scope: PhantomData<S>,
}

impl<S> TenantPermit<S> {
    /// Who acts.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The tenant that is acted on.
    #[must_use]
    pub fn target(&self) -> &TenantId {
        &self.target
    }
}

/// The proof that a caller may read what needs the scope `S`, or `tenant.self`, of one tenant or of all. Only a [`Caller`] gives
/// one.
#[derive(Debug, Clone)]
pub struct ReadPermit<S> {
    caller: Arc<Caller>,
    target: Option<TenantId>,
    scope: PhantomData<S>,
}

impl<S> From<TenantPermit<S>> for ReadPermit<S> {
    fn from(permit: TenantPermit<S>) -> Self {
        Self { caller: permit.caller, target: Some(permit.target), scope: PhantomData }
    }
}

impl<S: ScopeMark> ReadPermit<S> {
    /// The tenant whose rows may be read; nothing for everybody's.
    #[must_use]
    pub fn target(&self) -> Option<&TenantId> {
        self.target.as_ref()
    }

    /// Whether the caller reads as the operator, and not as a partner its own.
    #[must_use]
    pub fn is_operators(&self) -> bool {
        self.caller.scopes().contains(S::SCOPE)
    }
}
