//! Changing the class of an instance: a last look, one call with nothing else in it, and what each answer of RDS means.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_aws::error::Failure;
use tidegate_aws::rds::{self, CallResult, ReplicaTags};
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::upgrades::decision::ClassCall;
use tokio::time::Instant;

use crate::fake::{Aws, HttpAnswer};
use crate::rds::{page, source};

pub(crate) const TAGS: ReplicaTags<'_> = ReplicaTags { fleet: "shop", database: "main" };

/// The rest of an evaluation's time.
const LEFT: Duration = Duration::from_secs(8);

fn to_xlarge() -> ClassCall {
    let [instance, from, to] = ["prod", "db.r6g.large", "db.r6g.xlarge"].map(str::to_owned);
    ClassCall::Modify { instance, from, to }
}

fn max_storage() -> ClassCall {
    ClassCall::RaiseMaxStorage { instance: "prod".to_owned(), to_gib: 1_000 }
}

async fn send(aws: &Aws, call: &ClassCall) -> CallResult {
    rds::change_class(&aws.clients(), call, TAGS, LEFT).await
}

/// What the last look shows, and what RDS answers to the call.
fn showing(instance: &str, answer: impl Fn() -> HttpAnswer + Send + Sync + 'static) -> Aws {
    let shown = page(instance, None);
    Aws::new(move |action, _| if action == "DescribeDBInstances" { Ok(shown.clone()) } else { answer() })
}

fn calm(answer: impl Fn() -> HttpAnswer + Send + Sync + 'static) -> Aws {
    showing(&source("prod", &[], ""), answer)
}

/// What was said to `ModifyDBInstance`, without what every call has.
fn said(aws: &Aws) -> BTreeMap<String, String> {
    let calls = aws.calls("ModifyDBInstance");
    assert_eq!(calls.len(), 1);
    let fields = calls[0].body.as_object().expect("fields").clone();
    let text = |value: Value| value.as_str().expect("a text").to_owned();
    let fields = fields.into_iter().map(|(key, value)| (key, text(value)));
    fields.filter(|(key, _)| key != "Action" && key != "Version").collect()
}

