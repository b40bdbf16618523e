//! What templates cost, before and now: how many tasks, how they are bought, which sizes have a price.

use super::*;

/// A service of this name; `None`: the files do not tell how many tasks it runs.
fn named(name: &str, count: Option<u32>, strategy: &[(&str, u32, u32)]) -> ServiceTemplate {
    let mut service = service(count.unwrap_or(1), strategy);
    service.name = known(name.into(), 20);
    if count.is_none() {
        service.desired_count = Setting::Unresolved { why: "parameter Count".into(), at: place(21) };
    }
    service
}

fn with(mut task: TaskTemplate, services: &[ServiceTemplate]) -> TaskTemplate {
    task.services = services.to_vec();
    task
}

fn counted(cpu: u32, memory: u32, count: Option<u32>) -> TaskTemplate {
    with(task(cpu, memory), &[named("api", count, &[])])
}

fn cents(count: i64, now: &str, before: &str) -> (Option<Decimal>, Option<String>, Option<String>) {
    (Some(Decimal::from(count)), Some(now.to_owned()), Some(before.to_owned()))
}

#[test]
fn a_number_of_tasks_that_one_side_does_not_tell_is_that_of_the_other() {
    // One task of 1 vCPU and 2 GB is 36.0401 a month, one of 4 vCPU and 8 GB 144.1604.
    let grown = Given::of(counted(4096, 8192, None)).after(counted(1024, 2048, Some(10)));
    assert_eq!(grown.costs(), [cents(10, "1441.60", "360.40")]);
    assert_eq!(
        grown.found(),
        [(
            Rule::CostIncrease,
            "+1081.20 USD a month: 360.40 USD before, 1441.60 USD now, for 10 tasks as in the base (the number now \
             is not known)"
                .to_owned()
        )]
    );
    let dropped = Given::of(counted(1024, 2048, None)).after(counted(1024, 2048, Some(10)));
    assert_eq!(dropped.costs(), [cents(10, "360.40", "360.40")]);
    let absent = Given::of(task(1024, 2048)).after(counted(1024, 2048, Some(10)));
    assert_eq!(absent.costs(), [cents(10, "360.40", "360.40")], "what runs it may stand elsewhere");

    let told = Given::of(counted(4096, 8192, Some(10))).after(counted(1024, 2048, None));
    assert_eq!(told.costs(), [cents(10, "1441.60", "360.40")]);
    assert!(told.found()[0].1.ends_with("for 10 tasks (the base does not tell its number)"));
}

#[test]
fn tasks_that_nobody_tells_are_compared_one_by_one() {
    let given = Given::of(counted(4096, 8192, None)).after(counted(1024, 2048, None));
    assert_eq!(given.costs(), [(None, Some("144.16".to_owned()), Some("36.04".to_owned()))]);
    assert_eq!(given.rules(), [Rule::CostIncrease]);
}

#[test]
fn a_change_of_an_unknown_number_of_tasks_is_not_known() {
    let known = |count| named("a", Some(count), &[]);
    let open = |name| named(name, None, &[]);
    for (now, before) in [
        // A service more, of nobody knows how many.
        (vec![known(10), open("b")], vec![known(10)]),
        (vec![known(10)], vec![known(10), open("b")]),
        // Three more beside what is not known.
        (vec![known(6), open("b")], vec![known(3), open("b")]),
    ] {
        let given = Given::of(with(task(1024, 2048), &now)).after(with(task(1024, 2048), &before));
        assert_eq!(given.costs()[0].2, None);
        let judgement = given.judged();
        assert_eq!(judgement.findings, []);
        let why = judgement.not_judged.iter().find(|n| n.rule == Rule::CostIncrease).unwrap();
        assert_eq!(why.why, "how many tasks it adds or takes away is not known");
    }
}

#[test]
fn services_are_told_apart_by_name() {
    let now = [named("b", None, &[]), named("a", Some(3), &[])];
    let before = [named("a", Some(2), &[]), named("b", Some(7), &[])];
    let given = Given::of(with(task(1024, 2048), &now)).after(with(task(1024, 2048), &before));
    // 36.0401 x 10, and x 9.
    assert_eq!(given.costs(), [cents(10, "360.40", "324.36")]);
}

#[test]
fn tasks_that_run_count_on_both_sides() {
    let given =
        Given::of(counted(4096, 8192, None)).after(counted(1024, 2048, Some(10))).running_as(production(4));
    assert_eq!(given.costs(), [cents(4, "576.64", "144.16")]);
}

