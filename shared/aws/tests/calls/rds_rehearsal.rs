//! What a change of the class would meet, and what RDS tells while it is under way.

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_aws::rds;
use tidegate_policy::upgrades::observation::{
    ClassOffer, DueMaintenance, RdsMessage, Rehearsal, Reservation,
};
use tidegate_policy::{Absence, AbsenceKind};
use tokio::time::Instant;

use crate::fake::{Aws, HttpAnswer, deadline};
use crate::metrics::now;
use crate::rds::{replica, seen, source};

const OFFERS: &str = "DescribeOrderableDBInstanceOptions";
const MAINTENANCE: &str = "DescribePendingMaintenanceActions";
const RESERVATIONS: &str = "DescribeReservedDBInstances";

/// The rehearsal of `db.r6g.xlarge` for `prod`, whose source is this.
async fn rehearse_of(aws: &Aws, xml: &str) -> Rehearsal {
    let all = seen(xml, "").await;
    let instances = all.classed_rds("prod").expect("read");
    rds::rehearse(&aws.clients(), &all, &instances, "db.r6g.xlarge", deadline()).await
}

async fn rehearse(aws: &Aws) -> Rehearsal {
    rehearse_of(aws, &source("prod", &[], "")).await
}

/// Answers of one page for each of the three.
pub(crate) fn answers(offers: &str, maintenance: &str, reservations: &str) -> Aws {
    let (offers, maintenance, reservations) =
        (offers.to_owned(), maintenance.to_owned(), reservations.to_owned());
    Aws::new(move |action, _| {
        Ok(json!(match action {
            OFFERS => format!("<OrderableDBInstanceOptions>{offers}</OrderableDBInstanceOptions>"),
            MAINTENANCE => format!("<PendingMaintenanceActions>{maintenance}</PendingMaintenanceActions>"),
            _ => format!("<ReservedDBInstances>{reservations}</ReservedDBInstances>"),
        }))
    })
}

pub(crate) fn offer(storage: &str, zones: &[&str]) -> String {
    let one = |zone: &&str| format!("<AvailabilityZone><Name>{zone}</Name></AvailabilityZone>");
    let zones: String = zones.iter().map(one).collect();
    format!(
        "<OrderableDBInstanceOption><Engine>postgres</Engine><EngineVersion>16.4</EngineVersion>\
         <DBInstanceClass>db.r6g.xlarge</DBInstanceClass><LicenseModel>postgresql-license</LicenseModel>\
         <AvailabilityZones>{zones}</AvailabilityZones><MultiAZCapable>true</MultiAZCapable>\
         <ReadReplicaCapable>true</ReadReplicaCapable><Vpc>true</Vpc><StorageType>{storage}</StorageType>\
         <MinStorageSize>20</MinStorageSize><MaxStorageSize>65536</MaxStorageSize></OrderableDBInstanceOption>"
    )
}

fn reserved(id: &str, product: &str, state: &str) -> String {
    format!(
        "<ReservedDBInstance><ReservedDBInstanceId>{id}</ReservedDBInstanceId><DBInstanceClass>db.r6g.large</DBInstanceClass>\
         <DBInstanceCount>2</DBInstanceCount><ProductDescription>{product}</ProductDescription><MultiAZ>true</MultiAZ>\
         <State>{state}</State></ReservedDBInstance>"
    )
}

