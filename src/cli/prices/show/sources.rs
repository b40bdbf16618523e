//! [`Sources`]: what prices are from, numbered below a table, for many prices share one.

use crate::report::display_safe;

/// Date, confidence and words of each source, in the order in which they were cited.
#[derive(Debug, Default)]
pub(super) struct Sources(Vec<[String; 3]>);

impl Sources {
    /// The mark of a source in a table, such as `[2]`. A source may have no date.
    pub(super) fn cite(&mut self, date: Option<&str>, confidence: &str, source: &str) -> String {
        let cited = [date.unwrap_or("no date"), confidence, source].map(str::to_owned);
        let number = self.0.iter().position(|known| *known == cited).unwrap_or_else(|| {
            self.0.push(cited);
            self.0.len() - 1
        });
        format!("[{}]", number + 1)
    }

    pub(super) fn lines(&self) -> String {
        self.0.iter().zip(1..).fold(String::new(), |text, ([date, confidence, source], number)| {
            text + &format!("[{number}] {date}, {confidence} confidence: {}\n", display_safe(source))
        })
    }
}
