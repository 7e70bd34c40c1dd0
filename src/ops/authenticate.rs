//! Finds out who is calling.

use std::sync::Arc;

use super::App;
use crate::{
    auth::{Caller, Permit, ScopeMark, Thumbprint, Token, TokenFault, VerifyingKey, bearer, verify},
    domain::{
        ids::{Kid, TenantId},
        refusal::{Denial, Refusal},
        tenant::TenantState,
        time::Timestamp,
    },
    state::{Generation, Known},
    vault,
};

/// Turns the values of the `authorization` header into a caller; of a client that showed this certificate, or none.
///
/// # Errors
/// Unauthenticated, in the same words for every fault; denied, when the token is good and its tenant is suspended;
/// unavailable, when the key must be read and the database does not answer.
pub async fn authenticate<'a>(
    app: &App,
    values: impl Iterator<Item = &'a [u8]>,
    certificate: Option<&Thumbprint>,
) -> Result<Arc<Caller>, Refusal> {
    let token = bearer(values).map_err(refuse)?;
    let (hash, now) = (vault::sha256(&[token.as_bytes()]), app.now());
    if let Some(caller) = app.directory.caller(&hash, now) {
        // Of each call: that the token is good is remembered, on which connection it comes is not.
        return if caller.may_use(certificate) { Ok(caller) } else { Err(refuse(TokenFault::Certificate)) };
    }
    let parsed = Token::parse(token).map_err(refuse)?;
    let (known, generation) = look_up(app, &parsed.issuer, &parsed.kid, now).await?;
    let Known::Key(key, tenant) = known else { return Err(refuse(TokenFault::UnknownKey)) };
    let caller = Arc::new(verify(&parsed, &key, &tenant, &app.audience, certificate, now).map_err(refuse)?);
    if tenant.state == TenantState::Suspended {
        return Err(Refusal::Denied(Denial::TenantSuspended));
    }
    app.directory.keep_caller(hash, Arc::clone(&caller), generation);
    Ok(caller)
}

/// Checks that a caller who was let in may still go on, and gives its permit anew, with the tenant's ceiling and quota of
/// now: for streams, which outlive the moment they began.
///
/// # Errors
/// Unauthenticated, when the token has ended or its key was revoked; denied, when the tenant was suspended or has lost
/// the scope; unavailable, when the key must be read and the database does not answer.
pub async fn recheck<S: ScopeMark>(app: &App, permit: &Permit<S>) -> Result<Permit<S>, Refusal> {
    let caller = permit.caller();
    let now = app.now();
    if now > caller.expires() {
        return Err(refuse(TokenFault::Time));
    }
    match look_up(app, caller.tenant(), caller.kid(), now).await?.0 {
        Known::Key(key, tenant) if key.key.revoked.is_none() => match tenant.state {
            TenantState::Active => Arc::new(caller.under(&tenant)).permit(),
            TenantState::Suspended => Err(Refusal::Denied(Denial::TenantSuspended)),
        },
        Known::Key(..) | Known::Nothing => Err(refuse(TokenFault::UnknownKey)),
    }
}

/// What is known of a key, from memory or from the store; with the generation that it belongs to.
async fn look_up(app: &App, tenant: &TenantId, kid: &Kid, now: Timestamp) -> Result<(Known, Generation), Refusal> {
    let (known, generation) = app.directory.key(tenant, kid, now);
    if let Some(known) = known {
        return Ok((known, generation));
    }
    let known = match app.store.find_key(tenant, kid).await? {
        Some((key, tenant)) => Known::Key(Arc::new(VerifyingKey::new(key)?), Arc::new(tenant)),
        None => Known::Nothing,
    };
    app.directory.keep_key(tenant.clone(), kid.clone(), known.clone(), generation);
    Ok((known, generation))
}

/// One refusal for every fault. Which fault it was is for whoever runs the platform.
fn refuse(fault: TokenFault) -> Refusal {
    tracing::debug!(%fault, "a token was refused");
    Refusal::Unauthenticated
}
