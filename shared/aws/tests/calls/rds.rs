//! `DescribeDBInstances` and `DescribeDBClusters`: all pages or nothing, and what the answer means for one database.

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_aws::rds::{self, AllInstances, ReplicaTags};
use tidegate_policy::replicas::observation::{Engine, Instances, Replication, Status};
use tidegate_policy::{Absence, AbsenceKind, MetricReading};
use tokio::time::Instant;

use crate::fake::{Aws, deadline};

pub(crate) const TAGS: ReplicaTags<'_> = ReplicaTags { fleet: "shop", database: "main" };

/// Elements with these texts; what begins with `<` stands as it is.
pub(crate) fn instance(id: &str, more: &str) -> String {
    format!("<DBInstance><DBInstanceIdentifier>{id}</DBInstanceIdentifier>{more}</DBInstance>")
}

/// A source of PostgreSQL 16.4 with these replicas, and what else is said of it.
pub(crate) fn source(id: &str, replicas: &[&str], more: &str) -> String {
    let replica =
        |id: &&str| format!("<ReadReplicaDBInstanceIdentifier>{id}</ReadReplicaDBInstanceIdentifier>");
    let replicas: String = replicas.iter().map(replica).collect();
    instance(
        id,
        &format!(
            "<DBInstanceStatus>available</DBInstanceStatus><Engine>postgres</Engine>\
             <EngineVersion>16.4</EngineVersion><DBInstanceClass>db.r6g.large</DBInstanceClass>\
             <BackupRetentionPeriod>7</BackupRetentionPeriod><AllocatedStorage>100</AllocatedStorage>\
             <PendingModifiedValues/><ReadReplicaDBInstanceIdentifiers>{replicas}\
             </ReadReplicaDBInstanceIdentifiers>{more}"
        ),
    )
}

pub(crate) fn replica(id: &str, of: &str, more: &str) -> String {
    let of = format!(
        "<ReadReplicaSourceDBInstanceIdentifier>{of}</ReadReplicaSourceDBInstanceIdentifier>\
         <Engine>postgres</Engine><EngineVersion>16.4</EngineVersion>"
    );
    instance(id, &format!("<DBInstanceStatus>available</DBInstanceStatus>{of}{more}"))
}

pub(crate) fn tags(fleet: &str, database: &str) -> String {
    let tag = |key: &str, value: &str| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>");
    format!("<TagList>{}{}</TagList>", tag("tidegate:fleet", fleet), tag("tidegate:database", database))
}

/// A page of instances.
pub(crate) fn page(instances: &str, marker: Option<&str>) -> Value {
    let marker = marker.map(|marker| format!("<Marker>{marker}</Marker>")).unwrap_or_default();
    json!(format!("<DBInstances>{instances}</DBInstances>{marker}"))
}

/// What is seen of an account with these instances and clusters.
pub(crate) async fn seen(instances: &str, clusters: &str) -> AllInstances {
    let (instances, clusters) =
        (page(instances, None), json!(format!("<DBClusters>{clusters}</DBClusters>")));
    let aws = Aws::new(move |action, _| {
        Ok(if action == "DescribeDBClusters" { clusters.clone() } else { instances.clone() })
    });
    rds::describe(&aws.clients(), true, deadline()).await.expect("an answer")
}

async fn of_rds(instances: &str) -> Result<Instances, Absence> {
    seen(instances, "").await.of_rds("Prod", TAGS)
}

