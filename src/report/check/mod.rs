//! [`CheckReport`]: what `check` found, as data; one file per format beside it.
//!
//! Takes a judgement and the texts it is about; gives bytes. Every format escapes what is in the files.

mod model;

pub use model::{
    CheckFile, CheckFileError, CheckFinding, CheckNotJudged, CheckReport, CheckTotals, Sources, Verdict,
};
