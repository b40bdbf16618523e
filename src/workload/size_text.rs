//! Task sizes as people write them in task definitions: `256`, `.25 vcpu`, `0.5GB`.
//!
//! Takes text; gives CPU units or MiB, exactly; refuses what is no amount, has another unit, or is not
//! a whole number of units. Whether a pair is a Fargate size is [`crate::fargate::TaskSize`]'s to say.

use rust_decimal::Decimal;

use crate::units::{CpuUnits, MemoryMib};

/// Why a text is not a size. The text itself is quoted, escaped and cut to a line's length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizeTextError {
    #[error("{text} is a placeholder, not a size; put the value in")]
    Placeholder { text: String },
    #[error("{text} is not {what}")]
    Form { text: String, what: &'static str },
    #[error("{text} is not a whole number of {unit}; {hint}")]
    NotWhole { text: String, unit: &'static str, hint: &'static str },
    #[error("{text} is larger than any task")]
    TooLarge { text: String },
}

/// Task CPU: CPU units as digits, or vCPU with the unit (`1 vCPU`), in any case, spaces optional.
///
/// | text | CPU units |
/// |---|---|
/// | `256` | 256 |
/// | `.25 vcpu`, `0.25vCPU` | 256 |
/// | `0.25` | refused: a quarter of a CPU unit |
pub fn parse_cpu(text: &str) -> Result<CpuUnits, SizeTextError> {
    let form = Form {
        what: "a CPU size; write CPU units such as \"256\", or vCPU such as \"0.25 vCPU\"",
        unit: "CPU units",
        large_unit: Some(("vcpu", CpuUnits::PER_VCPU)),
        hint: "write vCPU with the unit, such as \"0.25 vCPU\"",
    };
    form.read(text).map(CpuUnits)
}

/// Task memory: MiB as digits, or GB with the unit (`0.5 GB`), in any case, spaces optional.
pub fn parse_memory(text: &str) -> Result<MemoryMib, SizeTextError> {
    let form = Form {
        what: "a memory size; write MiB such as \"512\", or GB such as \"0.5 GB\"",
        unit: "MiB",
        large_unit: Some(("gb", MemoryMib::PER_GB)),
        hint: "write GB with the unit, such as \"0.5 GB\"",
    };
    form.read(text).map(MemoryMib)
}

/// A plain count, as ECS wants a container's CPU units and MiB: digits alone.
pub(crate) fn parse_whole(text: &str) -> Result<u32, SizeTextError> {
    let form = Form { what: "a whole number", unit: "units", large_unit: None, hint: "write digits alone" };
    form.read(text)
}

/// How one kind of size is written.
struct Form {
    what: &'static str,
    unit: &'static str,
    /// The larger unit in lower case, and how many of the small unit it is.
    large_unit: Option<(&'static str, u32)>,
    hint: &'static str,
}

impl Form {
    fn read(&self, text: &str) -> Result<u32, SizeTextError> {
        let trimmed = text.trim();
        let number_end = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(number_end);
        let factor = match (unit.trim_start().to_ascii_lowercase().as_str(), self.large_unit) {
            ("", _) => 1,
            (unit, Some((large_unit, factor))) if unit == large_unit => factor,
            _ => return Err(self.not_a_size(trimmed)),
        };
        let amount = decimal(number).ok_or_else(|| self.not_a_size(trimmed))?;
        let units = amount
            .checked_mul(Decimal::from(factor))
            .ok_or_else(|| SizeTextError::TooLarge { text: quoted(trimmed) })?;
        if !units.is_integer() {
            return Err(SizeTextError::NotWhole { text: quoted(trimmed), unit: self.unit, hint: self.hint });
        }
        u32::try_from(units).map_err(|_| SizeTextError::TooLarge { text: quoted(trimmed) })
    }

    fn not_a_size(&self, text: &str) -> SizeTextError {
        // Templating languages mark what is to be filled in by one of these.
        if text.contains(['<', '>', '{', '}', '$', '%', '@']) || text.starts_with("__") {
            SizeTextError::Placeholder { text: quoted(text) }
        } else {
            SizeTextError::Form { text: quoted(text), what: self.what }
        }
    }
}

/// Digits with at most one point, which digits must follow (`.5`, but not `5.`); no sign, exponent
/// or separator.
fn decimal(text: &str) -> Option<Decimal> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let all_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if fraction.is_empty() || !all_digits(whole) || !all_digits(fraction) || text.is_empty() {
        return None;
    }
    Decimal::from_str_exact(&format!("0{whole}.{fraction}")).ok()
}

