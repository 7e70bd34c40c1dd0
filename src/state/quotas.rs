//! Requests a second, by tenant: GCRA with a burst of one second's worth.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, RwLock},
    time::Duration,
};

use governor::{
    DefaultDirectRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};

use super::held;
use crate::domain::{
    ids::TenantId,
    refusal::{Limit, Refusal},
    tenant::RequestRate,
};

/// What each tenant has used of its quota, in this process.
#[derive(Default)]
pub struct Quotas {
    clock: DefaultClock,
    tenants: RwLock<HashMap<TenantId, (RequestRate, Arc<DefaultDirectRateLimiter>)>>,
}

impl Quotas {
    /// Charges one request to a tenant.
    ///
    /// # Errors
    /// Exhausted, with the time after which there is room again.
    pub fn charge(&self, tenant: &TenantId, rate: RequestRate) -> Result<(), Refusal> {
        self.limiter(tenant, rate).check().map_err(|until| {
            let wait = until.wait_time_from(self.clock.now()).max(Duration::from_millis(1));
            Refusal::Exhausted { limit: Limit::RequestRate, retry_after: Some(wait) }
        })
    }

    /// The tenant's limiter; a new one when its rate was changed.
    fn limiter(&self, tenant: &TenantId, rate: RequestRate) -> Arc<DefaultDirectRateLimiter> {
        if let Some((known, limiter)) = held(self.tenants.read()).get(tenant)
            && *known == rate
        {
            return Arc::clone(limiter);
        }
        let per_second = NonZeroU32::new(rate.per_second()).unwrap_or(NonZeroU32::MIN);
        let limiter = Arc::new(DefaultDirectRateLimiter::direct(Quota::per_second(per_second)));
        let mut tenants = held(self.tenants.write());
        match tenants.get(tenant) {
            Some((known, limiter)) if *known == rate => Arc::clone(limiter),
            _ => {
                tenants.insert(tenant.clone(), (rate, Arc::clone(&limiter)));
                limiter
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tenants_burst_leaves_the_others_alone() {
        let quotas = Quotas::default();
        let (north, south) = (TenantId::parse("north").unwrap(), TenantId::parse("south").unwrap());
        let rate = RequestRate::parse(5).unwrap();
        let taken = (0..50).filter(|_| quotas.charge(&north, rate).is_ok()).count();
        assert!((5..50).contains(&taken), "{taken} of 50 were let in at 5 a second");
        assert!(quotas.charge(&south, rate).is_ok());
        assert!(quotas.charge(&north, RequestRate::parse(6).unwrap()).is_ok(), "a new rate starts anew");
    }
}
