//! Models: their versions and files, which versions take part in the traffic, and who may use the platform's.

mod files;
mod grants;
mod read;
mod rows;
mod shadows;
mod stages;
mod traffic;
mod upload;

/// Every statement of this folder.
pub(super) fn statements() -> Vec<(&'static str, &'static str)> {
    [
        files::STATEMENTS,
        grants::STATEMENTS,
        read::STATEMENTS,
        shadows::STATEMENTS,
        traffic::STATEMENTS,
        upload::STATEMENTS,
    ]
    .concat()
}
