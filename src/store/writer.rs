//! The decision writer: many calls share one commit.
//!
//! A bounded queue feeds one task. The task commits whatever has gathered while its last commit ran, and only then wakes
//! those who wait. A call that is dropped while it waits changes nothing: its decision is the task's by then.
//!
//! What is decided on a tenant's behaviour takes its place in the queue before it is made ([`DecisionWriter::reserve`]), so
//! that it reaches the disk in the order in which the behaviour took it in. When one of a chain does not, none behind it
//! does: each was made with it in mind.

use std::{sync::Arc, time::Instant};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use tracing::Instrument;

use super::{
    Store, StoreError,
    commit::{Committed, Patience, Record},
};
use crate::{
    domain::{
        decision::{NewDecision, Recorded},
        fraud::Chain,
        ids::WriterId,
        quota::DayPlace,
        refusal::{Obstacle, Refusal},
    },
    metrics::Metrics,
};

/// The most decisions that wait for a commit. At some ten thousand commits a second it is a wait of under half a second.
const QUEUE: usize = 4_096;
/// The most decisions of one commit: beyond it the gain is small, and a commit holds SQLite's write lock for longer.
const MAX_BATCH: usize = 256;

/// Takes decisions for the writer's task. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct DecisionWriter {
    queue: mpsc::Sender<Job>,
}

/// The writer's task, which ends when the last [`DecisionWriter`] is gone or it is told to finish.
#[derive(Debug)]
pub struct WriterTask {
    task: JoinHandle<()>,
    finish: oneshot::Sender<()>,
}

impl WriterTask {
    /// Takes no more decisions, and returns when those that were taken are on disk.
    pub async fn finish(self) {
        let _ = self.finish.send(());
        if self.task.await.is_err() {
            tracing::error!("the decision writer panicked");
        }
    }
}

type Done = oneshot::Sender<Result<Committed, StoreError>>;

#[derive(Debug)]
enum Job {
    /// What is ready, and follows from no other.
    Ready(Record, Done),
    /// What is being made, with the chain that it belongs to.
    Reserved(oneshot::Receiver<Record>, Chain, Done),
}

/// A place in the writer's queue, ahead of all that come later. Dropping it unused breaks its chain.
#[derive(Debug)]
pub struct Reserved {
    fill: oneshot::Sender<Record>,
    answer: oneshot::Receiver<Result<Committed, StoreError>>,
}

/// A record that is the writer's now.
#[derive(Debug)]
pub struct Handed(oneshot::Receiver<Result<Committed, StoreError>>);

impl Reserved {
    /// Hands over what takes the place.
    #[must_use]
    pub fn fill(self, record: Record) -> Handed {
        // When the writer has ended, the answer says so.
        let _ = self.fill.send(record);
        Handed(self.answer)
    }
}

impl Handed {
    /// Waits until a decision is on disk, and tells what to answer: `reply`, or that of the earlier request with the same
    /// id and payload.
    ///
    /// # Errors
    /// As [`DecisionWriter::record`]; not ready, when an entry before it did not reach the disk, or another process took
    /// over.
    pub async fn decided(self, reply: Vec<u8>, payload_hmac: &[u8; 32]) -> Result<Recorded, Refusal> {
        match self.wait().await? {
            Committed::Recorded | Committed::RecordedBefore => Ok(Recorded { reply, replayed: false }),
            Committed::Exists { reply, payload_hmac: asked } if asked == payload_hmac => {
                Ok(Recorded { reply, replayed: true })
            }
            Committed::Exists { .. } => Err(Refusal::Precondition(Obstacle::RequestIdReused)),
        }
    }

    /// Waits until an entry is on disk.
    ///
    /// # Errors
    /// As [`Self::decided`].
    pub async fn logged(self) -> Result<(), Refusal> {
        Ok(self.wait().await.map(drop)?)
    }

    async fn wait(self) -> Result<Committed, StoreError> {
        self.0.instrument(tracing::debug_span!("commit")).await.unwrap_or_else(|_| Err(ended()))
    }
}

