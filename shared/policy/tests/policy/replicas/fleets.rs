//! The databases of the guides: each threshold walked for its whole duration, and a minute less.

use jiff::SignedDuration;
use tidegate_policy::replicas::observation::{Engine, Status};
use tidegate_policy::replicas::policy::LagLimits;

use crate::replicas::{Shop, call, told};
use crate::stage::seconds;

/// The first minute in which something is reported or called; within so many.
fn first(shop: &mut Shop, within: u32) -> Option<(u32, String)> {
    (1..=within).find_map(|minute| {
        let decision = shop.minute();
        let happened = [told(&decision), vec![call(&decision)]].concat().join("");
        (!happened.is_empty()).then_some((minute, happened))
    })
}

/// "`ReplicaLag` > 15 seconds": three of five settled minutes, six minutes after the first.
#[test]
fn roleferry_is_warned_of_a_lag_over_15_seconds() {
    for (lag, minutes, expected) in [
        (15.0, 60, None),
        (15.1, 2, None),
        (15.1, 60, Some((6, "+lag".to_owned()))),
        (3_600.0, 60, Some((6, "+lag".to_owned()))),
    ] {
        let mut roleferry = Shop::new(2).engine(Engine::PostgreSql { major: 15, minor: 4 });
        roleferry.minutes(3);
        roleferry.load("shop-2").lag = Some(lag);
        let during =
            (1..=minutes).find_map(|minute| first(&mut roleferry, 1).map(|(_, what)| (minute, what)));
        let after = if during.is_none() {
            roleferry.load("shop-2").lag = Some(0.0);
            first(&mut roleferry, 30)
        } else {
            None
        };
        assert_eq!((during, after), (expected, None), "{lag} for {minutes} minutes");
    }
}

/// "1–5 read replicas by CPU": out above 70 % for five minutes, in below 30 % for fifteen, limit by limit.
#[test]
fn mercenary_runs_one_to_five_replicas_by_cpu() {
    let mercenary = |replicas| {
        let mut shop = Shop::new(replicas).counting(1, 5, "cpu > 70% for 5m", "cpu < 30% for 15m");
        shop.minutes(31);
        shop
    };
    for minutes in [4, 5] {
        let mut shop = mercenary(2);
        shop.load("shop-1").cpu = Some(70.1);
        let during = first(&mut shop, minutes);
        shop.load("shop-1").cpu = Some(69.9);
        let expected = (minutes == 5).then(|| (5, "create tidegate-shop-1".to_owned()));
        assert_eq!((during, first(&mut shop, 5)), (expected, None));
    }
    for minutes in [14, 15] {
        let mut shop = mercenary(2);
        shop.all(|load| load.cpu = Some(10.0));
        assert_eq!(first(&mut shop, minutes), None);
        // What was low for the whole time is known three minutes later; nothing higher may stand against it.
        shop.all(|load| load.cpu = Some(if minutes == 15 { 10.0 } else { 30.0 }));
        shop.minutes(3);
        assert_eq!(shop.memory.change.is_some(), minutes == 15, "{minutes}");
    }
    let mut at_five = mercenary(5);
    at_five.all(|load| load.cpu = Some(99.0));
    assert_eq!(first(&mut at_five, 60), Some((5, "+at max".to_owned())));
    let mut at_one = mercenary(1);
    at_one.all(|load| load.cpu = Some(0.0));
    assert_eq!(first(&mut at_one, 120), None);
}

/// "Replica lag under 100 ms": Aurora shows milliseconds, RDS does not (the fleet file refuses it there).
#[test]
fn mercenary_on_aurora_keeps_its_lag_under_100_milliseconds() {
    for (lag, expected) in [(0.099, None), (0.1, None), (0.101, Some((6, "+lag".to_owned())))] {
        let mut mercenary = Shop::new(2).engine(Engine::Aurora);
        let warning = SignedDuration::from_millis(100);
        mercenary.policy.lag = Some(LagLimits { warning, critical: None });
        mercenary.minutes(3);
        mercenary.load("shop-1").lag = Some(lag);
        assert_eq!(first(&mut mercenary, 40), expected, "{lag}");
    }
}

/// At most five, whoever created them; the sixth is not created, and nothing of others is removed.
#[test]
fn cloudsync_has_a_limit_of_five() {
    let cloudsync = |replicas: u32| {
        let mut shop = Shop::new(replicas).counting(1, 5, "connections > 100 for 3m", "");
        shop.instances().replicas.iter_mut().for_each(|replica| replica.is_ours = false);
        shop.minutes(3);
        shop.all(|load| load.connections = Some(101.0));
        shop
    };
    assert_eq!(first(&mut cloudsync(4), 30), Some((3, "create tidegate-shop-1".to_owned())));
    assert_eq!(first(&mut cloudsync(5), 30), Some((3, "+at max".to_owned())));
    let mut six = cloudsync(6);
    assert_eq!(first(&mut six, 60), None, "above the limit, and none of them is ours");
}

/// MariaDB with one replica: it is kept whatever the load, created anew when it is gone, and told when it is broken.
#[test]
fn green_matchers_has_one_replica_of_mariadb() {
    let green_matchers = || {
        let mut shop = Shop::new(1).engine(Engine::MariaDb).counting(1, 1, "", "");
        shop.policy.lag = Some(LagLimits { warning: seconds(30), critical: Some(seconds(300)) });
        shop.minutes(2);
        shop
    };
    let mut busy = green_matchers();
    busy.all(|load| load.cpu = Some(99.0));
    assert_eq!(first(&mut busy, 60), None);
    let mut lagging = green_matchers();
    lagging.all(|load| load.lag = Some(301.0));
    assert_eq!(first(&mut lagging, 60), Some((6, "+lag!".to_owned())));
    assert_eq!(lagging.answers(), ["shop-1"], "the last one stays");
    let mut broken = green_matchers();
    broken.all(|load| load.lag = Some(-1.0));
    assert_eq!(first(&mut broken, 60), Some((6, "+broken shop-1!".to_owned())));
    assert_eq!(first(&mut broken, 60), None, "told once, and nothing is added beside it");
    let mut gone = green_matchers();
    gone.gone("shop-1");
    assert_eq!(
        first(&mut gone, 10),
        Some((4, "+reads on source!gone shop-1create tidegate-shop-1".to_owned()))
    );
    let mut failed = green_matchers();
    failed.replica("shop-1").status = Status::Failed("failed".to_owned());
    assert_eq!(first(&mut failed, 10).map(|(minute, _)| minute), Some(1));
}
