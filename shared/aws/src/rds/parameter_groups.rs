//! `max_connections` of a parameter group, for guards.

use aws_sdk_rds::types::{DbInstance, DbParameterGroupStatus, Parameter};
use tidegate_policy::{Absence, ConnectionSetting};

use crate::clients::Clients;
use crate::error::absence;
use crate::rds::pages::{self, PER_PAGE};
use crate::rds::understand::is_default_group;

const PARAMETER: &str = "max_connections";

/// The parameter group of an instance that is not the default one of its family. An instance of RDS has one group.
pub(super) fn own_group(instance: &DbInstance) -> Option<&DbParameterGroupStatus> {
    instance.db_parameter_groups().iter().find(|group| !is_default_group(group))
}

/// What a group sets itself (`Source` is `user`): one page in nearly every case. All pages, since the parameters are in no order.
///
/// # Errors
/// A page failed.
pub(super) async fn read(clients: &Clients, group: &str) -> Result<Option<String>, Absence> {
    let parameters = pages::all("DescribeDBParameters", &clients.buckets.read_rds, |marker| async move {
        let call = clients
            .rds()
            .describe_db_parameters()
            .db_parameter_group_name(group)
            .source("user")
            .max_records(PER_PAGE)
            .set_marker(marker);
        let page = call.send().await.map_err(|error| absence(&error))?;
        Ok((page.parameters.unwrap_or_default(), page.marker))
    });
    let parameters = parameters.await?;
    let is_it = |parameter: &&Parameter| parameter.parameter_name() == Some(PARAMETER);
    let value = parameters.iter().find(is_it).and_then(Parameter::parameter_value);
    Ok(value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()))
}

/// What it means for an instance that has this group: values that are not in sync may not be those that it runs with.
pub(super) fn setting(group: &DbParameterGroupStatus, value: Option<String>) -> ConnectionSetting {
    let in_sync = group.parameter_apply_status().is_some_and(|status| status.eq_ignore_ascii_case("in-sync"));
    value.map_or(ConnectionSetting::Default, |value| ConnectionSetting::Set { value, is_pending: !in_sync })
}