#[tokio::test(start_paused = true)]
async fn a_rehearsal_is_understood() {
    let bare = "<OrderableDBInstanceOption><StorageType>standard</StorageType></OrderableDBInstanceOption>";
    let actions = "<ResourcePendingMaintenanceActions><ResourceIdentifier>arn:aws:rds:eu-central-1:1:db:prod</ResourceIdentifier>\
        <PendingMaintenanceActionDetails><PendingMaintenanceAction><Action>system-update</Action>\
        <CurrentApplyDate>2026-11-29T05:00:00Z</CurrentApplyDate></PendingMaintenanceAction><PendingMaintenanceAction>\
        <Action>db-upgrade</Action><ForcedApplyDate>2027-01-01T00:00:00Z</ForcedApplyDate>\
        <AutoAppliedAfterDate>2026-12-20T00:00:00Z</AutoAppliedAfterDate></PendingMaintenanceAction>\
        </PendingMaintenanceActionDetails></ResourcePendingMaintenanceActions>";
    let reservations = reserved("ri-1", "postgresql", "active")
        + &reserved("ri-2", "postgresql", "retired")
        + &reserved("ri-3", "mysql", "active")
        + &reserved("ri-4", "postgresql", "payment-pending");
    let aws = answers(&(offer("gp3", &["eu-central-1a", "eu-central-1b"]) + bare), actions, &reservations);
    let expected = Rehearsal {
        class: "db.r6g.xlarge".to_owned(),
        offers: Ok(vec![
            ClassOffer {
                storage_type: "gp3".to_owned(),
                is_multi_az: true,
                takes_replicas: true,
                zones: vec!["eu-central-1a".to_owned(), "eu-central-1b".to_owned()],
                storage_gib: Some((20, 65_536)),
            },
            ClassOffer {
                storage_type: "standard".to_owned(),
                is_multi_az: false,
                takes_replicas: false,
                zones: vec![],
                storage_gib: None,
            },
        ]),
        maintenance: Ok(vec![
            DueMaintenance {
                action: "system-update".to_owned(),
                at: Some("2026-11-29T05:00:00Z".parse().expect("a time")),
                required: None,
                resource: "arn:aws:rds:eu-central-1:1:db:prod".to_owned(),
            },
            DueMaintenance {
                action: "db-upgrade".to_owned(),
                at: None,
                required: Some("2026-12-20T00:00:00Z".parse().expect("a time")),
                resource: "arn:aws:rds:eu-central-1:1:db:prod".to_owned(),
            },
        ]),
        reservations: Ok(vec![Reservation {
            id: "ri-1".to_owned(),
            class: "db.r6g.large".to_owned(),
            count: 2,
            is_multi_az: true,
        }]),
    };
    assert_eq!(rehearse(&aws).await, expected);
}

#[tokio::test(start_paused = true)]
async fn each_part_is_asked_of_this_instance_and_this_version() {
    let aws = answers("", "", "");
    let rehearsal = rehearse(&aws).await;
    assert_eq!(
        (rehearsal.offers, rehearsal.maintenance, rehearsal.reservations),
        (Ok(vec![]), Ok(vec![]), Ok(vec![]))
    );
    assert_eq!(aws.count(), 3);
    let offers = &aws.calls(OFFERS)[0].body;
    for (key, value) in
        [("Engine", "postgres"), ("EngineVersion", "16.4"), ("DBInstanceClass", "db.r6g.xlarge")]
    {
        assert_eq!(offers[key], value);
    }
    let maintenance = &aws.calls(MAINTENANCE)[0].body;
    assert_eq!(maintenance["Filters.Filter.1.Name"], "db-instance-id");
    assert_eq!(maintenance["Filters.Filter.1.Values.Value.1"], "prod");
}

