//! What `DescribeDBInstances` means for the class of a database.

use tidegate_policy::replicas::observation::{Engine, Replication, Status};
use tidegate_policy::upgrades::observation::{ClassedInstance, ClassedInstances, RunningInstance};
use tidegate_policy::{Absence, AbsenceKind};

use crate::rds::{cluster, instance, member, replica, seen, source};

async fn of_rds(instances: &str) -> Result<ClassedInstances, Absence> {
    seen(instances, "").await.classed_rds("Prod")
}

/// The instance `prod`, of which this is said besides.
async fn main(more: &str) -> ClassedInstance {
    of_rds(&source("prod", &[], more)).await.expect("read").main
}

/// As RDS answers, with everything that a change of the class depends on.
const WHOLE: &str = "<StorageType>gp3</StorageType><MaxAllocatedStorage>1000</MaxAllocatedStorage><MultiAZ>true</MultiAZ>\
    <AvailabilityZone>eu-central-1a</AvailabilityZone><SecondaryAvailabilityZone>eu-central-1b</SecondaryAvailabilityZone>\
    <LatestRestorableTime>2026-11-28T19:50:00Z</LatestRestorableTime>\
    <PreferredMaintenanceWindow>sun:05:00-sun:05:30</PreferredMaintenanceWindow>\
    <DBParameterGroups><DBParameterGroup><DBParameterGroupName>default.postgres16</DBParameterGroupName>\
    <ParameterApplyStatus>in-sync</ParameterApplyStatus></DBParameterGroup></DBParameterGroups>\
    <VpcSecurityGroups><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-1</VpcSecurityGroupId><Status>active</Status>\
    </VpcSecurityGroupMembership></VpcSecurityGroups>";

#[tokio::test(start_paused = true)]
async fn an_instance_is_understood() {
    let expected = ClassedInstance {
        id: "prod".to_owned(),
        engine: Engine::PostgreSql { major: 16, minor: 4 },
        status: Status::Available,
        class: "db.r6g.large".to_owned(),
        pending_class: None,
        pending: vec![],
        parameters: vec![],
        has_default_parameters: true,
        changing_security_groups: vec![],
        is_multi_az: true,
        zone: Some("eu-central-1a".to_owned()),
        second_zone: Some("eu-central-1b".to_owned()),
        storage_type: "gp3".to_owned(),
        allocated_gib: 100,
        max_allocated_gib: Some(1_000),
        is_storage_busy: false,
        backup_retention_days: 7,
        restorable_to: Some("2026-11-28T19:50:00Z".parse().expect("a time")),
        maintenance_window: "sun:05:00-sun:05:30".to_owned(),
        replication: Replication::Running,
    };
    assert_eq!(main(WHOLE).await, expected);
    let bare = main("").await;
    assert_eq!((bare.max_allocated_gib, bare.restorable_to, bare.is_multi_az), (None, None, false));
    assert!(!bare.has_default_parameters, "a group that RDS does not show is no default one");
}

#[tokio::test(start_paused = true)]
async fn what_is_pending_is_named_as_rds_names_it_and_the_class_apart() {
    for (pending, class, others) in [
        ("", None, &[][..]),
        ("<DBInstanceClass>db.r6g.xlarge</DBInstanceClass>", Some("db.r6g.xlarge"), &[]),
        ("<AllocatedStorage>200</AllocatedStorage>", None, &["AllocatedStorage"]),
        (
            "<DBInstanceClass>db.r6g.xlarge</DBInstanceClass><EngineVersion>16.6</EngineVersion>\
             <MultiAZ>false</MultiAZ>",
            Some("db.r6g.xlarge"),
            &["MultiAZ", "EngineVersion"],
        ),
        ("<MasterUserPassword>****</MasterUserPassword>", None, &["MasterUserPassword"]),
        ("<Iops>12000</Iops><StorageType>io2</StorageType>", None, &["Iops", "StorageType"]),
        ("<AutomationMode>all-paused</AutomationMode>", None, &["a value of PendingModifiedValues"]),
        (
            "<DBInstanceClass>a</DBInstanceClass><MultiTenant>true</MultiTenant>",
            Some("a"),
            &["a value of PendingModifiedValues"],
        ),
    ] {
        let xml = source("prod", &[], "").replace(
            "<PendingModifiedValues/>",
            &format!("<PendingModifiedValues>{pending}</PendingModifiedValues>"),
        );
        let main = of_rds(&xml).await.expect("read").main;
        assert_eq!(main.pending_class.as_deref(), class, "{pending}");
        assert_eq!(main.pending, others, "{pending}");
    }
}

