//! What the tests of the whole house share: the files of the repository, its documents, the SAM template as a tree,
//! what its roles allow, and a walk through a fleet file.

pub mod cloudformation;
pub mod directions;
pub mod fake_aws;
pub mod fake_fleet;
pub mod fake_ledger;
pub mod fake_process;
pub mod fake_replicas;
pub mod fake_upgrades;
pub mod iam;
pub mod markdown;
pub mod modules;
pub mod repository;
pub mod sdk;
pub mod types;
pub mod walk;
