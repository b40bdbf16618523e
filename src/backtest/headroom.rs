//! [`Headroom`]: what a rule that learns its memory headroom left in a window, and why.
//!
//! A rule that was asked for a risk which the series cannot show has not been run at that risk, whatever
//! it is called. So each window tells which risk was shown, or why there was none.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    config::Sizing,
    report::Quantity,
    rightsize::{Calibration, Unsupported},
};

/// How a rule set its memory headroom in one window.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Headroom {
    /// `calibrated`: learnt from what the rule saw; `fixed`: the configured per cent.
    pub method: &'static str,
    /// The risk that what it saw can show: the one asked for, or the least there is above it; null where
    /// headroom is fixed.
    pub shown_risk_percent: Option<f64>,
    /// Null where headroom is learnt.
    pub fixed_percent: Option<f64>,
    /// USD a month that one series' running short weighs, beside a fixed headroom too; null where none does.
    pub price_of_risk: Option<f64>,
    /// Why it is fixed.
    pub detail: Option<String>,
}

impl Headroom {
    pub(super) fn of(calibration: &Result<Calibration, Unsupported>, sizing: &Sizing) -> Self {
        match calibration {
            Ok(calibration) => Self {
                method: "calibrated",
                shown_risk_percent: Some(rounded(calibration.risk * 100.0)),
                fixed_percent: None,
                price_of_risk: Some(rounded(calibration.price_of_risk)),
                detail: None,
            },
            Err(unsupported) => Self {
                method: "fixed",
                shown_risk_percent: None,
                fixed_percent: Some(f64::from(sizing.memory_headroom) / 100.0),
                price_of_risk: unsupported.safest().map(|safest| rounded(safest.price_of_risk)),
                detail: Some(unsupported.to_string()),
            },
        }
    }
}

/// The same over all windows.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LearntHeadroom {
    /// Asked for: of the series made smaller, the share that may later run short of memory.
    pub risk_percent: f64,
    /// In the sequence of the backtest's windows.
    pub windows: Vec<Headroom>,
}

impl LearntHeadroom {
    /// The highest risk of the windows that show one.
    pub fn shown_risk_percent(&self) -> Option<f64> {
        self.windows.iter().filter_map(|window| window.shown_risk_percent).max_by(f64::total_cmp)
    }

    /// Windows in which headroom was learnt.
    pub fn calibrated(&self) -> usize {
        self.windows.iter().filter(|window| window.shown_risk_percent.is_some()).count()
    }

    /// Why it was fixed in the first of the windows in which it was.
    pub fn detail(&self) -> Option<&str> {
        self.windows.iter().find_map(|window| window.detail.as_deref())
    }

    /// In words that name no rule, so that rules which fared alike can share them.
    pub fn in_words(&self) -> String {
        let count = self.windows.len();
        let of = |windows: usize| {
            if windows == count { String::new() } else { format!(" in {windows} of {count} windows") }
        };
        let shows = |window: &&Headroom, asked: bool| {
            window.shown_risk_percent.is_some_and(|shown| (shown <= self.risk_percent) == asked)
        };
        let as_asked = self.windows.iter().filter(|window| shows(window, true)).count();
        let least = self.windows.iter().filter(|window| shows(window, false)).count();
        let mut parts = Vec::new();
        if as_asked > 0 {
            parts.push(format!("learnt at {} % risk{}", self.risk_percent, of(as_asked)));
        }
        if let Some(shown) = self.shown_risk_percent().filter(|_| least > 0) {
            let up_to = if least > 1 { "up to " } else { "" };
            parts.push(format!(
                "learnt at {up_to}{:.1} % risk{}, the least that the series can show",
                Quantity(Decimal::try_from(shown).unwrap_or_default()).tenths_up(),
                of(least)
            ));
        }
        if let Some(fixed) = self.windows.iter().find(|window| window.fixed_percent.is_some()) {
            let such_as = if count - as_asked - least > 1 { "for one, " } else { "" };
            parts.push(format!(
                "fixed at {}{} %{}, because {such_as}{}",
                if fixed.price_of_risk.is_some() { "no less than " } else { "" },
                fixed.fixed_percent.unwrap_or_default(),
                of(count - as_asked - least),
                fixed.detail.as_deref().unwrap_or_default(),
            ));
        }
        parts.join("; ")
    }
}

/// A figure as results tell it: to four decimals, and no negative zero.
pub(super) fn rounded(figure: f64) -> f64 {
    (figure * 10_000.0).round() / 10_000.0 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt(risk_percent: f64, shown: &[Option<f64>]) -> LearntHeadroom {
        let window = |shown: &Option<f64>| Headroom {
            method: if shown.is_some() { "calibrated" } else { "fixed" },
            shown_risk_percent: *shown,
            fixed_percent: shown.is_none().then_some(20.0),
            price_of_risk: shown.map(|_| 100.0),
            detail: shown.is_none().then(|| "the past is too short".to_owned()),
        };
        LearntHeadroom { risk_percent, windows: shown.iter().map(window).collect() }
    }

    #[test]
    fn a_risk_that_was_not_shown_is_told_from_one_that_was() {
        for (risk, shown, words) in [
            (5.0, &[Some(5.0)][..], "learnt at 5 % risk"),
            (1.0, &[Some(4.0401)], "learnt at 4.1 % risk, the least that the series can show"),
            (5.0, &[Some(5.0), Some(5.0)], "learnt at 5 % risk"),
            (1.0, &[None], "fixed at 20 %, because the past is too short"),
            (
                2.5,
                &[Some(2.5), Some(2.5), None],
                "learnt at 2.5 % risk in 2 of 3 windows; fixed at 20 % in 1 of 3 windows, because the past is too \
                 short",
            ),
            (
                1.0,
                &[Some(3.0), Some(4.0), Some(1.0), None, None],
                "learnt at 1 % risk in 1 of 5 windows; learnt at up to 4.0 % risk in 2 of 5 windows, the least that \
                 the series can show; fixed at 20 % in 2 of 5 windows, because for one, the past is too short",
            ),
        ] {
            assert_eq!(learnt(risk, shown).in_words(), words);
        }
    }
}
