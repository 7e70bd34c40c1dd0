//! Reading counts back.

use crate::{
    domain::{
        monitor::{Day, Dimension, Part, Tally, TallyKey, VersionKey, Watch},
        tags::Tag,
    },
    store::{Store, StoreError},
};

statements! {
    FIND_TALLY = "SELECT revision, tally FROM model_tallies WHERE tenant_id = $1 AND model_id = $2 AND model_version = $3
        AND manifest_digest = $4 AND part = $5 AND dimension = $6 AND tag = $7 AND day = $8";
    FIND_WATCH = "SELECT revision, watch FROM model_watches WHERE tenant_id = $1 AND model_id = $2 AND model_version = $3
        AND manifest_digest = $4";
    LIST_TALLIES = "SELECT tally FROM model_tallies WHERE tenant_id = $1 AND model_id = $2 AND model_version = $3
        AND manifest_digest = $4 AND part = $5 AND dimension = $6 AND day >= $7 AND day < $8 AND tag = $9";
    LIST_TALLIES_BY_TAG = "SELECT tag, tally FROM model_tallies WHERE tenant_id = $1 AND model_id = $2 AND model_version = $3
        AND manifest_digest = $4 AND part = $5 AND dimension = $6 AND day >= $7 AND day < $8";
    /// The tags that a version's decisions have had.
    LIST_TAGS = "SELECT DISTINCT tag FROM model_tallies WHERE tenant_id = $1 AND model_id = $2 AND model_version = $3
        AND manifest_digest = $4 AND dimension = $5";
}

impl Store {
    /// Finds a day's counts, with their revision.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_tally(&self, key: &TallyKey) -> Result<Option<(i64, Tally)>, StoreError> {
        let version = &key.version;
        let row: Option<(i64, Vec<u8>)> = on_pool!(self, pool => {
            sqlx::query_as(FIND_TALLY)
                .bind(version.tenant.as_str())
                .bind(version.model.as_str())
                .bind(version.version)
                .bind(&version.manifest_digest)
                .bind(key.part.name())
                .bind(key.dimension.name())
                .bind(key.dimension.tag())
                .bind(key.day.number())
                .fetch_optional(pool)
                .await?
        });
        row.map(|(revision, bytes)| Ok((revision, read(&bytes)?))).transpose()
    }

    /// Finds the window of a version, with its revision.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_watch(&self, version: &VersionKey) -> Result<Option<(i64, Watch)>, StoreError> {
        let row: Option<(i64, Vec<u8>)> = on_pool!(self, pool => {
            sqlx::query_as(FIND_WATCH)
                .bind(version.tenant.as_str())
                .bind(version.model.as_str())
                .bind(version.version)
                .bind(&version.manifest_digest)
                .fetch_optional(pool)
                .await?
        });
        let watch = |bytes: Vec<u8>| Watch::from_bytes(&bytes).ok_or_else(|| StoreError::unreadable("watch"));
        row.map(|(revision, bytes)| Ok((revision, watch(bytes)?))).transpose()
    }

    /// Adds up a version's counts from a day to before another. Nothing when none were counted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sum_tallies(
        &self,
        version: &VersionKey,
        part: Part,
        dimension: &Dimension,
        days: (Day, Day),
    ) -> Result<Option<Tally>, StoreError> {
        let rows: Vec<Vec<u8>> = on_pool!(self, pool => {
            sqlx::query_scalar(LIST_TALLIES)
                .bind(version.tenant.as_str())
                .bind(version.model.as_str())
                .bind(version.version)
                .bind(&version.manifest_digest)
                .bind(part.name())
                .bind(dimension.name())
                .bind(days.0.number())
                .bind(days.1.number())
                .bind(dimension.tag())
                .fetch_all(pool)
                .await?
        });
        let mut sum: Option<Tally> = None;
        for bytes in rows {
            let tally = read(&bytes)?;
            match &mut sum {
                Some(sum) => sum.add(&tally),
                None => sum = Some(tally),
            }
        }
        Ok(sum)
    }

    /// Adds up a version's counts from a day to before another, group by group; those of no group that is told apart under
    /// an empty name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sum_tallies_by_group(
        &self,
        version: &VersionKey,
        part: Part,
        days: (Day, Day),
    ) -> Result<Vec<(String, Tally)>, StoreError> {
        let rows: Vec<(String, Vec<u8>)> = on_pool!(self, pool => {
            sqlx::query_as(LIST_TALLIES_BY_TAG)
                .bind(version.tenant.as_str())
                .bind(version.model.as_str())
                .bind(version.version)
                .bind(&version.manifest_digest)
                .bind(part.name())
                .bind(Dimension::Group(None).name())
                .bind(days.0.number())
                .bind(days.1.number())
                .fetch_all(pool)
                .await?
        });
        let mut sums: Vec<(String, Tally)> = Vec::new();
        for (tag, bytes) in rows {
            let tally = read(&bytes)?;
            match sums.iter_mut().find(|(known, _)| *known == tag) {
                Some((_, sum)) => sum.add(&tally),
                None => sums.push((tag, tally)),
            }
        }
        Ok(sums)
    }

    /// Lists the tags that a version's decisions have had in a dimension.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list_tags(&self, version: &VersionKey, dimension: &Dimension) -> Result<Vec<Tag>, StoreError> {
        let tags: Vec<String> = on_pool!(self, pool => {
            sqlx::query_scalar(LIST_TAGS)
                .bind(version.tenant.as_str())
                .bind(version.model.as_str())
                .bind(version.version)
                .bind(&version.manifest_digest)
                .bind(dimension.name())
                .fetch_all(pool)
                .await?
        });
        // The empty one stands for those beyond the most that are told apart.
        Ok(tags.iter().filter_map(|tag| Tag::parse(tag).ok()).collect())
    }
}

fn read(bytes: &[u8]) -> Result<Tally, StoreError> {
    Tally::from_bytes(bytes).ok_or_else(|| StoreError::unreadable("tally"))
}
