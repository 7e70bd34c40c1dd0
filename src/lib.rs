//! Riskport.
pub mod auth;
pub mod domain;
pub mod engine;
pub mod rpc {
    //! x
    pub mod proto;
}
pub mod state;
pub mod store;
pub mod vault;
