//! One entry of `databases`.

use std::num::NonZeroU32;

use tidegate_policy::replicas::policy::{DatabasePolicy, LagLimits, ReadRecord, ReplicaCount};

use crate::check;
use crate::model::database::{Database, DatabaseKind};
use crate::model::mode::Mode;
use crate::problem::{Code, Problem, Problems};
use crate::read::condition::ParsedCondition;
use crate::read::instance_condition;
use crate::read::lag;
use crate::read::mode;
use crate::read::upgrade::{self, ClassAndStorage};
use crate::settings::database::DATABASE;
use crate::settings::texts;
use crate::yaml::object::{Object, read_scalar};
use crate::yaml::scalar;
use crate::yaml::tree::{Node, Value};

/// Reads a database; `None` only after reporting why, or when the fleet's own mode is unknown.
pub(crate) fn read(node: &Node, fleet_mode: Option<Mode>, problems: &mut Problems) -> Option<Database> {
    let object = Object::open(node, &DATABASE, problems)?;
    let name = object.text("name", problems);
    let mode = mode::read(&object, "database", fleet_mode, problems);
    let chosen = object.chosen(DatabaseKind::TABLE);
    let kind = chosen.map(|(_, kind)| kind);
    let id = chosen.and_then(|(key, _)| object.text(key, problems));
    let max_connections = object.count("max_connections", problems);
    let upgrade = upgrade::read(&object, kind, max_connections.and_then(NonZeroU32::new), problems);
    let replicas = object.map("replicas", problems)?;
    let lag = lag(&replicas, kind, problems);
    let count = count(&replicas, problems);
    let dns = dns(&replicas, kind, problems);
    // What is there and could not be read is reported, and nothing more is said of it.
    let is_cut = [("lag", lag.is_none()), ("min", count.is_none()), ("dns", dns.is_none())]
        .iter()
        .any(|(key, missing)| *missing && replicas.has(key));
    if is_cut || (max_connections.is_none() && object.has("max_connections")) {
        return None;
    }
    let (kind, id) = (kind?, id?);
    let ClassAndStorage { policy: upgrade, floor } = upgrade?;
    let is_aurora = match kind {
        DatabaseKind::Rds => false,
        DatabaseKind::Aurora => true,
    };
    let database = Database {
        name: name?,
        instance: kind.named(id),
        mode: mode?,
        policy: DatabasePolicy { is_aurora, lag, count, dns },
        max_connections: max_connections.and_then(NonZeroU32::new),
        upgrade,
        floor,
    };
    check::database::replicas(&database, &replicas, problems);
    Some(database)
}

/// The limits of the lag; `None` when there are none, or after reporting why.
fn lag(replicas: &Object<'_>, kind: Option<DatabaseKind>, problems: &mut Problems) -> Option<LagLimits> {
    let node = replicas.node("lag")?;
    let parse = |text: &str| lag::parse(text, kind);
    if matches!(node.value, Value::Scalar(_)) {
        let warning = read_scalar(node, "lag", problems, |written| {
            Some(scalar::text(written, &texts::LAG).and_then(|text| parse(&text)))
        })?;
        return Some(LagLimits { warning, critical: None });
    }
    let (_, limits) = replicas.text_or_map("lag", problems)?;
    let (warning, critical) =
        (limits.parsed("warning", problems, parse), limits.parsed("critical", problems, parse));
    let warning = warning?;
    if let Some(critical) = critical.filter(|critical| *critical <= warning) {
        let written = |lag| if lag == critical { "the same as" } else { "below" };
        let message = format!("`critical` is {} `warning`", written(warning));
        let help = "a critical lag is longer than one that is only worth a warning";
        problems.push(Problem::new(Code::MinAboveMax, limits.place_of("critical"), message).help(help));
        return None;
    }
    if critical.is_none() && limits.has("critical") {
        return None;
    }
    Some(LagLimits { warning, critical })
}

/// How many replicas there are; `None` when they are only watched, or after reporting why.
fn count(replicas: &Object<'_>, problems: &mut Problems) -> Option<ReplicaCount> {
    let bounds = bounds(replicas, problems);
    let out = condition(replicas, "out", problems);
    let into = condition(replicas, "in", problems);
    let class = replicas.text("class", problems);
    let (cooldown, drain) = (replicas.duration("cooldown", problems), replicas.duration("drain", problems));
    if let (Some(out), Some(into)) = (&out, &into) {
        check::database::contradicting((&out.condition, &into.condition), replicas, problems);
    }
    for (key, condition) in [("out", &out), ("in", &into)] {
        if let (Some(parsed), Some(node)) = (condition, replicas.node(key)) {
            let (offset, width) = parsed.threshold;
            check::database::never_matches(&parsed.condition, node.place_of(offset, width), problems);
        }
    }
    let is_cut = |key: &str, missing: bool| missing && replicas.has(key);
    if is_cut("out", out.is_none()) || is_cut("in", into.is_none()) || is_cut("class", class.is_none()) {
        return None;
    }
    let (min, max) = bounds?;
    let only = |parsed: Option<ParsedCondition>| parsed.map(|parsed| parsed.condition);
    let (scale_out, scale_in) = (only(out), only(into));
    Some(ReplicaCount { min, max, scale_out, scale_in, class, cooldown: cooldown?, drain: drain? })
}

/// Fewest and most replicas.
fn bounds(replicas: &Object<'_>, problems: &mut Problems) -> Option<(u32, u32)> {
    let (min, max) = (replicas.count("min", problems), replicas.count("max", problems));
    let (min, max) = (min?, max?);
    if min <= max {
        return Some((min, max));
    }
    let message = format!("`min` is {min}, above `max` {max}");
    problems.push(Problem::new(Code::MinAboveMax, replicas.place_of("min"), message));
    None
}

/// What adds (`out`) or removes (`in`) a replica.
fn condition(replicas: &Object<'_>, key: &str, problems: &mut Problems) -> Option<ParsedCondition> {
    replicas.parsed(key, problems, |text| {
        instance_condition::directed(instance_condition::parse_of_replicas(text)?, key, key == "out")
    })
}

/// The name that reads go to; `None` when there is none, or after reporting why.
fn dns(replicas: &Object<'_>, kind: Option<DatabaseKind>, problems: &mut Problems) -> Option<ReadRecord> {
    replicas.node("dns")?;
    if kind == Some(DatabaseKind::Aurora) {
        let message = "`dns` is for RDS only";
        let help = "remove it: the reader endpoint of Aurora follows the readers by itself; point your own record at that \
                    endpoint once";
        problems.push(Problem::new(Code::DnsOfAurora, replicas.place_of("dns"), message).help(help));
    }
    let dns = replicas.map("dns", problems)?;
    let (zone, name) = (dns.text("zone", problems), dns.text("record", problems));
    let ttl = dns.count("ttl", problems);
    Some(ReadRecord { zone: zone?, name: name?, ttl: ttl? })
}
