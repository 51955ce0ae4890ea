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

pub mod problem;
mod elsewhere;
mod excerpt;
mod words;

pub mod shape;
pub mod settings;
pub mod schema;
pub mod reference;
pub mod signals;
mod sources;
mod steering;
mod texts;

mod tree;
mod object;
mod scalar;
mod condition;
mod expression;

pub mod source;
pub mod target;
mod fleet;
mod service;
mod metrics;
mod built_in;
mod queue;
mod hours;
mod floor;
mod track;
pub mod url;
mod rules;
mod checks;
pub mod cost;

pub use fleet::{Budget, FILE_BYTES_MAX, Fleet, Mode, Service, parse, parse_bytes};
pub use problem::{Code, Place, Problem, Problems, Severity};
pub use source::{Metric, MetricSource, QueueSource, RedisUrl, Reference, Source};
pub use target::{AutoScalingGroup, EcsService, TargetName};
