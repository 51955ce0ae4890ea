//! The account and the Region of a fleet, and what a command of the AWS CLI says of them.

/// An account and a Region of AWS: the same fleet may stand in several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountAndRegion {
    /// `111122223333`
    pub account: String,
    /// `eu-central-1`
    pub region: String,
}

impl AccountAndRegion {
    /// Where an ARN lies.
    #[must_use]
    pub fn of_arn(arn: &str) -> Option<Self> {
        match arn.splitn(6, ':').collect::<Vec<_>>().as_slice() {
            ["arn", _, _, region, account, _] if !region.is_empty() && !account.is_empty() => {
                Some(Self { account: (*account).to_owned(), region: (*region).to_owned() })
            }
            _ => None,
        }
    }
}

/// How a command of the AWS CLI begins: `aws rds delete-db-instance --region eu-central-1`. The terminal that it is pasted into may
/// have another Region as its default, with an instance of the same name.
#[must_use]
pub fn aws_cli(place: Option<&AccountAndRegion>, operation: &str) -> String {
    let region = place.map_or_else(String::new, |place| format!(" --region {}", place.region));
    format!("aws {operation}{region}")
}

/// How the comment behind a command begins that must not reach another account: the AWS CLI has no option for it.
#[must_use]
pub fn in_account(place: Option<&AccountAndRegion>) -> String {
    place.map_or_else(String::new, |place| format!("in account {}; ", place.account))
}
