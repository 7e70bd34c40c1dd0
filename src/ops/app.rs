//! What every use case works with.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use thiserror::Error;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use uuid::{NoContext, Uuid};

use super::{
    infer::InferencePlace,
    lease_watch::LeaseWatch,
    monitor::{KnownTags, Pass},
    publish_built_in::publish_built_in,
};
use crate::{
    auth::Caller,
    clock::Clock,
    config::Settings,
    domain::{
        audit::ChangeBy,
        ids::{ModelId, TenantId, WriterId},
        quota::Quota,
        refusal::{Limit, Refusal},
        time::Timestamp,
    },
    metrics::Metrics,
    state::{
        Behaviours, DayQuotas, Directory, KeyRing, ListShelf, Load, LoadedVersions, OpenStream, OpenStreams, Place,
        Quotas,
    },
    store::{DecisionWriter, OpenError, Store, StoreError, WriterTask},
    vault::{MasterKey, MasterKeyError, TenantKey},
};

/// The most uploads at once: each holds a model file, and loading it takes a few times its size.
const MAX_UPLOADS: usize = 4;
/// The most calls of `ModelInfer` at once, over all callers: their messages take at most 64 MiB.
pub const MAX_INFERENCES: usize = 16;

/// The most replays of a log at once: each takes a core, and memory as the log's tenant takes to answer.
const MAX_REPLAYS: usize = 2;

/// What every use case works with: the store and its writer, the keys, the models, what is cached, and the clock.
pub struct App {
    pub(super) store: Store,
    pub(super) writer: DecisionWriter,
    pub(super) master: MasterKey,
    pub(super) versions: LoadedVersions,
    pub(super) default_credit_model: ModelId,
    /// The model that scores where a policy names none.
    pub(super) default_fraud_model: ModelId,
    pub(super) lists: ListShelf,
    pub(super) known_tags: KnownTags,
    /// Held by whoever counts decisions: the pass that is going on.
    pub(super) counting: Mutex<Option<Box<Pass>>>,
    pub(super) directory: Directory,
    pub(super) behaviours: Behaviours,
    /// Whether this process is in charge of all tenants' behaviour.
    pub(super) holds_behaviour: AtomicBool,
    pub(super) lease_watch: LeaseWatch,
    pub(super) writer_id: WriterId,
    pub(super) key_ring: KeyRing,
    pub(super) quotas: Quotas,
    load: Arc<Load>,
    pub(super) days: DayQuotas,
    streams: OpenStreams,
    pub(super) audience: String,
    uploads: Arc<Semaphore>,
    inferences: Arc<Semaphore>,
    replays: Arc<Semaphore>,
    pub(super) metrics: Arc<Metrics>,
    /// Whether the store answered when it was last asked for changes.
    pub(super) store_answers: AtomicBool,
    pub(super) began: Timestamp,
    clock: Clock,
}

/// Why the platform cannot start.
#[derive(Debug, Error)]
pub enum AppError {
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// There is no master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// A built-in model is broken.
    #[error("a built-in model cannot be loaded: {0}")]
    Model(String),
    /// A built-in rate plan is broken.
    #[error("a built-in rate plan cannot be used: {0}")]
    Plan(String),
    /// A built-in model or rate plan cannot be put into the registry.
    #[error("a built-in model or rate plan cannot be published: {0}")]
    Publish(Refusal),
    /// The process cannot be entered among those that write decisions.
    #[error("this process cannot be entered as a writer of decisions: {0}")]
    Enter(Refusal),
}

impl App {
    /// Opens the database and the keys, loads the models, and starts the decision writer.
    ///
    /// # Errors
    /// What is missing or broken, in a sentence that says what to do.
    pub async fn start(settings: &Settings) -> Result<(Self, WriterTask), AppError> {
        let master = settings.master_key()?;
        let store = Store::open_with(&settings.database, settings.database_connections).await?;
        let clock = Clock;
        let writer_id = WriterId::from(new_uuid(clock.now()));
        store.enter_writer(&writer_id).await.map_err(|error| AppError::Enter(error.into()))?;
        let metrics = Arc::new(Metrics::default());
        let (writer, task) = DecisionWriter::start(store.clone(), writer_id.clone(), Arc::clone(&metrics));
        let built_in = publish_built_in(&store, clock.now()).await?;
        let app = Self {
            store,
            writer,
            master,
            versions: LoadedVersions::default(),
            default_credit_model: built_in.credit,
            default_fraud_model: built_in.fraud,
            lists: ListShelf::default(),
            known_tags: KnownTags::default(),
            counting: Mutex::default(),
            uploads: Arc::new(Semaphore::new(MAX_UPLOADS)),
            inferences: Arc::new(Semaphore::new(MAX_INFERENCES)),
            replays: Arc::new(Semaphore::new(MAX_REPLAYS)),
            directory: Directory::default(),
            behaviours: Behaviours::default(),
            holds_behaviour: AtomicBool::new(false),
            lease_watch: LeaseWatch::default(),
            writer_id,
            key_ring: KeyRing::default(),
            quotas: Quotas::default(),
            load: Load::new(settings.good_time, Instant::now()),
            days: DayQuotas::default(),
            streams: OpenStreams::default(),
            audience: settings.audience.clone(),
            metrics,
            store_answers: AtomicBool::new(true),
            began: clock.now(),
            clock,
        };
        Ok((app, task))
    }
}