/// `text` in quotes, on one line, at most 60 characters of it.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(60).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, units) in [
            ("256", 256),
            (" 1024 ", 1024),
            ("1 vCPU", 1024),
            (".25 vcpu", 256),
            ("0.25VCPU", 256),
            ("0.5\tvCpu", 512),
            ("32 vCPU", 32768),
            ("0256", 256),
            ("256.0", 256),
            ("0", 0),
        ] {
            assert_eq!(parse_cpu(text), Ok(CpuUnits(units)), "{text:?}");
        }
        for (text, mib) in [("512", 512), ("0.5GB", 512), ("2 GB", 2048), (".5 gb", 512), ("244gb", 249_856)]
        {
            assert_eq!(parse_memory(text), Ok(MemoryMib(mib)), "{text:?}");
        }
    }

    #[test]
    fn a_wrong_size_says_what_is_wrong_with_it() {
        for (text, message) in [
            ("<CPU>", "\"<CPU>\" is a placeholder, not a size; put the value in"),
            ("${cpu}", "\"${cpu}\" is a placeholder, not a size; put the value in"),
            ("__CPU__", "\"__CPU__\" is a placeholder, not a size; put the value in"),
            (
                "0.25",
                "\"0.25\" is not a whole number of CPU units; write vCPU with the unit, such as \"0.25 vCPU\"",
            ),
            ("0.3 vCPU", "\"0.3 vCPU\" is not a whole number of CPU units"),
            ("1 GB", "\"1 GB\" is not a CPU size"),
            ("-256", "\"-256\" is not a CPU size"),
            ("1_024", "\"1_024\" is not a CPU size"),
            ("1e3", "\"1e3\" is not a CPU size"),
            ("1.", "\"1.\" is not a CPU size"),
            (".", "\".\" is not a CPU size"),
            ("1.2.3", "\"1.2.3\" is not a CPU size"),
            ("", "\"\" is not a CPU size"),
            ("vCPU", "\"vCPU\" is not a CPU size"),
            ("٢٥٦", "\"٢٥٦\" is not a CPU size"),
            ("4294967296", "\"4294967296\" is larger than any task"),
            ("4194304 vCPU", "\"4194304 vCPU\" is larger than any task"),
            ("\u{1b}[31m", "\"\\u{1b}[31m\" is not a CPU size"),
        ] {
            let error = parse_cpu(text).unwrap_err().to_string();
            assert!(error.starts_with(message), "{text:?}: {error}");
        }
        assert!(parse_memory("512 MB").unwrap_err().to_string().contains("write MiB such as \"512\""));
        assert!(parse_whole("1 GB").is_err(), "containers take MiB alone");
    }

    proptest! {
        #[test]
        fn what_is_written_in_either_unit_is_read_back(units in 0u32..=1_000_000, gap in "[ \t]{0,3}", upper: bool) {
            let case = |text: &str| if upper { text.to_uppercase() } else { text.to_lowercase() };
            let (vcpu, gb) = (CpuUnits(units).vcpu(), MemoryMib(units).gb());
            prop_assert_eq!(parse_cpu(&units.to_string()), Ok(CpuUnits(units)));
            prop_assert_eq!(parse_cpu(&format!("{vcpu}{gap}{}", case("vCPU"))), Ok(CpuUnits(units)));
            prop_assert_eq!(parse_memory(&units.to_string()), Ok(MemoryMib(units)));
            prop_assert_eq!(parse_memory(&format!("{gb}{gap}{}", case("GB"))), Ok(MemoryMib(units)));
        }

        #[test]
        fn no_text_panics_and_no_message_leaves_its_line(text in "[0-9.]{0,40}[ a-zA-Z]{0,6}|\\PC{0,80}|[\\s\\S]{0,80}") {
            for error in [parse_cpu(&text).map(|_| ()), parse_memory(&text).map(|_| ())] {
                if let Err(error) = error {
                    prop_assert!(!error.to_string().chars().any(char::is_control));
                }
            }
        }
    }
}
