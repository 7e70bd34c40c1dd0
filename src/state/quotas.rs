//! Requests a second, by tenant: GCRA with a burst of one second's worth, or of what the tenant's quota says.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, RwLock},
    time::Duration,
};

use governor::{
    DefaultDirectRateLimiter, Quota as Cells,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
};

use super::held;
use crate::domain::{
    ids::TenantId,
    quota::{Quota, QuotaSet},
    refusal::{Limit, Refusal},
    tenant::RequestRate,
};

/// Requests a second, and how many may come at once.
type Rate = (u32, u32);
type Limiter = DefaultDirectRateLimiter<StateInformationMiddleware>;

/// What each tenant has used of its quota, in this process.
#[derive(Default)]
pub struct Quotas {
    clock: DefaultClock,
    tenants: RwLock<HashMap<TenantId, (Rate, Arc<Limiter>)>>,
}

impl Quotas {
    /// Charges one request to a tenant, and tells how many more may come at once.
    ///
    /// # Errors
    /// Exhausted, with the time after which there is room again.
    pub fn charge(&self, tenant: &TenantId, rate: RequestRate, quotas: &QuotaSet) -> Result<u32, Refusal> {
        let per_second = rate.per_second();
        let burst = quotas.limit(Quota::BurstRequests).and_then(|burst| u32::try_from(burst).ok());
        match self.limiter(tenant, (per_second, burst.unwrap_or(per_second))).check() {
            Ok(left) => Ok(left.remaining_burst_capacity()),
            Err(until) => {
                let wait = until.wait_time_from(self.clock.now()).max(Duration::from_millis(1));
                Err(Refusal::Exhausted { limit: Limit::RequestRate, retry_after: Some(wait) })
            }
        }
    }

    /// The tenant's limiter; a new one when its rate was changed.
    fn limiter(&self, tenant: &TenantId, rate: Rate) -> Arc<Limiter> {
        if let Some((known, limiter)) = held(self.tenants.read()).get(tenant)
            && *known == rate
        {
            return Arc::clone(limiter);
        }
        let whole = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let cells = Cells::per_second(whole(rate.0)).allow_burst(whole(rate.1));
        let limiter = Arc::new(DefaultDirectRateLimiter::direct(cells).with_middleware());
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
        let (quotas, usual) = (Quotas::default(), QuotaSet::default());
        let (north, south) = (TenantId::parse("north").unwrap(), TenantId::parse("south").unwrap());
        let rate = RequestRate::parse(5).unwrap();
        let taken = (0..50).filter(|_| quotas.charge(&north, rate, &usual).is_ok()).count();
        assert!((5..50).contains(&taken), "{taken} of 50 were let in at 5 a second");
        assert_eq!(quotas.charge(&south, rate, &usual), Ok(4));
        let other = RequestRate::parse(6).unwrap();
        assert!(quotas.charge(&north, other, &usual).is_ok(), "a new rate starts anew");
    }

    #[test]
    fn a_burst_is_what_the_quota_says() {
        let (quotas, north) = (Quotas::default(), TenantId::parse("north").unwrap());
        let (rate, burst) =
            (RequestRate::parse(1).unwrap(), QuotaSet::default().with(Quota::BurstRequests, 20).unwrap());
        let left: Vec<_> = (0..20).map(|_| quotas.charge(&north, rate, &burst)).collect();
        assert_eq!(left, (0..20).rev().map(Ok).collect::<Vec<_>>());
        assert!(quotas.charge(&north, rate, &burst).is_err());
    }
}
