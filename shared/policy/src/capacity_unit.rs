//! What a capacity counts, and its words: the sentences about an Auto Scaling group say instances, not tasks.

use crate::rule::thousands;

/// What a capacity counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapacityUnit {
    /// Tasks of an ECS service.
    Tasks,
    /// Instances of an EC2 Auto Scaling group.
    Instances,
}

impl CapacityUnit {
    /// `task`
    #[must_use]
    pub fn one(self) -> &'static str {
        match self {
            Self::Tasks => "task",
            Self::Instances => "instance",
        }
    }

    /// `tasks`
    #[must_use]
    pub fn many(self) -> &'static str {
        match self {
            Self::Tasks => "tasks",
            Self::Instances => "instances",
        }
    }

    /// `1 task`, `5 tasks`.
    #[must_use]
    pub fn so_many(self, count: u32) -> String {
        format!("{} {}", thousands(count), if count == 1 { self.one() } else { self.many() })
    }

    /// What is scaled: `ECS service`.
    #[must_use]
    pub fn scaled(self) -> &'static str {
        match self {
            Self::Tasks => "ECS service",
            Self::Instances => "Auto Scaling group",
        }
    }

    /// What AWS calls the number that is set: `desired count`.
    #[must_use]
    pub fn desired(self) -> &'static str {
        match self {
            Self::Tasks => "desired count",
            Self::Instances => "desired capacity",
        }
    }

    /// AWS's own autoscaling of it: `Application Auto Scaling`.
    #[must_use]
    pub fn autoscaling(self) -> &'static str {
        match self {
            Self::Tasks => "Application Auto Scaling",
            Self::Instances => "EC2 Auto Scaling",
        }
    }

    /// What replaces all of them: `deployment`.
    #[must_use]
    pub fn rollout(self) -> &'static str {
        match self {
            Self::Tasks => "deployment",
            Self::Instances => "instance refresh",
        }
    }

    /// The AWS service that sets that number: `ECS`.
    #[must_use]
    pub fn aws_service(self) -> &'static str {
        match self {
            Self::Tasks => "ECS",
            Self::Instances => "EC2 Auto Scaling",
        }
    }

    /// A verdict, a reason, a notice or its kind in these words.
    pub fn describe<T>(self, what: T) -> InUnit<T> {
        InUnit { what, capacity_unit: self }
    }
}

/// Something to be written with the words of what is counted; made by [`CapacityUnit::describe`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InUnit<T> {
    pub(crate) what: T,
    pub(crate) capacity_unit: CapacityUnit,
}

/// Without a word on what is counted, tasks are: most services are ECS services.
macro_rules! tasks_by_default {
    ($notified:ty) => {
        impl std::fmt::Display for $notified {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&$crate::capacity_unit::CapacityUnit::Tasks.describe(self), f)
            }
        }
    };
}
pub(crate) use tasks_by_default;
