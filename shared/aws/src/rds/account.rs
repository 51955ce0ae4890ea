//! All instances of the account and the Region: one paged `DescribeDBInstances`, and beside it one paged
//! `DescribeDBClusters` where the fleet has Aurora.

use std::collections::BTreeMap;

use aws_sdk_rds::types::{DbCluster, DbInstance};
use futures_util::join;
use tidegate_policy::{Absence, AbsenceKind};
use tokio::time::Instant;

use crate::clients::Clients;
use crate::error::absence;
use crate::targets::calls::{in_time, late};

/// `MaxRecords`: 20 to 100 (Amazon RDS API reference, `DescribeDBInstances` and `DescribeDBClusters`).
const PER_PAGE: i32 = 100;
const INSTANCES: &str = "DescribeDBInstances";
const CLUSTERS: &str = "DescribeDBClusters";

/// Every instance that the account has in this Region, of every engine, from one complete answer. Those of Neptune and
/// `DocumentDB` are among them: their identifiers are taken.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AllInstances {
    pub(super) instances: BTreeMap<String, DbInstance>,
    pub(super) clusters: BTreeMap<String, DbCluster>,
}

/// Reads all instances, and all clusters where `with_clusters` says so.
///
/// # Errors
/// A page failed or was late. A part of the answer is no answer: what is missing in it may exist.
pub async fn describe(
    clients: &Clients,
    with_clusters: bool,
    deadline: Instant,
) -> Result<AllInstances, Absence> {
    let clusters =
        async { if with_clusters { describe_clusters(clients).await } else { Ok(BTreeMap::new()) } };
    let both = async { join!(describe_instances(clients), clusters) };
    let (instances, clusters) = Box::pin(in_time(deadline, both)).await.ok_or_else(late)?;
    Ok(AllInstances { instances: instances?, clusters: clusters? })
}

/// Every page of instances, each with a token of the bucket. The SDK's own paginator takes a marker that comes twice for the end,
/// and a part for the whole.
async fn describe_instances(clients: &Clients) -> Result<BTreeMap<String, DbInstance>, Absence> {
    let mut found = BTreeMap::new();
    let mut marker = None;
    loop {
        clients.buckets.read_rds.take().await;
        let call = clients.rds().describe_db_instances().max_records(PER_PAGE).set_marker(marker.clone());
        let page = call.send().await.map_err(|error| absence(&error))?;
        for instance in page.db_instances.unwrap_or_default() {
            let id = instance.db_instance_identifier().ok_or_else(|| nameless(INSTANCES))?;
            found.insert(id.to_owned(), instance);
        }
        marker = next(INSTANCES, marker.as_ref(), page.marker)?;
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// Every page of clusters.
async fn describe_clusters(clients: &Clients) -> Result<BTreeMap<String, DbCluster>, Absence> {
    let mut found = BTreeMap::new();
    let mut marker = None;
    loop {
        clients.buckets.read_rds.take().await;
        let call = clients.rds().describe_db_clusters().max_records(PER_PAGE).set_marker(marker.clone());
        let page = call.send().await.map_err(|error| absence(&error))?;
        for cluster in page.db_clusters.unwrap_or_default() {
            let id = cluster.db_cluster_identifier().ok_or_else(|| nameless(CLUSTERS))?;
            found.insert(id.to_owned(), cluster);
        }
        marker = next(CLUSTERS, marker.as_ref(), page.marker)?;
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// The marker of the next page; none after the last one.
fn next(call: &str, last: Option<&String>, next: Option<String>) -> Result<Option<String>, Absence> {
    let next = next.filter(|marker| !marker.is_empty());
    if next.is_some() && next.as_ref() == last {
        return Err(unreadable(call, "the same page again and again"));
    }
    Ok(next)
}

fn nameless(call: &str) -> Absence {
    unreadable(call, "an entry without an identifier")
}

fn unreadable(call: &str, what: &str) -> Absence {
    Absence::new(AbsenceKind::Unreadable, format!("{call}: {what}"))
}
