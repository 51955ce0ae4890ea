//! The classes of instances, by which guards know how many connections a database takes.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_sdk_rds::types::{DbInstance, Filter};
use jiff::{SignedDuration, Timestamp};
use tidegate_policy::{Absence, AbsenceKind, DatabaseClass};
use tokio::time::Instant;

use crate::clients::Clients;
use crate::error::absence;
use crate::rds::understand::{engine, is_default_group};
use crate::targets::calls::{in_time, late};

/// How long a class is taken as known: it changes in a maintenance window, with minutes of downtime.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(10);

/// Each instance with its class, or why it could not be read.
pub type Classes = BTreeMap<String, Result<DatabaseClass, Absence>>;

/// The classes found so far, kept within a warm process.
#[derive(Debug, Default)]
pub struct DatabaseClasses {
    kept: Mutex<BTreeMap<String, (Timestamp, DatabaseClass)>>,
}

impl DatabaseClasses {
    /// The classes of these instances, by `DBInstanceIdentifier`. What is not known, or too old, is asked for with one call.
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
        for id in unknown {
            let class = answer.as_ref().map_err(Clone::clone).and_then(|found| of(found, &id));
            if let Ok(class) = &class {
                self.lock().insert(id.clone(), (now, class.clone()));
            }
            classes.insert(id, class);
        }
        classes
    }

    fn known(&self, id: &str, now: Timestamp) -> Option<DatabaseClass> {
        let kept = self.lock();
        let (at, class) = kept.get(id)?;
        (now.duration_since(*at).abs() < KEPT_FOR).then(|| class.clone())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, (Timestamp, DatabaseClass)>> {
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

fn of(found: &[DbInstance], id: &str) -> Result<DatabaseClass, Absence> {
    let is_it =
        |it: &&DbInstance| it.db_instance_identifier().is_some_and(|name| name.eq_ignore_ascii_case(id));
    let missing = || Absence::new(AbsenceKind::NotFound, format!("RDS has no instance `{id}`"));
    let instance = found.iter().find(is_it).ok_or_else(missing)?;
    let groups = instance.db_parameter_groups();
    Ok(DatabaseClass {
        engine: engine(instance)?,
        class: instance.db_instance_class().unwrap_or_default().to_owned(),
        has_default_parameters: !groups.is_empty() && groups.iter().all(is_default_group),
    })
}
