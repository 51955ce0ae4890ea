//! How many connections an instance takes, by what its parameter group says: a number, or a formula of RDS over its memory.

use crate::database_class::{DatabaseClass, class_memory};
use crate::reading::{Absence, AbsenceKind};

/// The instance of a guarded database, and what its parameter group says of `max_connections`.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardedInstance {
    /// Its engine and class.
    pub class: DatabaseClass,
    /// `max_connections` of a parameter group that is not the default one of its family; `None` where it has a default one.
    pub setting: Option<Result<ConnectionSetting, Absence>>,
}

/// `max_connections`, as a parameter group has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionSetting {
    /// The group leaves it at the engine's own default.
    Default,
    /// The group sets it.
    Set {
        /// `ParameterValue`: a number, or a formula such as `LEAST({DBInstanceClassMemory/9531392},5000)`.
        value: String,
        /// The group has values that the instance does not run with yet (`ParameterApplyStatus` other than `in-sync`).
        is_pending: bool,
    },
}

/// How many connections an instance takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimit {
    /// So many.
    pub max: u32,
    /// That follows from the memory of its class, which is estimated low.
    pub is_estimated: bool,
}

impl GuardedInstance {
    /// How many connections it takes. A value that may not be applied yet is believed only where it is below the engine's default.
    /// What the group had before it is not known.
    ///
    /// # Errors
    /// The parameter group could not be read, has a value that is not understood, or the memory of the class is not known.
    pub fn limit(&self) -> Result<ConnectionLimit, Absence> {
        match &self.setting {
            None | Some(Ok(ConnectionSetting::Default)) => self.by_default(),
            Some(Err(absence)) => Err(absence.clone()),
            Some(Ok(ConnectionSetting::Set { value, is_pending })) => {
                let set = self.by_value(value)?;
                if !is_pending {
                    return Ok(set);
                }
                let default = self.by_default()?;
                Ok(if set.max < default.max { set } else { default })
            }
        }
    }

    fn by_default(&self) -> Result<ConnectionLimit, Absence> {
        let default = self.class.default_connections();
        let unknown = || unknown("it does not follow from the instance class");
        default.map(|max| ConnectionLimit { max, is_estimated: true }).ok_or_else(unknown)
    }

    fn by_value(&self, value: &str) -> Result<ConnectionLimit, Absence> {
        let memory = class_memory(&self.class.class);
        let found = evaluate(value, memory).map_err(|why| {
            let shown: String = value.chars().take(LONGEST).collect();
            unknown(&format!("the parameter group sets it to `{shown}`, {why}"))
        })?;
        let max = u32::try_from(found.number).unwrap_or(u32::MAX);
        Ok(ConnectionLimit { max, is_estimated: found.is_estimated })
    }
}

fn unknown(why: &str) -> Absence {
    Absence::new(AbsenceKind::NotFound, format!("declare `max_connections`: {why}"))
}

/// The longest value that is read; those of AWS have about 60 characters.
const LONGEST: usize = 200;
/// Parentheses within parentheses; those of AWS have two.
const DEEPEST: u32 = 8;

/// What a value comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Evaluated {
    number: u64,
    is_estimated: bool,
}

/// Why a value is not understood, as what follows it in a sentence.
type NotUnderstood = &'static str;

const NO_FORMULA: NotUnderstood = "which Tidegate does not read";
const TOO_LARGE: NotUnderstood = "which is too large a number";
const NO_MEMORY: NotUnderstood = "and the memory of the instance class is not known";

/// Evaluates a value of a parameter (Amazon RDS user guide, "Specifying DB parameters"): whole numbers, `DBInstanceClassMemory` in
/// bytes, `*`, `/` without a remainder, and `GREATEST`, `LEAST` and `SUM`. A formula that grows as the memory shrinks is refused, since the
/// memory is estimated low.
fn evaluate(value: &str, memory: Option<u64>) -> Result<Evaluated, NotUnderstood> {
    if value.len() > LONGEST || !value.is_ascii() {
        return Err(NO_FORMULA);
    }
    let text: String = value.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let mut reader = FormulaReader { rest: &text, memory };
    let found = reader.product(0)?;
    if reader.rest.is_empty() { Ok(found) } else { Err(NO_FORMULA) }
}

struct FormulaReader<'a> {
    rest: &'a str,
    memory: Option<u64>,
}

