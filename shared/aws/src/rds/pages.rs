//! Answers of RDS in pages.

use std::future::Future;

use tidegate_policy::{Absence, AbsenceKind};

use crate::bucket::Bucket;

/// `MaxRecords`: 20 to 100 (Amazon RDS API reference, of every `Describe` that is called here).
pub(super) const PER_PAGE: i32 = 100;

/// Every page, each with a token of the bucket. The SDK's own paginators take a marker that comes twice for the end, and a part
/// for the whole.
pub(super) async fn all<T, F: Future<Output = Result<(Vec<T>, Option<String>), Absence>>>(
    call: &str,
    bucket: &Bucket,
    mut page: impl FnMut(Option<String>) -> F,
) -> Result<Vec<T>, Absence> {
    let mut found = Vec::new();
    let mut marker = None;
    loop {
        bucket.take().await;
        let (items, next) = page(marker.clone()).await?;
        found.extend(items);
        let next = next.filter(|marker| !marker.is_empty());
        if next.is_some() && next == marker {
            return Err(unreadable(call, "the same page again and again"));
        }
        if next.is_none() {
            return Ok(found);
        }
        marker = next;
    }
}

/// An answer that cannot be understood.
pub(super) fn unreadable(call: &str, what: &str) -> Absence {
    Absence::new(AbsenceKind::Unreadable, format!("{call}: {what}"))
}
