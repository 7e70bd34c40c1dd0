//! Model files, in pieces.
//!
//! A file is stored before the version that names it, each piece in a transaction of its own: SQLite has one writer, and
//! decisions pass between two pieces. What a crash leaves of a file is completed by the next upload of the same bytes.

use std::sync::Arc;

use crate::{
    domain::ids::TenantId,
    store::{Store, StoreError},
};

/// The size of a piece. A file of 32 MiB in one statement keeps decisions from SQLite for a second, pieces of 1 MiB for
/// some 100 ms and these for some 60 ms; smaller ones make an upload longer and gain little.
const PIECE_BYTES: usize = 256 * 1024;

statements! {
    RECORD_PIECE = "INSERT INTO model_files (owner_id, digest, piece, bytes) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING";
    FIND_FILE_BYTES = "SELECT file_bytes FROM model_versions WHERE owner_id = $1 AND digest = $2 LIMIT 1";
    FIND_PIECE = "SELECT bytes FROM model_files WHERE owner_id = $1 AND digest = $2 AND piece = $3";
}

impl Store {
    /// Stores a file; pieces that are there already stay.
    pub(super) async fn record_model_file(
        &self,
        owner: &TenantId,
        digest: &str,
        file: &Arc<[u8]>,
    ) -> Result<(), StoreError> {
        for (piece, range) in (0_i64..).zip((0..file.len()).step_by(PIECE_BYTES)) {
            let (owner, digest, file) = (owner.clone(), digest.to_owned(), Arc::clone(file));
            in_tx!(self, tx => {
                let bytes = &file[range..file.len().min(range + PIECE_BYTES)];
                sqlx::query(RECORD_PIECE)
                    .bind(owner.as_str())
                    .bind(&digest)
                    .bind(piece)
                    .bind(bytes)
                    .execute(&mut *tx)
                    .await?;
            })?;
        }
        Ok(())
    }

    /// Finds the file of an owner's versions by SHA-256 in hexadecimal.
    ///
    /// # Errors
    /// When the database does not answer, or the file is not whole.
    pub async fn find_model_file(&self, owner: &TenantId, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let size: Option<i64> = on_pool!(self, pool => {
            sqlx::query_scalar(FIND_FILE_BYTES).bind(owner.as_str()).bind(digest).fetch_optional(pool).await?
        });
        let Some(size) = size else { return Ok(None) };
        let size = usize::try_from(size).map_err(|_| StoreError::unreadable("file_bytes"))?;
        let mut file = Vec::with_capacity(size);
        for piece in 0_i64.. {
            if file.len() >= size {
                break;
            }
            let bytes: Option<Vec<u8>> = on_pool!(self, pool => {
                sqlx::query_scalar(FIND_PIECE)
                    .bind(owner.as_str())
                    .bind(digest)
                    .bind(piece)
                    .fetch_optional(pool)
                    .await?
            });
            file.extend(bytes.filter(|bytes| !bytes.is_empty()).ok_or_else(|| StoreError::unreadable("bytes"))?);
        }
        if file.len() == size { Ok(Some(file)) } else { Err(StoreError::unreadable("bytes")) }
    }
}
