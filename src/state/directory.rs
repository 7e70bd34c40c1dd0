//! Who may call, and what decides for them: registered keys with their tenants, tokens that were verified, models with the
//! versions that take part, policies, and rate plans; a shelf for each tenant.
//!
//! Every change of a tenant, a key, a model, a policy or a plan makes its tenant's shelf old, and a change of the platform's own
//! all of them. Whoever changes something says so at once ([`Directory::changed`]); what other processes change is seen by asking
//! the store for its count of changes ([`Directory::seen`]). When that was not asked for a second, nothing here is believed.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, RwLock},
};

use super::{ServedModel, ServedPlan, ServedPolicies, held};
use crate::{
    auth::{Caller, VerifyingKey},
    domain::{
        ids::{Kid, ModelId, TenantId},
        pricing::PlanId,
        tenant::Tenant,
        time::Timestamp,
    },
};

/// How long what is here is believed without asking the store whether something changed, in microseconds.
const BELIEVED_US: i64 = 1_000_000;
/// The most key ids that are remembered not to exist: a flood of made-up ones must not fill the memory.
const MAX_STRANGERS: usize = 50_000;
/// The most verified tokens that are kept.
const MAX_TOKENS: usize = 100_000;
/// The most names of models, or of plans, that are kept for one tenant, those that do not exist among them: whoever asks for
/// more loses what is kept for itself, and nobody else does.
const MAX_NAMES: usize = 1_000;

/// What is known of a model's name for a tenant: the model, or that there is none.
pub type KnownModel = Option<Arc<ServedModel>>;

/// What is known of a rate plan's name for a tenant: its version in charge, or that there is none.
pub type KnownPlan = Option<Arc<ServedPlan>>;

/// What is known of a key id: the key with its tenant, or that there is none.
#[derive(Clone)]
pub enum Known {
    /// There is such a key.
    Key(Arc<VerifyingKey>, Arc<Tenant>),
    /// There is no such key.
    Nothing,
}

/// Which state of a tenant's shelf something was read for: what was read before the shelf was emptied must not be put on it
/// after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Generation(u64);

/// Registered keys, verified tokens, and what decides.
#[derive(Default)]
pub struct Directory(RwLock<Entries>);

#[derive(Default)]
struct Entries {
    /// The store's count of changes that these entries are not older than, once it was asked, and when that was last confirmed.
    changes: Option<i64>,
    confirmed: Option<Timestamp>,
    /// The newest generation of any shelf.
    newest: u64,
    /// The generation of every tenant that has no shelf yet.
    unshelved: Generation,
    shelves: HashMap<TenantId, Shelf>,
    strangers: HashSet<(TenantId, Kid)>,
    tokens: HashMap<[u8; 32], (Generation, Arc<Caller>)>,
}

/// What is known of one tenant.
#[derive(Default)]
struct Shelf {
    generation: Generation,
    keys: HashMap<Kid, (Arc<VerifyingKey>, Arc<Tenant>)>,
    models: HashMap<ModelId, KnownModel>,
    plans: HashMap<PlanId, KnownPlan>,
    policies: Option<Arc<ServedPolicies>>,
}

impl Entries {
    /// Empties a tenant's shelf, or all of them where the platform's own changed: its models and plans may be on any.
    fn forget(&mut self, tenant: &TenantId) {
        self.newest += 1;
        self.strangers.clear();
        if tenant.is_operator() {
            self.unshelved = Generation(self.newest);
            self.shelves.clear();
            self.tokens.clear();
        } else {
            let empty = Shelf { generation: Generation(self.newest), ..Shelf::default() };
            self.shelves.insert(tenant.clone(), empty);
        }
    }

    fn generation(&self, tenant: &TenantId) -> Generation {
        self.shelves.get(tenant).map_or(self.unshelved, |shelf| shelf.generation)
    }

    /// A tenant's shelf, unless it was emptied since the generation was taken.
    fn shelf(&mut self, tenant: &TenantId, generation: Generation) -> Option<&mut Shelf> {
        if self.generation(tenant) != generation {
            return None;
        }
        if !self.shelves.contains_key(tenant) {
            self.shelves.insert(tenant.clone(), Shelf { generation, ..Shelf::default() });
        }
        self.shelves.get_mut(tenant)
    }

    fn believed(&self, now: Timestamp) -> bool {
        // A clock that was set back must not make what is old look fresh for long.
        self.confirmed.is_some_and(|confirmed| (now.micros() - confirmed.micros()).abs() <= BELIEVED_US)
    }
}

