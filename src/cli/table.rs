//! Plain tables for a terminal: a header, rows, no lines. Cells from outside are escaped here; none is
//! wrapped or cut, whatever the terminal's width.

use comfy_table::{CellAlignment, Table, presets};

use crate::report::display_safe;

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// Lines of text, each ended, with columns as wide as their widest cell.
pub fn render<Row: IntoIterator<Item = String>>(
    columns: &[(&str, Align)],
    rows: impl IntoIterator<Item = Row>,
    indent: usize,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(columns.iter().map(|(title, _)| *title));
    for row in rows {
        table.add_row(row.into_iter().map(|cell| display_safe(&cell).into_owned()));
    }
    for (index, (_, align)) in columns.iter().enumerate() {
        let column = table.column_mut(index).expect("the header made every column");
        column.set_padding((if index == 0 { u16::try_from(indent).unwrap_or(0) } else { 0 }, 2));
        if *align == Align::Right {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().fold(String::new(), |text, line| text + line.trim_end() + "\n")
}
