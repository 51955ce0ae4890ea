//! Creating replicas: everything explicit, and what each answer of RDS means.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_aws::rds::{self, AllInstances, CallResult};
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::replicas::decision::{InstanceCall, NewReplica};

use crate::fake::{Aws, HttpAnswer};
use crate::rds::{TAGS, cluster, member, seen, source};
use crate::update::{clock, end};

/// The rest of an evaluation's time.
const LEFT: SignedDuration = SignedDuration::from_secs(8);

fn create(source: &str, class: &str, zone: Option<&str>) -> InstanceCall {
    InstanceCall::Create(NewReplica {
        id: "tidegate-prod-1".to_owned(),
        source: source.to_owned(),
        class: class.to_owned(),
        zone: zone.map(str::to_owned),
    })
}

async fn send(aws: &Aws, call: &InstanceCall, seen: &AllInstances) -> CallResult {
    rds::apply(&aws.clients(), call, seen, TAGS, end(LEFT), &clock()).await
}

/// What was sent, by name, without what every call has.
async fn sent(call: &InstanceCall, seen: &AllInstances, action: &str) -> BTreeMap<String, String> {
    let aws = Aws::new(|_, _| Ok(json!("")));
    assert_eq!(send(&aws, call, seen).await, CallResult { outcome: CallOutcome::Taken, error: None });
    assert_eq!(aws.count(), 1);
    let body = aws.calls(action).remove(0).body;
    // Of a list of members the fake makes one value.
    let text = |value: &Value| value.as_str().map_or_else(|| value[0].to_string(), str::to_owned);
    let fields = body.as_object().expect("fields").iter().map(|(key, value)| (key.clone(), text(value)));
    fields.filter(|(key, _)| key != "Action" && key != "Version").collect()
}

