//! How far a replica may lag: `15s`, or `100ms` of Aurora.

use jiff::SignedDuration;

use crate::model::database::DatabaseKind;
use crate::problem::{Code, words};
use crate::yaml::scalar::{Fault, whole_seconds};

/// The most; a replica that is a day behind answers for another day.
const LAG_MAX: SignedDuration = SignedDuration::from_hours(24);

/// Reads a lag; of RDS it has whole seconds, since no other ones can be seen.
pub(crate) fn parse(text: &str, kind: Option<DatabaseKind>) -> Result<SignedDuration, Fault> {
    const RANGE: &str = "allowed: 1s to 1d, for Aurora from 1ms on";
    let shown = words::shortened(text);
    let Some(lag) = whole_seconds(text).or_else(|| milliseconds(text)) else {
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let help = if is_number {
            format!("a unit is missing: write `{shown}s` for seconds; {RANGE}")
        } else {
            format!("write it like `15s` or `1m30s`, of Aurora also like `100ms`; {RANGE}")
        };
        return Err(Fault::new(Code::NotADuration, format!("is `{shown}`, not a duration"), help));
    };
    if lag <= SignedDuration::ZERO || lag > LAG_MAX {
        return Err(Fault::new(Code::OutOfRange, format!("is {shown}"), RANGE));
    }
    if lag.subsec_nanos() != 0 && kind == Some(DatabaseKind::Rds) {
        let help = "RDS shows whole seconds of lag (`ReplicaLag`): write `1s` or more; Aurora shows milliseconds \
                    (`AuroraReplicaLag`)";
        let message = format!("is {shown}, and RDS cannot show it");
        return Err(Fault::new(Code::LagBelowResolution, message, help));
    }
    Ok(lag)
}

/// `100ms`.
fn milliseconds(text: &str) -> Option<SignedDuration> {
    let digits = text.strip_suffix("ms").filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    Some(SignedDuration::from_millis(digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, of_rds: Result<i64, Code>, of_aurora: Result<i64, Code>) {
        let read = |kind| {
            let millis = parse(text, Some(kind)).map(|lag| lag.as_millis());
            millis
                .map(|millis| i64::try_from(millis).expect("it is a day at most"))
                .map_err(|fault| fault.code)
        };
        assert_eq!((read(DatabaseKind::Rds), read(DatabaseKind::Aurora)), (of_rds, of_aurora), "{text}");
    }

    #[test]
    fn rds_takes_whole_seconds_and_aurora_milliseconds() {
        use Code::{LagBelowResolution, NotADuration, OutOfRange};
        check("15s", Ok(15_000), Ok(15_000));
        check("1m30s", Ok(90_000), Ok(90_000));
        check("1d", Ok(86_400_000), Ok(86_400_000));
        check("2000ms", Ok(2_000), Ok(2_000));
        check("100ms", Err(LagBelowResolution), Ok(100));
        check("1500ms", Err(LagBelowResolution), Ok(1_500));
        check("1ms", Err(LagBelowResolution), Ok(1));
        for out in ["0s", "0ms", "1d1s", "86400001ms"] {
            check(out, Err(OutOfRange), Err(OutOfRange));
        }
        for wrong in ["", "15", "ms", "1.5s", "-1s", "15 s", "100MS", "1s100ms", "99999999999999999999ms"] {
            check(wrong, Err(NotADuration), Err(NotADuration));
        }
    }
}