impl Directory {
    /// Says that something of a tenant was changed by this process; of the operator's own, that the platform was.
    pub fn changed(&self, tenant: &TenantId) {
        held(self.0.write()).forget(tenant);
    }

    /// The store's count of changes that what is here is not older than; nothing before the store was first asked.
    #[must_use]
    pub fn changes(&self) -> Option<i64> {
        held(self.0.read()).changes
    }

    /// Says what count of changes the store had at a time, and whose things the changes since [`Self::changes`] were.
    pub fn seen(&self, changes: i64, of: &[TenantId], asked: Timestamp) {
        let mut entries = held(self.0.write());
        for tenant in of {
            entries.forget(tenant);
        }
        entries.changes = Some(changes);
        entries.confirmed = Some(asked);
    }

    /// What is known of a key, if anything is; and the generation to hand back with what the store says.
    #[must_use]
    pub fn key(&self, tenant: &TenantId, kid: &Kid, now: Timestamp) -> (Option<Known>, Generation) {
        let entries = held(self.0.read());
        let key = entries.shelves.get(tenant).and_then(|shelf| shelf.keys.get(kid));
        let known = match key {
            Some((key, tenant)) => Some(Known::Key(Arc::clone(key), Arc::clone(tenant))),
            None => entries.strangers.contains(&(tenant.clone(), kid.clone())).then_some(Known::Nothing),
        };
        (known.filter(|_| entries.believed(now)), entries.generation(tenant))
    }

    /// Keeps what the store said of a key, unless something changed since the generation was taken.
    pub fn keep_key(&self, tenant: TenantId, kid: Kid, known: Known, generation: Generation) {
        let mut entries = held(self.0.write());
        match known {
            Known::Key(key, owner) => {
                if let Some(shelf) = entries.shelf(&tenant, generation) {
                    shelf.keys.insert(kid, (key, owner));
                }
            }
            // A tenant that may not exist gets no shelf.
            Known::Nothing if entries.generation(&tenant) == generation => {
                if entries.strangers.len() >= MAX_STRANGERS {
                    entries.strangers.clear();
                }
                entries.strangers.insert((tenant, kid));
            }
            Known::Nothing => {}
        }
    }

    /// The caller whose token has this hash, if it was verified and nothing of its tenant changed since.
    #[must_use]
    pub fn caller(&self, token_hash: &[u8; 32], now: Timestamp) -> Option<Arc<Caller>> {
        let entries = held(self.0.read());
        let (generation, caller) = entries.tokens.get(token_hash)?;
        let good =
            entries.believed(now) && now < caller.expires() && entries.generation(caller.tenant()) == *generation;
        good.then(|| Arc::clone(caller))
    }

    /// Keeps a verified caller, unless something of its tenant changed since the generation was taken.
    pub fn keep_caller(&self, token_hash: [u8; 32], caller: Arc<Caller>, generation: Generation) {
        let mut entries = held(self.0.write());
        if entries.generation(caller.tenant()) == generation {
            if entries.tokens.len() >= MAX_TOKENS {
                entries.tokens.clear();
            }
            entries.tokens.insert(token_hash, (generation, caller));
        }
    }

    /// What is known of a model for a tenant, if anything is; and the generation to hand back with what the store says.
    #[must_use]
    pub fn model(&self, tenant: &TenantId, model: &ModelId, now: Timestamp) -> (Option<KnownModel>, Generation) {
        let entries = held(self.0.read());
        let known = entries.shelves.get(tenant).and_then(|shelf| shelf.models.get(model));
        (known.filter(|_| entries.believed(now)).cloned(), entries.generation(tenant))
    }

    /// Keeps what the store said of a model, unless something changed since the generation was taken.
    pub fn keep_model(&self, tenant: &TenantId, model: ModelId, known: KnownModel, generation: Generation) {
        if let Some(shelf) = held(self.0.write()).shelf(tenant, generation) {
            keep(&mut shelf.models, model, known);
        }
    }

    /// The policies of a tenant, if they are known; and the generation to hand back with what the store says.
    #[must_use]
    pub fn policies(&self, tenant: &TenantId, now: Timestamp) -> (Option<Arc<ServedPolicies>>, Generation) {
        let entries = held(self.0.read());
        let known = entries.shelves.get(tenant).and_then(|shelf| shelf.policies.as_ref());
        (known.filter(|_| entries.believed(now)).cloned(), entries.generation(tenant))
    }