fn fields(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
    fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn the_class_is_changed_at_once_after_a_last_look_and_nothing_else_is_said() {
    let aws = calm(|| Ok(json!("")));
    let taken = CallResult { outcome: CallOutcome::Taken, error: None };
    assert_eq!(send(&aws, &to_xlarge()).await, taken);
    let look = &aws.calls("DescribeDBInstances")[0];
    assert_eq!(look.body["DBInstanceIdentifier"], "prod");
    assert!(look.at < aws.calls("ModifyDBInstance")[0].at);
    let expected = [
        ("ApplyImmediately", "true"),
        ("DBInstanceClass", "db.r6g.xlarge"),
        ("DBInstanceIdentifier", "prod"),
    ];
    assert_eq!(said(&aws), fields(&expected));
    assert_eq!(aws.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn of_the_storage_the_limit_alone_is_said_and_nothing_pending_is_applied_with_it() {
    let aws = calm(|| Ok(json!("")));
    assert_eq!(send(&aws, &max_storage()).await.outcome, CallOutcome::Taken);
    assert_eq!(said(&aws), fields(&[("DBInstanceIdentifier", "prod"), ("MaxAllocatedStorage", "1000")]));
    let too_much = ClassCall::RaiseMaxStorage { instance: "prod".to_owned(), to_gib: u32::MAX };
    let refused = CallOutcome::Refused("AWS accepts at most 2147483647".to_owned());
    assert_eq!(send(&aws, &too_much).await.outcome, refused);
    assert_eq!(aws.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_last_look_shows_otherwise_is_refused_in_words_and_nothing_is_sent() {
    let calm = source("prod", &[], "");
    let pending = |xml: &str| {
        calm.replace(
            "<PendingModifiedValues/>",
            &format!("<PendingModifiedValues>{xml}</PendingModifiedValues>"),
        )
    };
    let group = |status: &str| {
        let group = format!(
            "<DBParameterGroups><DBParameterGroup><DBParameterGroupName>tuned</DBParameterGroupName>\
             <ParameterApplyStatus>{status}</ParameterApplyStatus></DBParameterGroup></DBParameterGroups>"
        );
        source("prod", &[], &group)
    };
    for (shown, words) in [
        (calm.replace(">available<", ">backing-up<"), "just before the call prod was backing-up"),
        (calm.replace(">available<", ">modifying<"), "just before the call prod was modifying"),
        (
            calm.replace(">available<", ">storage-optimization<"),
            "just before the call prod was storage-optimization",
        ),
        (
            source("prod", &[], "<StorageOperationStatus>Optimizing</StorageOperationStatus>"),
            "just before the call prod was available, storage Optimizing",
        ),
        (
            calm.replace("db.r6g.large", "db.r6g.2xlarge"),
            "just before the call prod was db.r6g.2xlarge, not db.r6g.large",
        ),
        (
            pending(
                "<DBInstanceClass>db.r6g.xlarge</DBInstanceClass><AllocatedStorage>200</AllocatedStorage>",
            ),
            "just before the call the class db.r6g.xlarge, AllocatedStorage was pending for prod",
        ),
        (
            pending("<EngineVersion>17.2</EngineVersion>"),
            "just before the call EngineVersion was pending for prod",
        ),
        (
            group("pending-reboot"),
            "just before the call the parameter group tuned of prod was pending-reboot",
        ),
        (source("other", &[], ""), "RDS shows no instance `prod`"),
    ] {
        let aws = showing(&shown, || Ok(json!("")));
        let CallResult { outcome, error } = send(&aws, &to_xlarge()).await;
        assert_eq!(outcome, CallOutcome::NotSent, "the next evaluation decides anew");
        let error = error.expect("it was not sent");
        assert_eq!(error.failure, Failure::Withheld(words.to_owned()), "it is no failure of AWS");
        assert_eq!(aws.calls("ModifyDBInstance").len(), 0, "{words}");
    }
    let aws = showing(&group("in-sync"), || Ok(json!("")));
    assert_eq!(send(&aws, &to_xlarge()).await.outcome, CallOutcome::Taken);
}

#[tokio::test(start_paused = true)]
async fn without_a_last_look_nothing_is_sent() {
    for (code, sent_later) in [("Throttling", true), ("AccessDenied", true), ("DBInstanceNotFound", false)] {
        let aws = Aws::new(move |_, _| -> HttpAnswer { Err((code, "no")) });
        let CallResult { outcome, error } = send(&aws, &to_xlarge()).await;
        assert_eq!(outcome == CallOutcome::NotSent, sent_later, "{code}: {outcome:?}");
        assert_eq!(matches!(outcome, CallOutcome::Refused(_)), !sent_later);
        let text = error.expect("an error").to_string();
        assert!(text.starts_with("change the class of `prod` to `db.r6g.xlarge`: "), "{text}");
        assert_eq!(aws.calls("ModifyDBInstance").len(), 0);
    }
    let aws = Aws::new(|_, _| Ok(json!(""))).slow("DescribeDBInstances");
    assert_eq!(send(&aws, &to_xlarge()).await.outcome, CallOutcome::NotSent);
    assert_eq!(aws.calls("ModifyDBInstance").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn without_time_left_nothing_is_sent() {
    for call in [to_xlarge(), max_storage(), crate::rds_snapshots::taking()] {
        let aws = calm(|| Ok(json!("")));
        let result = rds::change_class(&aws.clients(), &call, TAGS, Duration::ZERO).await;
        assert_eq!((result.outcome, aws.count()), (CallOutcome::NotSent, 0));
        // Less than the last look takes.
        if let ClassCall::Modify { .. } = call {
            let result = rds::change_class(&aws.clients(), &call, TAGS, Duration::from_millis(20)).await;
            assert_eq!((result.outcome, aws.calls("ModifyDBInstance").len()), (CallOutcome::NotSent, 0));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_answer_to_a_change_has_one_meaning() {
    for (code, class) in [
        ("InvalidDBInstanceState", "refused"),
        ("InvalidDBClusterStateFault", "refused"),
        ("InsufficientDBInstanceCapacity", "refused"),
        ("StorageQuotaExceeded", "refused"),
        ("DBUpgradeDependencyFailure", "refused"),
        ("ProvisionedIopsNotAvailableInAZFault", "refused"),
        ("StorageTypeNotSupported", "refused"),
        ("NetworkTypeNotSupported", "refused"),
        ("InvalidVPCNetworkStateFault", "refused"),
        ("InvalidDBSecurityGroupState", "refused"),
        ("InvalidParameterCombination", "refused"),
        ("InvalidParameterValue", "refused"),
        ("TenantDatabaseQuotaExceeded", "refused"),
        ("VpcEncryptionControlViolationException", "refused"),
        ("DBInstanceNotFound", "not found"),
        ("CertificateNotFound", "not found"),
        ("OptionGroupNotFoundFault", "not found"),
        ("DBParameterGroupNotFound", "not found"),
        ("KMSKeyNotAccessibleFault", "access denied"),
        ("AccessDenied", "access denied"),
    ] {
        for call in [to_xlarge(), max_storage()] {
            let aws = calm(move || Err((code, "so it is")));
            let CallResult { outcome, error } = send(&aws, &call).await;
            assert_eq!(outcome, CallOutcome::Refused(format!("{class}: {code}: so it is")));
            assert!(error.is_some());
        }
    }
    for (code, class) in [
        ("Throttling", "throttled"),
        ("RequestLimitExceeded", "throttled"),
        ("InternalFailure", "unreachable"),
        ("ServiceUnavailable", "unreachable"),
        ("SomethingNew", "unreadable answer"),
    ] {
        let aws = calm(move || Err((code, "so it is")));
        let unknown = CallOutcome::Unknown(format!("{class}: {code}: so it is"));
        assert_eq!(send(&aws, &to_xlarge()).await.outcome, unknown);
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_whose_answer_is_lost_is_unknown_and_not_sent_again_without_a_look() {
    let began = Instant::now();
    let aws = calm(|| Ok(json!(""))).slow("ModifyDBInstance");
    let CallResult { outcome, .. } = send(&aws, &to_xlarge()).await;
    assert!(matches!(outcome, CallOutcome::Unknown(_)), "{outcome:?}");
    assert_eq!(aws.calls("ModifyDBInstance").len(), 1, "{:?}", began.elapsed());
    // A first attempt that RDS took without an answer would make the second one a false refusal.
    let first = Arc::new(AtomicBool::new(true));
    let aws = calm(move || {
        if first.swap(false, Ordering::Relaxed) {
            Err(("InternalFailure", "taken all the same"))
        } else {
            Err(("InvalidDBInstanceState", "Database instance is not in available state."))
        }
    });
    let outcome = send(&aws, &to_xlarge()).await.outcome;
    assert_eq!(outcome, CallOutcome::Unknown("unreachable: InternalFailure: taken all the same".to_owned()));
}
