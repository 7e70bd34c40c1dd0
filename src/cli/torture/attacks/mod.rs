//! Attacks: hostile connections of every kind that is known to hurt HTTP/2 servers, beside an honest caller.
//!
//! Each attack has a figure of its own; and in each the victim, who calls fifty times a second on a connection of its own, must
//! be answered as if nothing happened. Frames are made by hand: no client library would send them.

mod arena;
mod drain;
mod floods;
mod frames;
mod messages;
mod resets;
mod slow;
mod streams;

use clap::ValueEnum;

use self::arena::Arena;
pub(super) use self::floods::hostile_connection;
use super::Run;
use crate::cli::Failure;

pub(super) const NAME: &str = "attacks";

/// What is done, in this order: those that tell memory come before those that leave much behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Attack {
    /// Messages of 256 KiB that become as much memory as they can
    CrowdedMessages,
    /// A small message that says it is a large one, compressed
    GzipBomb,
    /// Messages that are announced and never sent
    Prefixes,
    /// A thousand calls at once on one connection
    ManyStreams,
    /// Calls that never end, on many connections of one tenant
    HeldStreams,
    /// The server is made to reset streams (CVE-2025-8671)
    MadeYouReset,
    /// Calls that are cancelled as soon as they are sent, steadily (CVE-2023-44487)
    RapidReset,
    /// Answers that are never read
    StalledReaders,
    /// Pings as fast as they are taken
    PingFlood,
    /// Settings as fast as they are taken
    SettingsFlood,
    /// Headers that never end (CVE-2024-27316)
    ContinuationFlood,
    /// Headers of 64 KiB
    HeaderList,
    /// Connections that say nothing
    Silent,
    /// Connections that say one byte at a time
    Drips,
    /// As many connections as the server may have files
    Files,
    /// The end of the server with all of that open
    Drain,
}

impl Attack {
    /// Whether it is among those of a short run.
    const fn is_short(self) -> bool {
        matches!(
            self,
            Self::CrowdedMessages
                | Self::ManyStreams
                | Self::MadeYouReset
                | Self::RapidReset
                | Self::HeaderList
                | Self::Drips
        )
    }
}

pub(super) async fn run(run: &mut Run, only: Option<&str>) -> Result<(), Failure> {
    let name =
        |attack: &Attack| attack.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let chosen: Vec<Attack> = Attack::value_variants()
        .iter()
        .copied()
        .filter(|attack| match only {
            Some(only) => name(attack).contains(only),
            None => !run.short || attack.is_short(),
        })
        .collect();
    if chosen.is_empty() {
        let all: Vec<String> = Attack::value_variants().iter().map(name).collect();
        return Err(Failure::new(format!("no attack has that in its name; there are {}", all.join(", "))));
    }
    let mut arena = Arena::open(run).await?;
    for _ in 0..run.rounds {
        for attack in &chosen {
            eprintln!("  {}", name(attack));
            one(*attack, &mut arena, run).await?;
        }
    }
    arena.close(run).await
}

async fn one(attack: Attack, arena: &mut Arena, run: &mut Run) -> Result<(), Failure> {
    match attack {
        Attack::CrowdedMessages => messages::crowded(arena, run).await,
        Attack::GzipBomb => messages::gzip_bomb(arena, run).await,
        Attack::Prefixes => streams::prefixes(arena, run).await,
        Attack::ManyStreams => streams::many(arena, run).await,
        Attack::HeldStreams => streams::held(arena, run).await,
        Attack::MadeYouReset => resets::made_you(arena, run).await,
        Attack::RapidReset => resets::rapid(arena, run).await,
        Attack::StalledReaders => streams::stalled(arena, run).await,
        Attack::PingFlood => floods::pings(arena, run).await,
        Attack::SettingsFlood => floods::settings(arena, run).await,
        Attack::ContinuationFlood => floods::continuations(arena, run).await,
        Attack::HeaderList => floods::header_list(arena, run).await,
        Attack::Silent => slow::silent(arena, run).await,
        Attack::Drips => slow::drips(arena, run).await,
        Attack::Files => slow::files(arena, run).await,
        Attack::Drain => drain::drain(arena, run).await,
    }
}