fn ids(seen: &Instances) -> Vec<&str> {
    seen.replicas.iter().map(|replica| replica.id.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn every_page_is_read_and_each_takes_a_token() {
    let aws = Aws::new(|_, body| {
        let number = body["Marker"].as_str().map_or(0, |marker| marker.parse::<usize>().expect("a number"));
        let instances: String = (0..100).map(|n| instance(&format!("db-{number}-{n}"), "")).collect();
        Ok(page(&instances, (number < 14).then(|| (number + 1).to_string()).as_deref()))
    });
    let began = Instant::now();
    let all = rds::describe(&aws.clients(), false, deadline()).await.expect("an answer");
    let calls = aws.calls("DescribeDBInstances");
    assert_eq!((calls.len(), aws.count()), (15, 15), "no cluster is asked for without Aurora");
    assert!(calls.iter().all(|call| call.body["MaxRecords"] == "100"));
    // Ten tokens at once and two a second after them, beside what the calls themselves take.
    let took = began.elapsed();
    assert!(took > Duration::from_millis(1_900) && took < Duration::from_secs(4), "{took:?}");
    let source = rds::describe(&aws.clients(), false, deadline()).await.expect("an answer");
    assert_eq!(all, source);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_fails_the_whole_answer() {
    let failing = |code: &'static str| {
        Aws::new(move |_, body| match body.get("Marker") {
            None => Ok(page(&source("prod", &[], ""), Some("2"))),
            Some(_) => Err((code, "no")),
        })
    };
    for (code, kind) in [
        ("Throttling", AbsenceKind::Throttled),
        ("RequestLimitExceeded", AbsenceKind::Throttled),
        ("AccessDenied", AbsenceKind::Denied),
        ("ServiceUnavailable", AbsenceKind::Unreachable),
    ] {
        let absence = rds::describe(&failing(code).clients(), false, deadline()).await.expect_err("a part");
        assert_eq!((absence.kind, absence.detail), (kind, format!("{code}: no")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_marker_that_comes_twice_is_no_end() {
    let aws = Aws::new(|_, _| Ok(page(&source("prod", &[], ""), Some("same"))));
    let absence = rds::describe(&aws.clients(), false, deadline()).await.expect_err("no end");
    assert_eq!(absence.kind, AbsenceKind::Unreadable);
    assert_eq!(absence.detail, "DescribeDBInstances: the same page again and again");
}

#[tokio::test(start_paused = true)]
async fn what_is_late_is_not_known() {
    for late in ["DescribeDBInstances", "DescribeDBClusters"] {
        let aws = Aws::new(|_, _| Ok(json!(""))).slow(late);
        let soon = Instant::now() + Duration::from_secs(3);
        let absence = rds::describe(&aws.clients(), true, soon).await.expect_err("late");
        assert_eq!(absence.kind, AbsenceKind::TimedOut, "{late}");
    }
    let aws = Aws::new(|_, _| Ok(json!("")));
    rds::describe(&aws.clients(), true, Instant::now()).await.expect_err("no time left");
    assert_eq!(aws.count(), 0, "with no time left nothing is asked");
}

#[tokio::test(start_paused = true)]
async fn an_instance_without_an_identifier_is_no_answer() {
    let aws = Aws::new(|_, _| Ok(page("<DBInstance><Engine>mysql</Engine></DBInstance>", None)));
    let absence = rds::describe(&aws.clients(), false, deadline()).await.expect_err("no identifier");
    assert_eq!(absence.detail, "DescribeDBInstances: an entry without an identifier");
}

#[tokio::test(start_paused = true)]
async fn a_source_is_understood() {
    let more = "<Endpoint><Address>prod.c0ffee.eu-central-1.rds.amazonaws.com</Address><Port>5432</Port></Endpoint>\
        <AvailabilityZone>eu-central-1b</AvailabilityZone><DBSubnetGroup><Subnets>\
        <Subnet><SubnetAvailabilityZone><Name>eu-central-1b</Name></SubnetAvailabilityZone></Subnet>\
        <Subnet><SubnetAvailabilityZone><Name>eu-central-1a</Name></SubnetAvailabilityZone></Subnet>\
        <Subnet><SubnetAvailabilityZone><Name>eu-central-1b</Name></SubnetAvailabilityZone></Subnet>\
        </Subnets></DBSubnetGroup>";
    let seen = of_rds(&(source("prod", &[], more) + &instance("other", ""))).await.expect("read");
    let source = &seen.source;
    assert_eq!((source.id.as_str(), &source.status), ("prod", &Status::Available));
    assert_eq!(source.engine, Engine::PostgreSql { major: 16, minor: 4 });
    assert_eq!(source.class, "db.r6g.large");
    assert_eq!(source.endpoint.as_deref(), Some("prod.c0ffee.eu-central-1.rds.amazonaws.com"));
    assert_eq!(source.zone.as_deref(), Some("eu-central-1b"));
    assert_eq!(source.zones, ["eu-central-1a", "eu-central-1b"]);
    assert_eq!((source.backup_retention_days, source.allocated_storage), (7, 100 << 30));
    assert!(!source.is_pending, "an empty `PendingModifiedValues` is nothing pending");
    assert_eq!((&source.log_rate, source.replicas_elsewhere), (&MetricReading::NotRead, 0));
    assert_eq!(seen.taken, ["other", "prod"]);
}

#[tokio::test(start_paused = true)]
async fn engines_and_versions() {
    for (engine, version, expected) in [
        ("postgres", "14.1", Ok(Engine::PostgreSql { major: 14, minor: 1 })),
        ("postgres", "9.6.22", Ok(Engine::PostgreSql { major: 9, minor: 6 })),
        ("postgres", "17", Ok(Engine::PostgreSql { major: 17, minor: 0 })),
        ("postgres", "16.3-R2", Ok(Engine::PostgreSql { major: 16, minor: 3 })),
        ("mysql", "8.0.39", Ok(Engine::MySql)),
        ("mariadb", "10.11.8", Ok(Engine::MariaDb)),
        ("postgres", "next", Err("EngineVersion is `next`, no version")),
        ("oracle-ee", "19.0", Err("Engine is `oracle-ee`; allowed: `postgres`, `mysql`, `mariadb`")),
    ] {
        let xml = format!("<Engine>{engine}</Engine><EngineVersion>{version}</EngineVersion>");
        let seen = of_rds(&instance("prod", &xml)).await;
        let found = seen.map(|seen| seen.source.engine).map_err(|absence| absence.detail);
        assert_eq!(found, expected.map_err(str::to_owned), "{engine} {version}");
    }
}

#[tokio::test(start_paused = true)]
async fn statuses_and_those_nobody_knows_yet() {
    let failed = |status: &str| Status::Failed(status.to_owned());
    let changing = |status: &str| Status::Changing(status.to_owned());
    for (status, expected) in [
        ("available", Status::Available),
        ("storage-optimization", Status::Available),
        ("storage-initialization", Status::Available),
        ("creating", Status::Creating),
        ("deleting", Status::Deleting),
        ("delete-precheck", Status::Deleting),
        ("failed", failed("failed")),
        ("incompatible-create", failed("incompatible-create")),
        ("incompatible-network", failed("incompatible-network")),
        ("incompatible-parameters", failed("incompatible-parameters")),
        ("insufficient-capacity", failed("insufficient-capacity")),
        ("restore-error", failed("restore-error")),
        ("inaccessible-encryption-credentials", failed("inaccessible-encryption-credentials")),
        (
            "inaccessible-encryption-credentials-recoverable",
            changing("inaccessible-encryption-credentials-recoverable"),
        ),
        ("backing-up", changing("backing-up")),
        ("modifying", changing("modifying")),
        ("storage-full", changing("storage-full")),
        ("stopped", changing("stopped")),
        ("upgrading", changing("upgrading")),
        ("dreaming", changing("dreaming")),
    ] {
        let xml = format!(
            "<DBInstanceStatus>{status}</DBInstanceStatus><ReadReplicaSourceDBInstanceIdentifier>prod\
             </ReadReplicaSourceDBInstanceIdentifier>"
        );
        let seen = of_rds(&(source("prod", &["r"], "") + &instance("r", &xml))).await.expect("read");
        assert_eq!(seen.replicas[0].status, expected);
        assert_eq!(seen.replicas[0].is_initialized, status != "storage-initialization", "{status}");
    }
    let bare = "<ReadReplicaSourceDBInstanceIdentifier>prod</ReadReplicaSourceDBInstanceIdentifier>";
    let seen = of_rds(&(source("prod", &[], "") + &instance("r", bare))).await.expect("read");
    assert_eq!(seen.replicas[0].status, changing("no status"), "a status that is missing is no `available`");
}

#[tokio::test(start_paused = true)]
async fn a_replica_is_ours_by_its_identifier_and_its_tags() {
    for (id, tags, ours) in [
        ("tidegate-prod-1", tags("shop", "main"), true),
        ("tidegate-prod-1", tags("shop", "other"), false),
        ("tidegate-prod-1", tags("other", "main"), false),
        ("tidegate-prod-1", String::new(), false),
        ("prod-1", tags("shop", "main"), false),
        ("prod-tidegate-1", tags("shop", "main"), false),
    ] {
        let xml = source("prod", &[id], "") + &replica(id, "prod", &tags);
        let seen = of_rds(&xml).await.expect("read");
        assert_eq!(seen.replicas[0].is_ours, ours, "{id} {tags}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_replica_is_understood() {
    let broken = "<DeletionProtection>true</DeletionProtection><StorageOperationStatus>Initializing</StorageOperationStatus>\
        <InstanceCreateTime>2026-11-28T06:00:00.250Z</InstanceCreateTime><StatusInfos><DBInstanceStatusInfo>\
        <StatusType>read replication</StatusType><Normal>false</Normal><Status>error</Status>\
        <Message>Last_Errno 1062\n  duplicate &quot;key&quot;</Message></DBInstanceStatusInfo></StatusInfos>\
        <ReadReplicaDBInstanceIdentifiers><ReadReplicaDBInstanceIdentifier>deeper\
        </ReadReplicaDBInstanceIdentifier></ReadReplicaDBInstanceIdentifiers>";
    let fine = "<StorageOperationStatus>Optimizing</StorageOperationStatus><StatusInfos><DBInstanceStatusInfo>\
        <Normal>true</Normal><Status>replicating</Status></DBInstanceStatusInfo></StatusInfos>";
    let xml = source("prod", &["a", "b"], "")
        + &replica("a", "prod", broken)
        + &replica("b", "prod", fine)
        + &replica("deeper", "a", "");
    let seen = of_rds(&xml).await.expect("read");
    assert_eq!(ids(&seen), ["a", "b"], "a replica of a replica is none of the source");
    let (a, b) = (&seen.replicas[0], &seen.replicas[1]);
    assert!(a.is_protected && a.is_source && !a.is_initialized);
    assert!(!b.is_protected && !b.is_source && b.is_initialized);
    let message = "Last_Errno 1062 duplicate \"key\"".to_owned();
    assert_eq!(a.replication, Replication::Broken { status: "error".to_owned(), message });
    assert_eq!(b.replication, Replication::Running);
    let at = a.created_at.map(|at| at.to_string());
    assert_eq!(at.as_deref(), Some("2026-11-28T06:00:00.25Z"));
    assert_eq!((b.created_at, &b.endpoint), (None, &None));
}

#[tokio::test(start_paused = true)]
async fn replicas_in_other_regions_count_and_are_not_touched() {
    let elsewhere = "arn:aws:rds:us-east-1:111122223333:db:prod-dr";
    let arn = "<DBInstanceArn>arn:aws:rds:eu-central-1:111122223333:db:prod</DBInstanceArn>";
    let foreign = replica("prod-copy", "arn:aws:rds:us-east-1:111122223333:db:prod", "");
    let by_arn = replica("a", "arn:aws:rds:eu-central-1:111122223333:db:prod", "");
    let seen = of_rds(&(source("prod", &[elsewhere, "a"], arn) + &foreign + &by_arn)).await.expect("read");
    assert_eq!(seen.source.replicas_elsewhere, 1);
    assert_eq!(ids(&seen), ["a"], "a replica here of an instance of the same name elsewhere is none of ours");
    assert_eq!(seen.taken, ["a", "prod", "prod-copy"]);
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_the_source_lists_and_nobody_shows_makes_the_answer_a_part() {
    let absence = of_rds(&source("prod", &["tidegate-prod-1"], "")).await.expect_err("a part");
    assert_eq!(absence.kind, AbsenceKind::Unreadable);
    assert_eq!(
        absence.detail,
        "RDS lists the replica `tidegate-prod-1` of `prod` and does not show it yet, or no more"
    );
    // The other way round nothing is missing.
    let seen = of_rds(&(source("prod", &[], "") + &replica("new", "prod", ""))).await.expect("read");
    assert_eq!(ids(&seen), ["new"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_pending_of_a_source_is_seen() {
    let pending = |xml: &str| source("prod", &[], "").replace("<PendingModifiedValues/>", xml);
    let group = |status: &str| {
        format!(
            "<DBParameterGroups><DBParameterGroup><DBParameterGroupName>g</DBParameterGroupName>\
             <ParameterApplyStatus>{status}</ParameterApplyStatus></DBParameterGroup></DBParameterGroups>"
        )
    };
    let class =
        "<PendingModifiedValues><DBInstanceClass>db.r6g.xlarge</DBInstanceClass></PendingModifiedValues>";
    for (xml, expected) in [
        (class.to_owned(), true),
        ("<PendingModifiedValues/>".to_owned(), false),
        (String::new(), false),
        (group("applying"), true),
        (group("in-sync"), false),
        // It may stand there for months, until somebody restarts the instance.
        (group("pending-reboot"), false),
    ] {
        let seen = of_rds(&pending(&xml)).await.expect("read");
        assert_eq!(seen.source.is_pending, expected, "{xml}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_none_is_told() {
    let absence = of_rds(&instance("other", "")).await.expect_err("not there");
    assert_eq!(
        (absence.kind, absence.detail.as_str()),
        (AbsenceKind::NotFound, "RDS has no instance `prod`")
    );
    let member = instance("prod", "<DBClusterIdentifier>sales</DBClusterIdentifier>");
    let absence = of_rds(&member).await.expect_err("of a cluster");
    assert_eq!(absence.detail, "the instance `prod` belongs to the cluster `sales`");
}

/// A cluster with this writer and these readers.
pub(crate) fn cluster(engine: &str, status: &str, writer: Option<&str>, readers: &[&str]) -> String {
    let member = |id: &str, writes: bool| {
        format!(
            "<DBClusterMember><DBInstanceIdentifier>{id}</DBInstanceIdentifier><IsClusterWriter>{writes}\
             </IsClusterWriter></DBClusterMember>"
        )
    };
    let writer = writer.map(|id| member(id, true)).unwrap_or_default();
    let readers: String = readers.iter().map(|id| member(id, false)).collect();
    format!(
        "<DBCluster><DBClusterIdentifier>sales</DBClusterIdentifier><Engine>{engine}</Engine><Status>{status}\
         </Status><DBClusterMembers>{writer}{readers}</DBClusterMembers></DBCluster>"
    )
}

pub(crate) fn member(id: &str, more: &str) -> String {
    let of = "<DBInstanceStatus>available</DBInstanceStatus><DBClusterIdentifier>sales</DBClusterIdentifier>\
        <AllocatedStorage>1</AllocatedStorage><Engine>aurora-postgresql</Engine>";
    instance(id, &format!("{of}{more}"))
}

#[tokio::test(start_paused = true)]
async fn a_cluster_of_aurora_is_its_writer_and_its_readers() {
    let engine = "aurora-postgresql";
    let instances = member("w", "") + &member("r1", "") + &member("new", &tags("shop", "main"));
    let seen_with = async |cluster: String| seen(&instances, &cluster).await.of_aurora("Sales", TAGS);
    let seen = seen_with(cluster(engine, "available", Some("w"), &["r1"])).await.expect("read");
    assert_eq!((seen.source.id.as_str(), seen.source.engine), ("w", Engine::Aurora));
    assert_eq!((&seen.source.status, seen.source.allocated_storage), (&Status::Available, 0));
    assert_eq!(ids(&seen), ["new", "r1"], "a new reader is no member yet");
    assert!(!seen.replicas[0].is_ours, "the tags alone are not enough");
    let seen = seen_with(cluster(engine, "failing-over", Some("r1"), &["w"])).await.expect("read");
    assert_eq!(seen.source.status, Status::Changing("failing-over".to_owned()));
    assert_eq!((seen.source.id.as_str(), ids(&seen)), ("r1", vec!["new", "w"]));

    let refused = async |cluster: String| seen_with(cluster).await.expect_err("no").detail;
    assert_eq!(
        refused(cluster(engine, "available", None, &["r1"])).await,
        "the cluster `sales` has no writer here"
    );
    assert_eq!(refused(String::new()).await, "RDS has no cluster `sales`");
    let text = "Engine of the cluster `sales` is `postgres`, no Aurora";
    assert_eq!(refused(cluster("postgres", "available", Some("w"), &[])).await, text);
    assert_eq!(
        refused(cluster(engine, "available", Some("w"), &["r2"])).await,
        "RDS lists the member `r2` of `sales` and does not show it yet, or no more"
    );
}
