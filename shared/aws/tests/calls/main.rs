//! Every call to AWS that `aws` makes, under the real SDK: what is asked, how often, and what the answers mean.

mod alarms;
mod buckets;
mod ecs;
mod fake;
mod fewest;
mod formats;
mod group;
mod late;
mod ledger;
mod load_balancers;
mod metrics;
mod one_bad;
mod other_autoscalers;
mod rds;
mod rds_changes;
mod rds_classes;
mod rds_metrics;
mod route53;
mod secrets;
mod update;
