//! [`rate`]: from a subject to its rating.

use super::{
    autoscaling::{Context, for_a_task, refine},
    calibration::{Learnt, Member},
    cheapest::{cheapest_size, hourly},
    choice::{choose, steps},
    need::Need,
    needs::Needs,
    performance_risk::risk_at,
    rating::{DimensionRating, Rating, SizeChoice},
    resource_reasons::resource_reasons,
    subject::Subject,
};
use crate::{
    config::{Config, ExpectedPeak},
    demand::WindowDemand,
    fargate::TaskSize,
    pricing::{NoPrice, PriceBook},
    units::Usd,
};

/// Rates `subject`, with the headroom that was learnt from its fleet, else with the fixed one.
/// Fails only where a size has no price.
pub fn rate(
    subject: &Subject<'_>,
    book: &PriceBook,
    config: &Config,
    learnt: Option<Learnt<'_>>,
) -> Result<Rating, NoPrice> {
    rate_and(subject, book, config, learnt, refine)
}

/// `finish` is given the rating for as many tasks as ran.
pub(super) fn rate_and<T>(
    subject: &Subject<'_>,
    book: &PriceBook,
    config: &Config,
    learnt: Option<Learnt<'_>>,
    finish: impl FnOnce(&Context<'_>, Rating) -> Result<T, NoPrice>,
) -> Result<T, NoPrice> {
    let Subject { size, shape, demand, .. } = *subject;
    let split = subject.split();
    let os = shape.platform.os;
    let (needs, learnt) = Needs::weighed(subject, learnt);
    let pick = |need: &Need| -> Result<Option<(TaskSize, Usd)>, NoPrice> {
        let Some(Learnt { calibration, .. }) = learnt else {
            return cheapest_size(book, shape, split, needs.floors(need, |need| need.floor));
        };
        let chosen = choose(calibration, &needs.ladder(subject, need, book)?, size.memory(), needs.past_peak);
        chosen.map(|size| Ok((size, hourly(book, shape, split, size)?))).transpose()
    };
    let bound = |of| cheapest_size(book, shape, split, needs.floors(&needs.needed, of));
    let chosen = pick(&needs.needed)?;

    let then = chosen.map_or(size, |(size, _)| size);
    let cpu = DimensionRating::of(&needs.cpu, size.cpu().0, then.cpu().0);
    let memory = DimensionRating::of(&needs.memory, size.memory().0, then.memory().0);
    let mut reasons = resource_reasons((&cpu, &memory), &needs.demanded);
    reasons.extend(needs.guards.reasons(&needs.demanded, &pick)?);
    let peak_to_come = subject.sizing.peak != ExpectedPeak::NONE;
    if peak_to_come {
        reasons.push("expected-peak");
    }
    let idle = !peak_to_come && is_idle(demand, size, config);
    if idle {
        reasons.push("idle");
    }
    if chosen.is_none() {
        reasons.push("no-size-fits");
    }

    let short = cpu == DimensionRating::Underprovisioned || memory == DimensionRating::Underprovisioned;
    let choice = match chosen {
        Some((to, price))
            if to != size && (short || price < hourly(book, shape, split, size)?)
                // The same size, with other limits.
                || to == size && needs.guards.raises_a_limit(to.into()) =>
        {
            Some(SizeChoice {
                size: to,
                hourly: price,
                lower: bound(|need| need.bare)?.map_or(to, |(size, _)| size),
                upper: bound(|need| need.ample)?.map(|(size, _)| size),
                risk: risk_at(
                    to.into(),
                    (demand, subject.sizing.peak, subject.observed_days),
                    &needs.demanded,
                    &needs.guards,
                ),
            })
        }
        _ => None,
    };
    let to = choice.map(|choice| choice.size);
    let rating = Rating {
        cpu,
        memory,
        conditions: to.map(|to| needs.guards.conditions(to.into(), &reasons)).unwrap_or_default(),
        containers: to.and_then(|to| needs.guards.containers(to.into())).unwrap_or_default(),
        guards: needs.guards.list().to_vec(),
        reasons,
        learnt: learnt.is_some_and(|learnt| learnt.replaces_fixed),
        choice,
        already_minimal: choice.is_none() && !short && size.is_smallest(os),
        idle,
        scaling: None,
        simulation_error: None,
        notes: Vec::new(),
    };
    // What would be chosen if the number of tasks stayed what it was: a cheaper size, or this one.
    let same = match (chosen, choice) {
        (Some(_), None) => Some((size, hourly(book, shape, split, size)?)),
        (chosen, _) => chosen,
    };
    finish(&Context { subject, guards: &needs.guards, learnt, book, same }, rating)
}

fn is_idle(demand: &WindowDemand, size: TaskSize, config: &Config) -> bool {
    let limit = u64::from(size.cpu().0) * 1000 * u64::from(config.idle_max_cpu_centi_percent) / 10_000;
    demand.cpu.as_ref().is_some_and(|cpu| cpu.max <= limit)
}

/// The subject as the calibration of its fleet sees it; `None` where its memory cannot be rated or
/// its size is too small already. `days` are those of the window.
pub fn member(subject: &Subject<'_>, book: &PriceBook, days: i64) -> Result<Option<Member>, NoPrice> {
    let needs = Needs::of(subject, &for_a_task(subject), true);
    // The demand of the whole window is what a split of it must not know: other floors only.
    let mut unknown = needs.needed;
    unknown.memory.floor = needs.guards.memory_before_demand().0;
    let holds = needs.floors(&unknown, |need| need.floor).hold(subject.size);
    if needs.memory.is_err() || needs.demanded.memory.short || !holds {
        return Ok(None);
    }
    let ladder = needs.ladder(subject, &unknown, book)?;
    let peaks = &subject.demand.daily_memory_peaks;
    let daily_peaks = (-days..0).map(|day| peaks.get(&day).copied()).collect();
    Ok(Some(Member { daily_peaks, ladder: steps(&ladder) }))
}
