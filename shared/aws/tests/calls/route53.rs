//! The records of a name: read until the next name, changed in one batch.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use tidegate_aws::{CallError, route53};
use tidegate_policy::AbsenceKind;
use tidegate_policy::replicas::decision::RecordChange;
use tidegate_policy::replicas::observation::{DnsAlias, DnsRecord};
use tokio::time::Instant;

use crate::fake::{Aws, HttpAnswer, deadline};
use crate::update::{clock, end};

/// A weighted CNAME as `ListResourceRecordSets` shows it.
fn weighted(name: &str, set: &str, weight: u8, value: &str) -> String {
    format!(
        "<ResourceRecordSet><Name>{name}</Name><Type>CNAME</Type><SetIdentifier>{set}</SetIdentifier>\
         <Weight>{weight}</Weight><TTL>5</TTL><ResourceRecords><ResourceRecord><Value>{value}</Value>\
         </ResourceRecord></ResourceRecords></ResourceRecordSet>"
    )
}

/// A page, and where the next one begins.
#[expect(clippy::unnecessary_wraps, reason = "as the fake takes answers")]
fn page(sets: &str, next: Option<(&str, &str, &str)>) -> HttpAnswer {
    let truncated = next.is_some();
    let next = next.map_or_else(String::new, |(name, kind, set)| {
        format!(
            "<NextRecordName>{name}</NextRecordName><NextRecordType>{kind}</NextRecordType>\
             <NextRecordIdentifier>{set}</NextRecordIdentifier>"
        )
    });
    Ok(json!(format!(
        "<?xml version=\"1.0\"?><ListResourceRecordSetsResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
         <ResourceRecordSets>{sets}</ResourceRecordSets><IsTruncated>{truncated}</IsTruncated>{next}<MaxItems>300</MaxItems>\
         </ListResourceRecordSetsResponse>"
    )))
}

fn record(set: &str, weight: u8, value: &str) -> DnsRecord {
    DnsRecord {
        set_identifier: Some(set.to_owned()),
        kind: "CNAME".to_owned(),
        weight: Some(weight),
        ttl: Some(5),
        values: vec![value.to_owned()],
        alias: None,
        health_check: None,
    }
}