#[test]
fn a_service_that_is_added_to_those_that_run_counts_by_what_it_asks_for() {
    let with_services = |services: &[ServiceTemplate]| with(task(1024, 2048), services);
    let (api, more) = (named("api", Some(2), &[]), named("more", Some(5), &[]));
    let before = || with_services(std::slice::from_ref(&api));
    let both = [api.clone(), more.clone()];
    // 36.0401 x (4 + 5), and x 4.
    let added = Given::of(with_services(&both)).after(before()).running_as(production(4));
    assert_eq!(added.costs(), [cents(9, "324.36", "144.16")]);
    assert_eq!(added.rules(), [Rule::CostIncrease]);
    // It runs already, and its tasks are counted.
    let runs = Production { service: Some("more".into()), ..production(3) };
    let known = Given::of(with_services(&both)).after(before()).running_as(production(4)).running_as(runs);
    assert_eq!(known.costs(), [cents(7, "252.28", "252.28")]);
    // Which of them is new cannot be told.
    let nameless = |count| ServiceTemplate { name: Setting::Absent, ..named("", Some(count), &[]) };
    let open = Given::of(with_services(&[nameless(2), nameless(5)])).after(with_services(&[nameless(2)]));
    assert_eq!(open.running_as(production(4)).costs()[0].2, None);
    let beside = Given::of(with_services(&[api.clone(), nameless(5)])).after(before());
    assert_eq!(beside.running_as(production(4)).costs(), [cents(9, "324.36", "144.16")]);
    // Of nobody knows how many.
    let unknown = with_services(&[api.clone(), named("more", None, &[])]);
    let unknown = Given::of(unknown).after(before()).running_as(production(4));
    assert_eq!(unknown.costs()[0].2, None);
    let why = unknown.judged().not_judged;
    let why = why.iter().find(|not_judged| not_judged.rule == Rule::CostIncrease).unwrap();
    assert_eq!(why.why, "how many tasks it adds or takes away is not known");
    // It is bought in its own way: 36.0401 x 4 and 11.4723 x 5.
    let spot = named("more", Some(5), &[("FARGATE_SPOT", 0, 1)]);
    let spot = Given::of(with_services(&[api.clone(), spot])).after(before()).running_as(production(4));
    assert_eq!(spot.costs(), [cents(9, "201.52", "144.16")]);
    // Without a base, what runs is what it costs.
    assert_eq!(
        Given::of(with_services(&both)).running_as(production(4)).costs()[0].0,
        Some(Decimal::from(4))
    );
}

/// Tasks, and USD now and before, of a change between the services of a task that runs as 6 tasks of the service `api`.
fn six_run(now: &[ServiceTemplate], before: &[ServiceTemplate]) -> Given {
    let with = |services: &[ServiceTemplate]| with(task(1024, 2048), services);
    Given::of(with(now)).after(with(before)).running_as(production(6))
}

fn scaled(name: &str, desired: u32, least: u32) -> ServiceTemplate {
    ServiceTemplate { min_capacity: known(least, 24), ..named(name, Some(desired), &[]) }
}

#[test]
fn a_changed_number_of_tasks_changes_what_runs_as_many_times() {
    let api = |count| [named("api", Some(count), &[])];
    // 36.0401 x 60, and x 6.
    let grown = six_run(&api(60), &api(6));
    assert_eq!(grown.costs(), [cents(60, "2162.41", "216.24")]);
    assert_eq!(
        grown.found(),
        [(
            Rule::CostIncrease,
            "+1946.17 USD a month: 216.24 USD before, 2162.41 USD now, for 60 tasks".to_owned()
        )]
    );
    assert_eq!(
        six_run(&api(60), &api(6)).set("[check]\nbudget_usd = 1000").rules(),
        [Rule::CostIncrease, Rule::CostOverBudget]
    );
    // What runs is not always what was asked for.
    assert_eq!(six_run(&api(6), &api(3)).costs(), [cents(12, "432.48", "216.24")]);
    assert_eq!(six_run(&api(0), &api(3)).costs(), [cents(0, "0.00", "216.24")]);
    assert_eq!(six_run(&api(3), &api(3)).costs(), [cents(6, "216.24", "216.24")]);
    // Findings of the size are the same for each task, and more in all.
    let wide = |count| with(task(1024, 8192), &api(count));
    let found = Given::of(wide(12)).after(wide(6)).running_as(production(6)).judged().findings;
    let flags: Vec<_> = found.iter().map(|f| (f.rule, f.known)).collect();
    assert_eq!(flags, [(Rule::MemoryOverprovisioned, false), (Rule::CostIncrease, false)]);
}