#[tokio::test(start_paused = true)]
async fn parameters_and_security_groups_that_change_are_named() {
    let group = |name: &str, status: &str| {
        format!(
            "<DBParameterGroups><DBParameterGroup><DBParameterGroupName>{name}</DBParameterGroupName>{status}\
             </DBParameterGroup></DBParameterGroups>"
        )
    };
    let applies = |status: &str| format!("<ParameterApplyStatus>{status}</ParameterApplyStatus>");
    for (status, expected) in [
        (applies("in-sync"), None),
        (applies("pending-reboot"), Some("pending-reboot")),
        (applies("applying"), Some("applying")),
        (String::new(), Some("no status")),
    ] {
        let main = main(&group("tuned", &status)).await;
        let expected: Vec<_> = expected.into_iter().map(|it| ("tuned".to_owned(), it.to_owned())).collect();
        assert_eq!((main.parameters, main.has_default_parameters), (expected, false));
    }
    let groups = "<VpcSecurityGroups><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-1</VpcSecurityGroupId>\
        <Status>active</Status></VpcSecurityGroupMembership><VpcSecurityGroupMembership>\
        <VpcSecurityGroupId>sg-2</VpcSecurityGroupId><Status>adding</Status></VpcSecurityGroupMembership></VpcSecurityGroups>";
    assert_eq!(main(groups).await.changing_security_groups, ["sg-2"]);
}

