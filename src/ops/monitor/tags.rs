//! The tags that each version's decisions have had, so that the most that are told apart is kept.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use crate::{
    domain::{
        monitor::{Dimension, VersionKey},
        refusal::Refusal,
        tags::{Tag, Tags},
    },
    ops::App,
};

/// The most versions whose tags are kept; beyond it all are forgotten, and read again.
const MAX_VERSIONS: usize = 20_000;

/// The tags by version and dimension.
#[derive(Default)]
pub struct KnownTags(Mutex<HashMap<(VersionKey, &'static str), HashSet<Tag>>>);

impl App {
    /// The dimensions that a decision counts in: all, and its segment and group where it has them. A tag beyond the most that
    /// are told apart counts with all others of its kind.
    pub(super) async fn dimensions(&self, version: &VersionKey, tags: &Tags) -> Result<Vec<Dimension>, Refusal> {
        let mut dimensions = vec![Dimension::All];
        if let Some(segment) = &tags.segment {
            let known = self.admit_tag(version, Dimension::Segment(None), segment, Dimension::MAX_SEGMENTS).await?;
            dimensions.push(Dimension::Segment(known.then(|| segment.clone())));
        }
        if let Some(group) = &tags.group {
            let known = self.admit_tag(version, Dimension::Group(None), group, Dimension::MAX_GROUPS).await?;
            dimensions.push(Dimension::Group(known.then(|| group.clone())));
        }
        Ok(dimensions)
    }

    /// Whether a tag is told apart from others.
    async fn admit_tag(
        &self,
        version: &VersionKey,
        dimension: Dimension,
        tag: &Tag,
        most: usize,
    ) -> Result<bool, Refusal> {
        let key = (version.clone(), dimension.name());
        let known = |add: Option<Vec<Tag>>| {
            let mut all = self.known_tags.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(tags) = add {
                if all.len() >= MAX_VERSIONS {
                    all.clear();
                }
                all.insert(key.clone(), tags.into_iter().collect());
            }
            let tags = all.get_mut(&key)?;
            Some(tags.contains(tag) || (tags.len() < most && tags.insert(tag.clone())))
        };
        if let Some(admitted) = known(None) {
            return Ok(admitted);
        }
        let stored = self.store.list_tags(version, &dimension).await?;
        Ok(known(Some(stored)).unwrap_or(false))
    }
}
