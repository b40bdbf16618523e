//! [`ExitCode`]: what fargauge ends with. Scripts and pipelines rely on these; they don't change.

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// 0: done; or the reader of our output left early, which is fine.
    Fine = 0,
    /// 1: everything was evaluated, and a policy is violated, or a price book is implausible.
    PolicyViolated = 1,
    /// 2: the arguments or the configuration are wrong. Nothing was evaluated.
    Usage = 2,
    /// 3: something could not be evaluated: data that can't be read, a price that is not held, AWS.
    NotEvaluated = 3,
}

/// For `--help`.
pub const EXPLAINED: &str = "Exit codes:
  0  fine
  1  a policy is violated
  2  bad usage or configuration
  3  something could not be evaluated (AWS, data, missing prices)";

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        // The discriminants are the documented codes.
        Self::from(code as u8)
    }
}
