//! All instances of the account and the Region: one paged `DescribeDBInstances`, and beside it one paged
//! `DescribeDBClusters` where the fleet has Aurora.

use std::collections::BTreeMap;

use aws_sdk_rds::types::{DbCluster, DbInstance};
use futures_util::join;
use tidegate_policy::Absence;
use tokio::time::Instant;

use crate::clients::Clients;
use crate::error::absence;
use crate::rds::pages::{self, PER_PAGE, unreadable};
use crate::targets::calls::{in_time, late};

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

/// Every instance by its identifier.
async fn describe_instances(clients: &Clients) -> Result<BTreeMap<String, DbInstance>, Absence> {
    let instances = pages::all(INSTANCES, &clients.buckets.read_rds, |marker| async move {
        let call = clients.rds().describe_db_instances().max_records(PER_PAGE).set_marker(marker);
        let page = call.send().await.map_err(|error| absence(&error))?;
        Ok((page.db_instances.unwrap_or_default(), page.marker))
    });
    by_id(INSTANCES, instances.await?, DbInstance::db_instance_identifier)
}

/// Every cluster by its identifier.
async fn describe_clusters(clients: &Clients) -> Result<BTreeMap<String, DbCluster>, Absence> {
    let clusters = pages::all(CLUSTERS, &clients.buckets.read_rds, |marker| async move {
        let call = clients.rds().describe_db_clusters().max_records(PER_PAGE).set_marker(marker);
        let page = call.send().await.map_err(|error| absence(&error))?;
        Ok((page.db_clusters.unwrap_or_default(), page.marker))
    });
    by_id(CLUSTERS, clusters.await?, DbCluster::db_cluster_identifier)
}

/// Each by its identifier, which every entry has.
fn by_id<T>(
    call: &str,
    found: Vec<T>,
    id: impl Fn(&T) -> Option<&str>,
) -> Result<BTreeMap<String, T>, Absence> {
    let nameless = || unreadable(call, "an entry without an identifier");
    let named = found.into_iter().map(|it| Ok((id(&it).ok_or_else(nameless)?.to_owned(), it)));
    named.collect()
}
