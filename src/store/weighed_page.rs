//! Pages of versions that each come with all that they say: what a page is sent in must fit what clients take.

use super::StoreError;
use crate::domain::page::{Page, PageSize};

/// About how many bytes of versions a page holds. As many again as one reading has are in memory.
const MAX_PAGE_BYTES: usize = 2 * 1024 * 1024;

/// Reads a page, so many rows at once, and ends it early where it weighs too much. `read` gives the rows after a name, or the
/// first ones; how many are wanted, if there are so many.
pub(super) async fn weighed_page<R, T, N, F>(
    size: PageSize,
    at_once: usize,
    after: Option<&N>,
    weigh: fn(&R) -> usize,
    name: fn(&T) -> N,
    read: impl Fn(Option<N>, usize) -> F,
) -> Result<Page<T, N>, StoreError>
where
    T: TryFrom<R, Error = StoreError>,
    N: Clone,
    F: Future<Output = Result<Vec<R>, StoreError>>,
{
    let size = usize::try_from(size.get()).unwrap_or(0);
    let (mut items, mut next, mut bytes) = (Vec::new(), after.cloned(), 0);
    loop {
        // One more than there is room for tells whether there is more.
        let limit = (size - items.len() + 1).min(at_once);
        let rows = read(next.clone(), limit).await?;
        let last = rows.len() < limit;
        for row in rows {
            if items.len() == size || bytes > MAX_PAGE_BYTES {
                return Ok(Page { items, next });
            }
            bytes += weigh(&row);
            let item = T::try_from(row)?;
            next = Some(name(&item));
            items.push(item);
        }
        if last || items.is_empty() {
            return Ok(Page { items, next: None });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A version, which is named by its number; a row of it has its bytes as well.
    #[derive(Debug)]
    struct Version(i32);

    impl TryFrom<(i32, usize)> for Version {
        type Error = StoreError;

        fn try_from((number, _): (i32, usize)) -> Result<Self, StoreError> {
            Ok(Self(number))
        }
    }

    /// The numbers of the pages of ten versions, each of so many bytes.
    async fn pages(size: i32, bytes: usize) -> Vec<Vec<i32>> {
        let (mut pages, mut next) = (Vec::new(), None);
        loop {
            let read = async |after: Option<i32>, limit| {
                Ok((after.unwrap_or(0) + 1..=10).take(limit).map(|number| (number, bytes)).collect())
            };
            let size = PageSize::parse(size).unwrap();
            let page = weighed_page(size, 3, next.as_ref(), |row| row.1, |version: &Version| version.0, read);
            let page = page.await.unwrap();
            pages.push(page.items.iter().map(|version| version.0).collect());
            next = page.next;
            if next.is_none() {
                return pages;
            }
        }
    }

    #[tokio::test]
    async fn pages_end_by_their_number_or_their_weight_and_leave_nothing_out() {
        assert_eq!(pages(50, 1).await, [(1..=10).collect::<Vec<_>>()]);
        assert_eq!(pages(5, 1).await, [(1..=5).collect::<Vec<_>>(), (6..=10).collect()]);
        assert_eq!(pages(4, 1).await, [vec![1, 2, 3, 4], vec![5, 6, 7, 8], vec![9, 10]]);
        // A page has something, however much that weighs.
        assert_eq!(pages(50, MAX_PAGE_BYTES + 1).await, (1..=10).map(|number| vec![number]).collect::<Vec<_>>());
        assert_eq!(pages(50, MAX_PAGE_BYTES / 2).await, [vec![1, 2, 3], vec![4, 5, 6], vec![7, 8, 9], vec![10]]);
    }
}