fn ended() -> StoreError {
    StoreError::Unavailable("the writer has ended".to_owned())
}

impl DecisionWriter {
    /// Starts the writer's task under a writer id that no other process has. What it commits is counted.
    #[must_use]
    pub fn start(store: Store, writer: WriterId, metrics: Arc<Metrics>) -> (Self, WriterTask) {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let (finish, finished) = oneshot::channel();
        let task = Task { store, writer, metrics, last_seq: Some(0) };
        (Self { queue }, WriterTask { task: tokio::spawn(task.run(jobs, finished)), finish })
    }

    /// Records a decision, and tells what to answer once that is on disk: this decision's reply, or the stored reply of
    /// the earlier request with the same id and payload.
    ///
    /// # Errors
    /// `RequestIdReused` when the id was used for another payload; exhausted when the queue is full; aborted when another
    /// process is deciding the same id; unavailable when the database does not answer: the decision may then be on disk
    /// all the same, and a repeat finds out.
    pub async fn record(&self, decision: NewDecision) -> Result<Recorded, Refusal> {
        self.record_placed(decision, None).await
    }

    /// As [`Self::record`], with the decision's place in its tenant's day, which is kept when the decision is on disk and else
    /// given back: the writer alone knows, also when whoever asked has gone.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub async fn record_placed(&self, decision: NewDecision, place: Option<DayPlace>) -> Result<Recorded, Refusal> {
        let (done, answer) = oneshot::channel();
        let (reply, payload_hmac) = (decision.reply.clone(), decision.payload_hmac);
        self.send(Job::Ready(Record::Decision(Box::new(decision), place), done))?;
        Handed(answer).decided(reply, &payload_hmac).await
    }

    /// Takes the next place in the queue for what follows from everything that took one before.
    ///
    /// # Errors
    /// Exhausted, when the queue is full; unavailable, when the writer has ended.
    pub fn reserve(&self, chain: Chain) -> Result<Reserved, Refusal> {
        let ((fill, filled), (done, answer)) = (oneshot::channel(), oneshot::channel());
        self.send(Job::Reserved(filled, chain, done))?;
        Ok(Reserved { fill, answer })
    }

    /// How many jobs wait, and the most that may.
    #[must_use]
    pub fn queue(&self) -> (usize, usize) {
        let most = self.queue.max_capacity();
        (most - self.queue.capacity(), most)
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        self.queue.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::QueueFull,
            mpsc::error::TrySendError::Closed(_) => ended(),
        })
    }
}

struct Task {
    store: Store,
    writer: WriterId,
    metrics: Arc<Metrics>,
    /// The last place taken in the commit order; nothing when a commit failed and it must be asked for.
    last_seq: Option<i64>,
}

