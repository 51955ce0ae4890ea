//! Five hundred services at the pace that ECS allows.

use std::fmt::Write as _;

use tidegate_tests::fake_fleet::{FakeFleet, lock};

use crate::stage::{engage, minutes, restore, send, story};

const SERVICES: usize = 500;

fn fleet() -> String {
    let mut text = "version: 1\nname: large\nmode: enforce\nservices:\n".to_owned();
    for number in 0..SERVICES {
        let _ = writeln!(
            text,
            "  - {{ name: s{number:03}, ecs: {{ cluster: prod, service: s{number:03} }}, capacity: {{ min: 2, max: 10 }}, \
             hours: [{{ during: \"mon-fri 07:00-20:00 UTC\", min: 2 }}] }}"
        );
    }
    text
}

#[test]
fn five_hundred_services_are_raised_within_a_twentieth_of_what_ecs_allows_and_none_is_throttled() {
    story(async {
        let (fleet, names) =
            (fleet(), (0..SERVICES).map(|number| format!("s{number:03}")).collect::<Vec<_>>());
        let services: Vec<_> = names.iter().map(|name| (name.as_str(), 2, None)).collect();
        let world = FakeFleet::new(&services);
        let (answer, ()) =
            tokio::join!(send(&fleet, &world, engage("max"), "engage"), minutes(&fleet, &world, 2));
        let answer = answer.expect("nothing kills it");
        let (took, updates, throttled) = {
            let world = lock(&world);
            let last = world.updates.last().expect("something was set").1;
            (last.as_secs_f64(), world.updates.len(), world.throttled)
        };
        eprintln!(
            "500 services: {took:.2} virtual seconds, the limit is 90 s; {updates} calls, {throttled} throttled"
        );
        assert!(took <= 1.05 * 90.0, "{took}");
        assert_eq!((updates, throttled), (SERVICES, 0));
        assert!(lock(&world).services.values().all(|service| service.desired == 10));
        let targets = answer["targets"].as_array().expect("targets");
        assert_eq!(targets.len(), SERVICES + 1, "and the answer has them all");

        minutes(&fleet, &world, 6).await;
        send(&fleet, &world, restore(), "restore").await;
        assert!(lock(&world).services.values().all(|service| service.desired == 2));
        assert_eq!(lock(&world).updates.len(), 2 * SERVICES);
        assert_eq!(lock(&world).throttled, 0);
        assert!(lock(&world).memory()["incident"].is_null());
    });
}
