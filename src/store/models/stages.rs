//! The steps that versions of a model take: what a change makes of a lineup, or why it does not.

use crate::domain::{
    ids::Kid,
    model::{Challenger, Lineup, Manifest, Reproduction, Stage, VersionNumber},
    refusal::{Denial, Obstacle, Refusal},
};

/// What a change must know of one version.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub version: VersionNumber,
    pub stage: Stage,
    pub reproduction: Option<Reproduction>,
    pub uploaded_by: Kid,
}

/// All versions of one model, with the manifests of those that a change can bring together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Roster {
    pub lineup: Lineup,
    pub lines: Vec<Line>,
    pub manifests: Vec<(VersionNumber, Manifest)>,
}

impl Roster {
    /// Puts a version in charge. The one that was retires, and is the way back.
    pub(super) fn promote(&mut self, version: VersionNumber, four_eyes: Option<&Kid>) -> Result<(), Refusal> {
        let stage = self.line(version)?.stage;
        if self.lineup.champion == Some(version) {
            return Ok(());
        }
        serviceable(stage)?;
        self.check_eyes(version, four_eyes)?;
        self.lineup.challenger = self.lineup.challenger.filter(|challenger| challenger.version != version);
        self.lineup.shadows.retain(|shadow| *shadow != version);
        self.lineup.previous = self.lineup.champion.replace(version);
        self.follow_champion();
        Ok(())
    }

    /// Changes places between the champion and the one before it.
    pub(super) fn roll_back(&mut self, four_eyes: Option<&Kid>) -> Result<(), Refusal> {
        let Some(previous) = self.lineup.previous else {
            return Err(Refusal::Precondition(Obstacle::NoPreviousChampion));
        };
        self.check_eyes(previous, four_eyes)?;
        self.lineup.previous = self.lineup.champion.replace(previous);
        self.follow_champion();
        Ok(())
    }

    /// Says who stands beside the champion. Whoever is not named is validated, as before it stood there.
    pub(super) fn set_traffic(
        &mut self,
        challenger: Option<Challenger>,
        shadows: &[VersionNumber],
        four_eyes: Option<&Kid>,
    ) -> Result<(), Refusal> {
        for version in challenger.iter().map(|challenger| challenger.version).chain(shadows.iter().copied()) {
            let stage = self.line(version)?.stage;
            if stage == Stage::Champion {
                return Err(Refusal::Precondition(Obstacle::VersionInTraffic));
            }
            serviceable(stage)?;
        }
        if let Some(new) = challenger {
            let champion = self.lineup.champion.ok_or(Refusal::Precondition(Obstacle::NoChampion))?;
            if !self.takes_requests_of(new.version, champion) {
                return Err(Refusal::Precondition(Obstacle::SchemaDiffers));
            }
            // A larger share brings it further into the traffic.
            if self.lineup.challenger != Some(new) {
                self.check_eyes(new.version, four_eyes)?;
            }
        }
        for shadow in shadows.iter().filter(|shadow| !self.lineup.shadows.contains(shadow)) {
            self.check_eyes(*shadow, four_eyes)?;
        }
        let mut shadows = shadows.to_vec();
        shadows.sort_unstable();
        shadows.dedup();
        self.lineup.challenger = challenger;
        self.lineup.shadows = shadows;
        self.restage();
        Ok(())
    }

    /// Takes a version out of use for ever: nothing leads back to it.
    pub(super) fn retire(&mut self, version: VersionNumber) -> Result<(), Refusal> {
        match self.line(version)?.stage {
            Stage::Champion | Stage::Challenger | Stage::Shadow => {
                return Err(Refusal::Precondition(Obstacle::VersionInTraffic));
            }
            Stage::Draft | Stage::Validated | Stage::Retired => {}
        }
        self.lineup.previous = self.lineup.previous.filter(|previous| *previous != version);
        self.line_mut(version)?.stage = Stage::Retired;
        Ok(())
    }

    /// Notes that a draft reproduced its reference rows.
    pub(super) fn validate(&mut self, version: VersionNumber, reproduction: Reproduction) -> Result<(), Refusal> {
        let line = self.line_mut(version)?;
        if line.stage != Stage::Draft {
            return Err(Refusal::Precondition(Obstacle::VersionNotDraft));
        }
        line.stage = Stage::Validated;
        line.reproduction = Some(reproduction);
        Ok(())
    }

    pub(super) fn line(&self, version: VersionNumber) -> Result<&Line, Refusal> {
        self.lines.iter().find(|line| line.version == version).ok_or(Refusal::NotFound("model version"))
    }

    fn line_mut(&mut self, version: VersionNumber) -> Result<&mut Line, Refusal> {
        self.lines.iter_mut().find(|line| line.version == version).ok_or(Refusal::NotFound("model version"))
    }

    fn check_eyes(&self, version: VersionNumber, four_eyes: Option<&Kid>) -> Result<(), Refusal> {
        match four_eyes {
            Some(kid) if self.line(version)?.uploaded_by == *kid => Err(Refusal::Denied(Denial::FourEyes)),
            _ => Ok(()),
        }
    }

    /// Whether one version takes every request that another takes.
    fn takes_requests_of(&self, one: VersionNumber, other: VersionNumber) -> bool {
        let of = |version| self.manifests.iter().find(|(known, _)| *known == version).map(|(_, manifest)| manifest);
        of(one).zip(of(other)).is_some_and(|(one, other)| one.takes_requests_of(other))
    }

    /// A challenger that cannot take the requests of a new champion leaves: it must not stand in the way of a way back.
    fn follow_champion(&mut self) {
        let fits = |challenger: &Challenger| {
            self.lineup.champion.is_some_and(|champion| self.takes_requests_of(challenger.version, champion))
        };
        self.lineup.challenger = self.lineup.challenger.filter(fits);
        self.restage();
    }

    /// Gives each version the stage that it has by the lineup.
    fn restage(&mut self) {
        let Lineup { champion, challenger, shadows, .. } = &self.lineup;
        for line in &mut self.lines {
            let version = Some(line.version);
            line.stage = if version == *champion {
                Stage::Champion
            } else if version == challenger.map(|challenger| challenger.version) {
                Stage::Challenger
            } else if shadows.contains(&line.version) {
                Stage::Shadow
            } else {
                match line.stage {
                    Stage::Challenger | Stage::Shadow => Stage::Validated,
                    Stage::Champion => Stage::Retired,
                    stage => stage,
                }
            };
        }
    }
}

/// Only what reproduced its reference rows, and is not retired, may take part in the traffic.
fn serviceable(stage: Stage) -> Result<(), Refusal> {
    match stage {
        Stage::Draft => Err(Refusal::Precondition(Obstacle::VersionNotValidated)),
        Stage::Retired => Err(Refusal::Precondition(Obstacle::VersionRetired)),
        Stage::Validated | Stage::Shadow | Stage::Challenger | Stage::Champion => Ok(()),
    }
}
