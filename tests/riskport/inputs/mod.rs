//! Rows 22 and 25 to 40 of the bad-input table: each gives its code, over every method where it applies.

mod at_once;
mod busy;
pub mod cases;
mod deadline;
mod disk_full;
mod fields;
mod frames;
mod outage;

use prost_reflect::MethodDescriptor;

use crate::support::platform::{Partner, Platform, token};

/// A token that may call a method: the operator's for what only it may do, else a partner's.
fn token_for(method: &MethodDescriptor, platform: &Platform, bank: &Partner) -> String {
    let operators = ["GrantModel", "RevokeModel"].contains(&method.name());
    if operators || method.parent_service().name() == "TenantService" {
        let operator = Partner { id: "operator".to_owned(), key: platform.operator.clone() };
        token(&operator, None)
    } else {
        token(bank, None)
    }
}
