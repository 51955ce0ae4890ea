//! The classes of instances and what their parameter groups set, by which guards know how many connections a database takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_sdk_rds::types::{DbInstance, Filter};
use futures_util::future;
use jiff::{SignedDuration, Timestamp};
use tidegate_policy::{Absence, AbsenceKind, DatabaseClass, GuardedInstance};
use tokio::time::Instant;

use crate::clients::Clients;
use crate::error::absence;
use crate::rds::parameter_groups::{self, own_group};
use crate::rds::understand::{engine, is_default_group};
use crate::targets::calls::{in_time, late};

/// How long a class, and what its parameter group sets, is taken as known. A class changes with minutes of downtime; of PostgreSQL so does
/// `max_connections`, and of MySQL and MariaDB a change of it counts so much later.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(10);

/// Each instance with its class, or why it could not be read.
pub type Classes = BTreeMap<String, Result<GuardedInstance, Absence>>;

/// The classes found so far, kept within a warm process.
#[derive(Debug, Default)]
pub struct DatabaseClasses {
    kept: Mutex<BTreeMap<String, (Timestamp, GuardedInstance)>>,
}

impl DatabaseClasses {
    /// The classes of these instances, by `DBInstanceIdentifier`. What is not known, or too old, is asked for with one call, and one
    /// more for each parameter group that is no default one.
    pub async fn find(&self, clients: &Clients, ids: &[&str], deadline: Instant, now: Timestamp) -> Classes {
        let (mut classes, mut unknown) = (Classes::new(), Vec::new());
        for id in ids {
            match self.known(id, now) {
                Some(class) => drop(classes.insert((*id).to_owned(), Ok(class))),
                None => unknown.push((*id).to_owned()),
            }
        }
        unknown.sort_unstable();
        unknown.dedup();
        if unknown.is_empty() {
            return classes;
        }
        let answer = in_time(deadline, Box::pin(ask(clients, &unknown))).await.unwrap_or_else(|| Err(late()));
        let groups = match &answer {
            Ok(found) => Box::pin(read_groups(clients, found, deadline)).await,
            Err(_) => ReadGroups::new(),
        };
        for id in unknown {
            let class = answer.as_ref().map_err(Clone::clone).and_then(|found| of(found, &id, &groups));
            // A group that could not be read is asked for again.
            if let Ok(class) = class.as_ref()
                && !matches!(class.setting, Some(Err(_)))
            {
                self.lock().insert(id.clone(), (now, class.clone()));
            }
            classes.insert(id, class);
        }
        classes
    }

    fn known(&self, id: &str, now: Timestamp) -> Option<GuardedInstance> {
        let kept = self.lock();
        let (at, class) = kept.get(id)?;
        (now.duration_since(*at).abs() < KEPT_FOR).then(|| class.clone())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, (Timestamp, GuardedInstance)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `DescribeDBInstances` with the filter `db-instance-id`: an instance that does not exist is left out of the answer.
async fn ask(clients: &Clients, ids: &[String]) -> Result<Vec<DbInstance>, Absence> {
    clients.buckets.read_rds.take().await;
    let filter = Filter::builder().name("db-instance-id").set_values(Some(ids.to_vec())).build();
    let call = clients.rds().describe_db_instances().filters(filter);
    let answer = call.send().await.map_err(|error| absence(&error))?;
    Ok(answer.db_instances.unwrap_or_default())
}

/// What each parameter group sets, by its name.
type ReadGroups = BTreeMap<String, Result<Option<String>, Absence>>;

/// Reads the groups that are no default ones, each once, side by side.
async fn read_groups(clients: &Clients, found: &[DbInstance], deadline: Instant) -> ReadGroups {
    let names: BTreeSet<&str> =
        found.iter().filter_map(|instance| own_group(instance)?.db_parameter_group_name()).collect();
    let read = names.into_iter().map(|name| async move {
        let value = in_time(deadline, Box::pin(parameter_groups::read(clients, name))).await;
        (name.to_owned(), value.unwrap_or_else(|| Err(late())))
    });
    future::join_all(read).await.into_iter().collect()
}

fn of(found: &[DbInstance], id: &str, read: &ReadGroups) -> Result<GuardedInstance, Absence> {
    let is_it =
        |it: &&DbInstance| it.db_instance_identifier().is_some_and(|name| name.eq_ignore_ascii_case(id));
    let missing = || Absence::new(AbsenceKind::NotFound, format!("RDS has no instance `{id}`"));
    let instance = found.iter().find(is_it).ok_or_else(missing)?;
    let groups = instance.db_parameter_groups();
    let class = DatabaseClass {
        engine: engine(instance)?,
        class: instance.db_instance_class().unwrap_or_default().to_owned(),
        has_default_parameters: !groups.is_empty() && groups.iter().all(is_default_group),
    };
    let nameless =
        || Absence::new(AbsenceKind::Unreadable, format!("RDS shows no parameter group of `{id}`"));
    let setting = match own_group(instance) {
        None if class.has_default_parameters => None,
        None => Some(Err(nameless())),
        Some(group) => {
            let value = group.db_parameter_group_name().and_then(|name| read.get(name)).cloned();
            let value = value.unwrap_or_else(|| Err(nameless()));
            Some(value.map(|value| parameter_groups::setting(group, value)))
        }
    };
    Ok(GuardedInstance { class, setting })
}
