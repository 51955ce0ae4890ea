//! Reserved instances: a reservation is paid for whether it is used or not, and serves any size of its family.

use std::collections::BTreeMap;

use crate::upgrades::observation::{Rehearsal, Reservation};
use crate::upgrades::refusal::ClassRefusal;
use crate::upgrades::scene::UpgradeScene;

/// A reservation that would be left without use: the class goes to another family, and what else runs does not use it up.
pub(crate) fn stranded(scene: &UpgradeScene<'_>, rehearsal: &Rehearsal, to: &str) -> Option<ClassRefusal> {
    let reservations = match &rehearsal.reservations {
        Ok(reservations) => reservations,
        Err(absence) => {
            let what = "the reserved instances".to_owned();
            return Some(ClassRefusal::NotKnown { what, why: Some(absence.clone()) });
        }
    };
    let instances = scene.instances;
    let family = family(&instances.main.class);
    if self::family(to) == family {
        return None;
    }
    let of_family: Vec<&Reservation> =
        reservations.iter().filter(|reservation| self::family(&reservation.class) == family).collect();
    let reserved: u64 = of_family
        .iter()
        .map(|it| quarters(&it.class, it.is_multi_az).saturating_mul(u64::from(it.count)))
        .sum();
    let others = instances.others.iter().filter(|other| self::family(&other.class) == family);
    let others: u64 = others.map(|other| quarters(&other.class, other.is_multi_az)).sum();
    // Replicas that go before it use nothing up then.
    let go_too = scene.go_first(to).map(|replica| quarters(&replica.class, replica.is_multi_az));
    let used = others.saturating_sub(go_too.sum());
    let stranded = of_family.first().filter(|_| reserved > used)?;
    Some(ClassRefusal::Stranded { reservation: stranded.id.clone(), class: stranded.class.clone() })
}

/// `db.t4g` of `db.t4g.large`.
fn family(class: &str) -> &str {
    class.rsplit_once('.').map_or(class, |(family, _)| family)
}

/// The size of a class in quarters of a normalized unit (Amazon RDS user guide, "Size-flexible reserved DB instances": micro 0.5,
/// small 1, medium 2, large 4, xlarge 8, and then as many times 8); Multi-AZ counts twice. What runs with an unknown size uses
/// nothing up.
fn quarters(class: &str, is_multi_az: bool) -> u64 {
    let known = BTreeMap::from([("micro", 2), ("small", 4), ("medium", 8), ("large", 16), ("xlarge", 32)]);
    let size = class.rsplit_once('.').map_or("", |(_, size)| size);
    let times = size.strip_suffix("xlarge").and_then(|times| times.parse::<u64>().ok());
    let units = known.get(size).copied().or_else(|| times.map(|times| times.saturating_mul(32)));
    let units = units.unwrap_or(0);
    if is_multi_az { units.saturating_mul(2) } else { units }
}
