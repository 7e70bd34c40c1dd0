//! Who gets in, and who may do what: forged tokens, scopes, tenants, keys, quotas.

mod forged;
mod mutation;
mod walk;
