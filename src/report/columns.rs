//! [`Columns`]: rows of text in aligned columns, one line each, never wider than asked.
//!
//! Takes columns, rows of display-safe text, and a width. What does not fit goes in this order: the
//! least important columns are left out, then columns that may shrink are cut to what room is left.
//! Nothing wraps. A column that must not shrink (numbers) is whole or absent, never cut.

use comfy_table::{CellAlignment, ContentArrangement, Table, TableStyle};

use super::text::{display_width, shorten_end, shorten_middle};

/// Blank columns between two columns of text.
const GAP: u16 = 2;
/// Width up to which every column may grow before a longer one gets more.
const COMFORTABLE: usize = 36;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// What happens to a cell that is wider than the room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shrink {
    Never,
    /// Cut in the middle, but not below `min` columns.
    Middle {
        min: usize,
    },
    /// Cut at the end, but not below `min` columns.
    End {
        min: usize,
    },
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub title: &'static str,
    pub align: Align,
    pub shrink: Shrink,
    /// The first to be left out has the highest rank; of equal ranks, the last column.
    pub rank: u8,
}

/// ANSI foreground colours, the terminal's own shades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Color {
    Red,
    Green,
    Yellow,
}

impl Color {
    const fn start(self) -> &'static str {
        match self {
            Self::Red => "\u{1b}[31m",
            Self::Green => "\u{1b}[32m",
            Self::Yellow => "\u{1b}[33m",
        }
    }
}

/// Back to the terminal's own foreground colour.
const COLOR_END: &str = "\u{1b}[0m";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    color: Option<Color>,
}

impl Cell {
    pub fn colored(text: impl Into<String>, color: Color) -> Self {
        Self { text: text.into(), color: Some(color) }
    }
}

impl<T: Into<String>> From<T> for Cell {
    /// `text` is shown as it is: pass names through `display_safe` first.
    fn from(text: T) -> Self {
        Self { text: text.into(), color: None }
    }
}

#[derive(Debug)]
pub(crate) struct Columns {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Columns {
    pub fn new(columns: Vec<Column>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row: one cell per column, in the same sequence.
    pub fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len(), "a row has one cell per column");
        self.rows.push(row);
    }