impl FormulaReader<'_> {
    /// Factors, from left to right.
    fn product(&mut self, depth: u32) -> Result<Evaluated, NotUnderstood> {
        let mut found = self.factor(depth)?;
        loop {
            let divides = if self.takes("/") {
                true
            } else if self.takes("*") {
                false
            } else {
                return Ok(found);
            };
            let by = self.factor(depth)?;
            let number = if !divides {
                found.number.checked_mul(by.number).ok_or(TOO_LARGE)?
            } else if by.is_estimated {
                return Err(NO_FORMULA);
            } else {
                found.number.checked_div(by.number).ok_or(NO_FORMULA)?
            };
            found = Evaluated { number, is_estimated: found.is_estimated || by.is_estimated };
        }
    }

    /// A number, the memory, a function, or something in braces or parentheses.
    fn factor(&mut self, depth: u32) -> Result<Evaluated, NotUnderstood> {
        let deeper = depth.checked_add(1).filter(|depth| *depth <= DEEPEST).ok_or(NO_FORMULA)?;
        for (open, close) in [("{", "}"), ("(", ")")] {
            if self.takes(open) {
                let within = self.product(deeper)?;
                return if self.takes(close) { Ok(within) } else { Err(NO_FORMULA) };
            }
        }
        let digits = self.taken_while(|c| c.is_ascii_digit());
        if !digits.is_empty() {
            let number = digits.parse().map_err(|_| TOO_LARGE)?;
            return Ok(Evaluated { number, is_estimated: false });
        }
        match self.taken_while(|c| c.is_ascii_alphabetic()).to_ascii_lowercase().as_str() {
            "dbinstanceclassmemory" => {
                let number = self.memory.ok_or(NO_MEMORY)?;
                Ok(Evaluated { number, is_estimated: true })
            }
            "greatest" => self.of_all(deeper, |one, other| Some(one.max(other))),
            "least" => self.of_all(deeper, |one, other| Some(one.min(other))),
            "sum" => self.of_all(deeper, u64::checked_add),
            _ => Err(NO_FORMULA),
        }
    }

    /// What a function makes of its arguments.
    fn of_all(&mut self, depth: u32, both: fn(u64, u64) -> Option<u64>) -> Result<Evaluated, NotUnderstood> {
        if !self.takes("(") {
            return Err(NO_FORMULA);
        }
        let mut found = self.product(depth)?;
        while self.takes(",") {
            let next = self.product(depth)?;
            let number = both(found.number, next.number).ok_or(TOO_LARGE)?;
            found = Evaluated { number, is_estimated: found.is_estimated || next.is_estimated };
        }
        if self.takes(")") { Ok(found) } else { Err(NO_FORMULA) }
    }

    fn takes(&mut self, sign: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(sign) else { return false };
        self.rest = rest;
        true
    }

    fn taken_while(&mut self, is_one: fn(char) -> bool) -> &str {
        let end = self.rest.find(|c| !is_one(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GIB: u64 = 1_073_741_824;

    #[track_caller]
    fn is(value: &str, memory: u64, expected: u64) {
        let found = evaluate(value, Some(memory)).map(|found| found.number);
        assert_eq!(found, Ok(expected), "{value}");
    }

    /// The defaults of RDS (Amazon RDS user guide, "Maximum number of database connections"), with the numbers that it states of them.
    #[test]
    fn the_real_defaults_are_read() {
        is("LEAST({DBInstanceClassMemory/9531392},5000)", 8 * GIB, 901);
        is("LEAST({DBInstanceClassMemory/9531392},5000)", 64 * GIB, 5_000);
        is("{DBInstanceClassMemory/12582880}", 8 * GIB, 682);
        is("LEAST({DBInstanceClassMemory/25165760},12000)", 16 * GIB, 682);
        is("GREATEST({DBInstanceClassMemory/12582880},100)", GIB, 100);
        is("200", 0, 200);
    }

    #[test]
    fn signs_functions_and_spaces_are_read() {
        is(" least( {DBInstanceClassMemory / 1048576} , 4*5 , SUM(1,2,3) ) ", GIB, 6);
        is("{DBInstanceClassMemory*3/4096}", GIB, 786_432);
        is("(((7)))", 0, 7);
        is("100/7", 0, 14);
        is("GREATEST(1)", 0, 1);
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_reason() {
        let log = "GREATEST({log(DBInstanceClassMemory/805306368)*45},1000)";
        let deep = format!("{}1{}", "(".repeat(9), ")".repeat(9));
        for value in [
            "",
            "-1",
            "1.5",
            "1+1",
            "LEAST(",
            "LEAST(1",
            "LEAST(1,)",
            "LEAST 1",
            "{1)",
            "1 2 x",
            "1/0",
            "x",
            "é",
        ]
        .into_iter()
        .chain([
            log,
            &deep,
            "{1000000000000/DBInstanceClassMemory}",
            "{DBInstanceVCPU*100}",
            &"1".repeat(201),
        ]) {
            assert_eq!(evaluate(value, Some(GIB)), Err(NO_FORMULA), "{value}");
        }
        for value in ["99999999999999999999", "9999999999*9999999999", "SUM(18446744073709551615,1)"] {
            assert_eq!(evaluate(value, Some(GIB)), Err(TOO_LARGE), "{value}");
        }
        assert_eq!(evaluate("{DBInstanceClassMemory/2}", None), Err(NO_MEMORY));
        assert_eq!(
            evaluate("200", None).map(|found| found.is_estimated),
            Ok(false),
            "a number needs no memory"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_more_memory_never_means_less(
            value in "[{}(),*/ 0-9a-zDBInstanceClassMemory]{0,40}|(LEAST|SUM|GREATEST)\\(\\{DBInstanceClassMemory[*/][0-9]{1,7}\\},[0-9]{1,5}\\)",
            less in 0_u64..1 << 40,
            more in 0_u64..1 << 40,
        ) {
            let (small, large) = (evaluate(&value, Some(less)), evaluate(&value, Some(less + more)));
            if let (Ok(small), Ok(large)) = (small, large) {
                prop_assert!(small.number <= large.number, "{value}");
            }
        }
    }
}
