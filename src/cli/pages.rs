//! Lists that come in pages, and the files that they go to.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

use indicatif::{ProgressBar, ProgressStyle};
use tonic::Status;

use super::{Failure, refused, say};

/// What a page holds, and the token of the page after it: empty after the last.
pub(super) type Page<T> = (Vec<T>, String);

/// Asks for page after page, and hands on what they hold, but no more than is wanted. Tells how many it handed on.
pub(super) async fn each<T>(
    most: usize,
    mut ask: impl AsyncFnMut(String) -> Result<Page<T>, Status>,
    mut take: impl FnMut(T) -> Result<(), Failure>,
) -> Result<usize, Failure> {
    let (mut taken, mut place) = (0, String::new());
    while taken < most {
        let (page, next) = ask(place).await.map_err(|status| refused(&status))?;
        for one in page.into_iter().take(most - taken) {
            take(one)?;
            taken += 1;
        }
        if next.is_empty() {
            break;
        }
        place = next;
    }
    Ok(taken)
}

/// All that a list holds.
pub(super) async fn all<T>(ask: impl AsyncFnMut(String) -> Result<Page<T>, Status>) -> Result<Vec<T>, Failure> {
    let mut all = Vec::new();
    each(usize::MAX, ask, |one| {
        all.push(one);
        Ok(())
    })
    .await?;
    Ok(all)
}

/// Shows how many of something were read, where a list may be long.
pub(super) fn progress(what: &str) -> Result<ProgressBar, Failure> {
    Ok(ProgressBar::no_length().with_style(ProgressStyle::with_template(&format!("  {{pos}} {what} read"))?))
}

/// The file to write to; - is standard output.
pub(super) fn create(path: &Path) -> Result<Box<dyn Write>, Failure> {
    if is_stdout(path) {
        return Ok(Box::new(io::stdout().lock()));
    }
    let file = File::create(path).map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
    Ok(Box::new(file))
}

/// Says how many of something a file has now. On standard output nothing stands beside what was written there.
pub(super) fn told(path: &Path, written: usize, what: &str) -> Result<(), Failure> {
    let plural = if written == 1 { "" } else { "s" };
    if is_stdout(path) { Ok(()) } else { say(&format!("{written} {what}{plural} in {}", path.display())) }
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three pages: 0 and 1, none, 2.
    async fn page(token: String) -> Result<Page<u8>, Status> {
        match token.as_str() {
            "" => Ok((vec![0, 1], "second".to_owned())),
            "second" => Ok((Vec::new(), "third".to_owned())),
            "third" => Ok((vec![2], String::new())),
            _ => Err(Status::invalid_argument("no such page")),
        }
    }

    #[tokio::test]
    async fn a_list_is_read_to_its_end_past_a_page_of_nothing() {
        assert_eq!(all(page).await.unwrap(), [0, 1, 2]);
    }

    #[tokio::test]
    async fn no_more_is_read_or_handed_on_than_is_wanted() {
        for (most, asked_for) in [(0, 0), (1, 1), (2, 1), (3, 3), (9, 3)] {
            let (mut handed, mut asks) = (Vec::new(), 0);
            let ask = async |token| {
                asks += 1;
                page(token).await
            };
            let taken = each(most, ask, |one| {
                handed.push(one);
                Ok(())
            });
            assert_eq!(taken.await.unwrap(), most.min(3));
            assert_eq!((handed.len(), asks), (most.min(3), asked_for), "{most}");
        }
    }
}
