//! Every call to AWS that `aws` makes, under the real SDK: what is asked, how often, and what the answers mean.

mod alarms;
mod buckets;
mod ecs;
mod fake;
mod fargate;
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
mod rds_class_change;
mod rds_snapshots;
mod rds_classed;
mod rds_classes;
mod rds_loads;
mod rds_metrics;
mod rds_rehearsal;
mod route53;
mod secrets;
mod update;
