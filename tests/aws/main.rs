//! Tests over real AWS protocols: `collect` against emulators and against a scripted server, then
//! `report` on what it brought. They run the binary and read its JSON; none links the library.
//!
//! `tests/run` starts the emulators; without it these tests fail, saying so.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]
#![allow(clippy::needless_pass_by_value, reason = "tests hand over `json!` literals")]

mod e2e;
mod faults;
mod fixture;
mod instances;
mod limits;
mod patch;
mod resume;
mod s3;
mod scopes;

/// Runs a check for each case at the same time: most of it is waiting for retries.
fn at_once<Case: Sync>(cases: &[Case], check: impl Fn(&Case) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| check(case));
        }
    });
}