#[tokio::test(start_paused = true)]
async fn a_storage_is_busy_by_its_operation_or_by_the_status() {
    for (status, operation, busy) in [
        ("available", "", false),
        ("available", "<StorageOperationStatus>Optimizing</StorageOperationStatus>", true),
        ("available", "<StorageOperationStatus>Initializing</StorageOperationStatus>", true),
        ("storage-optimization", "", true),
        ("storage-initialization", "", true),
    ] {
        let xml = source("prod", &[], operation).replace(">available<", &format!(">{status}<"));
        let main = of_rds(&xml).await.expect("read").main;
        assert_eq!((main.status, main.is_storage_busy), (Status::Available, busy), "{status} {operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn replicas_are_told_apart_and_count_among_what_else_runs() {
    let class = |class: &str| format!("<DBInstanceClass>{class}</DBInstanceClass>");
    let other = |id: &str, engine: &str, status: &str| {
        let status = format!("<Engine>{engine}</Engine><DBInstanceStatus>{status}</DBInstanceStatus>");
        instance(id, &format!("{status}{}<MultiAZ>true</MultiAZ>", class("db.m6g.large")))
    };
    let xml = source("prod", &["b", "a"], "")
        + &replica("a", "prod", &class("db.r6g.large"))
        + &replica("b", "prod", "")
        + &other("blog", "mysql", "available")
        + &other("shop", "postgres", "available")
        + &other("busy", "postgres", "modifying")
        + &["stopped", "stopping", "starting", "creating", "deleting", "failed"]
            .map(|status| other(status, "postgres", status))
            .concat();
    let seen = of_rds(&xml).await.expect("read");
    let ids: Vec<&str> = seen.replicas.iter().map(|replica| replica.id.as_str()).collect();
    assert_eq!((ids, seen.source), (vec!["a", "b"], None));
    assert_eq!(seen.replicas[0].class, "db.r6g.large");
    let running = |class: &str, is_multi_az| RunningInstance { class: class.to_owned(), is_multi_az };
    let large = || running("db.m6g.large", true);
    let expected = [running("db.r6g.large", false), running("", false), large(), large()];
    assert_eq!(seen.others, expected, "of another engine, or not charged, is none");
}

#[tokio::test(start_paused = true)]
async fn replicas_of_replicas_in_other_regions_and_in_clusters_are_counted() {
    let arn = |id: &str| format!("arn:aws:rds:us-east-1:1:db:{id}");
    let lists = |ids: &[&str]| {
        let ids = ids
            .iter()
            .map(|id| format!("<ReadReplicaDBInstanceIdentifier>{id}</ReadReplicaDBInstanceIdentifier>"));
        format!(
            "<ReadReplicaDBInstanceIdentifiers>{}</ReadReplicaDBInstanceIdentifiers>",
            ids.collect::<String>()
        )
    };
    let cluster = "<ReadReplicaDBClusterIdentifiers><ReadReplicaDBClusterIdentifier>lake</ReadReplicaDBClusterIdentifier>\
        </ReadReplicaDBClusterIdentifiers>";
    let (far, farther) = (arn("far"), arn("farther"));
    let second = replica("a-1", "a", "");
    for (xml, expected, what) in [
        (source("prod", &["a"], "") + &replica("a", "prod", ""), 0, "only replicas here"),
        (source("prod", &["a", &far, &farther], "") + &replica("a", "prod", ""), 2, "in other Regions"),
        (source("prod", &["a"], cluster) + &replica("a", "prod", ""), 1, "in a cluster"),
        (source("prod", &["a"], "") + &replica("a", "prod", &lists(&["a-1"])) + &second, 1, "of a replica"),
        (source("prod", &["a"], "") + &replica("a", "prod", &lists(&["a-1"])), 1, "that is not shown yet"),
        (
            source("prod", &["a"], "") + &replica("a", "prod", "") + &second,
            1,
            "that its source does not list yet",
        ),
        (
            source("prod", &["a"], "") + &replica("a", "prod", &lists(&[&far])),
            1,
            "of a replica, in another Region",
        ),
    ] {
        let seen = of_rds(&xml).await.expect("read");
        assert_eq!((seen.replicas.len(), seen.replicas_elsewhere), (1, expected), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_replica_knows_its_source_in_this_region() {
    let arn = "<DBInstanceArn>arn:aws:rds:eu-central-1:1:db:up</DBInstanceArn>";
    for (of, expected) in [
        ("up", Ok(Some("up"))),
        ("arn:aws:rds:eu-central-1:1:db:up", Ok(Some("up"))),
        ("arn:aws:rds:us-east-1:1:db:up", Ok(None)),
        ("gone", Err("RDS lists the source `gone` of `prod` and does not show it yet, or no more")),
    ] {
        let xml = source("up", &[], arn) + &replica("prod", of, "");
        let seen = of_rds(&xml).await.map_err(|absence| absence.detail);
        let found = seen.map(|seen| seen.source.map(|source| source.id));
        assert_eq!(found, expected.map(|id| id.map(str::to_owned)).map_err(str::to_owned), "{of}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_of_an_answer_and_another_engine_are_no_instance() {
    for (xml, kind, detail) in [
        (source("other", &[], ""), AbsenceKind::NotFound, "RDS has no instance `prod`"),
        (
            source("prod", &["a"], ""),
            AbsenceKind::Unreadable,
            "RDS lists the replica `a` of `prod` and does not show it yet, or no more",
        ),
        (
            instance("prod", "<Engine>oracle-ee</Engine>"),
            AbsenceKind::Refused,
            "Engine is `oracle-ee`; allowed: `postgres`, `mysql`, `mariadb`",
        ),
        (member("prod", ""), AbsenceKind::Refused, "the instance `prod` belongs to the cluster `sales`"),
    ] {
        let absence = of_rds(&xml).await.expect_err("no instance");
        assert_eq!((absence.kind, absence.detail.as_str()), (kind, detail));
    }
}

#[tokio::test(start_paused = true)]
async fn of_aurora_it_is_the_writer_and_a_cluster_that_changes_is_not_available() {
    let instances = member("w", "<AllocatedStorage>1</AllocatedStorage>") + &member("r", "");
    for (status, expected) in
        [("available", Status::Available), ("failing-over", Status::Changing("failing-over".to_owned()))]
    {
        let all = seen(&instances, &cluster("aurora-postgresql", status, Some("w"), &["r"])).await;
        let found = all.classed_aurora("sales").expect("read");
        assert_eq!((found.main.id.as_str(), found.main.engine), ("w", Engine::Aurora));
        assert_eq!((found.main.status, found.main.allocated_gib), (expected, 0));
        assert_eq!(found.replicas.len(), 1);
    }
}
