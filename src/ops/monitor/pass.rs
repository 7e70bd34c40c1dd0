//! A pass over a writer's decisions: read in their order, summed up in memory, and written down a few tenants at a time.
//!
//! With a thousand tenants the decisions of a moment are of a thousand versions. Written down at once, each would cost rows of
//! its own, as much work as deciding. So a pass gathers all there are, and its rows are written when there are no more, in
//! transactions that hold SQLite's one writer for a few milliseconds each. A pass that ends half written, for its process died
//! or another was quicker, leaves marks of the tenants that are counted; the next one leaves their decisions out.

use std::collections::{BTreeMap, HashMap};

use super::{batch::Batch, count::MAX_ROWS, reading::ReadScore};
use crate::{
    domain::{ids::TenantId, refusal::Refusal},
    ops::App,
    store::{CountProgress, RecordCounted, WriterCursor},
};

/// The most decisions that are read at once.
const PAGE: i64 = 128;
/// The most decisions of a pass, so that the counts do not lag without end.
const MAX_DECISIONS: i64 = 65_536;
/// The most rows that a pass keeps in memory, of about a kibibyte each.
const MAX_ROWS_KEPT: usize = 32_768;
/// The most decisions of one version: they go into its window together, which is to end soon after it is full.
const MAX_OF_VERSION: i64 = 1_024;

/// A pass.
pub struct Pass {
    /// Whose decisions, after which place, and at which revision of what is known of it.
    cursor: WriterCursor,
    /// The tenants that an earlier pass has counted, each up to a place.
    marks: HashMap<TenantId, i64>,
    /// The place up to which is gathered.
    up_to: i64,
    batches: BTreeMap<TenantId, Batch>,
    /// The rows of all batches, and the most decisions of one version.
    rows: usize,
    of_version: i64,
    /// Whether it has begun to write, and gathers no more.
    writing: bool,
}

impl Pass {
    /// Begins where a writer's decisions are not counted.
    pub async fn begin(app: &App, cursor: &WriterCursor) -> Result<Self, Refusal> {
        // Marks that are made meanwhile raise the revision, and the pass would come to nothing.
        let marks = app.store.list_count_marks(&cursor.writer).await?.into_iter().collect();
        Ok(Self {
            cursor: cursor.clone(),
            marks,
            up_to: cursor.counted,
            batches: BTreeMap::new(),
            rows: 0,
            of_version: 0,
            writing: false,
        })
    }

    /// Reads a page of decisions, or writes the counts of some tenants; and tells whether there is more to do. There is not when
    /// all is written, or another process has counted some of the decisions meanwhile and the pass is void.
    pub async fn step(&mut self, app: &App, read_score: ReadScore) -> Result<bool, Refusal> {
        if !self.writing && self.up_to < self.cursor.last && !self.is_full() {
            self.gather(app, read_score).await?;
            return Ok(true);
        }
        Ok(self.write(app).await? && !self.batches.is_empty())
    }

    fn is_full(&self) -> bool {
        self.up_to - self.cursor.counted >= MAX_DECISIONS
            || self.rows >= MAX_ROWS_KEPT
            || self.of_version >= MAX_OF_VERSION
    }

    /// Reads the next page of decisions and sums them up: all of it or, when it is given up half way, nothing.
    async fn gather(&mut self, app: &App, read_score: ReadScore) -> Result<(), Refusal> {
        let mut decisions = app.store.list_uncounted(&self.cursor.writer, self.up_to, PAGE).await?;
        let Some(end) = decisions.last().map(|one| one.seq) else { return Err(Refusal::Internal) };
        decisions.retain(|one| self.marks.get(&one.tenant).is_none_or(|counted| *counted < one.seq));
        let mut page = Vec::with_capacity(decisions.len());
        for (seq, day, read) in app.read_all(decisions, read_score).await? {
            let Some(read) = read else { continue };
            let dimensions = app.dimensions(&read.version, &read.tags).await?;
            page.push((seq, day, read, dimensions));
        }
        for (seq, day, read, dimensions) in page {
            let batch = self.batches.entry(read.version.tenant.clone()).or_default();
            let rows_before = batch.rows();
            let of_version = batch.count_answer(&read.version, &dimensions, day, &read.counted);
            for (version, _, counted) in &read.shadows {
                batch.count_shadow(version, day, counted);
            }
            self.rows += batch.rows() - rows_before;
            self.of_version = self.of_version.max(of_version);
            self.up_to = seq;
            if self.is_full() {
                return Ok(());
            }
        }
        self.up_to = end;
        Ok(())
    }

    /// Writes the counts of some tenants, and tells whether that was done: otherwise another process has counted some of the
    /// writer's decisions meanwhile, and the pass is void. Given up half way it may be written or not: if it was, the revision
    /// tells.
    async fn write(&mut self, app: &App) -> Result<bool, Refusal> {
        self.writing = true;
        let now = app.now();
        let (mut tenants, mut counted) = (Vec::new(), RecordCounted::default());
        for (tenant, batch) in &self.batches {
            if counted.tallies.len() + counted.watches.len() >= MAX_ROWS {
                break;
            }
            let (tallies, watches) = batch.revise(app, now).await?;
            counted.tallies.extend(tallies);
            counted.watches.extend(watches);
            tenants.push(tenant.clone());
        }
        let is_last = tenants.len() == self.batches.len();
        // The last ones need no marks, for the cursor moves past their decisions.
        let (up_to, marked) = if is_last { (self.up_to, Vec::new()) } else { (self.cursor.counted, tenants.clone()) };
        counted.progress = Some(CountProgress { cursor: self.cursor.clone(), up_to, marked, marked_up_to: self.up_to });
        if !app.store.record_counted(counted, now).await? {
            return Ok(false);
        }
        for tenant in tenants {
            self.batches.remove(&tenant);
        }
        self.cursor.revision += 1;
        self.cursor.counted = up_to;
        Ok(true)
    }
}
