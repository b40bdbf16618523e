//! What containers may use against what their task has.

use super::*;

#[test]
fn containers_beyond_the_task_are_denied() {
    let mut sums = task(256, 512);
    sums.containers = vec![container("a", 200, None, Some(400)), container("b", 100, None, Some(200))];
    let found = Given::of(sums).found();
    assert_eq!(
        found,
        [
            (
                Rule::ContainersExceedTask,
                "the containers reserve 300 CPU units together, the task has 256".to_owned()
            ),
            (
                Rule::ContainersExceedTask,
                "the containers reserve 600 MiB together, the task has 512".to_owned()
            ),
        ]
    );
    let mut one = task(256, 512);
    one.containers = vec![container("a", 0, Some(1024), None)];
    let found = Given::of(one).found();
    assert_eq!(
        found,
        [(Rule::ContainersExceedTask, "container \"a\" may use 1024 MiB, the task has 512".to_owned())]
    );
}

#[test]
fn a_container_that_reserves_more_than_it_may_use_is_denied() {
    let with = |memory, reservation| {
        let mut task = task(256, 512);
        task.containers = vec![container("a", 0, memory, Some(reservation))];
        Given::of(task).found()
    };
    let message = "container \"a\" reserves 400 MiB, but may use 300 MiB".to_owned();
    assert_eq!(with(Some(300), 400), [(Rule::ContainersExceedTask, message)]);
    assert_eq!(with(Some(400), 400), []);
    assert_eq!(with(None, 400), []);
}

#[test]
fn a_heap_that_is_not_known_is_not_judged() {
    let mut jvm = task(1024, 2048);
    let mut app = container("app", 0, None, None);
    app.runtime_settings = vec![(RuntimeSetting::new("-Xmx", ""), place(15))];
    jvm.containers = vec![app];
    let why = |task: &TaskTemplate| -> Vec<String> {
        let judged = Given::of(task.clone()).judged().not_judged.into_iter();
        judged.filter(|not| not.rule == Rule::HeapExceedsMemory).map(|not| not.why).collect()
    };
    assert_eq!(why(&jvm), ["what -Xmx is for container \"app\" is not known"]);
    jvm.containers[0].runtime_settings.push((RuntimeSetting::new("-Xms", "1g"), place(15)));
    assert_eq!(why(&jvm).len(), 1);
    // What is known is too much whatever the rest is.
    jvm.containers[0].runtime_settings[1].0.value = "2g".into();
    assert_eq!(why(&jvm), [""; 0]);
    assert_eq!(Given::of(jvm).rules(), [Rule::HeapExceedsMemory]);
}

#[test]
fn a_heap_larger_than_its_container_is_denied() {
    let mut jvm = task(1024, 2048);
    let mut container = container("app", 0, None, None);
    container.runtime_settings = vec![(RuntimeSetting::new("-Xmx", "2g"), place(15))];
    jvm.containers = vec![container];
    let found = Given::of(jvm.clone()).judged().findings;
    assert_eq!(found[0].rule, Rule::HeapExceedsMemory);
    assert_eq!(found[0].at.as_ref().unwrap().line, 15);
    // 2048 + 103 + 128 + 64 + 32 + 64 (see rightsize/guards/fixed_heap.rs).
    assert_eq!(
        found[0].message,
        "-Xmx2g needs about 2439 MiB with what is beside the heap, container \"app\" has 2048"
    );
    assert_eq!(found[0].level, Level::Deny);
    jvm.containers[0].runtime_settings[0].0.value = "1900m".into();
    assert_eq!(Given::of(jvm.clone()).judged().findings[0].level, Level::Warn, "an allowance fails no build");
    jvm.memory = known(MemoryMib(3072), 4);
    assert_eq!(Given::of(jvm).rules(), []);
}
