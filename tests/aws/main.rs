//! Tests over real AWS protocols: `collect` against emulators and against a scripted server, then
//! `report` on what it brought. They run the binary and read its JSON; none links the library.
//!
//! `tests/run` starts the emulators; without it these tests fail, saying so.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]
#![allow(clippy::needless_pass_by_value, reason = "tests hand over `json!` literals")]

mod e2e;
mod faults;
mod fixture;
mod limits;
mod resume;
mod scopes;