#[tokio::test(start_paused = true)]
async fn maintenance_of_replicas_that_change_with_it_counts() {
    let of = |id: &str, action: &str| {
        format!(
            "<ResourcePendingMaintenanceActions><ResourceIdentifier>arn:aws:rds:eu-central-1:1:db:{id}</ResourceIdentifier>\
             <PendingMaintenanceActionDetails><PendingMaintenanceAction><Action>{action}</Action></PendingMaintenanceAction>\
             </PendingMaintenanceActionDetails></ResourcePendingMaintenanceActions>"
        )
    };
    let aws = answers("", &(of("prod", "system-update") + &of("b", "db-upgrade")), "");
    let class = |class: &str| format!("<DBInstanceClass>{class}</DBInstanceClass>");
    let xml = source("prod", &["a", "b", "c"], "")
        + &replica("a", "prod", &class("db.r6g.large"))
        + &replica("b", "prod", &class("db.r6g.large"))
        + &replica("c", "prod", &class("db.r6g.xlarge"));
    let maintenance = rehearse_of(&aws, &xml).await.maintenance.expect("read");
    let actions: Vec<&str> = maintenance.iter().map(|due| due.action.as_str()).collect();
    assert_eq!(actions, ["system-update", "db-upgrade"]);
    let calls = aws.calls(MAINTENANCE);
    let values = |number: usize| calls[0].body.get(format!("Filters.Filter.1.Values.Value.{number}"));
    let asked: Vec<&Value> = (1..=4).filter_map(values).collect();
    assert_eq!((calls.len(), asked), (1, ["prod", "a", "b"].map(Value::from).iter().collect()));
}

