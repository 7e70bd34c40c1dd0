//! Who is calling: a bearer token becomes a [`Caller`], and a caller with the right scope gives a [`Permit`].
//!
//! Knows no gRPC and no SQL: the header's text comes in, the registered key comes in, the time comes in. Every fault of
//! a token is one refusal for the caller; which fault it was goes to the log of whoever runs the platform.

mod caller;
mod certificate;
mod jwk;
mod token;
mod verify;

pub use caller::{Caller, Permit, ScopeMark, TenantPermit, mark};
pub use certificate::Thumbprint;
pub use jwk::{PublicKey, parse_jwk};
pub use token::{Token, TokenFault, bearer};
pub use verify::{VerifyingKey, verify};
