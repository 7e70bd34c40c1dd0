//! `riskport backup`.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, say, time::minute};
use crate::{
    config::SettingsSource,
    ops::{BackUp, Copied},
};

/// Copy the embedded database while the server runs: whole, verified, and on the disk
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A plain copy of the files of a running server is no backup: what was committed last stands in the log beside
the database, and the two change between one read and the next. The master key is not in a backup: without it sealed
inputs cannot be read, so keep a copy of it, elsewhere. Back: put the file into a new data folder as riskport.db, the
master key beside it, and start `riskport serve --data-dir` on that.

PostgreSQL has its own: pg_dump -Fc and pg_restore, or pg_basebackup with an archive of its log.

Examples:
  riskport backup --out /backup/riskport-$(date +%F).db
  riskport backup --out riskport.backup.db --data-dir /var/lib/riskport"
)]
pub(super) struct Backup {
    /// The file to write; it must not be there yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// TOML file with settings; flags and environment come before it
    #[arg(long, env = "RISKPORT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Box<SettingsSource>,
}

/// How often the size of the copy is looked at.
const GLANCE: Duration = Duration::from_millis(100);

impl Backup {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let settings = self.settings.or_file(self.config.as_ref())?.validate()?;
        let from = settings.sqlite_file().ok_or_else(|| {
            Failure::new(
                "PostgreSQL is backed up by its own tools: pg_dump -Fc --file FILE, or pg_basebackup with an archive",
            )
        })?;
        let begun = Instant::now();
        let back_up = BackUp::prepare(from, &self.out).await?;
        let copied = with_progress(&back_up).await?;
        let bytes = std::fs::metadata(&self.out)?.len();
        say(&told(&self.out, bytes, &copied, begun.elapsed()))?;
        say(&format!("the master key {} is not in it: keep a copy elsewhere", settings.master_key_file.display()))
    }
}

/// Makes the copy, and shows how far it is where standard error is a terminal.
async fn with_progress(back_up: &BackUp) -> Result<Copied, Failure> {
    let style = ProgressStyle::with_template("  {msg:<20} {bar:40} {bytes}/{total_bytes}")?.progress_chars("█▉▊▋▌▍▎▏ ");
    let bar = ProgressBar::new(back_up.bytes).with_style(style).with_message("copying");
    let mut glances = tokio::time::interval(GLANCE);
    let making = back_up.make();
    tokio::pin!(making);
    let made = loop {
        tokio::select! {
            made = &mut making => break made,
            _ = glances.tick() => {
                let size = std::fs::metadata(&back_up.partial).map_or(0, |file| file.len());
                bar.set_position(size.min(back_up.bytes));
                if size >= back_up.bytes {
                    bar.set_message("verifying");
                }
            }
        }
    };
    bar.finish_and_clear();
    Ok(made?)
}

fn told(out: &std::path::Path, bytes: u64, copied: &Copied, took: Duration) -> String {
    let newest = copied.newest.map(|newest| prost_types::Timestamp { seconds: newest.seconds(), nanos: 0 });
    let newest = newest.map_or_else(|| "none".to_owned(), |newest| minute(Some(newest)));
    format!(
        "{} is a whole backup: its pages, rows and indexes agree, and it is on the disk
  bytes            {bytes}
  tenants          {}
  decisions        {}, the newest of {newest}
  log entries      {}
  took             {:.1} s",
        out.display(),
        copied.tenants,
        copied.decisions,
        copied.log_entries,
        took.as_secs_f64(),
    )
}
