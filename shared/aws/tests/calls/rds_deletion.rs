//! Deleting replicas: a last look, one call, and what each answer of RDS means.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_aws::error::Failure;
use tidegate_aws::rds::{self, AllInstances, CallResult};
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::replicas::decision::InstanceCall;

use crate::fake::{Aws, HttpAnswer};
use crate::rds::{TAGS, cluster, instance, member, page, replica, seen, source, tags};
use crate::update::{clock, end};

const OLD: &str = "tidegate-prod-1";
const READER: &str = "tidegate-sales-1";
const LEFT: SignedDuration = SignedDuration::from_secs(8);

/// A replica of ours, with what else is said of it.
fn ours(more: &str) -> String {
    replica(OLD, "prod", &(tags("shop", "main") + more))
}

fn reader(more: &str) -> String {
    member(READER, &(tags("shop", "main") + more))
}

fn sales(status: &str, writer: &str) -> String {
    let other = if writer == READER { "w" } else { READER };
    cluster("aurora-postgresql", status, Some(writer), &[other])
}

/// What was decided about: a replica of RDS and a reader of Aurora, both well.
async fn decided() -> AllInstances {
    let all = source("prod", &[OLD], "") + &ours("") + &member("w", "") + &reader("");
    seen(&all, &sales("available", "w")).await
}

/// What the last look shows, and what RDS answers to the call.
fn showing(instance: &str, cluster: &str, answer: impl Fn() -> HttpAnswer + Send + Sync + 'static) -> Aws {
    let (instance, cluster) = (page(instance, None), json!(format!("<DBClusters>{cluster}</DBClusters>")));
    Aws::new(move |action, _| match action {
        "DescribeDBInstances" => Ok(instance.clone()),
        "DescribeDBClusters" => Ok(cluster.clone()),
        _ => answer(),
    })
}

fn calm(answer: impl Fn() -> HttpAnswer + Send + Sync + 'static) -> Aws {
    showing(&ours(""), "", answer)
}

async fn delete_decided(
    aws: &Aws,
    replica: &str,
    decided: &AllInstances,
    left: SignedDuration,
) -> CallResult {
    let call = InstanceCall::Delete { replica: replica.to_owned() };
    rds::apply(&aws.clients(), &call, decided, TAGS, end(left), &clock()).await
}

async fn delete(aws: &Aws, replica: &str) -> CallResult {
    delete_decided(aws, replica, &decided().await, LEFT).await
}

fn sent(aws: &Aws) -> usize {
    aws.calls("DeleteDBInstance").len()
}

/// What was said, by name, without what every call has.
fn said(aws: &Aws) -> BTreeMap<String, String> {
    let body = aws.calls("DeleteDBInstance").remove(0).body;
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let fields = body.as_object().expect("fields").iter().map(|(key, value)| (key.clone(), text(value)));
    fields.filter(|(key, _)| key != "Action" && key != "Version").collect()
}

