//! How models do, in counts: what is kept of decisions so that a report need not read them again.

mod alarm;
mod cell;
mod key;
mod tally;
mod watch;

pub use alarm::{Alarm, AlarmSignal, NewAlarm};
pub use cell::{ScoreUnit, Scored};
pub use key::{Day, Dimension, Part, TallyKey, VersionKey};
pub use tally::{Bin, CellTally, Counted, Counts, Tally};
pub use watch::Watch;
