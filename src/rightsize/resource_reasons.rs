//! [`resource_reasons`]: the codes that the ratings and needs of CPU and memory lead to, on Fargate and on instances.

use super::{
    need::{Need, ResourceNeed},
    rating::DimensionRating,
    unrated::{Reason, Unrated},
};

/// The codes of both resources, the findings first.
pub(super) fn resource_reasons(
    (cpu, memory): (&DimensionRating, &DimensionRating),
    demanded: &Need,
) -> Vec<&'static str> {
    let resources = [(cpu, &demanded.cpu, CPU), (memory, &demanded.memory, MEMORY)];
    let kinds: [Kind; 4] = [
        |rating, _, codes| match rating {
            DimensionRating::Overprovisioned => Some(codes.over),
            DimensionRating::Underprovisioned => Some(codes.under),
            DimensionRating::Optimized | DimensionRating::NotRated(_) => None,
        },
        |_, need, codes| {
            let reached = need.reached_cap.then_some(codes.reached_cap);
            if need.unknown_above { Some(codes.unknown_above) } else { reached }
        },
        |_, need, codes| need.enlarged_lately.then_some(codes.enlarged_lately),
        |rating, _, codes| {
            let autoscaled =
                matches!(rating, DimensionRating::NotRated(Unrated { reason: Reason::Autoscaled, .. }));
            autoscaled.then_some(codes.autoscaled)
        },
    ];
    let of_kind =
        |kind: Kind| resources.into_iter().filter_map(move |(rating, need, codes)| kind(rating, need, codes));
    kinds.into_iter().flat_map(of_kind).collect()
}

/// One kind of code: that of a resource, if it is to have one.
type Kind = fn(&DimensionRating, &ResourceNeed, Codes) -> Option<&'static str>;

/// What is said of one resource.
#[derive(Clone, Copy)]
struct Codes {
    over: &'static str,
    under: &'static str,
    unknown_above: &'static str,
    reached_cap: &'static str,
    enlarged_lately: &'static str,
    autoscaled: &'static str,
}

const CPU: Codes = Codes {
    over: "cpu-overprovisioned",
    under: "cpu-underprovisioned",
    unknown_above: "cpu-demand-unknown-above-cap",
    reached_cap: "reached-cpu-cap",
    enlarged_lately: "cpu-enlarged-lately",
    autoscaled: "cpu-autoscaled",
};

const MEMORY: Codes = Codes {
    over: "memory-overprovisioned",
    under: "memory-underprovisioned",
    unknown_above: "memory-demand-unknown-above-cap",
    reached_cap: "reached-memory-cap",
    enlarged_lately: "memory-enlarged-lately",
    autoscaled: "memory-autoscaled",
};