#[test]
fn each_service_that_runs_changes_by_its_own_number() {
    let services = |a, b| [named("api", Some(a), &[]), named("more", Some(b), &[])];
    let more = Production { id: "more".into(), service: Some("more".into()), ..production(2) };
    let given = six_run(&services(3, 30), &services(3, 3)).running_as(more.clone());
    assert_eq!(given.costs(), [cents(26, "937.04", "288.32")]);
    // One that is taken away runs no more, or, where it does not run, is no more asked for.
    let api = [named("api", Some(3), &[])];
    let linked = "[[check.link]]\nmatch = { path = \"*\" }\nworkload = \"*\"";
    let gone = six_run(&api, &services(3, 3)).running_as(more).set(linked);
    assert_eq!(gone.costs(), [cents(6, "216.24", "288.32")]);
    assert_eq!(six_run(&api, &services(3, 3)).costs(), [cents(6, "216.24", "324.36")]);
    let unknown = [api[0].clone(), named("more", None, &[])];
    assert_eq!(six_run(&api, &unknown).costs()[0].2, None);
}

#[test]
fn a_workload_that_may_be_any_of_the_services_is_not_known_unless_all_change_alike() {
    let services = |a, b| [named("x", Some(a), &[]), named("y", Some(b), &[])];
    assert_eq!(six_run(&services(6, 2), &services(3, 1)).costs(), [cents(12, "432.48", "216.24")]);
    assert_eq!(six_run(&services(3, 2), &services(3, 1)).costs()[0].2, None);
    assert_eq!(six_run(&services(3, 1)[..1], &services(3, 1)).costs()[0].2, None);
    // A run of the family is none of them.
    let given = |now, before| {
        let task = |count| with(task(1024, 2048), &[named("x", Some(count), &[])]);
        Given::of(task(now)).after(task(before)).running_as(Production { service: None, ..production(6) })
    };
    assert_eq!(given(4, 2).costs()[0].2, None);
    assert_eq!(given(4, 4).costs(), [cents(6, "216.24", "216.24")]);
}

#[test]
fn where_auto_scaling_decides_only_a_minimum_above_what_ran_is_known() {
    let cost = |now: ServiceTemplate, before: ServiceTemplate| six_run(&[now], &[before]).costs();
    let api = |desired, least| scaled("api", desired, least);
    let fixed = |count| named("api", Some(count), &[]);
    assert_eq!(cost(api(60, 2), api(6, 2)), [cents(6, "216.24", "216.24")], "the desired count says nothing");
    assert_eq!(cost(api(6, 12), api(6, 2)), [cents(12, "432.48", "216.24")]);
    assert_eq!(cost(api(6, 12), fixed(6)), [cents(12, "432.48", "216.24")]);
    assert_eq!(cost(api(6, 2), fixed(6)), [cents(6, "216.24", "216.24")]);
    for (now, before) in
        [(api(6, 4), api(6, 2)), (api(6, 2), api(6, 4)), (fixed(3), api(6, 4)), (fixed(3), fixed(0))]
    {
        let given = six_run(&[now], &[before]).set("[check]\nbudget_usd = 1000");
        assert_eq!(given.costs()[0].2, None);
        let not_judged = given.judged().not_judged;
        for rule in [Rule::CostIncrease, Rule::CostOverBudget] {
            let why = not_judged.iter().find(|it| it.rule == rule).unwrap();
            assert_eq!(why.why, "how many tasks it adds or takes away is not known");
        }
    }
}

#[test]
fn a_base_of_a_strategy_is_filled_by_the_tasks_of_its_side() {
    let api = |count| named("api", Some(count), &[("FARGATE", 6, 0), ("FARGATE_SPOT", 0, 1)]);
    // 36.0401 x 6; and 11.4723 for each of 6 more.
    assert_eq!(six_run(&[api(12)], &[api(6)]).costs(), [cents(12, "285.07", "216.24")]);
    assert_eq!(six_run(&[api(12)], &[api(6)]).rules(), [Rule::CostIncrease]);
}

