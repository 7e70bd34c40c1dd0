//! Which process holds the behaviour of all tenants.
//!
//! The lease runs out when it is not renewed, so that another process takes over from one that died. Clocks need not agree
//! for anything to stay right: each commit to the log proves in its own transaction that its writer holds the lease.

use crate::{
    domain::{ids::WriterId, time::Timestamp},
    store::{Store, StoreError},
};

statements! {
    RENEW_LEASE = "UPDATE fraud_lease SET expires_us = $2 WHERE lease_id = 1 AND holder = $1";
    TAKE_LEASE = "UPDATE fraud_lease SET holder = $1, expires_us = $2 WHERE lease_id = 1 AND expires_us < $3";
    FIND_LEASE = "SELECT holder, expires_us FROM fraud_lease WHERE lease_id = 1";
    TAKE_ABANDONED_LEASE = "UPDATE fraud_lease SET holder = $1, expires_us = $2
        WHERE lease_id = 1 AND holder = $3 AND expires_us = $4";
    RELEASE_LEASE = "UPDATE fraud_lease SET expires_us = 0 WHERE lease_id = 1 AND holder = $1";
}

/// The lease as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLease {
    /// The writer id of the process that holds it, or held it last.
    pub holder: String,
    /// When it runs out, by that process's clock.
    pub expires: Timestamp,
}

/// What came of asking for the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// This process had it, and still has it: nobody else has written since.
    Kept,
    /// This process has it now, and others may have written since it last had.
    Taken,
    /// Another process has it.
    Elsewhere,
}

impl Store {
    /// Keeps the lease until `expires`, or takes it when it has run out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep_fraud_lease(
        &self,
        holder: &WriterId,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Lease, StoreError> {
        let holder = holder.clone();
        in_tx!(self, tx => {
            let renewed = sqlx::query(RENEW_LEASE)
                .bind(holder.as_str())
                .bind(expires.micros())
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if renewed == 1 {
                Lease::Kept
            } else {
                let taken = sqlx::query(TAKE_LEASE)
                    .bind(holder.as_str())
                    .bind(expires.micros())
                    .bind(now.micros())
                    .execute(&mut *tx)
                    .await?
                    .rows_affected();
                if taken == 1 { Lease::Taken } else { Lease::Elsewhere }
            }
        })
    }

    /// The lease as it stands.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_fraud_lease(&self) -> Result<HeldLease, StoreError> {
        let (holder, expires): (String, i64) =
            on_pool!(self, pool => sqlx::query_as(FIND_LEASE).fetch_one(pool).await?);
        Ok(HeldLease { holder, expires: Timestamp::from_micros(expires) })
    }

    /// Takes a lease that stands as it was seen, whatever the clocks say of it. False when it does not.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_abandoned_fraud_lease(
        &self,
        holder: &WriterId,
        seen: &HeldLease,
        expires: Timestamp,
    ) -> Result<bool, StoreError> {
        let (holder, seen) = (holder.clone(), seen.clone());
        in_tx!(self, tx => {
            sqlx::query(TAKE_ABANDONED_LEASE)
                .bind(holder.as_str())
                .bind(expires.micros())
                .bind(&seen.holder)
                .bind(seen.expires.micros())
                .execute(&mut *tx)
                .await?
                .rows_affected() == 1
        })
    }

    /// Gives the lease up, so that the next process need not wait until it runs out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release_fraud_lease(&self, holder: &WriterId) -> Result<(), StoreError> {
        let holder = holder.clone();
        in_tx!(self, tx => {
            sqlx::query(RELEASE_LEASE).bind(holder.as_str()).execute(&mut *tx).await?;
        })
    }
}