fn fields(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
    fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_deletion_names_one_instance_after_a_last_look_at_it_and_makes_no_snapshot() {
    let taken = CallResult { outcome: CallOutcome::Taken, error: None };
    let aws = calm(|| Ok(json!("")));
    assert_eq!(delete(&aws, OLD).await, taken);
    let look = &aws.calls("DescribeDBInstances")[0];
    assert_eq!(look.body["DBInstanceIdentifier"], OLD);
    assert!(look.at < aws.calls("DeleteDBInstance")[0].at);
    assert_eq!(aws.count(), 2, "of RDS no cluster is looked at");
    let of_rds =
        [("DBInstanceIdentifier", OLD), ("SkipFinalSnapshot", "true"), ("DeleteAutomatedBackups", "true")];
    assert_eq!(said(&aws), fields(&of_rds));

    let aws = showing(&reader(""), &sales("available", "w"), || Ok(json!("")));
    assert_eq!(delete(&aws, READER).await, taken);
    assert_eq!(aws.calls("DescribeDBClusters")[0].body["DBClusterIdentifier"], "sales");
    let of_aurora = [("DBInstanceIdentifier", READER), ("SkipFinalSnapshot", "true")];
    assert_eq!(said(&aws), fields(&of_aurora));
}

/// Nothing is sent, and these words say why.
async fn withheld(aws: &Aws, replica: &str, words: &str) {
    let CallResult { outcome, error } = delete(aws, replica).await;
    assert_eq!(outcome, CallOutcome::NotSent, "{words}: the next evaluation decides anew");
    let error = error.expect("it was not sent");
    assert_eq!(error.failure, Failure::Withheld(words.to_owned()), "it is no failure of AWS");
    assert_eq!(sent(aws), 0, "{words}");
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_is_not_what_was_decided_about_any_more_is_not_deleted() {
    let promoted =
        instance(OLD, &("<DBInstanceStatus>available</DBInstanceStatus>".to_owned() + &tags("shop", "main")));
    let status = |status: &str| ours("").replace(">available<", &format!(">{status}<"));
    let deeper = "<ReadReplicaDBInstanceIdentifiers><ReadReplicaDBInstanceIdentifier>deeper\
        </ReadReplicaDBInstanceIdentifier></ReadReplicaDBInstanceIdentifiers>";
    let pending =
        "<PendingModifiedValues><BackupRetentionPeriod>7</BackupRetentionPeriod></PendingModifiedValues>";
    for (shown, words) in [
        (
            promoted,
            "just before the call tidegate-prod-1 was a replica of no instance: it was promoted or moved",
        ),
        (
            replica(OLD, "other", &tags("shop", "main")),
            "just before the call tidegate-prod-1 was a replica of other: it was promoted or moved",
        ),
        (status("modifying"), "just before the call tidegate-prod-1 was modifying"),
        (status("failed"), "just before the call tidegate-prod-1 was failed"),
        (
            ours(pending),
            "just before the call BackupRetentionPeriod was pending for tidegate-prod-1, as in a promotion",
        ),
        (
            replica(OLD, "prod", &tags("shop", "other")),
            "just before the call tidegate-prod-1 had not the tags of this fleet and database",
        ),
        (
            ours("<DeletionProtection>true</DeletionProtection>"),
            "just before the call tidegate-prod-1 had deletion protection",
        ),
        (ours(deeper), "just before the call tidegate-prod-1 had replicas of its own"),
        (source("prod", &[], ""), "RDS shows no instance `tidegate-prod-1`"),
    ] {
        withheld(&showing(&shown, "", || Ok(json!(""))), OLD, words).await;
    }
    let harmless =
        "<PendingModifiedValues><DBInstanceClass>db.r6g.xlarge</DBInstanceClass></PendingModifiedValues>";
    let aws = showing(&ours(harmless), "", || Ok(json!("")));
    assert_eq!(delete(&aws, OLD).await.outcome, CallOutcome::Taken);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_a_failover_made_the_writer_is_not_deleted() {
    for (instance, cluster, words) in [
        (
            reader(""),
            sales("available", READER),
            "just before the call tidegate-sales-1 was the writer of its cluster",
        ),
        (reader(""), sales("failing-over", "w"), "just before the call the cluster sales was failing-over"),
        (
            reader("").replace(">sales<", ">other<"),
            sales("available", "w"),
            "just before the call tidegate-sales-1 was no member of its cluster",
        ),
        (reader(""), String::new(), "RDS shows no cluster `sales`"),
    ] {
        withheld(&showing(&instance, &cluster, || Ok(json!(""))), READER, words).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_replica_is_deleted_where_that_was_decided_about_a_failed_one() {
    let failed = ours("").replace(">available<", ">incompatible-network<");
    let seen = seen(&(source("prod", &[OLD], "") + &failed), "").await;
    let aws = showing(&ours("").replace(">available<", ">failed<"), "", || Ok(json!("")));
    assert_eq!(delete_decided(&aws, OLD, &seen, LEFT).await.outcome, CallOutcome::Taken);
    let aws = calm(|| Ok(json!("")));
    let outcome = delete_decided(&aws, OLD, &seen, LEFT).await.outcome;
    assert_eq!((outcome, sent(&aws)), (CallOutcome::NotSent, 0), "it serves after all");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_on_its_way_out_or_gone_is_as_wanted() {
    let aws = showing(&ours("").replace(">available<", ">deleting<"), "", || Ok(json!("")));
    assert_eq!((delete(&aws, OLD).await.outcome, sent(&aws)), (CallOutcome::Taken, 0));
    let aws = Aws::new(|_, _| -> HttpAnswer { Err(("DBInstanceNotFound", "not found")) });
    assert_eq!((delete(&aws, OLD).await.outcome, sent(&aws)), (CallOutcome::Taken, 0));
}

#[tokio::test(start_paused = true)]
async fn without_a_last_look_nothing_is_deleted() {
    for code in ["Throttling", "AccessDenied"] {
        let aws = Aws::new(move |_, _| -> HttpAnswer { Err((code, "no")) });
        let CallResult { outcome, error } = delete(&aws, OLD).await;
        assert_eq!(outcome, CallOutcome::NotSent, "{code}");
        let text = error.expect("an error").to_string();
        assert!(text.starts_with("delete the read replica `tidegate-prod-1`: "), "{text}");
        assert_eq!(sent(&aws), 0);
    }
    let not_sent = CallResult { outcome: CallOutcome::NotSent, error: None };
    for slow in ["DescribeDBInstances", "DescribeDBClusters"] {
        let aws = showing(&reader(""), &sales("available", "w"), || Ok(json!(""))).slow(slow);
        assert_eq!((delete(&aws, READER).await.outcome, sent(&aws)), (CallOutcome::NotSent, 0), "{slow}");
    }
    // Less than the last look takes.
    let (aws, decided) = (calm(|| Ok(json!(""))), decided().await);
    let soon = SignedDuration::from_millis(20);
    assert_eq!((delete_decided(&aws, OLD, &decided, soon).await, sent(&aws)), (not_sent.clone(), 0));
    assert_eq!(delete_decided(&aws, OLD, &decided, -LEFT).await, not_sent);
    // What nobody decided about is not even looked at.
    let aws = calm(|| Ok(json!("")));
    assert_eq!(delete(&aws, "nobody").await.outcome, CallOutcome::NotSent);
    assert_eq!(aws.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn each_answer_to_a_deletion_has_one_meaning() {
    let means = async |code: &'static str, message: &'static str| {
        delete(&calm(move || Err((code, message))), OLD).await.outcome
    };
    let going = "Instance tidegate-prod-1 is already being deleted.";
    assert_eq!(means("InvalidDBInstanceState", going).await, CallOutcome::Taken);
    assert_eq!(means("DBInstanceNotFound", "not found").await, CallOutcome::Taken);
    let busy = means("InvalidDBInstanceState", "Instance is not in available state.").await;
    let text = "refused: InvalidDBInstanceState: Instance is not in available state.";
    assert_eq!(busy, CallOutcome::Refused(text.to_owned()));
    let protected = "Cannot delete protected DB Instance, please disable deletion protection and try again.";
    let refused = means("InvalidParameterCombination", protected).await;
    assert!(matches!(refused, CallOutcome::Refused(_)), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_whose_answer_is_lost_is_unknown_and_not_sent_again_without_a_look() {
    let aws = calm(|| Ok(json!(""))).slow("DeleteDBInstance");
    let outcome = delete(&aws, OLD).await.outcome;
    assert!(matches!(outcome, CallOutcome::Unknown(_)), "{outcome:?}");
    let aws = calm(|| Err(("InternalFailure", "taken all the same")));
    let outcome = delete(&aws, OLD).await.outcome;
    assert!(matches!(outcome, CallOutcome::Unknown(_)), "{outcome:?}");
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(sent(&aws), 1);
}
