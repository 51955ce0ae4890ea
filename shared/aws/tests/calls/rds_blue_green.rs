//! The green side of a blue/green deployment, as RDS shows it: a replica of its source by all but its name.

use tidegate_policy::replicas::observation::Instances;

use crate::rds::{TAGS, replica, seen, source, tags};

const GREEN: &str = "prod-green-ab12cd";

/// The replicas of `prod`, and its green side.
fn shown(seen: &Instances) -> (Vec<&str>, Option<&str>) {
    (seen.replicas.iter().map(|replica| replica.id.as_str()).collect(), seen.green.as_deref())
}

#[tokio::test(start_paused = true)]
async fn the_green_side_of_a_deployment_is_no_replica_of_its_source() {
    // The copies of the replicas have the green instance as their source, and may have the tags of what they are copies of.
    let all = source("prod", &["one", GREEN], "")
        + &replica("one", "prod", "")
        + &replica(GREEN, "prod", &tags("shop", "main"))
        + &replica("one-green-x1y2z3", GREEN, "")
        + &replica("tidegate-prod-1-green-000000", GREEN, &tags("shop", "main"));
    let account = seen(&all, "").await;
    let instances = account.of_rds("prod", TAGS).expect("read");
    assert_eq!(shown(&instances), (vec!["one"], Some(GREEN)));
    assert!(instances.taken.iter().any(|id| id == GREEN), "its identifier is taken");
    let classed = account.classed_rds("prod").expect("read");
    let replicas: Vec<&str> = classed.replicas.iter().map(|replica| replica.id.as_str()).collect();
    assert_eq!((replicas, classed.green.as_deref()), (vec!["one"], Some(GREEN)));
    assert_eq!(classed.replicas_elsewhere, 0, "what replicates from the green side is none of them");
    let of_a_replica = account.classed_rds("one").expect("read");
    assert_eq!(of_a_replica.green.as_deref(), Some(GREEN), "the source of it is in a deployment");
}

#[tokio::test(start_paused = true)]
async fn a_green_side_is_known_by_its_whole_name_and_its_source() {
    let is_green = async |id: &str, of: &str| {
        let seen = seen(&(source("prod", &[], "") + &replica(id, of, "")), "").await;
        let instances = seen.of_rds("prod", TAGS).expect("read");
        let (replicas, green) = shown(&instances);
        assert!(replicas.is_empty() || green.is_none(), "{id} is one of both");
        green.is_some()
    };
    assert!(is_green(GREEN, "prod").await);
    assert!(is_green("prod-green-green6", "prod").await);
    for (id, of) in [
        (GREEN, "another"),
        ("prod-green-ab12c", "prod"),
        ("prod-green-ab12cde", "prod"),
        ("prod-green-ab-2cd", "prod"),
        ("prod-green-", "prod"),
        ("pro-green-ab12cd", "prod"),
        ("prod2-green-ab12cd", "prod"),
        ("prod-one-green-ab12cd", "prod"),
        ("-green-ab12cd", "prod"),
        ("prod-blue-ab12cd", "prod"),
        ("one", "prod"),
    ] {
        assert!(!is_green(id, of).await, "{id} of {of}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_has_no_room_for_more_may_be_cut() {
    let long = "p".repeat(60);
    let green = async |stem: usize| {
        let id = format!("{}-green-ab12cd", "p".repeat(stem));
        let seen = seen(&(source(&long, &[], "") + &replica(&id, &long, "")), "").await;
        seen.of_rds(&long, TAGS).expect("read").green
    };
    assert!(green(50).await.is_some(), "63 characters, the most that RDS takes");
    assert!(green(49).await.is_none(), "this one had room for more");
}

#[tokio::test(start_paused = true)]
async fn after_the_switchover_the_green_side_is_the_source_and_its_replicas_are_those() {
    let all = source("prod", &["one"], "")
        + &replica("one", "prod", "")
        + &source("prod-old1", &["one-old1"], "")
        + &replica("one-old1", "prod-old1", "");
    let instances = seen(&all, "").await.of_rds("prod", TAGS).expect("read");
    assert_eq!(shown(&instances), (vec!["one"], None));
}
