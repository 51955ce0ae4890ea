//! The manual snapshot before a change of the class: one call with our name and tags, and what RDS shows of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_aws::rds::{self, CallResult};
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::upgrades::decision::ClassCall;
use tidegate_policy::upgrades::observation::SeenSnapshot;
use tidegate_policy::{Absence, AbsenceKind};
use tokio::time::Instant;

use crate::fake::{Aws, HttpAnswer};
use crate::rds_class_change::TAGS;

const NAME: &str = "tidegate-prod-202611290500";

pub(crate) fn taking() -> ClassCall {
    ClassCall::TakeSnapshot { instance: "prod".to_owned(), snapshot: NAME.to_owned() }
}

async fn take(aws: &Aws) -> CallResult {
    rds::change_class(&aws.clients(), &taking(), TAGS, Duration::from_secs(8)).await
}

async fn see(aws: &Aws) -> Result<Option<SeenSnapshot>, Absence> {
    let deadline = Instant::now() + Duration::from_secs(5);
    rds::snapshot(&aws.clients(), NAME, "prod", TAGS, deadline).await
}

/// A snapshot as RDS shows it, with one of its parts changed.
fn shown(status: &str, from: &str, to: &str) -> Value {
    let tag = |key: &str, value: &str| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>");
    let tags = tag("tidegate:fleet", "shop") + &tag("tidegate:database", "main");
    let snapshot = format!(
        "<DBSnapshots><DBSnapshot><DBSnapshotIdentifier>{NAME}</DBSnapshotIdentifier>\
         <DBInstanceIdentifier>prod</DBInstanceIdentifier><SnapshotType>manual</SnapshotType><Status>{status}</Status>\
         <TagList>{tags}</TagList></DBSnapshot></DBSnapshots>"
    );
    assert!(snapshot.contains(from), "{from}");
    json!(snapshot.replace(from, to))
}

#[tokio::test(start_paused = true)]
async fn it_is_taken_by_one_call_with_its_name_and_our_tags_and_nothing_else() {
    let aws = Aws::new(|_, _| Ok(json!("")));
    assert_eq!(take(&aws).await, CallResult { outcome: CallOutcome::Taken, error: None });
    let call = aws.calls("CreateDBSnapshot")[0].body.clone();
    let expected = json!({
        "Action": "CreateDBSnapshot", "Version": "2014-10-31", "DBInstanceIdentifier": "prod",
        "DBSnapshotIdentifier": NAME,
        "Tags.Tag.1.Key": "tidegate:fleet", "Tags.Tag.1.Value": "shop",
        "Tags.Tag.2.Key": "tidegate:database", "Tags.Tag.2.Value": "main",
    });
    assert_eq!((call, aws.count()), (expected, 1));
}

#[tokio::test(start_paused = true)]
async fn each_answer_to_it_has_one_meaning() {
    // An earlier attempt was taken, or somebody has that name: what RDS shows says which.
    let aws = Aws::new(|_, _| -> HttpAnswer { Err(("DBSnapshotAlreadyExists", "it exists")) });
    assert_eq!(take(&aws).await.outcome, CallOutcome::Taken);
    for (code, class) in [
        ("SnapshotQuotaExceeded", "refused"),
        ("InvalidDBInstanceState", "refused"),
        ("DBInstanceNotFound", "not found"),
        ("AccessDenied", "access denied"),
    ] {
        let aws = Aws::new(move |_, _| -> HttpAnswer { Err((code, "so it is")) });
        let CallResult { outcome, error } = take(&aws).await;
        assert_eq!(outcome, CallOutcome::Refused(format!("{class}: {code}: so it is")));
        let text = error.expect("an error").to_string();
        assert!(text.starts_with(&format!("take the snapshot `{NAME}` of `prod`: ")), "{text}");
    }
    let aws = Aws::new(|_, _| Ok(json!(""))).slow("CreateDBSnapshot");
    assert!(matches!(take(&aws).await.outcome, CallOutcome::Unknown(_)));
}

#[tokio::test(start_paused = true)]
async fn it_is_asked_for_once_for_a_second_attempt_would_be_refused_where_the_first_was_taken() {
    let first = AtomicBool::new(true);
    let aws = Aws::new(move |_, _| -> HttpAnswer {
        if first.swap(false, Ordering::Relaxed) {
            Err(("InternalFailure", "taken all the same"))
        } else {
            Err(("InvalidDBInstanceState", "Instance prod is not currently in the available state."))
        }
    });
    let outcome = take(&aws).await.outcome;
    assert_eq!(outcome, CallOutcome::Unknown("unreachable: InternalFailure: taken all the same".to_owned()));
    assert_eq!(aws.calls("CreateDBSnapshot").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn it_is_looked_at_by_its_name_and_is_ours_by_instance_kind_and_tags() {
    for (status, from, to, is_ours) in [
        ("creating", "", "", true),
        ("available", "", "", true),
        ("failed", "", "", true),
        ("available", ">prod<", ">billing<", false),
        ("available", ">manual<", ">automated<", false),
        ("available", "<Value>shop<", "<Value>other<", false),
        ("available", "<Value>main<", "<Value>other<", false),
    ] {
        let answer = shown(status, from, to);
        let aws = Aws::new(move |_, _| Ok(answer.clone()));
        assert_eq!(see(&aws).await, Ok(Some(SeenSnapshot { status: status.to_owned(), is_ours })), "{from}");
        assert_eq!(aws.calls("DescribeDBSnapshots")[0].body["DBSnapshotIdentifier"], NAME);
        assert_eq!(aws.count(), 1);
    }
    let aws = Aws::new(|_, _| -> HttpAnswer { Err(("DBSnapshotNotFound", "no such snapshot")) });
    assert_eq!(see(&aws).await, Ok(None));
    let aws = Aws::new(|_, _| Ok(json!("<DBSnapshots></DBSnapshots>")));
    assert_eq!(see(&aws).await, Ok(None));
    let aws = Aws::new(|_, _| -> HttpAnswer { Err(("AccessDenied", "rds:DescribeDBSnapshots")) });
    assert_eq!(see(&aws).await.expect_err("it is not known").kind, AbsenceKind::Denied);
    let aws = Aws::new(|_, _| Ok(json!(""))).slow("DescribeDBSnapshots");
    assert!(see(&aws).await.is_err());
}
