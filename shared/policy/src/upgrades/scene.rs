//! What one evaluation knows of a database, before it decides.

use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp};

use crate::database_class::{DatabaseClass, memory_mib};
use crate::engine::Engine;
use crate::overrides::{Held, Override, OverrideKind, Rows};
use crate::upgrades::observation::{ClassedInstance, ClassedInstances, UpgradeObservation};
use crate::upgrades::policy::{ChangeWindow, ClassLadder, UpgradePolicy};
use crate::weekly_window::WeeklyWindow;

/// Everything that the steps look at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UpgradeScene<'a> {
    pub(crate) seen: &'a UpgradeObservation,
    pub(crate) instances: &'a ClassedInstances,
    pub(crate) policy: &'a UpgradePolicy,
    pub(crate) rows: Rows<'a>,
    pub(crate) emergency: Option<&'a str>,
    pub(crate) evaluation: &'a str,
    /// The last change of the class was over at this moment: older datapoints speak of another class.
    pub(crate) changed_at: Option<Timestamp>,
    /// No call is made.
    pub(crate) observe: bool,
    pub(crate) now: Timestamp,
}

/// The window of a change, open or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WindowNow {
    pub(crate) window: WeeklyWindow,
    /// When it opened, while it is open.
    pub(crate) began: Option<Timestamp>,
    /// How much of it is left, while it is open.
    pub(crate) left: SignedDuration,
    /// When it opens next.
    pub(crate) next: Timestamp,
}

impl<'a> UpgradeScene<'a> {
    pub(crate) fn main(&self) -> &'a ClassedInstance {
        &self.instances.main
    }

    /// The instance or one of its replicas.
    pub(crate) fn find(&self, id: &str) -> Option<&'a ClassedInstance> {
        let main = Some(&self.instances.main).filter(|main| main.id == id);
        main.or_else(|| self.instances.replicas.iter().find(|replica| replica.id == id))
    }

    /// The window in which a change may begin; `None` where RDS shows none that can be read.
    pub(crate) fn window(&self, ladder: &ClassLadder) -> Option<WindowNow> {
        let window = match ladder.window {
            ChangeWindow::Weekly(window) => window,
            ChangeWindow::Maintenance => self.main().maintenance_window.parse().ok()?,
        };
        Some(WindowNow {
            window,
            began: window.began(self.now),
            left: window.left(self.now).unwrap_or_default(),
            next: window.next(self.now),
        })
    }

    /// The row of an operator that stands against a change.
    pub(crate) fn hold(&self, is_down: bool) -> Option<&'a Override> {
        self.rows.in_force.iter().copied().rev().find(|row| match row.kind {
            OverrideKind::Hold(Held::Both) => true,
            OverrideKind::Hold(Held::ScaleIn) => is_down,
            OverrideKind::Min(_)
            | OverrideKind::Max(_)
            | OverrideKind::Pin(_)
            | OverrideKind::Raise(_)
            | OverrideKind::Release => false,
        })
    }

    /// The most connections that the instance takes with a class. A parameter group of its own has a declared number, and keeps it with
    /// another class; by the default one another class takes no more than its own.
    pub(crate) fn connections_of(&self, class: &str) -> Option<u32> {
        let main = self.main();
        let estimated = DatabaseClass {
            engine: main.engine,
            class: class.to_owned(),
            has_default_parameters: main.has_default_parameters,
        };
        let (declared, estimated) =
            (self.policy.max_connections.map(NonZeroU32::get), estimated.max_connections());
        if class == main.class || !main.has_default_parameters {
            return declared.or(estimated);
        }
        estimated.map(|estimated| declared.map_or(estimated, |declared| declared.min(estimated)))
    }

    /// A change from one class to another makes the instance smaller, or that is not certain.
    pub(crate) fn is_down(&self, from: &str, to: &str) -> bool {
        let places = self.policy.ladder.as_ref().and_then(|ladder| ladder.place(from).zip(ladder.place(to)));
        match places {
            Some((from, to)) => to < from,
            None => !is_at_least(to, from),
        }
    }

    /// The replicas that go before the instance. A standby of PostgreSQL needs as many connections as its primary allows: upward
    /// those that have the class of their source get the larger one first.
    pub(crate) fn go_first(&self, to: &str) -> impl Iterator<Item = &'a ClassedInstance> {
        let main = self.main();
        let go_first = self.is_postgresql() && !self.is_down(&main.class, to);
        let is_behind = move |replica: &&ClassedInstance| {
            go_first && replica.class == main.class && !is_at_least(&replica.class, to)
        };
        self.instances.replicas.iter().filter(is_behind)
    }

    pub(crate) fn is_postgresql(&self) -> bool {
        matches!(self.main().engine, Engine::PostgreSql { .. })
    }
}

/// A class has as much memory as another one, and that is known.
pub(crate) fn is_at_least(class: &str, other: &str) -> bool {
    class == other || memory_mib(class).zip(memory_mib(other)).is_some_and(|(one, other)| one >= other)
}