#[tokio::test(start_paused = true)]
async fn records_of_the_name_are_read_and_no_others() {
    let sets = weighted("read.db.internal.", "tidegate:a", 10, "A.rds.amazonaws.com.")
        + &weighted("read.db.internal.", "by hand", 0, "b.rds.amazonaws.com")
        + &weighted("reader.db.internal.", "other", 1, "c");
    let aws = Aws::new(move |_, _| page(&sets, None));
    let found =
        route53::records(&aws.clients(), "Z0123", "read.db.internal", deadline()).await.expect("read");
    assert_eq!(
        found,
        [record("tidegate:a", 10, "A.rds.amazonaws.com."), record("by hand", 0, "b.rds.amazonaws.com")]
    );
    let call = &aws.calls("ListResourceRecordSets")[0].body;
    assert_eq!((&call["zone"], &call["name"]), (&json!("Z0123"), &json!("read.db.internal")));
    assert_eq!(aws.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_name_without_records_has_none() {
    for sets in [String::new(), weighted("write.db.internal.", "x", 1, "y")] {
        let aws = Aws::new(move |_, _| page(&sets, None));
        let found = route53::records(&aws.clients(), "Z0123", "read.db.internal", deadline()).await;
        assert_eq!(found, Ok(Vec::new()));
    }
    // The rest of a large zone is not read.
    let sets = weighted("write.db.internal.", "x", 1, "y");
    let aws = Aws::new(move |_, _| page(&sets, Some(("x.db.internal.", "A", ""))));
    let found = route53::records(&aws.clients(), "Z0123", "read.db.internal", deadline()).await;
    assert_eq!((found, aws.count()), (Ok(Vec::new()), 1));
}

#[tokio::test(start_paused = true)]
async fn escapes_and_other_kinds_of_records_are_understood() {
    let sets = "<ResourceRecordSet><Name>\\052.DB.internal.</Name><Type>A</Type><AliasTarget>\
        <HostedZoneId>Z2</HostedZoneId><DNSName>lb.</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth>\
        </AliasTarget></ResourceRecordSet><ResourceRecordSet><Name>\\052.db.internal.</Name><Type>TXT</Type>\
        <TTL>300</TTL><ResourceRecords><ResourceRecord><Value>\"a\"</Value></ResourceRecord><ResourceRecord>\
        <Value>\"b\"</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>";
    let aws = Aws::new(move |_, _| page(sets, None));
    let found = route53::records(&aws.clients(), "Z0123", "*.db.internal", deadline()).await.expect("read");
    let plain = |kind: &str, ttl, values: &[&str]| DnsRecord {
        set_identifier: None,
        kind: kind.to_owned(),
        weight: None,
        ttl,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
        alias: None,
        health_check: None,
    };
    let alias = DnsAlias { zone: "Z2".to_owned(), name: "lb.".to_owned(), evaluates_health: false };
    let alias = DnsRecord { alias: Some(alias), ..plain("A", None, &[]) };
    assert_eq!(found, [alias, plain("TXT", Some(300), &["\"a\"", "\"b\""])]);
}

#[tokio::test(start_paused = true)]
async fn pages_are_followed_until_another_name_begins() {
    let aws = Aws::new(|_, body| match body["identifier"].as_str() {
        None => {
            let set = weighted("read.db.internal.", "tidegate:a", 10, "a");
            page(&set, Some(("read.db.internal.", "CNAME", "tidegate:b")))
        }
        Some("tidegate:b") => {
            let sets = weighted("read.db.internal.", "tidegate:b", 10, "b");
            page(&sets, Some(("x.db.internal.", "A", "")))
        }
        Some(other) => unreachable!("{other}"),
    });
    let found = route53::records(&aws.clients(), "Z0123", "read.db.internal", deadline()).await;
    assert_eq!(found, Ok(vec![record("tidegate:a", 10, "a"), record("tidegate:b", 10, "b")]));
    assert_eq!(aws.count(), 2);
    assert_eq!(aws.calls("ListResourceRecordSets")[1].body["type"], "CNAME");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_fails_all_records() {
    let aws = Aws::new(|_, body| match body["identifier"].as_str() {
        None => {
            let set = weighted("read.db.internal.", "tidegate:a", 10, "a");
            page(&set, Some(("read.db.internal.", "CNAME", "tidegate:b")))
        }
        Some(_) => Err(("Throttling", "Rate exceeded")),
    });
    let absence =
        route53::records(&aws.clients(), "Z", "read.db.internal", deadline()).await.expect_err("a part");
    assert_eq!(
        (absence.kind, absence.detail.as_str()),
        (AbsenceKind::Throttled, "Throttling: Rate exceeded")
    );
    for (code, kind) in [("NoSuchHostedZone", AbsenceKind::NotFound), ("AccessDenied", AbsenceKind::Denied)] {
        let aws = Aws::new(move |_, _| -> HttpAnswer { Err((code, "no")) });
        let absence = route53::records(&aws.clients(), "Z", "a.b", deadline()).await.expect_err("refused");
        assert_eq!(absence.kind, kind);
    }
    // One that never ends is none.
    let aws = Aws::new(|_, _| page(&weighted("a.b.", "x", 1, "y"), Some(("a.b.", "CNAME", "x"))));
    let absence = route53::records(&aws.clients(), "Z", "a.b", deadline()).await.expect_err("no end");
    assert_eq!(absence.detail, "ListResourceRecordSets: more records of one name than Route 53 allows");
    let aws = Aws::new(|_, _| page("", None)).slow("ListResourceRecordSets");
    let soon = Instant::now() + Duration::from_secs(1);
    let absence = route53::records(&aws.clients(), "Z", "a.b", soon).await.expect_err("late");
    assert_eq!(absence.kind, AbsenceKind::TimedOut);
}

#[expect(clippy::unnecessary_wraps, reason = "as the fake takes answers")]
fn taken() -> HttpAnswer {
    Ok(json!(
        "<ChangeResourceRecordSetsResponse><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status>\
         <SubmittedAt>2026-11-28T06:00:00Z</SubmittedAt></ChangeInfo></ChangeResourceRecordSetsResponse>"
    ))
}

fn batch() -> [RecordChange; 2] {
    [RecordChange::Put(record("tidegate:b", 10, "b")), RecordChange::Delete(record("tidegate:a", 7, "A."))]
}

/// With time enough.
async fn send(aws: &Aws, zone: &str, name: &str, changes: &[RecordChange]) -> Result<(), CallError> {
    let not_after = end(SignedDuration::from_mins(5));
    route53::change(&aws.clients(), zone, name, changes, not_after, &clock()).await.expect("its turn comes")
}

#[tokio::test(start_paused = true)]
async fn a_batch_whose_turn_comes_too_late_is_not_sent() {
    let (aws, clock) = (Aws::new(|_, _| taken()), clock());
    let (clients, mut sent) = (aws.clients(), 0);
    // Three at once; the fourth would have to wait for a third of a second.
    for _ in 0..5 {
        let not_after = end(SignedDuration::from_millis(100));
        let answer = route53::change(&clients, "Z", "a.b", &batch(), not_after, &clock).await;
        sent += usize::from(answer.is_some());
    }
    assert_eq!((sent, aws.count()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn changes_are_one_batch_in_their_order() {
    let aws = Aws::new(|_, _| taken());
    send(&aws, "Z0123", "read.db.internal", &batch()).await.expect("taken");
    assert_eq!(aws.count(), 1);
    let call = &aws.calls("ChangeResourceRecordSets")[0].body;
    let sent = call["batch"].as_str().expect("a batch").to_owned();
    let change = |action: &str, set: &str, weight: u8, value: &str| {
        format!(
            "<Change><Action>{action}</Action><ResourceRecordSet><Name>read.db.internal</Name><Type>CNAME</Type>\
             <SetIdentifier>{set}</SetIdentifier><Weight>{weight}</Weight><TTL>5</TTL><ResourceRecords><ResourceRecord>\
             <Value>{value}</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change>"
        )
    };
    let changes = change("UPSERT", "tidegate:b", 10, "b") + &change("DELETE", "tidegate:a", 7, "A.");
    assert!(sent.contains(&format!("<Changes>{changes}</Changes>")), "{sent}");
    assert_eq!(call["zone"], "Z0123");
    send(&aws, "Z0123", "read.db.internal", &[]).await.expect("nothing");
    assert_eq!(aws.count(), 1, "without changes nothing is asked");
}

/// Route 53 deletes what is named exactly as it stands.
#[tokio::test(start_paused = true)]
async fn a_weighted_record_is_deleted_exactly_as_it_was_read() {
    let checked = weighted("read.db.internal.", "tidegate:a", 10, "a.")
        .replace("</ResourceRecordSet>", "<HealthCheckId>abcd-1234</HealthCheckId></ResourceRecordSet>");
    let alias = "<ResourceRecordSet><Name>read.db.internal.</Name><Type>CNAME</Type>\
        <SetIdentifier>tidegate:b</SetIdentifier><Weight>10</Weight><AliasTarget><HostedZoneId>Z2</HostedZoneId>\
        <DNSName>b.db.internal.</DNSName><EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>\
        <HealthCheckId>abcd-5678</HealthCheckId></ResourceRecordSet>";
    for set in [checked.as_str(), alias] {
        let shown = set.to_owned();
        let aws = Aws::new(
            move |action, _| {
                if action == "ListResourceRecordSets" { page(&shown, None) } else { taken() }
            },
        );
        let found =
            route53::records(&aws.clients(), "Z", "read.db.internal", deadline()).await.expect("read");
        let changes: Vec<_> = found.into_iter().map(RecordChange::Delete).collect();
        send(&aws, "Z", "read.db.internal.", &changes).await.expect("taken");
        let sent =
            aws.calls("ChangeResourceRecordSets")[0].body["batch"].as_str().expect("a batch").to_owned();
        assert!(sent.contains(&format!("<Change><Action>DELETE</Action>{set}</Change>")), "{sent}");
    }
}

#[tokio::test(start_paused = true)]
async fn while_an_earlier_request_is_under_way_the_batch_is_sent_again() {
    let asked = AtomicUsize::new(0);
    let aws = Aws::new(move |_, _| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Err(("PriorRequestNotComplete", "The request was rejected")),
        _ => taken(),
    });
    send(&aws, "Z", "a.b", &batch()).await.expect("taken in the end");
    assert_eq!(aws.count(), 2);
    let aws = Aws::new(|_, _| -> HttpAnswer { Err(("PriorRequestNotComplete", "The request was rejected")) });
    let error = send(&aws, "Z", "a.b", &batch()).await.expect_err("never");
    assert!(error.is_retryable() && !error.outcome_is_unknown());
    assert_eq!(
        error.to_string(),
        "change the records of `a.b` in the hosted zone `Z`: busy: PriorRequestNotComplete: The request was rejected"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_batch_is_told_in_the_words_of_route_53() {
    let aws = Aws::new(|_, _| -> HttpAnswer {
        Err(("InvalidChangeBatch", "[Tried to delete resource record set]"))
    });
    let error = send(&aws, "Z", "a.b", &batch()).await.expect_err("refused");
    assert!(!error.is_retryable() && !error.outcome_is_unknown());
    assert!(
        error.to_string().ends_with("refused: InvalidChangeBatch: [Tried to delete resource record set]"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn no_more_than_three_requests_a_second() {
    let aws = Aws::new(|_, _| page("", None));
    let (clients, began) = (aws.clients(), Instant::now());
    let asked = (0..9).map(|_| route53::records(&clients, "Z", "a.b", deadline()));
    futures_util::future::join_all(asked).await;
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(1_990) && took < Duration::from_millis(2_200), "{took:?}");
}