#[tokio::test(start_paused = true)]
async fn reservations_are_those_of_the_engine() {
    for (engine, version, expected) in [
        ("postgres", "16.4", vec!["postgresql"]),
        ("mysql", "8.0.39", vec!["mysql"]),
        ("mariadb", "10.11.8", vec!["mariadb"]),
    ] {
        let products = ["postgresql", "mysql", "mariadb", "aurora postgresql", "sqlserver-se (li)"];
        let reservations: String =
            products.iter().map(|product| reserved(product, product, "active")).collect();
        let xml =
            source("prod", &[], "").replace(">postgres<", &format!(">{engine}<")).replace("16.4", version);
        let found = rehearse_of(&answers("", "", &reservations), &xml).await.reservations.expect("read");
        let ids: Vec<&str> = found.iter().map(|it| it.id.as_str()).collect();
        assert_eq!(ids, expected, "{engine}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_page_counts() {
    let aws = Aws::new(|action, body| {
        let page = body["Marker"].as_str().map_or(0, |marker| marker.parse::<u32>().expect("a number"));
        let marker = if page < 2 { format!("<Marker>{}</Marker>", page + 1) } else { String::new() };
        Ok(json!(match action {
            OFFERS => {
                let one = offer(&format!("type-{page}"), &[]);
                format!("<OrderableDBInstanceOptions>{one}</OrderableDBInstanceOptions>{marker}")
            }
            MAINTENANCE => format!(
                "<PendingMaintenanceActions><ResourcePendingMaintenanceActions><PendingMaintenanceActionDetails>\
                 <PendingMaintenanceAction><Action>a-{page}</Action></PendingMaintenanceAction>\
                 </PendingMaintenanceActionDetails></ResourcePendingMaintenanceActions></PendingMaintenanceActions>{marker}"
            ),
            _ => {
                let one = reserved(&format!("ri-{page}"), "postgresql", "active");
                format!("<ReservedDBInstances>{one}</ReservedDBInstances>{marker}")
            }
        }))
    });
    let rehearsal = rehearse(&aws).await;
    assert_eq!(aws.count(), 9);
    let parts = (
        rehearsal.offers.map(|it| it.len()),
        rehearsal.maintenance.map(|it| it.len()),
        rehearsal.reservations.map(|it| it.len()),
    );
    assert_eq!(parts, (Ok(3), Ok(3), Ok(3)));
    assert!(aws.calls(OFFERS).iter().all(|call| call.body["MaxRecords"] == "100"));
}

#[tokio::test(start_paused = true)]
async fn a_part_that_fails_is_an_absence_and_leaves_the_others_known() {
    for failing in [OFFERS, MAINTENANCE, RESERVATIONS] {
        let aws = Aws::new(move |action, body| match (action == failing, body.get("Marker")) {
            // A second page that fails: the first one alone is a part.
            (true, None) => Ok(json!("<Marker>2</Marker>")),
            (true, Some(_)) => Err(("AccessDenied", "no")),
            (false, _) => Ok(json!("")),
        });
        let Rehearsal { offers, maintenance, reservations, .. } = rehearse(&aws).await;
        let denied = Absence::new(AbsenceKind::Denied, "AccessDenied: no");
        let expected = |action| if action == failing { Some(denied.clone()) } else { None };
        assert_eq!(offers.err(), expected(OFFERS));
        assert_eq!(maintenance.err(), expected(MAINTENANCE));
        assert_eq!(reservations.err(), expected(RESERVATIONS));
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_that_is_late_is_not_known() {
    let all = seen(&source("prod", &[], ""), "").await;
    let instances = all.classed_rds("prod").expect("read");
    let aws = Aws::new(|_, _| Ok(json!(""))).slow(RESERVATIONS);
    let soon = Instant::now() + Duration::from_secs(3);
    let rehearsal = rds::rehearse(&aws.clients(), &all, &instances, "db.r6g.xlarge", soon).await;
    assert_eq!((rehearsal.offers, rehearsal.maintenance), (Ok(vec![]), Ok(vec![])));
    assert_eq!(rehearsal.reservations.expect_err("late").kind, AbsenceKind::TimedOut);
}

fn event(at: &str, message: &str) -> String {
    format!(
        "<Event><SourceIdentifier>prod</SourceIdentifier><SourceType>db-instance</SourceType><Message>{message}</Message>\
         <EventCategories><EventCategory>availability</EventCategory></EventCategories><Date>{at}</Date></Event>"
    )
}

#[tokio::test(start_paused = true)]
async fn what_rds_tells_is_read_in_the_order_of_time_and_each_once() {
    let events = event("2026-11-21T08:12:00Z", "DB instance restarted")
        + &event("2026-11-21T08:10:30.250Z", "DB instance shutdown")
        + &event("2026-11-21T08:12:00Z", "DB instance\n  restarted")
        + "<Event><Message>no time</Message></Event><Event><Date>2026-11-21T08:11:00Z</Date></Event>";
    let aws = Aws::new(move |_, body| -> HttpAnswer {
        let more = if body.get("Marker").is_none() { "<Marker>2</Marker>" } else { "" };
        Ok(json!(format!("<Events>{events}</Events>{more}")))
    });
    let since = "2026-11-21T08:05:00Z".parse().expect("a time");
    let told = rds::messages(&aws.clients(), "prod", since, now(), deadline()).await.expect("read");
    let message =
        |at: &str, text: &str| RdsMessage { at: at.parse().expect("a time"), text: text.to_owned() };
    assert_eq!(
        told,
        [
            message("2026-11-21T08:10:30.25Z", "DB instance shutdown"),
            message("2026-11-21T08:12:00Z", "DB instance restarted"),
        ]
    );
    let calls = aws.calls("DescribeEvents");
    let body: &Value = &calls[0].body;
    assert_eq!((&body["SourceType"], &body["SourceIdentifier"]), (&json!("db-instance"), &json!("prod")));
    assert_eq!(body["StartTime"], "2026-11-21T08:03:00Z", "the clocks may differ");
    assert_eq!(calls.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn rds_is_not_asked_for_what_it_keeps_no_more() {
    let aws = Aws::new(|_, _| Ok(json!("")));
    let long_ago = "2026-10-01T00:00:00Z".parse().expect("a time");
    let told = rds::messages(&aws.clients(), "prod", long_ago, now(), deadline()).await;
    assert_eq!(told, Ok(vec![]));
    assert_eq!(aws.calls("DescribeEvents")[0].body["StartTime"], "2026-11-07T09:34:00Z");
}

#[tokio::test(start_paused = true)]
async fn events_that_cannot_be_read_are_an_absence() {
    let aws = Aws::new(|_, _| -> HttpAnswer { Err(("Throttling", "Rate exceeded")) });
    let told = rds::messages(&aws.clients(), "prod", now(), now(), deadline()).await;
    assert_eq!(told, Err(Absence::new(AbsenceKind::Throttled, "Throttling: Rate exceeded")));
}