impl App {
    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new id: a UUID of version 7.
    pub(super) fn new_id(&self) -> Uuid {
        new_uuid(self.now())
    }

    /// Charges one request to a caller's tenant, and tells how many more may come at once.
    ///
    /// # Errors
    /// Exhausted, with the time after which there is room again.
    pub fn charge(&self, caller: &Caller) -> Result<u32, Refusal> {
        let charged = self.quotas.charge(caller.tenant(), caller.rate(), caller.quotas());
        charged.inspect_err(|_| self.metrics.over_quota(caller.tenant()))
    }

    /// A place among the open streams of a caller's tenant, which is free again when it is dropped.
    ///
    /// # Errors
    /// Exhausted, when the tenant has as many open as it may have.
    pub fn open_stream(&self, caller: &Caller) -> Result<OpenStream, Refusal> {
        self.streams.open(caller.tenant(), caller.quotas().limit(Quota::ConcurrentStreams).unwrap_or(i64::MAX))
    }

    /// Takes a place among the calls that are being answered.
    ///
    /// # Errors
    /// Exhausted, when there are as many as can be answered in good time.
    pub fn enter(&self, caller: &Arc<Caller>) -> Result<Place, Refusal> {
        self.load.enter(caller, Instant::now())
    }

    /// The key that a tenant's data is sealed under now.
    pub(super) async fn tenant_key(&self, tenant: &TenantId) -> Result<Arc<TenantKey>, Refusal> {
        let known = self.key_ring.get(tenant);
        self.metrics.caches.data_keys.looked_up(known.is_some());
        if let Some(key) = known {
            return Ok(key);
        }
        let wrapped = self.store.find_data_key(tenant, None).await?.ok_or(Refusal::Internal)?;
        let key = Arc::new(self.master.open_tenant_key(tenant, &wrapped)?);
        self.key_ring.keep(tenant.clone(), Arc::clone(&key));
        Ok(key)
    }

    /// The key of that id that a tenant's data was sealed under: mostly the one it is sealed under now.
    pub(super) async fn key_of(&self, tenant: &TenantId, key_id: &str) -> Result<Arc<TenantKey>, Refusal> {
        let now = self.tenant_key(tenant).await?;
        if now.key_id() == key_id {
            return Ok(now);
        }
        let wrapped = self.store.find_data_key(tenant, Some(key_id)).await?.ok_or(Refusal::Internal)?;
        Ok(Arc::new(self.master.open_tenant_key(tenant, &wrapped)?))
    }

    /// A place for one upload, which is free again when it is dropped.
    ///
    /// # Errors
    /// Exhausted, when all are taken.
    pub fn place_for_upload(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        place(&self.uploads, Duration::from_secs(1))
    }

    /// A place for one call of `ModelInfer`, which is free again when its last clone is dropped.
    ///
    /// # Errors
    /// Exhausted, when all are taken.
    pub fn place_for_inference(&self) -> Result<InferencePlace, Refusal> {
        place(&self.inferences, Duration::from_millis(100)).map(Arc::new)
    }

    /// A place for one replay of a log, which is free again when it is dropped.
    pub(super) fn place_for_replay(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        place(&self.replays, Duration::from_secs(5))
    }

    /// Who changes something, for the audit.
    pub(super) fn change_by(&self, caller: &Caller, action: &'static str) -> ChangeBy {
        ChangeBy {
            tenant: caller.tenant().clone(),
            kid: caller.kid().clone(),
            actor: caller.actor().to_owned(),
            at: self.now(),
            action,
        }
    }

    /// Asks the store what another process changed, forgets what is known of whose it was, and tells whether the store answered.
    /// Revocation by another process takes effect as often as this is called.
    pub async fn see_changes(&self) -> bool {
        let asked = self.now();
        let seen = async {
            let changes = self.store.count_changes().await?;
            let tenants = match self.directory.changes() {
                Some(known) if known == changes => Vec::new(),
                Some(known) => self.store.list_changed(known, changes).await?,
                // Nobody knows what happened before the first look.
                None => vec![TenantId::operator()],
            };
            self.directory.seen(changes, &tenants, asked);
            Ok::<_, StoreError>(())
        };
        let answered = seen.await.is_ok();
        self.store_answers.store(answered, Ordering::Relaxed);
        answered
    }

    /// Whether the operator's own tenant has been founded: until then nobody can onboard a partner.
    ///
    /// # Errors
    /// Unavailable, when the database does not answer.
    pub async fn has_operator(&self) -> Result<bool, Refusal> {
        Ok(self.store.find_tenant(&TenantId::operator()).await?.is_some())
    }

    /// Closes the store, once the writer has ended.
    pub async fn close(&self) {
        self.release_behaviour().await;
        self.store.close().await;
    }
}

fn place(places: &Arc<Semaphore>, wait: Duration) -> Result<OwnedSemaphorePermit, Refusal> {
    let full = Refusal::Exhausted { limit: Limit::Load, retry_after: Some(wait) };
    Arc::clone(places).try_acquire_owned().map_err(|_| full)
}

fn new_uuid(now: Timestamp) -> Uuid {
    let seconds = u64::try_from(now.seconds()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, u32::try_from(now.subsec_nanos()).unwrap_or(0)))
}
