//! How counts are written.

/// `1 job`, `4 jobs`.
pub(crate) fn jobs(concurrency: u32) -> String {
    if concurrency == 1 { "1 job".to_owned() } else { format!("{concurrency} jobs") }
}

/// A whole number with commas: 5,805,717.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// Dollars, rounded to whole cents.
pub(crate) fn cents(dollars: f64) -> f64 {
    (dollars * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(0.0), "0");
        assert_eq!(grouped(999.0), "999");
        assert_eq!(grouped(5_805_717.0), "5,805,717");
    }
}