    /// Appends a title line and one line per row to `out`, each at most `width` columns wide.
    pub fn write(&self, width: usize, color: bool, out: &mut String) {
        let layout = self.layout(width);
        let titles: Vec<Cell> = self.columns.iter().map(|column| column.title.into()).collect();
        let mut table = Table::new();
        table
            .load_style(TableStyle::new())
            .set_content_arrangement(ContentArrangement::Disabled)
            .enforce_styling();
        for row in std::iter::once(&titles).chain(&self.rows) {
            table.add_row(layout.iter().map(|&(index, width)| self.fitted(index, &row[index], width, color)));
        }
        let last = layout.len().saturating_sub(1);
        for (position, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, if position == last { 0 } else { GAP }));
        }
        for line in table.lines() {
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }

    /// The places of the columns that are written at `width`.
    pub fn shown(&self, width: usize) -> Vec<usize> {
        self.layout(width).into_iter().map(|(index, _)| index).collect()
    }

    /// The cell, cut to its column's width.
    fn fitted(&self, index: usize, cell: &Cell, width: usize, color: bool) -> comfy_table::Cell {
        let column = self.columns[index];
        let text = match column.shrink {
            Shrink::Middle { .. } => shorten_middle(&cell.text, width),
            Shrink::End { .. } | Shrink::Never => shorten_end(&cell.text, width),
        };
        let text = match cell.color.filter(|_| color && !text.is_empty()) {
            Some(shade) => format!("{}{text}{COLOR_END}", shade.start()),
            None => text.into(),
        };
        comfy_table::Cell::new(text).set_alignment(match column.align {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        })
    }

    /// The columns that stay, in sequence, each with its width.
    fn layout(&self, width: usize) -> Vec<(usize, usize)> {
        let natural: Vec<usize> = (0..self.columns.len()).map(|index| self.natural_width(index)).collect();
        let least = |index: usize| match self.columns[index].shrink {
            Shrink::Never => natural[index],
            Shrink::Middle { min } | Shrink::End { min } => natural[index].min(min),
        };
        let total = |kept: &[(usize, usize)]| {
            kept.iter().map(|(_, width)| width).sum::<usize>()
                + usize::from(GAP) * kept.len().saturating_sub(1)
        };

        let mut kept: Vec<(usize, usize)> =
            (0..self.columns.len()).map(|index| (index, least(index))).collect();
        while total(&kept) > width {
            let dropped =
                (0..kept.len()).max_by_key(|at| self.columns[kept[*at].0].rank).filter(|_| kept.len() > 1);
            let Some(at) = dropped else {
                // Even the last column is too wide: only now is anything cut below its minimum.
                kept[0].1 = width;
                return kept;
            };
            kept.remove(at);
        }

        // Room that is left goes to the columns that were shrunk, in sequence, and to none of them
        // beyond what is comfortable before the others have had theirs.
        let mut room = width - total(&kept);
        for limit in [COMFORTABLE, usize::MAX] {
            for (index, column_width) in &mut kept {
                let grown = natural[*index].min(limit).clamp(*column_width, *column_width + room);
                room -= grown - *column_width;
                *column_width = grown;
            }
        }
        kept
    }

    fn natural_width(&self, index: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(index)).map(|cell| display_width(&cell.text));
        cells.max().unwrap_or(0).max(display_width(self.columns[index].title))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_columns(rows: &[(&str, &str)]) -> Columns {
        let name = Column { title: "NAME", align: Align::Left, shrink: Shrink::Middle { min: 8 }, rank: 0 };
        let cost = Column { title: "COST", align: Align::Right, shrink: Shrink::Never, rank: 1 };
        let mut columns = Columns::new(vec![name, cost]);
        for (name, cost) in rows {
            columns.push(vec![(*name).into(), (*cost).into()]);
        }
        columns
    }

    fn written(columns: &Columns, width: usize, color: bool) -> String {
        let mut out = String::new();
        columns.write(width, color, &mut out);
        out
    }

    #[test]
    fn numbers_line_up_on_the_right_and_wide_characters_keep_the_line() {
        let columns = two_columns(&[("api", "1,200.50"), ("注文", "9.01"), ("", "0.10")]);
        assert_eq!(
            written(&columns, 80, false),
            "\
NAME      COST
api   1,200.50
注文      9.01
          0.10
"
        );
    }

    #[test]
    fn names_shrink_to_their_minimum_before_a_column_goes() {
        let columns = two_columns(&[("production/checkout", "9.01")]);
        assert_eq!(written(&columns, 18, false), "NAME          COST\nproduc…ckout  9.01\n");
        assert_eq!(written(&columns, 14, false), "NAME      COST\nprod…out  9.01\n");
        assert_eq!(written(&columns, 13, false), "NAME\nproduc…eckout\n");
        assert_eq!(written(&columns, 5, false), "NAME\npr…ut\n");
    }

    #[test]
    fn a_number_is_whole_or_absent() {
        let columns = two_columns(&[("a", "123456789012345678901234567890.00")]);
        assert_eq!(written(&columns, 30, false), "NAME\na\n");
    }

    #[test]
    fn colour_changes_no_alignment() {
        let mut columns = two_columns(&[]);
        columns.push(vec![Cell::colored("late", Color::Red), "1".into()]);
        assert_eq!(written(&columns, 80, true), "NAME  COST\n\u{1b}[31mlate\u{1b}[0m     1\n");
        assert_eq!(written(&columns, 80, false), "NAME  COST\nlate     1\n");
    }

    #[test]
    fn no_line_ends_in_blanks() {
        let columns = two_columns(&[("only a name", "")]);
        assert_eq!(written(&columns, 80, false), "NAME         COST\nonly a name\n");
    }
}
