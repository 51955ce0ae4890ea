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
//! What this crate does not do: it opens no file, resolves no secret, and asks AWS nothing.

/// What is wrong with a file, and how that is told.
pub mod problem;

/// Every setting once, as data, and what is made of it: the JSON Schema and the table for people.
pub mod settings {
    pub(crate) mod bounds;
    pub(crate) mod queue;
    pub mod reference;
    pub mod schema;
    mod service;
    pub mod shape;
    pub(crate) mod texts;

    pub use service::*;
}

/// What a fleet file means once it is read.
mod model {
    pub(crate) mod built_in;
    pub mod cost;
    pub mod effective;
    pub(crate) mod fleet;
    pub mod queue;
    pub mod signals;
    pub mod target;
}

/// Text into a tree with places, its mappings by their settings, its single values.
mod yaml {
    pub(crate) mod duration;
    pub(crate) mod object;
    pub(crate) mod scalar;
    pub(crate) mod tree;
}

/// The tree into the model.
mod read {
    pub(crate) mod condition;
    pub(crate) mod expression;
    pub(crate) mod floor;
    pub(crate) mod hours;
    pub(crate) mod metrics;
    pub(crate) mod queue;
    pub(crate) mod rule;
    pub(crate) mod service;
    pub(crate) mod track;
    pub mod url;
}

/// What is refused, or worth a warning, when the whole is read.
mod check {
    pub(crate) mod rules;
}

use check::rules as checks;
use model::{built_in, fleet};
use problem::{elsewhere, excerpt, words};
use read::{condition, expression, floor, hours, metrics, queue, rule as rules, service, track};
use settings::{bounds as steering, queue as sources, shape, texts};
use yaml::{object, scalar, tree};

pub use model::{cost, effective, queue as source, signals, target};
pub use read::url;
pub use settings::{reference, schema};

pub use fleet::{Budget, FILE_BYTES_MAX, Fleet, Mode, Service, parse, parse_bytes};
pub use hours::zone_rules;
pub use problem::{Code, Place, Problem, Problems, Severity};
pub use source::{Metric, MetricSource, QueueSource, RedisUrl, Reference, Source};
pub use target::{AutoScalingGroup, EcsService, TargetName};
pub use yaml::duration::duration;
