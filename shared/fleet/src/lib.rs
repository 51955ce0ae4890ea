//! The fleet file: text in, validated policies out, or every problem at once.
//!
//! ```
//! let text = r#"
//! version: 1
//! name: shop
//! mode: observe
//! services:
//!   - name: worker
//!     ecs: { cluster: shop, service: worker }
//!     capacity: { min: 5, max: 50 }
//!     queue: { celery: { url: "redis://redis:6379/0", queue: celery } }
//!     rules:
//!       - { when: waiting > 500, add: 5 }
//!       - { when: waiting < 50, remove: 2 }
//! "#;
//! let fleet = tidegate_fleet::parse(text)?;
//! assert_eq!(fleet.services()[0].policy().capacity.max(), 50);
//!
//! let problems = tidegate_fleet::parse(&text.replace("waiting > 500", "waitin > 500")).unwrap_err();
//! assert!(problems.to_string().starts_with(
//!     "fleet.yaml:11:17: `when` names the unknown signal `waitin`; did you mean `waiting`?"
//! ));
//! # Ok::<(), tidegate_fleet::Problems>(())
//! ```
//!
//! Its rooms, each of which uses only those before it: `problem`, `model`, `settings`, `yaml`, `check`, `read`.
//!
//! What this crate does not do: it opens no file, resolves no secret, and asks AWS nothing.

mod check;
mod model;
mod problem;
mod read;
mod settings;
mod yaml;

pub use model::database::{Database, DatabaseKind, DatabaseName};
pub use model::emergency::{Emergency, Profile};
pub use model::fleet::{Budget, Fleet, Service};
pub use model::metric::{LoadBalancerMetric, MathSource, Metric, MetricSource, Source};
pub use model::mode::Mode;
pub use model::queue::{
    BullmqQueue, CeleryQueue, CloudwatchQueue, QueueKind, QueueSource, RedisList, RedisUrl, Reference,
    SqsQueue,
};
pub use model::target::{AutoScalingGroup, EcsService, TargetKind, TargetName};
pub use model::{cost, signals};
pub use problem::{Code, Place, Problem, ProblemSeverity, Problems};
pub use read::hours::zone_rules;
pub use read::{FILE_BYTES_MAX, effective, parse, parse_bytes, url};
pub use settings::{reference, schema};
pub use yaml::duration::duration;