#[test]
fn telling_a_number_makes_no_finding_new() {
    let stored =
        |count| TaskTemplate { ephemeral_storage: known(StorageGib(200), 6), ..counted(256, 512, count) };
    for (now, before) in [(Some(10), None), (None, Some(10)), (None, None)] {
        let found = Given::of(stored(now)).after(stored(before)).judged().findings;
        let flags: Vec<_> = found.iter().map(|f| (f.rule, f.known)).collect();
        assert_eq!(flags, [(Rule::EphemeralStorageUnused, true)], "{now:?} {before:?}");
    }
}

/// USD a month of the template's tasks together.
fn monthly(task: TaskTemplate) -> Option<String> {
    Given::of(task).costs().remove(0).1
}

#[test]
fn each_service_is_bought_in_its_own_way() {
    // us-east-1: 36.0401 a task on demand, 11.4723 on Spot.
    let on_demand =
        ServiceTemplate { launch_type: known(LaunchType::Fargate, 23), ..named("s1", Some(3), &[]) };
    let spot = named("s2", Some(1), &[("FARGATE_SPOT", 0, 1)]);
    let before = with(task(1024, 2048), std::slice::from_ref(&on_demand));
    let now = with(task(1024, 2048), &[on_demand.clone(), spot.clone()]);
    let alone = with(task(1024, 2048), std::slice::from_ref(&spot));
    let usd = |text: Option<String>| -> Decimal { text.unwrap().parse().unwrap() };
    assert_eq!(monthly(before.clone()).as_deref(), Some("108.12"));
    let change = usd(monthly(now.clone())) - usd(monthly(before.clone()));
    assert_eq!(change, usd(monthly(alone.clone())), "a task on Spot costs what it costs alone");
    assert!(usd(monthly(alone)) < Decimal::from(36));
    assert!(!Given::of(now).after(before).rules().contains(&Rule::LaunchTypeDearer));
}

#[test]
fn services_count_by_their_tasks() {
    let services =
        [named("s1", Some(3), &[("FARGATE", 0, 1)]), named("s2", Some(2), &[("FARGATE_SPOT", 0, 1)])];
    let each = |index: usize| monthly(with(task(256, 512), &services[index..=index])).unwrap();
    let usd = |text: String| -> Decimal { text.parse().unwrap() };
    let all = usd(monthly(with(task(256, 512), &services)).unwrap());
    assert!((all - usd(each(0)) - usd(each(1))).abs() <= Decimal::new(1, 2), "{all}");
    // Of nobody knows how many, the mix is not known either.
    let mut open = services.to_vec();
    open[1].desired_count = Setting::Absent;
    assert_eq!(monthly(with(task(256, 512), &open)), None);
}

#[test]
fn a_base_is_filled_before_the_weights_count() {
    let of =
        |count| with(task(1024, 2048), &[named("s", count, &[("FARGATE", 4, 1), ("FARGATE_SPOT", 0, 3)])]);
    assert_eq!(monthly(of(Some(4))).as_deref(), Some("144.16"));
    assert_eq!(monthly(of(None)).as_deref(), Some("36.04"), "the first task is of the base");
    let spot: Decimal = monthly(with(task(1024, 2048), &[named("s", Some(1), &[("FARGATE_SPOT", 0, 1)])]))
        .unwrap()
        .parse()
        .unwrap();
    // Of 8, five are on demand.
    let eight: Decimal = monthly(of(Some(8))).unwrap().parse().unwrap();
    let by_hand = Decimal::new(360_401, 4) * Decimal::from(5) + spot * Decimal::from(3);
    assert!((eight - by_hand).abs() < Decimal::new(2, 2), "{eight} {by_hand}");
    // Those that run count, where it is known.
    let running = Given::of(of(Some(8))).running_as(production(4));
    assert_eq!(running.costs()[0].1.as_deref(), Some("144.16"));
    // Fewer tasks are no dearer way of buying them.
    assert!(!Given::of(of(Some(4))).after(of(Some(100))).rules().contains(&Rule::LaunchTypeDearer));
    // Without a number, what a base changes is not known.
    let weighed = with(task(1024, 2048), &[named("s", None, &[("FARGATE", 0, 1), ("FARGATE_SPOT", 0, 3)])]);
    assert_eq!(Given::of(of(None)).after(weighed).costs()[0].2, None);
}

