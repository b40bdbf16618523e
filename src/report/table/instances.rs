//! The instances that workloads run on, what of them nothing reserves, and who cannot leave them.

use super::{FEW, column, name, write_flow, write_rest};
use crate::report::{
    Report,
    amounts::{NONE, cost, money},
    columns::{Align, Columns, Shrink},
    text::display_safe,
};

pub(super) fn write(report: &Report, width: usize, out: &mut String) {
    write_pools(report, width, out);
    write_ruled_out(report, width, out);
}

fn write_pools(report: &Report, width: usize, out: &mut String) {
    if report.capacity.is_empty() {
        if report.totals.left_out.is_some_and(|left_out| left_out.instances_cannot_be_filtered) {
            out.push('\n');
            let words = "Instances are not shown: they have no service, family, finding or tag to filter by";
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            write_flow("", &words, " ", width, out);
        }
        return;
    }
    out.push_str("\nInstances; their idle part is in no row and in no total\n");
    let mut table = Columns::new(vec![
        column("CLUSTER", Align::Left, Shrink::Middle { min: 16 }, 0),
        column("LAUNCH TYPE", Align::Left, Shrink::End { min: 6 }, 4),
        column("INSTANCES", Align::Left, Shrink::End { min: 16 }, 2),
        column("COST/MO", Align::Right, Shrink::Never, 1),
        column("IDLE/MO", Align::Right, Shrink::Never, 0),
        column("IDLE", Align::Right, Shrink::Never, 0),
        column("", Align::Left, Shrink::End { min: 16 }, 3),
    ]);
    for pool in report.capacity.iter().take(FEW) {
        let types: Vec<String> = pool.types.iter().map(|(name, count)| format!("{count} {name}")).collect();
        let idle = pool
            .idle_share_percent
            .map_or_else(|| NONE.to_owned(), |share| format!("{} %", share.0.round_dp(1).normalize()));
        table.push(vec![
            display_safe(&format!("{}/{}/{}", pool.account_id, pool.region, pool.cluster))
                .into_owned()
                .into(),
            display_safe(&pool.launch_type).into(),
            display_safe(&types.join(", ")).into_owned().into(),
            cost(pool.monthly_cost).into(),
            pool.idle_monthly_cost.map_or_else(|| NONE.to_owned(), money).into(),
            idle.into(),
            pool.not_priced.as_ref().map_or_else(Default::default, |why| display_safe(&why.detail)).into(),
        ]);
    }
    table.write(width, false, out);
    write_rest(report.capacity.len(), out);
}

fn write_ruled_out(report: &Report, width: usize, out: &mut String) {
    let rows: Vec<_> = report
        .workloads
        .iter()
        .flat_map(|w| w.ruled_out.iter().map(move |ruled_out| (w, ruled_out)))
        .collect();
    if rows.is_empty() {
        return;
    }
    out.push_str("\nRuled out\n");
    let mut table = Columns::new(vec![
        column("WORKLOAD", Align::Left, Shrink::Middle { min: 16 }, 0),
        column("WHY", Align::Left, Shrink::End { min: 24 }, 0),
    ]);
    for (workload, ruled_out) in rows.iter().take(FEW) {
        table.push(vec![name(workload).into(), display_safe(&ruled_out.sentence()).into_owned().into()]);
    }
    table.write(width, false, out);
    write_rest(rows.len(), out);
}
