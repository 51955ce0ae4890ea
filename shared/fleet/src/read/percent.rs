//! A share of something: `85%`.

use crate::problem::{Code, words};
use crate::yaml::scalar::Fault;

/// Reads a share: digits without a sign, a point or a leading zero. `of_number` is what helps where the sign is left out.
pub(crate) fn parse(text: &str, of_number: &str) -> Result<u32, Fault> {
    const RANGE: &str = "allowed: 1% to 100%";
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let shown = words::shortened(text);
    let Some(digits) = text.strip_suffix('%').filter(|digits| is_number(digits)) else {
        let help = if is_number(text) {
            format!("{of_number}; {RANGE}")
        } else {
            format!("write it like `85%`; {RANGE}")
        };
        return Err(Fault::new(Code::BadText, format!("is `{shown}`, not a percentage"), help));
    };
    let number = digits.parse().ok().filter(|number| (1..=100).contains(number));
    match number {
        Some(_) if digits.starts_with('0') => {
            let help = format!("leave the leading zero out; {RANGE}");
            Err(Fault::new(Code::BadText, format!("is `{shown}`, not a percentage"), help))
        }
        Some(number) => Ok(number),
        None => Err(Fault::new(Code::OutOfRange, format!("is {shown}"), RANGE)),
    }
}
