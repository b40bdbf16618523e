//! How memory headroom was set, in the report's words: for the fleet, and for one workload.

use rust_decimal::Decimal;

use super::wording::percent;
use crate::{
    report::{Finding, HeadroomReport, Quantity, WorkloadHeadroom},
    rightsize::{Calibration, Unsupported},
    units::Usd,
};

/// How headroom was set for a risk (in hundredths of a per cent), in the report's words.
pub(super) fn of_fleet(calibration: &Result<Calibration, Unsupported>, risk: u32) -> HeadroomReport {
    let risk_percent = percent(risk);
    match calibration {
        Ok(calibration) => HeadroomReport {
            method: "calibrated".to_owned(),
            risk_percent,
            shown_risk_percent: Some(shown(calibration, risk)),
            detail: format!(
                "{}learnt from {} splits of the window, each with at least {} workloads made smaller, of which at \
                 most {:.1} % later ran short of memory",
                if calibration.risk > calibration.asked {
                    format!(
                        "the least risk this fleet can show is {} %; ",
                        shown(calibration, risk).tenths_up()
                    )
                } else {
                    String::new()
                },
                calibration.splits,
                calibration.workloads,
                calibration.attained * 100.0
            ),
            price_of_risk: price_of_risk(calibration),
        },
        Err(unsupported) => HeadroomReport {
            method: "fixed".to_owned(),
            risk_percent,
            shown_risk_percent: None,
            detail: unsupported.to_string(),
            price_of_risk: unsupported.safest().and_then(price_of_risk),
        },
    }
}

/// How memory headroom was set for one that was seen for so many whole days, at a risk in hundredths of a per cent.
/// `calibration` is what the fleet taught, whether or not it is what was `learnt` for this one.
pub(super) fn of_workload(
    memory: Finding,
    calibration: Option<&Calibration>,
    (learnt, on_instances): (bool, bool),
    days: u64,
    risk: u32,
) -> Option<WorkloadHeadroom> {
    let learnt = learnt && memory != Finding::Underprovisioned;
    if memory == Finding::NotRated {
        return None;
    }
    let fixed_because = calibration.filter(|_| !learnt).map(|calibration| {
        if on_instances {
            "a smaller reservation saves nothing until instances go, so that no price is weighed against a risk"
                .to_owned()
        } else if !calibration.speaks_of(days) {
            format!(
                "it was seen for {days} whole days, and what the fleet taught holds from {} on",
                calibration.least_days()
            )
        } else {
            "it is short of CPU, memory or tasks, and keeps the fixed headroom at least".to_owned()
        }
    });
    let calibration = calibration.filter(|_| learnt);
    Some(WorkloadHeadroom {
        method: if calibration.is_some() { "calibrated" } else { "fixed" }.to_owned(),
        risk_percent: percent(risk),
        shown_risk_percent: calibration.map(|calibration| shown(calibration, risk)),
        detail: fixed_because,
    })
}

/// The risk that a fleet shows, where `risk` was asked for.
fn shown(calibration: &Calibration, risk: u32) -> Quantity {
    let least = Decimal::try_from(calibration.risk * 100.0).map(|least| Quantity(least).rounded());
    // What was asked for is not told with a double's last digits.
    least.ok().filter(|_| calibration.risk > calibration.asked).unwrap_or(percent(risk))
}

fn price_of_risk(calibration: &Calibration) -> Option<Usd> {
    Decimal::try_from(calibration.price_of_risk).ok().map(|usd| Usd(usd).rounded())
}
