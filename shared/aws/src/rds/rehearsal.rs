//! What a change to one class would meet: how RDS offers it, which maintenance waits, which reservations are paid for.

use aws_sdk_rds::types::{
    AvailabilityZone, Filter, OrderableDbInstanceOption, ReservedDbInstance,
    ResourcePendingMaintenanceActions,
};
use futures_util::join;
use tidegate_policy::replicas::observation::Engine;
use tidegate_policy::upgrades::observation::{
    ClassOffer, ClassedInstances, DueMaintenance, Rehearsal, Reservation,
};
use tidegate_policy::{Absence, AbsenceKind};
use tokio::time::Instant;

use crate::clients::Clients;
use crate::error::absence;
use crate::rds::account::AllInstances;
use crate::rds::pages::{self, PER_PAGE};
use crate::rds::understand::{count, moment};
use crate::targets::calls::{in_time, late};

/// Reads the rehearsal of one class for an instance; the maintenance also for its replicas that have its class, which are changed
/// with it. Each of its three parts is known as a whole or not at all, and one that fails
/// leaves the others known.
pub async fn rehearse(
    clients: &Clients,
    all: &AllInstances,
    instances: &ClassedInstances,
    class: &str,
    deadline: Instant,
) -> Rehearsal {
    let main = &instances.main;
    let with_it = instances.replicas.iter().filter(|replica| replica.class == main.class);
    let changed = [main].into_iter().chain(with_it).map(|instance| instance.id.clone()).collect();
    let parts = async {
        join!(
            in_time(deadline, offers(clients, all, &main.id, class)),
            in_time(deadline, maintenance(clients, changed)),
            in_time(deadline, reservations(clients, main.engine)),
        )
    };
    // On the heap: three calls of the SDK side by side.
    let (offers, maintenance, reservations) = Box::pin(parts).await;
    Rehearsal {
        class: class.to_owned(),
        offers: offers.unwrap_or_else(|| Err(late())),
        maintenance: maintenance.unwrap_or_else(|| Err(late())),
        reservations: reservations.unwrap_or_else(|| Err(late())),
    }
}

/// How RDS offers a class for the engine and the version of an instance, as RDS itself writes them.
pub(super) async fn offers(
    clients: &Clients,
    all: &AllInstances,
    id: &str,
    class: &str,
) -> Result<Vec<ClassOffer>, Absence> {
    let missing = || Absence::new(AbsenceKind::NotFound, format!("RDS has no instance `{id}`"));
    let instance = all.instances.get(id).ok_or_else(missing)?;
    let options =
        pages::all("DescribeOrderableDBInstanceOptions", &clients.buckets.read_rds, |marker| async move {
            let call = clients
                .rds()
                .describe_orderable_db_instance_options()
                .engine(instance.engine().unwrap_or_default())
                .set_engine_version(instance.engine_version().map(str::to_owned))
                .db_instance_class(class)
                .max_records(PER_PAGE)
                .set_marker(marker);
            let page = call.send().await.map_err(|error| absence(&error))?;
            Ok((page.orderable_db_instance_options.unwrap_or_default(), page.marker))
        });
    Ok(options.await?.iter().map(offer).collect())
}

fn offer(option: &OrderableDbInstanceOption) -> ClassOffer {
    let zones = option.availability_zones().iter().filter_map(AvailabilityZone::name);
    let size = |value: Option<i32>| value.map(|gib| count(Some(gib)));
    ClassOffer {
        storage_type: option.storage_type().unwrap_or_default().to_owned(),
        is_multi_az: option.multi_az_capable() == Some(true),
        takes_replicas: option.read_replica_capable() == Some(true),
        zones: zones.map(str::to_owned).collect(),
        storage_gib: size(option.min_storage_size()).zip(size(option.max_storage_size())),
    }
}

/// The maintenance that waits for any of these instances.
async fn maintenance(clients: &Clients, ids: Vec<String>) -> Result<Vec<DueMaintenance>, Absence> {
    let filter = Filter::builder().name("db-instance-id").set_values(Some(ids)).build();
    let filter = &filter;
    let resources =
        pages::all("DescribePendingMaintenanceActions", &clients.buckets.read_rds, |marker| async move {
            let call = clients
                .rds()
                .describe_pending_maintenance_actions()
                .filters(filter.clone())
                .max_records(PER_PAGE)
                .set_marker(marker);
            let page = call.send().await.map_err(|error| absence(&error))?;
            Ok((page.pending_maintenance_actions.unwrap_or_default(), page.marker))
        });
    let resources = resources.await?;
    Ok(resources.iter().flat_map(due).collect())
}

/// The maintenance of one instance.
fn due(resource: &ResourcePendingMaintenanceActions) -> impl Iterator<Item = DueMaintenance> {
    resource.pending_maintenance_action_details().iter().map(|action| {
        let forced = action.forced_apply_date().and_then(moment);
        let automatic = action.auto_applied_after_date().and_then(moment);
        DueMaintenance {
            action: action.action().unwrap_or("no action").to_owned(),
            at: action.current_apply_date().and_then(moment),
            required: forced.into_iter().chain(automatic).min(),
            resource: resource.resource_identifier().unwrap_or_default().to_owned(),
        }
    })
}

/// The reservations of an engine that are in force. `ProductDescription` and `State` have no filter that takes several values, so
/// all are read.
async fn reservations(clients: &Clients, engine: Engine) -> Result<Vec<Reservation>, Absence> {
    let reserved =
        pages::all("DescribeReservedDBInstances", &clients.buckets.read_rds, |marker| async move {
            let call =
                clients.rds().describe_reserved_db_instances().max_records(PER_PAGE).set_marker(marker);
            let page = call.send().await.map_err(|error| absence(&error))?;
            Ok((page.reserved_db_instances.unwrap_or_default(), page.marker))
        });
    let reserved = reserved.await?;
    let mine = reserved.iter().filter(|it| it.state() == Some("active") && is_for(it, engine));
    Ok(mine.map(reservation).collect())
}

/// `ProductDescription`, as RDS writes it of each engine: `postgresql`, `mysql`, `mariadb`, `aurora mysql`.
fn is_for(reserved: &ReservedDbInstance, engine: Engine) -> bool {
    let product = reserved.product_description().unwrap_or_default();
    match engine {
        Engine::PostgreSql { .. } => product == "postgresql",
        Engine::MySql => product == "mysql",
        Engine::MariaDb => product == "mariadb",
        Engine::Aurora => product.starts_with("aurora"),
    }
}

fn reservation(reserved: &ReservedDbInstance) -> Reservation {
    Reservation {
        id: reserved.reserved_db_instance_id().unwrap_or_default().to_owned(),
        class: reserved.db_instance_class().unwrap_or_default().to_owned(),
        count: count(reserved.db_instance_count()),
        is_multi_az: reserved.multi_az() == Some(true),
    }
}
