//! The decision writer: many calls share one commit.
//!
//! A bounded queue feeds one task. The task commits whatever has gathered while its last commit ran, and only then wakes
//! those who wait. A call that is dropped while it waits changes nothing: its decision is the task's by then.

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::{
    Store, StoreError,
    commit::{Committed, Patience},
};
use crate::domain::{
    decision::{NewDecision, Recorded},
    ids::WriterId,
    refusal::{Obstacle, Refusal},
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

#[derive(Debug)]
struct Job {
    decision: NewDecision,
    done: oneshot::Sender<Result<Committed, StoreError>>,
}

impl DecisionWriter {
    /// Starts the writer's task under a writer id that no other process has.
    #[must_use]
    pub fn start(store: Store, writer: WriterId) -> (Self, WriterTask) {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let (finish, finished) = oneshot::channel();
        let task = Task { store, writer, last_seq: Some(0) };
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
        let (done, answer) = oneshot::channel();
        let (reply, payload_hmac) = (decision.reply.clone(), decision.payload_hmac);
        self.queue.try_send(Job { decision, done }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::QueueFull,
            mpsc::error::TrySendError::Closed(_) => StoreError::Unavailable("the writer has ended".to_owned()),
        })?;
        match answer.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the writer has ended".to_owned())))? {
            Committed::Recorded | Committed::RecordedBefore => Ok(Recorded { reply, replayed: false }),
            Committed::Exists { reply, payload_hmac: asked } if asked == payload_hmac => {
                Ok(Recorded { reply, replayed: true })
            }
            Committed::Exists { .. } => Err(Refusal::Precondition(Obstacle::RequestIdReused)),
        }
    }
}

struct Task {
    store: Store,
    writer: WriterId,
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
            let (decisions, waiting): (Vec<_>, Vec<_>) = batch.drain(..).map(|job| (job.decision, job.done)).unzip();
            let results = self.commit_all(&decisions).await;
            for (done, result) in waiting.into_iter().zip(results) {
                // Whoever waited may be gone; the decision is on disk and a repeat finds it.
                let _ = done.send(result);
            }
        }
    }

    /// Commits decisions together, or, when that fails, one by one: a bad row must not fail its neighbours. One that was
    /// alone is tried again as well: its place may have been taken by a commit that was thought lost.
    async fn commit_all(&mut self, decisions: &[NewDecision]) -> Vec<Result<Committed, StoreError>> {
        let error = match self.commit(decisions, Patience::Long).await {
            Ok(done) => return done.into_iter().map(Ok).collect(),
            Err(error) => error,
        };
        // A database that is gone is gone for each row, and waiting for it once is enough.
        let mut gone = Some(error.clone()).filter(|error| matches!(error, StoreError::Unavailable(_)));
        if gone.is_none() {
            tracing::warn!(%error, rows = decisions.len(), "a commit failed, trying its rows one by one");
        }
        let mut results = Vec::with_capacity(decisions.len());
        for decision in decisions {
            let one = match &gone {
                Some(error) => Err(error.clone()),
                None => self.commit(std::slice::from_ref(decision), Patience::Short).await,
            };
            if let Err(error @ StoreError::Unavailable(_)) = &one {
                gone = Some(error.clone());
            }
            results.push(one.and_then(|mut done| done.pop().ok_or_else(|| StoreError::unreadable("decision_id"))));
        }
        results
    }

    async fn commit(&mut self, decisions: &[NewDecision], patience: Patience) -> Result<Vec<Committed>, StoreError> {
        let last = match self.last_seq.take() {
            Some(last) => last,
            // The failed commit may have reached the disk: only the database knows which places are taken.
            None => self.store.last_seq(&self.writer).await?,
        };
        let done = self.store.commit(&self.writer, last + 1, decisions, patience).await?;
        // What an earlier try had recorded took its place then, and `last` counts it already.
        let placed = done.iter().filter(|one| **one == Committed::Recorded).count();
        self.last_seq = i64::try_from(placed).ok().map(|placed| last + placed);
        Ok(done)
    }
}
