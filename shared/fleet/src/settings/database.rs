//! The settings of a database: where it runs, how far its replicas may lag, and how many there are. Those of its class and its
//! storage stand in [`upgrade`](crate::settings::upgrade).

use tidegate_policy::replicas::policy::REPLICAS_MAX;

use crate::model::database::DatabaseKind;
use crate::settings::metric::{METRIC_FORMS, METRICS_MAX};
use crate::settings::service::MODE;
use crate::settings::shape::{Need, Shape, ValueKind, default, optional, required};
use crate::settings::texts;
use crate::settings::upgrade::{CLASSES, STORAGE, UPGRADE};

/// Databases of one fleet: one item of the ledger holds the memory of all their replicas (`ledger` has the sum). An account has
/// 40 instances in a Region, replicas included, before it asks AWS for more.
pub(crate) const DATABASES_MAX: usize = 20;

/// One entry of `databases`.
pub(crate) const DATABASE: Shape = Shape {
    name: "a database",
    about: "A database of Amazon RDS or Aurora: its read replicas, its instance class and storage, and the connections that guard \
            services.",
    settings: &[
        required(
            "name",
            ValueKind::Text(&texts::NAME),
            "The database's name in reports and on the command line; no service has the same.",
        ),
        optional(
            DatabaseKind::Rds.as_str(),
            ValueKind::Text(&texts::DATABASE_ID),
            "The instance in Amazon RDS (`DBInstanceIdentifier`), the source of the replicas: PostgreSQL, MySQL or MariaDB.",
        ),
        optional(
            DatabaseKind::Aurora.as_str(),
            ValueKind::Text(&texts::DATABASE_ID),
            "The cluster of Amazon Aurora (`DBClusterIdentifier`); its readers are the replicas.",
        ),
        optional("mode", MODE, "`observe` only observes this database in a fleet with `mode: enforce`."),
        optional(
            "replicas",
            ValueKind::Map(&REPLICAS),
            "How far the read replicas may lag, and how many there are. Without `min` and `max` they are only watched.",
        ),
        optional(
            "classes",
            CLASSES,
            "The instance classes that it may have (`DBInstanceClass`), the smallest first; of RDS only. Without `upgrade` the \
             class changes on request only.",
        ),
        optional(
            "upgrade",
            ValueKind::Map(&UPGRADE),
            "When the class changes, one class at a time, in a maintenance window; with `classes`.",
        ),
        optional(
            "metrics",
            ValueKind::Table { key: &texts::METRIC_KEY, value: &METRIC_FORMS, min: 0, max: METRICS_MAX },
            "Business metrics in CloudWatch, for the `floor` of `upgrade`.",
        ),
        optional(
            "storage",
            ValueKind::Map(&STORAGE),
            "How far RDS may raise the storage by itself, and when operators are told that it fills up; of RDS only.",
        ),
        optional(
            "max_connections",
            ValueKind::Count { min: 1, max: 1_000_000, unit: "connections" },
            "How many connections the database takes (`max_connections`), for guards and for `upgrade`. Without it: of RDS, for \
             guards, what its parameter group sets, else the default of its instance class; for Aurora write it.",
        ),
    ],
    needs: &[
        Need::ExactlyOne(DatabaseKind::WORDS),
        Need::Together {
            keys: &["upgrade"],
            with: &["classes"],
            help: "write the classes that it may have, the smallest first: `classes: [db.t4g.medium, db.t4g.large]`",
        },
    ],
};

/// The `replicas` of a database.
pub(crate) const REPLICAS: Shape = Shape {
    name: "`replicas`",
    about: "The read replicas of a database.",
    settings: &[
        optional(
            "lag",
            ValueKind::TextOrMap(&texts::LAG, &LAG_LIMITS),
            "How far a replica may lag behind its source. Above it operators are warned, and the replica answers no reads \
             (`dns`).",
        ),
        optional(
            "min",
            REPLICA_COUNT,
            "Fewest replicas; with `max`. Below it one is created without waiting for `out`.",
        ),
        optional("max", REPLICA_COUNT, "Most replicas; with `min`."),
        optional(
            "out",
            ValueKind::Text(&texts::REPLICA_CONDITION),
            "A replica is added while this holds for the busiest one: `cpu > 70% for 5m`, or `connections > 400 for 5m`.",
        ),
        optional(
            "in",
            ValueKind::Text(&texts::REPLICA_CONDITION),
            "A replica that Tidegate created is removed while this holds for every one: `cpu < 30% for 15m`.",
        ),
        optional(
            "class",
            ValueKind::Text(&texts::DATABASE_CLASS),
            "The instance class of new replicas (`DBInstanceClass`); by default that of the source.",
        ),
        default(
            "cooldown",
            ValueKind::Duration { min_seconds: 60, max_seconds: 86_400 },
            "After a replica was added or removed, no other change for this long.",
            "10m",
            "a new replica needs some minutes until its share of the reads shows in the metrics",
        ),
        default(
            "drain",
            ValueKind::Duration { min_seconds: 0, max_seconds: 86_400 },
            "The most that a replica waits for its connections to end before it is deleted.",
            "10m",
            "longer than most reads take; what still reads then loses its connection",
        ),
        optional(
            "dns",
            ValueKind::Map(&DNS),
            "The name that reads go to, of RDS only: one weighted record per replica that keeps up. Without it Tidegate does \
             not add replicas, since no reads would reach them; it tells operators instead. Aurora has a reader endpoint.",
        ),
    ],
    needs: &[Need::Together {
        keys: &["min", "max", "out", "in", "class", "cooldown", "drain"],
        with: &["min", "max"],
        help: "write both: without them the replicas are only watched",
    }],
};

const REPLICA_COUNT: ValueKind = ValueKind::Count { min: 1, max: REPLICAS_MAX, unit: "replicas" };

const LAG_LIMITS: Shape = Shape {
    name: "`lag`",
    about: "How far a replica may lag, with two severities.",
    settings: &[
        required(
            "warning",
            ValueKind::Text(&texts::LAG),
            "Above this operators are warned, and the replica answers no reads (`dns`).",
        ),
        optional("critical", ValueKind::Text(&texts::LAG), "Above this the notice is critical."),
    ],
    needs: &[],
};

/// The `dns` of replicas.
const DNS: Shape = Shape {
    name: "`dns`",
    about: "The name that reads go to: one weighted CNAME record per replica that keeps up.",
    settings: &[
        required(
            "zone",
            ValueKind::Text(&texts::HOSTED_ZONE),
            "The hosted zone of Route 53 (`HostedZoneId`).",
        ),
        required("record", ValueKind::Text(&texts::RECORD), "The name of the record: `read.db.internal`."),
        default(
            "ttl",
            ValueKind::Count { min: 1, max: 60, unit: "seconds" },
            "How long resolvers keep an answer (`TTL`).",
            "5",
            "a replica that lags must stop answering reads soon; Aurora's endpoints have 5 seconds too",
        ),
    ],
    needs: &[],
};