    /// Keeps the policies of a tenant, unless something changed since the generation was taken.
    pub fn keep_policies(&self, tenant: &TenantId, policies: Arc<ServedPolicies>, generation: Generation) {
        if let Some(shelf) = held(self.0.write()).shelf(tenant, generation) {
            shelf.policies = Some(policies);
        }
    }

    /// What is known of a rate plan for a tenant, if anything is; and the generation to hand back with what the store says.
    #[must_use]
    pub fn plan(&self, tenant: &TenantId, plan: &PlanId, now: Timestamp) -> (Option<KnownPlan>, Generation) {
        let entries = held(self.0.read());
        let known = entries.shelves.get(tenant).and_then(|shelf| shelf.plans.get(plan));
        (known.filter(|_| entries.believed(now)).cloned(), entries.generation(tenant))
    }

    /// Keeps what the store said of a rate plan, unless something changed since the generation was taken.
    pub fn keep_plan(&self, tenant: &TenantId, plan: PlanId, known: KnownPlan, generation: Generation) {
        if let Some(shelf) = held(self.0.write()).shelf(tenant, generation) {
            keep(&mut shelf.plans, plan, known);
        }
    }
}

/// Keeps what is known of a name, among at most [`MAX_NAMES`].
fn keep<K: std::hash::Hash + Eq, V>(names: &mut HashMap<K, V>, name: K, known: V) {
    if names.len() >= MAX_NAMES {
        names.clear();
    }
    names.insert(name, known);
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1);

    fn tenant(id: &str) -> TenantId {
        TenantId::parse(id).unwrap()
    }

    /// A directory that believes what it has, and whether a tenant's plan is on its shelf.
    fn fresh() -> Directory {
        let directory = Directory::default();
        directory.seen(7, &[], NOW);
        directory
    }

    fn keep(directory: &Directory, tenant: &TenantId) {
        let (_, generation) = directory.plan(tenant, &plan(), NOW);
        directory.keep_plan(tenant, plan(), None, generation);
    }

    fn knows(directory: &Directory, tenant: &TenantId) -> bool {
        directory.plan(tenant, &plan(), NOW).0.is_some()
    }

    fn plan() -> PlanId {
        PlanId::parse("loans").unwrap()
    }

    #[test]
    fn one_tenants_change_empties_its_shelf_alone() {
        let (directory, north, south) = (fresh(), tenant("north"), tenant("south"));
        for tenant in [&north, &south] {
            keep(&directory, tenant);
        }
        directory.changed(&north);
        assert!(!knows(&directory, &north) && knows(&directory, &south));
        directory.seen(8, std::slice::from_ref(&south), NOW);
        assert!(!knows(&directory, &south), "another process changed it");
    }

    #[test]
    fn a_change_of_the_platform_empties_every_shelf() {
        let (directory, north) = (fresh(), tenant("north"));
        keep(&directory, &north);
        directory.changed(&TenantId::operator());
        assert!(!knows(&directory, &north));
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        for changed in [tenant("north"), TenantId::operator()] {
            let (directory, north) = (fresh(), tenant("north"));
            let (_, read_under) = directory.plan(&north, &plan(), NOW);
            directory.changed(&changed);
            directory.keep_plan(&north, plan(), None, read_under);
            assert!(!knows(&directory, &north), "{changed} changed");
            let kid = Kid::parse("k1").unwrap();
            directory.keep_key(north.clone(), kid.clone(), Known::Nothing, read_under);
            assert!(directory.key(&north, &kid, NOW).0.is_none(), "{changed} changed");
        }
    }

    #[test]
    fn made_up_names_cost_nobody_else_what_is_kept() {
        let (directory, north, south) = (fresh(), tenant("north"), tenant("south"));
        keep(&directory, &south);
        let (_, generation) = directory.plan(&north, &plan(), NOW);
        for at in 0..=MAX_NAMES {
            directory.keep_plan(&north, PlanId::parse(&format!("plan-{at}")).unwrap(), None, generation);
        }
        assert!(knows(&directory, &south));
        let kept = (0..=MAX_NAMES)
            .filter(|at| directory.plan(&north, &PlanId::parse(&format!("plan-{at}")).unwrap(), NOW).0.is_some());
        assert!(kept.count() <= MAX_NAMES);
    }
}
