//! What `bench` and `torture` share: cores, the machine, a founded platform, and what is asked of it.

pub(super) mod applicants;
pub(super) mod cores;
pub(super) mod founded;
pub(super) mod machine;
pub(super) mod spread;