fn fields(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
    fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Everything that a source can have.
const EVERYTHING: &str = "<Endpoint><Address>x</Address><Port>5433</Port></Endpoint>\
    <AutoMinorVersionUpgrade>false</AutoMinorVersionUpgrade><StorageType>gp3</StorageType>\
    <Iops>14000</Iops><StorageThroughput>600</StorageThroughput><MaxAllocatedStorage>1000</MaxAllocatedStorage>\
    <PubliclyAccessible>true</PubliclyAccessible><CopyTagsToSnapshot>true</CopyTagsToSnapshot>\
    <MonitoringInterval>60</MonitoringInterval><MonitoringRoleArn>arn:aws:iam::1:role/monitoring</MonitoringRoleArn>\
    <IAMDatabaseAuthenticationEnabled>true</IAMDatabaseAuthenticationEnabled>\
    <PerformanceInsightsEnabled>true</PerformanceInsightsEnabled><PerformanceInsightsKMSKeyId>key</PerformanceInsightsKMSKeyId>\
    <PerformanceInsightsRetentionPeriod>731</PerformanceInsightsRetentionPeriod>\
    <EnabledCloudwatchLogsExports><member>postgresql</member></EnabledCloudwatchLogsExports>\
    <ProcessorFeatures><ProcessorFeature><Name>coreCount</Name><Value>4</Value></ProcessorFeature></ProcessorFeatures>\
    <NetworkType>DUAL</NetworkType><CACertificateIdentifier>rds-ca-rsa2048-g1</CACertificateIdentifier>\
    <DeletionProtection>true</DeletionProtection><MultiAZ>true</MultiAZ><DedicatedLogVolume>false</DedicatedLogVolume>\
    <KmsKeyId>arn:aws:kms:eu-central-1:1:key/k</KmsKeyId>\
    <VpcSecurityGroups><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-1</VpcSecurityGroupId><Status>active</Status>\
    </VpcSecurityGroupMembership><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-2</VpcSecurityGroupId>\
    <Status>removing</Status></VpcSecurityGroupMembership></VpcSecurityGroups>\
    <DBSubnetGroup><DBSubnetGroupName>private</DBSubnetGroupName></DBSubnetGroup>\
    <DBParameterGroups><DBParameterGroup><DBParameterGroupName>tuned</DBParameterGroupName></DBParameterGroup>\
    </DBParameterGroups><OptionGroupMemberships><OptionGroupMembership><OptionGroupName>options</OptionGroupName>\
    </OptionGroupMembership></OptionGroupMemberships>";

#[tokio::test(start_paused = true)]
async fn everything_of_a_new_replica_is_explicit() {
    let xml = source("prod", &[], EVERYTHING).replace("<AllocatedStorage>100<", "<AllocatedStorage>500<");
    let seen = seen(&xml, "").await;
    let call = create("prod", "db.r6g.large", Some("eu-central-1b"));
    let expected = [
        ("AllocatedStorage", "500"),
        ("AutoMinorVersionUpgrade", "false"),
        ("AvailabilityZone", "eu-central-1b"),
        ("CACertificateIdentifier", "rds-ca-rsa2048-g1"),
        ("CopyTagsToSnapshot", "true"),
        ("DBInstanceClass", "db.r6g.large"),
        ("DBInstanceIdentifier", "tidegate-prod-1"),
        ("DedicatedLogVolume", "false"),
        ("DeletionProtection", "false"),
        ("EnableCloudwatchLogsExports", "\"postgresql\""),
        ("EnableIAMDatabaseAuthentication", "true"),
        ("EnablePerformanceInsights", "true"),
        ("Iops", "14000"),
        ("MaxAllocatedStorage", "1000"),
        ("MonitoringInterval", "60"),
        ("MonitoringRoleArn", "arn:aws:iam::1:role/monitoring"),
        ("MultiAZ", "false"),
        ("NetworkType", "DUAL"),
        ("PerformanceInsightsKMSKeyId", "key"),
        ("PerformanceInsightsRetentionPeriod", "731"),
        ("Port", "5433"),
        ("ProcessorFeatures.ProcessorFeature.1.Name", "coreCount"),
        ("ProcessorFeatures.ProcessorFeature.1.Value", "4"),
        ("PubliclyAccessible", "true"),
        ("SourceDBInstanceIdentifier", "prod"),
        ("StorageThroughput", "600"),
        ("StorageType", "gp3"),
        ("Tags.Tag.1.Key", "tidegate:fleet"),
        ("Tags.Tag.1.Value", "shop"),
        ("Tags.Tag.2.Key", "tidegate:database"),
        ("Tags.Tag.2.Value", "main"),
        ("VpcSecurityGroupIds.VpcSecurityGroupId.1", "sg-1"),
    ];
    assert_eq!(sent(&call, &seen, "CreateDBInstanceReadReplica").await, fields(&expected));
}

#[tokio::test(start_paused = true)]
async fn what_the_source_does_not_have_is_said_or_left_out() {
    let seen = seen(&source("prod", &[], ""), "").await;
    let expected = [
        ("AutoMinorVersionUpgrade", "true"),
        ("CopyTagsToSnapshot", "false"),
        ("DBInstanceClass", "db.r6g.xlarge"),
        ("DBInstanceIdentifier", "tidegate-prod-1"),
        ("DeletionProtection", "false"),
        ("EnableIAMDatabaseAuthentication", "false"),
        ("EnablePerformanceInsights", "false"),
        ("MonitoringInterval", "0"),
        ("MultiAZ", "false"),
        ("PubliclyAccessible", "false"),
        ("SourceDBInstanceIdentifier", "prod"),
        ("Tags.Tag.1.Key", "tidegate:fleet"),
        ("Tags.Tag.1.Value", "shop"),
        ("Tags.Tag.2.Key", "tidegate:database"),
        ("Tags.Tag.2.Value", "main"),
    ];
    let call = create("prod", "db.r6g.xlarge", None);
    assert_eq!(sent(&call, &seen, "CreateDBInstanceReadReplica").await, fields(&expected));
}

/// What is sent of the storage of a source with this storage.
async fn storage(kind: &str, size: u32, more: &str) -> BTreeMap<String, String> {
    let xml = source("prod", &[], &format!("<StorageType>{kind}</StorageType>{more}"))
        .replace("<AllocatedStorage>100<", &format!("<AllocatedStorage>{size}<"));
    let call = create("prod", "db.r6g.large", None);
    let mut sent = sent(&call, &seen(&xml, "").await, "CreateDBInstanceReadReplica").await;
    sent.retain(|key, _| key.contains("Storage") || key == "Iops");
    sent
}

#[tokio::test(start_paused = true)]
async fn of_the_storage_only_what_rds_takes_is_sent() {
    let shown = "<Iops>3000</Iops><StorageThroughput>125</StorageThroughput>";
    assert_eq!(storage("gp3", 399, shown).await, fields(&[("StorageType", "gp3")]));
    let large = "<Iops>12000</Iops><StorageThroughput>500</StorageThroughput>";
    assert_eq!(
        storage("gp3", 400, large).await,
        fields(&[
            ("StorageType", "gp3"),
            ("AllocatedStorage", "400"),
            ("Iops", "12000"),
            ("StorageThroughput", "500")
        ])
    );
    assert_eq!(
        storage("io2", 100, "<Iops>3000</Iops><StorageThroughput>0</StorageThroughput>").await,
        fields(&[("StorageType", "io2"), ("AllocatedStorage", "100"), ("Iops", "3000")])
    );
    assert_eq!(storage("gp2", 100, "").await, fields(&[("StorageType", "gp2")]));
    // Storage autoscaling that is about to reach its limit: RDS takes no limit less than 10 % above the size.
    let max = |gib: u32| format!("<MaxAllocatedStorage>{gib}</MaxAllocatedStorage>");
    let with_max = fields(&[("StorageType", "gp2"), ("MaxAllocatedStorage", "110")]);
    assert_eq!(storage("gp2", 100, &max(110)).await, with_max);
    assert_eq!(storage("gp2", 100, &max(109)).await, fields(&[("StorageType", "gp2")]));
}

#[tokio::test(start_paused = true)]
async fn processor_features_belong_to_a_class_and_options_to_an_engine() {
    let call = create("prod", "db.r6g.xlarge", None);
    let postgresql = seen(&source("prod", &[], EVERYTHING), "").await;
    let other = sent(&call, &postgresql, "CreateDBInstanceReadReplica").await;
    assert!(other.keys().all(|key| !key.contains("Processor") && !key.contains("OptionGroup")));
    let mysql = source("prod", &[], EVERYTHING).replace("postgres<", "mysql<");
    let sent = sent(&call, &seen(&mysql, "").await, "CreateDBInstanceReadReplica").await;
    assert_eq!(sent["OptionGroupName"], "options");
    assert!(!sent.contains_key("DBParameterGroupName"), "RDS takes none of MySQL in the same Region");
    assert!(!sent.contains_key("DBSubnetGroupName") && !sent.contains_key("KmsKeyId"));
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_aurora_joins_the_cluster_of_its_writer_and_is_promoted_last() {
    let seen =
        seen(&member("w", EVERYTHING), &cluster("aurora-postgresql", "available", Some("w"), &[])).await;
    let expected = [
        ("AutoMinorVersionUpgrade", "false"),
        ("AvailabilityZone", "eu-central-1c"),
        ("CACertificateIdentifier", "rds-ca-rsa2048-g1"),
        ("DBClusterIdentifier", "sales"),
        ("DBInstanceClass", "db.r6g.large"),
        ("DBInstanceIdentifier", "tidegate-prod-1"),
        ("DBParameterGroupName", "tuned"),
        ("EnablePerformanceInsights", "true"),
        ("Engine", "aurora-postgresql"),
        ("MonitoringInterval", "60"),
        ("MonitoringRoleArn", "arn:aws:iam::1:role/monitoring"),
        ("PerformanceInsightsKMSKeyId", "key"),
        ("PerformanceInsightsRetentionPeriod", "731"),
        ("PromotionTier", "15"),
        ("PubliclyAccessible", "true"),
        ("Tags.Tag.1.Key", "tidegate:fleet"),
        ("Tags.Tag.1.Value", "shop"),
        ("Tags.Tag.2.Key", "tidegate:database"),
        ("Tags.Tag.2.Value", "main"),
    ];
    let call = create("w", "db.r6g.large", Some("eu-central-1c"));
    assert_eq!(sent(&call, &seen, "CreateDBInstance").await, fields(&expected));
}

/// What an answer of RDS to a call means.
async fn means(call: &InstanceCall, code: &'static str, message: &'static str) -> CallOutcome {
    let aws = Aws::new(move |_, _| -> HttpAnswer { Err((code, message)) });
    let seen = seen(&source("prod", &[], ""), "").await;
    send(&aws, call, &seen).await.outcome
}

#[tokio::test(start_paused = true)]
async fn each_answer_to_a_creation_has_one_meaning() {
    let call = create("prod", "db.r6g.large", None);
    for code in ["DBInstanceAlreadyExists", "DBInstanceAlreadyExistsFault"] {
        assert_eq!(means(&call, code, "DB instance already exists").await, CallOutcome::Taken);
    }
    for (code, class) in [
        ("InvalidDBInstanceState", "refused"),
        ("InsufficientDBInstanceCapacity", "refused"),
        ("InstanceQuotaExceeded", "refused"),
        ("StorageQuotaExceeded", "refused"),
        ("StorageTypeNotSupported", "refused"),
        ("ProvisionedIopsNotAvailableInAZFault", "refused"),
        ("DBSubnetGroupDoesNotCoverEnoughAZs", "refused"),
        ("KMSKeyNotAccessibleFault", "access denied"),
        ("InvalidParameterCombination", "refused"),
        ("InvalidParameterValue", "refused"),
        ("InvalidVPCNetworkStateFault", "refused"),
        ("AccessDenied", "access denied"),
        ("DBInstanceNotFound", "not found"),
        ("OptionGroupNotFoundFault", "not found"),
    ] {
        let refused = CallOutcome::Refused(format!("{class}: {code}: so it is"));
        assert_eq!(means(&call, code, "so it is").await, refused);
    }
    for (code, class) in [
        ("Throttling", "throttled"),
        ("RequestLimitExceeded", "throttled"),
        ("InternalFailure", "unreachable"),
        ("ServiceUnavailable", "unreachable"),
        ("SomethingNew", "unreadable answer"),
    ] {
        let unknown = CallOutcome::Unknown(format!("{class}: {code}: so it is"));
        assert_eq!(means(&call, code, "so it is").await, unknown);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_without_time_left_is_not_sent() {
    let (seen, aws) = (seen(&source("prod", &[], ""), "").await, Aws::new(|_, _| Ok(Value::Null)));
    let clients = aws.clients();
    let call = create("prod", "db.r6g.large", None);
    let answer = rds::apply(&clients, &call, &seen, TAGS, end(-LEFT), &clock()).await;
    let not_sent = CallResult { outcome: CallOutcome::NotSent, error: None };
    assert_eq!(answer, not_sent);
    // Five at once; the sixth would have to wait for a second.
    let soon = SignedDuration::from_millis(100);
    let mut sent = 0;
    for _ in 0..6 {
        let answer = rds::apply(&clients, &call, &seen, TAGS, end(soon), &clock()).await;
        sent += usize::from(answer != not_sent);
    }
    assert_eq!((sent, aws.count()), (5, 5));
    // A process that stood still while it waited for its turn sends nothing.
    let asked = AtomicUsize::new(0);
    let late = move || if asked.fetch_add(1, Ordering::Relaxed) == 0 { end(-LEFT) } else { end(LEFT + soon) };
    let clients = aws.clients();
    assert_eq!(rds::apply(&clients, &call, &seen, TAGS, end(LEFT), &late).await, not_sent);
    assert_eq!(aws.count(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_rds_does_not_show_is_asked_nothing() {
    let (seen, aws) = (seen(&source("prod", &[], ""), "").await, Aws::new(|_, _| Ok(Value::Null)));
    let answer = send(&aws, &create("gone", "db.r6g.large", None), &seen).await;
    let text = "the request could not be built: RDS does not show the instance `gone`";
    assert_eq!(answer.outcome, CallOutcome::Refused(text.to_owned()));
    let error = answer.error.expect("not sent").to_string();
    assert_eq!(error, format!("create the read replica `tidegate-prod-1` of `gone`: {text}"));
    assert_eq!(aws.count(), 0);
}
