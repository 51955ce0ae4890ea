//! What is tried at AWS, besides reading what the policy weighs.

use tidegate_fleet::{AutoScalingGroup, EcsService};

/// One step, and the thing that it is about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Step {
    /// Items of the ledger are read.
    #[error("read the ledger `{table}`")]
    ReadLedger {
        /// The table.
        table: String,
    },
    /// An item that was read is understood.
    #[error("parse the item `{key}` of the ledger `{table}`")]
    UnderstandItem {
        /// The item's sort key.
        key: String,
        /// The table.
        table: String,
    },
    /// The memory is written, with the intents.
    #[error("write the ledger `{table}`")]
    WriteMemory {
        /// The table.
        table: String,
    },
    /// What came of the intents is written.
    #[error("write the outcome to the ledger `{table}`")]
    WriteOutcome {
        /// The table.
        table: String,
    },
    /// Activities are written.
    #[error("record {count} activities in the ledger `{table}`")]
    RecordActivities {
        /// How many.
        count: usize,
        /// The table.
        table: String,
    },
    /// Delayed evaluations are sent.
    #[error("send evaluations to `{queue_url}`")]
    SendEvaluations {
        /// The queue of the function's own evaluations.
        queue_url: String,
    },
    /// A report is published.
    #[error("publish a report to `{topic}`")]
    PublishReport {
        /// The topic.
        topic: String,
    },
    /// The desired count of a service is set.
    #[error("update service `{}` in cluster `{}` to {tasks} tasks", service.service, service.cluster)]
    SetDesiredCount {
        /// The service.
        service: EcsService,
        /// The desired count.
        tasks: u32,
    },
    /// Bounds and flags of Application Auto Scaling are set.
    #[error("register the scalable target of service `{}` in cluster `{}`", service.service, service.cluster)]
    RegisterScalableTarget {
        /// The service.
        service: EcsService,
    },
    /// Processes of a group are suspended.
    #[error("suspend processes of the Auto Scaling group `{}`", group.name)]
    SuspendProcesses {
        /// The group.
        group: AutoScalingGroup,
    },
    /// Processes of a group are resumed.
    #[error("resume processes of the Auto Scaling group `{}`", group.name)]
    ResumeProcesses {
        /// The group.
        group: AutoScalingGroup,
    },
    /// The desired capacity of a group is set.
    #[error("set the desired capacity of the Auto Scaling group `{}` to {instances}", group.name)]
    SetDesiredCapacity {
        /// The group.
        group: AutoScalingGroup,
        /// The desired capacity.
        instances: u32,
    },
    /// A read replica, or a reader of Aurora, is created.
    #[error("create the read replica `{replica}` of `{source_instance}`")]
    CreateReplica {
        /// Its identifier.
        replica: String,
        /// What it replicates; of Aurora the writer.
        source_instance: String,
    },
    /// A read replica, or a reader of Aurora, is deleted.
    #[error("delete the read replica `{replica}`")]
    DeleteReplica {
        /// Its identifier.
        replica: String,
    },
    /// A manual snapshot is taken before a change of the class.
    #[error("take the snapshot `{snapshot}` of `{instance}`")]
    TakeSnapshot {
        /// Its identifier.
        snapshot: String,
        /// The instance.
        instance: String,
    },
    /// The class of an instance is changed.
    #[error("change the class of `{instance}` to `{class}`")]
    ChangeClass {
        /// Its identifier.
        instance: String,
        /// The class that is asked for.
        class: String,
    },
    /// RDS is allowed to raise the storage of an instance further.
    #[error("set MaxAllocatedStorage of `{instance}` to {gib} GiB")]
    RaiseMaxStorage {
        /// Its identifier.
        instance: String,
        /// `MaxAllocatedStorage`.
        gib: u32,
    },
    /// Records of a name are changed.
    #[error("change the records of `{name}` in the hosted zone `{zone}`")]
    ChangeRecords {
        /// The name.
        name: String,
        /// `HostedZoneId`.
        zone: String,
    },
}
