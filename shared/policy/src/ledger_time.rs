//! Times in the ledger: whole milliseconds since the epoch.

pub(crate) mod millis {
    //! A time as whole milliseconds since the epoch.
    pub(crate) use jiff::fmt::serde::timestamp::millisecond::required::{deserialize, serialize};
}

pub(crate) mod millis_optional {
    //! An optional time as whole milliseconds since the epoch.
    pub(crate) use jiff::fmt::serde::timestamp::millisecond::optional::{deserialize, serialize};
}

pub(crate) mod millis_by_name {
    //! Times by name, as whole milliseconds since the epoch.
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::signal::MetricName;

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Millis(#[serde(with = "super::millis")] Timestamp);

    pub(crate) fn serialize<S: Serializer>(
        times: &BTreeMap<MetricName, Timestamp>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_map(times.iter().map(|(name, at)| (name, Millis(*at))))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<MetricName, Timestamp>, D::Error> {
        let times = BTreeMap::<MetricName, Millis>::deserialize(from)?;
        Ok(times.into_iter().map(|(name, Millis(at))| (name, at)).collect())
    }
}
