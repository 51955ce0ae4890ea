//! What the tests of the whole house share: the files of the repository, and the SAM template as a tree.

pub mod cloudformation;
pub mod fake_aws;
pub mod repository;
pub mod sdk;
