//! Who may call, and what decides for them: registered keys with their tenants, tokens that were verified, models with the
//! versions that take part, policies, and rate plans.
//!
//! Every change of a tenant, a key, a model, a policy or a plan makes all of it old. Whoever changes something says so at once
//! ([`Directory::changed`]); what other processes change is seen by asking the store for its count of changes
//! ([`Directory::seen`]). When that was not asked for a second, nothing here is believed.

use std::{
    collections::HashMap,
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
/// The most keys that are kept, those that do not exist among them: a flood of made-up ids must not fill the memory.
const MAX_KEYS: usize = 50_000;
/// The most verified tokens that are kept.
const MAX_TOKENS: usize = 100_000;

/// The most models that are kept, by the tenant that asked; those that are not there among them.
const MAX_MODELS: usize = 50_000;
/// The most rate plans that are kept, in the same way.
const MAX_PLANS: usize = 20_000;

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

/// Registered keys and verified tokens.
#[derive(Default)]
pub struct Directory(RwLock<Entries>);

#[derive(Default)]
struct Entries {
    /// The store's count of changes that these entries are not older than, and when that was last confirmed.
    changes: i64,
    confirmed: Option<Timestamp>,
    /// How often the entries were thrown away. What was read before that must not be put in after it.
    generation: u64,
    keys: HashMap<(TenantId, Kid), Known>,
    tokens: HashMap<[u8; 32], Arc<Caller>>,
    models: HashMap<TenantId, HashMap<ModelId, KnownModel>>,
    model_count: usize,
    policies: HashMap<TenantId, Arc<ServedPolicies>>,
    plans: HashMap<TenantId, HashMap<PlanId, KnownPlan>>,
    plan_count: usize,
}

impl Entries {
    fn clear(&mut self) {
        self.generation += 1;
        self.keys.clear();
        self.tokens.clear();
        self.forget_models();
        self.policies.clear();
        self.forget_plans();
    }

    fn forget_models(&mut self) {
        self.models.clear();
        self.model_count = 0;
    }

    fn forget_plans(&mut self) {
        self.plans.clear();
        self.plan_count = 0;
    }

    fn believed(&self, now: Timestamp) -> bool {
        // A clock that was set back must not make what is old look fresh for long.
        self.confirmed.is_some_and(|confirmed| (now.micros() - confirmed.micros()).abs() <= BELIEVED_US)
    }
}

impl Directory {
    /// Says that a tenant, a key or a model was changed by this process.
    pub fn changed(&self) {
        held(self.0.write()).clear();
    }

    /// Says what count of changes the store had at a time.
    pub fn seen(&self, changes: i64, asked: Timestamp) {
        let mut entries = held(self.0.write());
        if entries.changes != changes {
            entries.changes = changes;
            entries.clear();
        }
        entries.confirmed = Some(asked);
    }

    /// What is known of a key, if anything is; and the generation to hand back with what the store says.
    #[must_use]
    pub fn key(&self, tenant: &TenantId, kid: &Kid, now: Timestamp) -> (Option<Known>, u64) {
        let entries = held(self.0.read());
        let known = entries.keys.get(&(tenant.clone(), kid.clone())).filter(|_| entries.believed(now)).cloned();
        (known, entries.generation)
    }

    /// Keeps what the store said of a key, unless something changed since the generation was taken.
    pub fn keep_key(&self, tenant: TenantId, kid: Kid, known: Known, generation: u64) {
        let mut entries = held(self.0.write());
        if entries.generation == generation {
            if entries.keys.len() >= MAX_KEYS {
                entries.keys.clear();
            }
            entries.keys.insert((tenant, kid), known);
        }
    }

    /// The caller whose token has this hash, if it was verified and nothing changed since.
    #[must_use]
    pub fn caller(&self, token_hash: &[u8; 32], now: Timestamp) -> Option<Arc<Caller>> {
        let entries = held(self.0.read());
        let caller = entries.tokens.get(token_hash)?;
        (entries.believed(now) && now < caller.expires()).then(|| Arc::clone(caller))
    }

    /// Keeps a verified caller, unless something changed since the generation was taken.
    pub fn keep_caller(&self, token_hash: [u8; 32], caller: Arc<Caller>, generation: u64) {
        let mut entries = held(self.0.write());
        if entries.generation == generation {
            if entries.tokens.len() >= MAX_TOKENS {
                entries.tokens.clear();
            }
            entries.tokens.insert(token_hash, caller);
        }
    }

    /// What is known of a model for a tenant, if anything is; and the generation to hand back with what the store says.
    #[must_use]
    pub fn model(&self, tenant: &TenantId, model: &ModelId, now: Timestamp) -> (Option<KnownModel>, u64) {
        let entries = held(self.0.read());
        let known = entries.models.get(tenant).and_then(|models| models.get(model));
        (known.filter(|_| entries.believed(now)).cloned(), entries.generation)
    }

    /// Keeps what the store said of a model, unless something changed since the generation was taken.
    pub fn keep_model(&self, tenant: TenantId, model: ModelId, known: KnownModel, generation: u64) {
        let mut entries = held(self.0.write());
        if entries.generation == generation {
            if entries.model_count >= MAX_MODELS {
                entries.forget_models();
            }
            let before = entries.models.entry(tenant).or_default().insert(model, known);
            entries.model_count += usize::from(before.is_none());
        }
    }

    /// The policies of a tenant, if they are known; and the generation to hand back with what the store says.
    #[must_use]
    pub fn policies(&self, tenant: &TenantId, now: Timestamp) -> (Option<Arc<ServedPolicies>>, u64) {
        let entries = held(self.0.read());
        let known = entries.policies.get(tenant);
        (known.filter(|_| entries.believed(now)).cloned(), entries.generation)
    }

    /// Keeps the policies of a tenant, unless something changed since the generation was taken.
    pub fn keep_policies(&self, tenant: TenantId, policies: Arc<ServedPolicies>, generation: u64) {
        let mut entries = held(self.0.write());
        if entries.generation == generation {
            entries.policies.insert(tenant, policies);
        }
    }

    /// What is known of a rate plan for a tenant, if anything is; and the generation to hand back with what the store says.
    #[must_use]
    pub fn plan(&self, tenant: &TenantId, plan: &PlanId, now: Timestamp) -> (Option<KnownPlan>, u64) {
        let entries = held(self.0.read());
        let known = entries.plans.get(tenant).and_then(|plans| plans.get(plan));
        (known.filter(|_| entries.believed(now)).cloned(), entries.generation)
    }

    /// Keeps what the store said of a rate plan, unless something changed since the generation was taken.
    pub fn keep_plan(&self, tenant: TenantId, plan: PlanId, known: KnownPlan, generation: u64) {
        let mut entries = held(self.0.write());
        if entries.generation == generation {
            if entries.plan_count >= MAX_PLANS {
                entries.forget_plans();
            }
            let before = entries.plans.entry(tenant).or_default().insert(plan, known);
            entries.plan_count += usize::from(before.is_none());
        }
    }
}
