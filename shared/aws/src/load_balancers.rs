//! From target groups to the load balancers in front of them, by whose names CloudWatch keeps their metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tidegate_policy::{Absence, AbsenceKind};

use crate::clients::{CALLS_AT_ONCE, Clients};
use crate::error::absence;

/// A load balancer that counted something for a target group within this time is still in front of it, since a target group
/// belongs to one load balancer at most. The newest datapoint of a busy one is up to three minutes old; what counts nothing is
/// taken for zero after five, and by then it was asked for again.
const LATELY: SignedDuration = SignedDuration::from_mins(3);
/// One that counted nothing lately is asked for in every reading of metrics: these are 55 s apart, and nearer for alarms and by hand.
const ASKED_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(50);
/// So many target groups are asked for again in one reading, those first that were not asked for longest: 20 calls, which is what
/// the bucket gives at once. At night all of a large fleet may count nothing, and the metrics still have to be read in time.
const ASKED_AGAIN: usize = 400;
/// The API reference of `DescribeTargetGroups` names no limit. 20 is what its neighbors `DescribeLoadBalancers` and
/// `DescribeTags` take, so that no call is refused for its length.
const TARGET_GROUPS_PER_CALL: usize = 20;

/// The load balancers found so far, kept within a warm process.
#[derive(Debug, Default)]
pub struct LoadBalancers {
    kept: Mutex<BTreeMap<String, KnownAttachment>>,
}

/// What is known of one target group, and since when.
#[derive(Debug)]
struct KnownAttachment {
    place: Attachment,
    asked_at: Timestamp,
    /// When the load balancer last counted something for the target group.
    counted_at: Option<Timestamp>,
}

impl KnownAttachment {
    /// Nothing was counted lately: silence, or the target group has another load balancer by now, which reads the same.
    fn is_silent(&self, now: Timestamp) -> bool {
        self.counted_at.is_none_or(|at| age(at, now) >= LATELY)
    }
}

fn age(at: Timestamp, now: Timestamp) -> SignedDuration {
    now.duration_since(at).abs()
}

/// Where a target group stands, in the words of CloudWatch's dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attachment {
    /// `TargetGroup`: `targetgroup/api/6d0ecf831eec9f09`.
    pub(crate) target_group: String,
    /// `LoadBalancer`: `app/prod/50dc6c495c0c9188`; `None` for a target group without one.
    pub(crate) load_balancer: Option<String>,
    /// The one that it was behind before, as far as this process saw it: what it counted until then is part of the history.
    pub(crate) former: Option<String>,
}

/// Each target group with its place, or why it could not be read.
pub(crate) type Attachments = BTreeMap<String, Result<Attachment, Absence>>;

impl LoadBalancers {
    /// Finds the load balancers of target groups; asked for are those that are not known, and those known whose load balancer
    /// counted nothing lately. One without a load balancer is asked for each time, since it may get one.
    pub(crate) async fn find(&self, clients: &Clients, arns: &[&str], now: Timestamp) -> Attachments {
        let arns: BTreeSet<&str> = arns.iter().copied().collect();
        let (mut places, to_ask) = self.known(&arns, now);
        let calls =
            stream::iter(to_ask.chunks(TARGET_GROUPS_PER_CALL)).map(|some| describe_some(clients, some));
        let mut answers = calls.buffer_unordered(CALLS_AT_ONCE);
        // Each answer is kept as it comes: where the time for reading ends before the last, the next reading asks for the rest.
        while let Some(found) = answers.next().await {
            for (arn, answer) in found {
                let place = answer.map(|answer| self.keep(&arn, answer, now));
                places.insert(arn, place);
            }
        }
        places
    }

    /// Remembers when something was last counted for each target group by its load balancer.
    pub(crate) fn counted(&self, newest: impl Fn(&Attachment) -> Option<Timestamp>) {
        for kept in self.lock().values_mut() {
            kept.counted_at = newest(&kept.place).max(kept.counted_at);
        }
    }

    /// What is known, and what is to be asked for. Of those silent that have no turn only what was asked for lately is known.
    fn known<'a>(&self, arns: &BTreeSet<&'a str>, now: Timestamp) -> (Attachments, Vec<&'a str>) {
        let (mut places, mut unknown, mut silent) = (Attachments::new(), Vec::new(), Vec::new());
        let kept = self.lock();
        for arn in arns.iter().copied() {
            match kept.get(arn) {
                None | Some(KnownAttachment { place: Attachment { load_balancer: None, .. }, .. }) => {
                    unknown.push(arn);
                }
                Some(known) if known.is_silent(now) && age(known.asked_at, now) >= ASKED_AGAIN_AFTER => {
                    silent.push((known, arn));
                }
                Some(known) => drop(places.insert(arn.to_owned(), Ok(known.place.clone()))),
            }
        }
        silent.sort_by_key(|(known, _)| known.asked_at);
        let later = silent.split_off(silent.len().min(ASKED_AGAIN));
        for (known, arn) in later {
            let asked_lately = age(known.asked_at, now) < LATELY;
            let place = if asked_lately { Ok(known.place.clone()) } else { Err(not_asked()) };
            places.insert(arn.to_owned(), place);
        }
        unknown.extend(silent.into_iter().map(|(_, arn)| arn));
        (places, unknown)
    }

    /// Keeps an answer, with the load balancer that the target group was behind before.
    fn keep(&self, arn: &str, answer: Attachment, now: Timestamp) -> Attachment {
        let mut kept = self.lock();
        let before = kept.remove(arn).map(|kept| kept.place);
        let mut others =
            before.into_iter().flat_map(|before| [before.load_balancer, before.former]).flatten();
        let former = others.find(|other| answer.load_balancer.as_ref() != Some(other));
        let place = Attachment { former, ..answer };
        kept.insert(
            arn.to_owned(),
            KnownAttachment { place: place.clone(), asked_at: now, counted_at: None },
        );
        place
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, KnownAttachment>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of too many silent target groups the turn of this one is still to come.
fn not_asked() -> Absence {
    let detail = "too many idle target groups: the load balancer of this one is checked again within minutes";
    Absence::new(AbsenceKind::NoDatapoints, detail)
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
        Ok(Attachment { target_group: after(arn, ":").to_owned(), load_balancer, former: None })
    };
    arns.iter().map(|arn| ((*arn).to_owned(), place(arn))).collect()
}

/// What follows the last of a mark in an ARN.
fn after<'a>(arn: &'a str, mark: &str) -> &'a str {
    arn.rsplit_once(mark).map_or(arn, |(_, rest)| rest)
}
