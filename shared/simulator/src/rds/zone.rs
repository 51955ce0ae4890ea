//! The records of the name that reads go to.

use std::collections::BTreeMap;

use tidegate_policy::replicas::decision::RecordChange;
use tidegate_policy::replicas::observation::DnsRecord;

/// The records of one name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostedZone {
    /// As `ListResourceRecordSets` has them.
    pub records: Vec<DnsRecord>,
}

/// What tells the records of one name apart.
fn key(record: &DnsRecord) -> (&str, Option<&str>) {
    (&record.kind, record.set_identifier.as_deref())
}

impl HostedZone {
    /// One batch: all of it, or nothing.
    ///
    /// # Errors
    /// `InvalidChangeBatch`, in its own words: a deleted record is not exactly as it is named, a weighted record would
    /// stand beside one that is not or has another TTL, or a CNAME beside another type.
    pub fn change(&mut self, batch: &[RecordChange]) -> Result<(), String> {
        let mut next = self.records.clone();
        for change in batch {
            match change {
                RecordChange::Put(record) => {
                    next.retain(|other| key(other) != key(record));
                    next.push(record.clone());
                }
                RecordChange::Delete(record) => {
                    let Some(place) = next.iter().position(|other| other == record) else {
                        return Err(format!(
                            "InvalidChangeBatch: {:?} is not as it is named",
                            record.set_identifier
                        ));
                    };
                    next.remove(place);
                }
            }
        }
        let simple = next.iter().any(|record| record.set_identifier.is_none());
        let kinds = next.iter().any(|record| record.kind != "CNAME");
        let cnames = next.iter().any(|record| record.kind == "CNAME");
        if next.len() > 1 && (simple || (kinds && cnames)) {
            return Err("InvalidChangeBatch: the records of the name exclude each other".to_owned());
        }
        let mut ttls = next.iter().filter_map(|record| record.weight.and(record.ttl));
        let first = ttls.next();
        if ttls.any(|ttl| Some(ttl) != first) {
            return Err("InvalidChangeBatch: weighted sets must contain the same TTL".to_owned());
        }
        self.records = next;
        Ok(())
    }

    /// The share of answers that each value gets. All weights 0 mean all equal.
    #[must_use]
    pub fn answer(&self) -> BTreeMap<String, f64> {
        let weight = |record: &DnsRecord| f64::from(record.weight.unwrap_or(1));
        let total: f64 = self.records.iter().map(weight).sum();
        let mut answer = BTreeMap::new();
        for record in &self.records {
            let share = if total > 0.0 {
                weight(record) / total
            } else {
                1.0 / crate::number::real(self.records.len())
            };
            for value in record.values.iter().take(1).filter(|_| share > 0.0) {
                *answer.entry(value.clone()).or_insert(0.0) += share;
            }
        }
        answer
    }

    /// There are records, and all of them have weight 0: Route 53 answers as if all were equal.
    #[must_use]
    pub fn is_all_zero(&self) -> bool {
        !self.records.is_empty() && self.records.iter().all(|record| record.weight == Some(0))
    }
}
