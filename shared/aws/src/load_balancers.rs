//! From target groups to the load balancers in front of them, by whose names CloudWatch keeps their metrics.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tidegate_policy::{Absence, AbsenceKind};

use crate::clients::{CALLS_AT_ONCE, Clients};
use crate::error::absence;

/// How long a target group's load balancer is taken as known. It seldom changes: a target group belongs to one load
/// balancer at most, and what a deployment swaps are target groups, which are asked for as soon as they are seen.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(15);
/// The API reference of `DescribeTargetGroups` names no limit. 20 is what its neighbors `DescribeLoadBalancers` and
/// `DescribeTags` take, so that no call is refused for its length.
const TARGET_GROUPS_PER_CALL: usize = 20;

/// The load balancers found so far, kept within a warm process.
#[derive(Debug, Default)]
pub struct LoadBalancers {
    kept: Mutex<BTreeMap<String, (Timestamp, Attachment)>>,
}

/// Where a target group stands, in the words of CloudWatch's dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attachment {
    /// `TargetGroup`: `targetgroup/api/6d0ecf831eec9f09`.
    pub(crate) target_group: String,
    /// `LoadBalancer`: `app/prod/50dc6c495c0c9188`; `None` for a target group without one.
    pub(crate) load_balancer: Option<String>,
}

/// Each target group with its place, or why it could not be read.
pub(crate) type Attachments = BTreeMap<String, Result<Attachment, Absence>>;

impl LoadBalancers {
    /// Finds the load balancers of target groups; only those not known or too old are asked for. One without a load
    /// balancer is asked for each time, since it may get one.
    pub(crate) async fn find(&self, clients: &Clients, arns: &[&str], now: Timestamp) -> Attachments {
        let mut places = Attachments::new();
        let mut unknown = Vec::new();
        for arn in arns {
            match self.known(arn, now) {
                Some(place) => drop(places.insert((*arn).to_owned(), Ok(place))),
                None => unknown.push(*arn),
            }
        }
        unknown.sort_unstable();
        unknown.dedup();
        let calls =
            stream::iter(unknown.chunks(TARGET_GROUPS_PER_CALL)).map(|some| describe_some(clients, some));
        let found: Vec<(String, Result<Attachment, Absence>)> =
            calls.buffer_unordered(CALLS_AT_ONCE).flat_map(stream::iter).collect().await;
        for (arn, place) in found {
            if let Ok(place @ Attachment { load_balancer: Some(_), .. }) = &place {
                self.lock().insert(arn.clone(), (now, place.clone()));
            }
            places.insert(arn, place);
        }
        places
    }

    fn known(&self, arn: &str, now: Timestamp) -> Option<Attachment> {
        let kept = self.lock();
        let (at, place) = kept.get(arn)?;
        (now.duration_since(*at).abs() < KEPT_FOR).then(|| place.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, (Timestamp, Attachment)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Up to twenty target groups with one call; one by one where it is refused, since one that does not exist refuses all.
async fn describe_some(clients: &Clients, arns: &[&str]) -> Vec<(String, Result<Attachment, Absence>)> {
    let together = describe_once(clients, arns).await;
    let refused = |(_, place): &(String, Result<Attachment, Absence>)| matches!(place, Err(absence) if matches!(absence.kind, AbsenceKind::NotFound | AbsenceKind::Refused));
    if arns.len() == 1 || !together.iter().all(refused) {
        return together;
    }
    let alone = arns.chunks(1).map(|arn| describe_once(clients, arn));
    join_all(alone).await.into_iter().flatten().collect()
}

/// One call.
async fn describe_once(clients: &Clients, arns: &[&str]) -> Vec<(String, Result<Attachment, Absence>)> {
    clients.buckets.describe_target_groups.take().await;
    let wanted: Vec<String> = arns.iter().map(|arn| (*arn).to_owned()).collect();
    let call = clients.load_balancing.describe_target_groups().set_target_group_arns(Some(wanted));
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) => {
            let absence = absence(&error);
            return arns.iter().map(|arn| ((*arn).to_owned(), Err(absence.clone()))).collect();
        }
    };
    let place = |arn: &str| {
        let found = answer.target_groups().iter().find(|group| group.target_group_arn() == Some(arn));
        let missing = || Absence::new(AbsenceKind::NotFound, format!("no target group `{arn}`"));
        let balancer = found.ok_or_else(missing)?.load_balancer_arns().first();
        let load_balancer = balancer.map(|arn| after(arn, ":loadbalancer/").to_owned());
        Ok(Attachment { target_group: after(arn, ":").to_owned(), load_balancer })
    };
    arns.iter().map(|arn| ((*arn).to_owned(), place(arn))).collect()
}

/// What follows the last of a mark in an ARN.
fn after<'a>(arn: &'a str, mark: &str) -> &'a str {
    arn.rsplit_once(mark).map_or(arn, |(_, rest)| rest)
}
