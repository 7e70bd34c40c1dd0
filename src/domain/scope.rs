//! What a caller may be allowed to do.

use std::fmt;

/// One thing a key can be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Score applicants.
    CreditScore,
    /// Report outcomes of scores.
    CreditReport,
    /// Read decisions.
    DecisionRead,
    /// Read the own profile and manage the own keys.
    TenantSelf,
    /// Manage all tenants.
    OperatorTenants,
    /// Manage the keys of all tenants.
    OperatorKeys,
    /// Get models' verdicts and predictions.
    RiskEvaluate,
    /// Read models and their versions.
    ModelRead,
    /// Upload and validate model versions.
    ModelManage,
    /// Say which model versions decide.
    ModelPromote,
    /// Say which tenants may use the platform's models.
    OperatorModels,
    /// Have events decided.
    FraudCheck,
    /// Report what became of events.
    FraudReport,
    /// Load past events.
    FraudBackfill,
    /// Manage policies and lists, and try policies on stored events.
    FraudPolicy,
    /// Export what was known before each event.
    FraudExport,
    /// Quote prices, and accept quotes.
    PricingQuote,
    /// Manage rate plans, and try them.
    PricingPlan,
    /// Read what all tenants used, to bill it.
    OperatorUsage,
    /// Read the record of changes of all tenants.
    OperatorAudit,
}

impl Scope {
    /// Every scope, in the order of the contract.
    pub const ALL: [Self; 20] = [
        Self::CreditScore,
        Self::CreditReport,
        Self::DecisionRead,
        Self::TenantSelf,
        Self::OperatorTenants,
        Self::OperatorKeys,
        Self::RiskEvaluate,
        Self::ModelRead,
        Self::ModelManage,
        Self::ModelPromote,
        Self::OperatorModels,
        Self::FraudCheck,
        Self::FraudReport,
        Self::FraudBackfill,
        Self::FraudPolicy,
        Self::FraudExport,
        Self::PricingQuote,
        Self::PricingPlan,
        Self::OperatorUsage,
        Self::OperatorAudit,
    ];

    /// The name in tokens and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreditScore => "credit.score",
            Self::CreditReport => "credit.report",
            Self::DecisionRead => "decision.read",
            Self::TenantSelf => "tenant.self",
            Self::OperatorTenants => "operator.tenants",
            Self::OperatorKeys => "operator.keys",
            Self::RiskEvaluate => "risk.evaluate",
            Self::ModelRead => "model.read",
            Self::ModelManage => "model.manage",
            Self::ModelPromote => "model.promote",
            Self::OperatorModels => "operator.models",
            Self::FraudCheck => "fraud.check",
            Self::FraudReport => "fraud.report",
            Self::FraudBackfill => "fraud.backfill",
            Self::FraudPolicy => "fraud.policy",
            Self::FraudExport => "fraud.export",
            Self::PricingQuote => "pricing.quote",
            Self::PricingPlan => "pricing.plan",
            Self::OperatorUsage => "operator.usage",
            Self::OperatorAudit => "operator.audit",
        }
    }

    /// The scope of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// Whether only the operator's own keys may have it.
    #[must_use]
    pub const fn is_operators(self) -> bool {
        matches!(
            self,
            Self::OperatorTenants
                | Self::OperatorKeys
                | Self::OperatorModels
                | Self::OperatorUsage
                | Self::OperatorAudit
        )
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ScopeSet(u32);

impl ScopeSet {
    /// The set of nothing.
    pub const EMPTY: Self = Self(0);

    /// Everything a partner can be granted.
    #[must_use]
    pub fn partner() -> Self {
        Scope::ALL.into_iter().filter(|scope| !scope.is_operators()).collect()
    }

    /// Everything the operator's own tenant can be granted: managing, the platform's models and rate plans among it, never
    /// deciding about people.
    #[must_use]
    pub fn operator() -> Self {
        let shared = [Scope::ModelRead, Scope::ModelManage, Scope::ModelPromote, Scope::PricingPlan];
        let own = Scope::ALL.into_iter().filter(|scope| scope.is_operators());
        own.chain(shared).chain([Scope::TenantSelf]).collect()
    }

    /// Whether the set is enough to give any operator's scope to another key: with a key of this kind the operator cannot
    /// lose what only it can do.
    #[must_use]
    pub fn governs(self) -> bool {
        self.contains(Scope::OperatorTenants) && self.contains(Scope::OperatorKeys)
    }

    /// Whether the scope is in the set.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether every scope of this set is in the other.
    #[must_use]
    pub const fn is_subset_of(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The scopes that are in both.
    #[must_use]
    pub const fn intersect(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes in the contract's order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }

    /// Reads names separated by spaces (RFC 8693, section 4.2), leaving out names that are no scope: a token may carry
    /// scopes that other services know.
    #[must_use]
    pub fn from_names(names: &str) -> Self {
        names.split(' ').filter_map(Scope::from_name).collect()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_print_and_read_back() {
        let set: ScopeSet = [Scope::DecisionRead, Scope::CreditScore].into_iter().collect();
        assert_eq!(set.to_string(), "credit.score decision.read");
        assert_eq!(ScopeSet::from_names("decision.read email credit.score"), set);
        assert!(set.is_subset_of(ScopeSet::partner()));
        assert!(!ScopeSet::operator().is_subset_of(ScopeSet::partner()));
    }
}