#[test]
fn weights_of_any_size_are_no_panic() {
    let huge = named("s", Some(u32::MAX), &[("FARGATE", u32::MAX, u32::MAX), ("FARGATE_SPOT", 7, u32::MAX)]);
    assert!(monthly(with(task(1024, 2048), &[huge.clone(), huge])).is_some());
}

#[test]
fn a_size_that_fargate_does_not_offer_has_no_price() {
    for (cpu, memory) in [(256, 513), (2048, 512), (300, 1024), (0, 0)] {
        assert_eq!(monthly(task(cpu, memory)), None, "{cpu}/{memory}");
        let mut new = Given::of(task(cpu, memory));
        new.base = Some(Vec::new());
        let judgement = new.judged();
        let rules: Vec<Rule> = judgement.findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, [Rule::InvalidTaskSize]);
        let why = judgement.not_judged.iter().find(|n| n.rule == Rule::CostIncrease).unwrap();
        assert_eq!(why.why, "Fargate does not offer its size");
    }
    let mended = Given::of(task(256, 512)).after(task(256, 513));
    assert_eq!(mended.costs()[0].2, None);
    let judgement = mended.judged();
    let why = judgement.not_judged.iter().find(|n| n.rule == Rule::CostIncrease).unwrap();
    assert_eq!(why.why, "its cost in the base is not known: Fargate does not offer its size");
    // Windows has sizes of its own.
    let mut windows = task(512, 1024);
    windows.platform = known(Platform { os: OperatingSystem::Windows, ..Platform::default() }, 5);
    assert_eq!(monthly(windows), None);
}

/// 13.7 % off.
fn discounted(mut given: Given) -> Given {
    given.settings = given.settings.with_discount(crate::config::Discount { enterprise_centi_percent: 1370 });
    given
}

#[test]
fn what_is_paid_is_less_than_the_list_price_by_the_discount() {
    // 36.0401 x 0.863 = 31.1026.
    let given = || Given::of(counted(4096, 8192, Some(10))).after(counted(1024, 2048, Some(10)));
    assert_eq!(given().costs(), [cents(10, "1441.60", "360.40")]);
    assert_eq!(discounted(given()).costs(), [cents(10, "1244.10", "311.03")]);
    assert!(
        discounted(given()).found()[0]
            .1
            .starts_with("+933.08 USD a month: 311.03 USD before, 1244.10 USD now")
    );
    let budget =
        |given: Given| given.set("[check]\nbudget_usd = 1300").rules().contains(&Rule::CostOverBudget);
    assert!(budget(given()));
    let mut within = given().set("[check]\nbudget_usd = 1300");
    within = discounted(within);
    assert!(!within.rules().contains(&Rule::CostOverBudget));
    // 6 GB x 0.004445 x 730 x 0.863 = 16.8015.
    let wide = discounted(Given::of(task(1024, 8192)).running_as(production(1)));
    assert!(wide.found()[0].1.ends_with("+16.80 USD a month"), "{}", wide.found()[0].1);
    // The same way of buying is not dearer by the discount: what runs has it, too.
    let fixed = with(task(1024, 2048), &[named("api", Some(10), &[("FARGATE", 0, 1)])]);
    assert_eq!(discounted(Given::of(fixed).running_as(production(10))).rules(), []);
}

#[test]
fn amounts_of_other_prices_are_not_held_against_one_another() {
    let given = |memory| Given::of(task(2048, memory)).running_as(production(1));
    let list = Baseline::of(&given(15360).judged().findings);
    let less = Baseline::of(&discounted(given(15360)).judged().findings).paid_at(Decimal::new(863, 3));
    let less = Baseline::from_json(less.to_json().as_bytes()).unwrap();
    let is_known = |mut given: Given, baseline: &Baseline| {
        given.baseline = Some(baseline.clone());
        let found = given.judged().findings;
        found.iter().find(|f| f.rule == Rule::MemoryOverprovisioned).unwrap().known
    };
    // More memory, though for less money than it was at list prices.
    assert!(!is_known(discounted(given(16384)), &list));
    assert!(!is_known(discounted(given(16384)), &less));
    assert!(is_known(discounted(given(14336)), &less));
    assert!(!is_known(given(14336), &less), "better, but no amount says so");
    for (given, baseline) in [(discounted(given(15360)), &list), (given(15360), &less)] {
        assert!(is_known(given, baseline), "it asks for the same");
    }
}
