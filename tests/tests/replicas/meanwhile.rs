//! What others do to the same database meanwhile: a blue/green deployment, a promotion, a health check.

use tidegate_tests::fake_replicas::{FakeReplicas, look};

use crate::{LONG, ONE, main_of, minute, minutes, reported, shop, story};

#[test]
fn the_green_side_of_a_deployment_gets_no_reads_and_nothing_is_added_while_it_is_there() {
    story(async {
        const GREEN: &str = "shop-prod-green-ab12cd";
        let two = "min: 2, max: 3";
        let (world, fleet) = (FakeReplicas::new(&[("one", None), (GREEN, None)]), shop("enforce", two));
        minutes(&fleet, &world, LONG).await;
        assert_eq!(look(&world).changes, [], "two are wanted, and it is none of them");
        assert_eq!(look(&world).records.keys().collect::<Vec<_>>(), ["tidegate:one"]);
        assert_eq!(reported(&world, "a blue/green deployment of shop-prod exists"), 1);
        look(&world).replicas.remove(GREEN);
        minutes(&fleet, &world, LONG).await;
        assert_eq!(look(&world).shown(), ["one", "tidegate-shop-prod-1"]);
        assert_eq!(reported(&world, "no blue/green deployment of shop-prod exists any more"), 1);
    });
}

#[test]
fn a_replica_that_is_promoted_right_before_its_deletion_is_not_deleted_and_told_as_promoted() {
    story(async {
        let there = [("reporting", None), ("tidegate-shop-prod-1", Some("shop"))];
        let (world, fleet) = (FakeReplicas::new(&there), shop("enforce", ONE));
        look(&world).promoted_meanwhile = Some("tidegate-shop-prod-1");
        let mut withheld = 0;
        for _ in 0..LONG {
            let answer = minute(&fleet, &world).await;
            withheld += usize::from(main_of(&answer)["outcome"] == "withheld");
        }
        assert_eq!((withheld, look(&world).promoted_meanwhile), (1, None), "the last look came once");
        assert_eq!(look(&world).changes, []);
        assert_eq!(look(&world).records.keys().collect::<Vec<_>>(), ["tidegate:reporting"]);
        assert_eq!(reported(&world, "tidegate-shop-prod-1 was promoted"), 1);
    });
}

#[test]
fn a_health_check_on_a_record_stands_against_no_removal() {
    story(async {
        let there = [("reporting", None), ("tidegate-shop-prod-1", Some("shop"))];
        let (world, fleet) = (FakeReplicas::new(&there), shop("enforce", ONE));
        for set in ["tidegate:reporting", "tidegate:tidegate-shop-prod-1"] {
            look(&world).health_checks.insert(set.to_owned(), "abcd-1234".to_owned());
        }
        minutes(&fleet, &world, LONG).await;
        assert_eq!(look(&world).shown(), ["reporting"]);
        assert_eq!(look(&world).records.keys().collect::<Vec<_>>(), ["tidegate:reporting"]);
        assert_eq!(look(&world).health_checks.keys().collect::<Vec<_>>(), ["tidegate:reporting"]);
        assert_eq!(reported(&world, "not changed"), 0);
    });
}