impl Task {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>, mut finish: oneshot::Receiver<()>) {
        let (mut batch, mut open) = (Vec::with_capacity(MAX_BATCH), true);
        loop {
            let taken = tokio::select! {
                taken = jobs.recv_many(&mut batch, MAX_BATCH) => taken,
                told = &mut finish, if open => {
                    open = false;
                    if told.is_ok() {
                        jobs.close();
                    }
                    continue;
                }
            };
            if taken == 0 {
                return;
            }
            let (mut records, mut waiting) = (Vec::with_capacity(taken), Vec::with_capacity(taken));
            for job in batch.drain(..) {
                let (record, chain, done) = ready(job).await;
                match record {
                    Ok(record) => {
                        records.push(record);
                        waiting.push((chain, done));
                    }
                    Err(error) => drop(done.send(Err(error))),
                }
            }
            let chains: Vec<_> = waiting.iter().map(|(chain, _)| chain.clone()).collect();
            let results = self.commit_all(&records, &chains).await;
            for (((_, done), record), result) in waiting.into_iter().zip(records).zip(results) {
                record.settle(&result);
                // Whoever waited may be gone; the decision is on disk and a repeat finds it.
                let _ = done.send(result);
            }
        }
    }

    /// Commits records together, or, when that fails, one by one: a bad row must not fail its neighbours, but for those of
    /// its chain. One that was alone is tried again as well: its place may have been taken by a commit that was thought lost.
    async fn commit_all(&mut self, records: &[Record], chains: &[Option<Chain>]) -> Vec<Result<Committed, StoreError>> {
        if records.is_empty() {
            return Vec::new();
        }
        let error = match self.commit(records, Patience::Long).await {
            Ok(done) if done.len() == records.len() => {
                // Alone and on disk before, or told apart as a repeat: then the chain counts it twice.
                for (one, chain) in done.iter().zip(chains) {
                    break_unless_recorded(&Ok(one.clone()), chain.as_ref());
                }
                return done.into_iter().map(Ok).collect();
            }
            Ok(_) => StoreError::Broken("a commit lost count of its records".to_owned()),
            Err(error) => error,
        };
        // A database that is gone is gone for each row, and waiting for it once is enough.
        let mut gone = Some(error.clone()).filter(|error| matches!(error, StoreError::Unavailable(_)));
        if gone.is_none() {
            tracing::warn!(%error, rows = records.len(), "a commit failed, trying its rows one by one");
        }
        let mut results = Vec::with_capacity(records.len());
        for (record, chain) in records.iter().zip(chains) {
            let one = match &gone {
                Some(error) => Err(error.clone()),
                None if chain.as_ref().is_some_and(Chain::is_broken) => Err(StoreError::ChainBroken),
                None => self.commit(std::slice::from_ref(record), Patience::Short).await,
            };
            if let Err(error @ StoreError::Unavailable(_)) = &one {
                gone = Some(error.clone());
            }
            let one = one.and_then(|mut done| done.pop().ok_or_else(|| StoreError::unreadable("decision_id")));
            break_unless_recorded(&one, chain.as_ref());
            results.push(one);
        }
        results
    }

    async fn commit(&mut self, records: &[Record], patience: Patience) -> Result<Vec<Committed>, StoreError> {
        let last = match self.last_seq.take() {
            Some(last) => last,
            // The failed commit may have reached the disk: only the database knows which places are taken.
            None => self.store.last_seq(&self.writer).await?,
        };
        let began = Instant::now();
        let committed = self.store.commit(&self.writer, last + 1, records, patience).await;
        self.metrics.commits.ended(records.len(), began.elapsed(), committed.is_ok());
        let done = committed?;
        // What an earlier try had recorded took its place then, and `last` counts it already.
        let recorded = done.iter().zip(records).filter(|(one, _)| **one == Committed::Recorded);
        let decisions = recorded.filter_map(|(_, record)| record.decision());
        let placed = decisions.inspect(|decision| self.metrics.decided(&decision.tenant)).count();
        self.last_seq = i64::try_from(placed).ok().map(|placed| last + placed);
        Ok(done)
    }
}

/// What a job has the writer record, once it is made.
async fn ready(job: Job) -> (Result<Record, StoreError>, Option<Chain>, Done) {
    let (filled, chain, done) = match job {
        Job::Ready(record, done) => return (Ok(record), None, done),
        Job::Reserved(filled, chain, done) => (filled, chain, done),
    };
    // It is being made by now, and that takes microseconds: nothing is waited for in between.
    let record = match filled.await {
        Ok(_) if chain.is_broken() => Err(StoreError::ChainBroken),
        Ok(record) => Ok(record),
        Err(_) => {
            chain.break_off();
            Err(StoreError::Broken("a place in the queue was not used".to_owned()))
        }
    };
    (record, Some(chain), done)
}

/// What is not on disk by this commit, or by an earlier try of it, is not what its chain took it for.
fn break_unless_recorded(one: &Result<Committed, StoreError>, chain: Option<&Chain>) {
    if let (Err(_) | Ok(Committed::Exists { .. }), Some(chain)) = (one, chain) {
        chain.break_off();
    }
}
