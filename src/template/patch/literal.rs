//! [`rewritten`]: a literal with another size in it, in the style of its own.
//!
//! | written | becomes, at 512 |
//! |---|---|
//! | `1024`, `"1024"`, `'1024'`, `\"1024\"` | the same with 512 |
//! | `"1 vCPU"` | `"0.5 vCPU"` |
//! | `".25 vcpu"` | `".5 vcpu"` |
//! | `"2GB"` | `"0.5GB"` |
//! | `var.cpu`, `!Ref Cpu`, `2 * 512` | refused: no literal |

use rust_decimal::Decimal;

/// What a literal counts, and so which units it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// CPU units, or vCPU with the unit.
    TaskCpu,
    /// MiB, or GB with the unit.
    TaskMemory,
    /// Digits alone: a container's CPU units or MiB.
    Whole,
    /// vCPU without the unit.
    ComposeCpus,
    /// Bytes, or one of compose's units.
    ComposeMemory,
}

impl Measure {
    /// How many CPU units or MiB one of `unit` (in lower case) is, as a fraction.
    fn scale(self, unit: &str) -> Option<(u32, u32)> {
        Some(match (self, unit) {
            (Self::TaskCpu | Self::TaskMemory | Self::Whole, "") => (1, 1),
            (Self::TaskCpu, "vcpu") | (Self::TaskMemory, "gb") | (Self::ComposeCpus, "" | "vcpu") => {
                (1024, 1)
            }
            (Self::ComposeMemory, "g" | "gb" | "gib") => (1024, 1),
            (Self::ComposeMemory, "m" | "mb" | "mib") => (1, 1),
            (Self::ComposeMemory, "" | "b") => (1, 1024 * 1024),
            _ => return None,
        })
    }
}

/// `written` with `to` in the place of `from` (CPU units or MiB); nothing where it is no literal that says `from`, or
/// cannot say `to`.
pub fn rewritten(written: &str, from: u32, to: u32, measure: Measure) -> Option<String> {
    let is_quote = |c: char| matches!(c, '"' | '\'' | '\\');
    let open = &written[..written.find(|c| !is_quote(c))?];
    let inner = written.strip_prefix(open)?.strip_suffix(open)?;
    let body = inner.trim();
    let start = inner.find(body)?;
    let (before, after) = (&inner[..start], &inner[start + body.len()..]);
    let number_end = body.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(body.len());
    let (number, gap_and_unit) = body.split_at(number_end);
    if number.is_empty() || number.ends_with('.') {
        return None;
    }
    let (count, share) = measure.scale(&gap_and_unit.trim_start().to_ascii_lowercase())?;
    let (count, share) = (Decimal::from(count), Decimal::from(share));
    let amount = Decimal::from_str_exact(&format!("0{number}")).ok()?;
    if amount.checked_mul(count)? != Decimal::from(from).checked_mul(share)? {
        return None;
    }
    if from == to {
        return Some(written.to_owned());
    }
    let amount = (Decimal::from(to).checked_mul(share)? / count).normalize().to_string();
    let amount = if number.starts_with('.') { amount.strip_prefix('0').unwrap_or(&amount) } else { &amount };
    Some(format!("{open}{before}{amount}{gap_and_unit}{after}{open}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::workload::{parse_cpu, parse_memory};

    #[test]
    fn a_literal_keeps_its_style() {
        use Measure::{ComposeCpus, ComposeMemory, TaskCpu, TaskMemory, Whole};
        for (written, from, to, measure, becomes) in [
            ("1024", 1024, 512, TaskCpu, "512"),
            ("\"1024\"", 1024, 512, TaskCpu, "\"512\""),
            ("'1024'", 1024, 256, Whole, "'256'"),
            ("\\\"1024\\\"", 1024, 256, Whole, "\\\"256\\\""),
            ("\" 1024 \"", 1024, 256, TaskCpu, "\" 256 \""),
            ("1024.0", 1024, 256, Whole, "256"),
            ("\"1 vCPU\"", 1024, 256, TaskCpu, "\"0.25 vCPU\""),
            ("\".25 vcpu\"", 256, 512, TaskCpu, "\".5 vcpu\""),
            ("\".5 GB\"", 512, 2048, TaskMemory, "\"2 GB\""),
            ("2GB", 2048, 512, TaskMemory, "0.5GB"),
            ("'0.5'", 512, 2048, ComposeCpus, "'2'"),
            ("0.50", 512, 256, ComposeCpus, "0.25"),
            ("2g", 2048, 1024, ComposeMemory, "1g"),
            ("512M", 512, 1024, ComposeMemory, "1024M"),
            ("536870912", 512, 1024, ComposeMemory, "1073741824"),
            ("\"01024\"", 1024, 1024, TaskCpu, "\"01024\""),
        ] {
            assert_eq!(rewritten(written, from, to, measure).as_deref(), Some(becomes), "{written}");
        }
    }

    #[test]
    fn what_is_no_literal_of_the_size_is_refused() {
        for written in [
            "",
            "\"",
            "var.cpu",
            "!Ref Cpu",
            "2 * 512",
            "\"${var.cpu}\"",
            "\"1024",
            "1024'",
            "512",
            "1 GB",
            "1e3",
            "1024.",
        ] {
            assert_eq!(rewritten(written, 1024, 512, Measure::TaskCpu), None, "{written}");
        }
        assert_eq!(rewritten("1 GB", 1024, 512, Measure::Whole), None, "containers take MiB alone");
    }

    proptest! {
        #[test]
        fn what_was_rewritten_is_read_as_the_new_size(
            from in 1u32..300_000, to in 1u32..300_000, in_units: bool, quote in "[\"']?", gap in " {0,2}",
        ) {
            let (cpu, memory) = if in_units {
                let decimal = |value: u32| (Decimal::from(value) / Decimal::from(1024)).normalize();
                (format!("{quote}{}{gap}vCPU{quote}", decimal(from)), format!("{quote}{}{gap}GB{quote}", decimal(from)))
            } else {
                (format!("{quote}{from}{quote}"), format!("{quote}{from}{quote}"))
            };
            let bare = |text: Option<String>| text.unwrap().replace(['"', '\''], "");
            let cpu = bare(rewritten(&cpu, from, to, Measure::TaskCpu));
            prop_assert_eq!(parse_cpu(&cpu).unwrap().0, to);
            let memory = bare(rewritten(&memory, from, to, Measure::TaskMemory));
            prop_assert_eq!(parse_memory(&memory).unwrap().0, to);
        }

        #[test]
        fn no_text_panics(text in "[\"'\\\\]{0,3}[0-9.]{0,40}\\PC{0,10}", from: u32, to: u32) {
            for measure in [Measure::TaskCpu, Measure::Whole, Measure::ComposeMemory, Measure::ComposeCpus] {
                let _ = rewritten(&text, from, to, measure);
            }
        }
    }
}
