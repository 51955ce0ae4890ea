//! A table for a terminal of 80 columns: names, numbers, and a text that continues below itself.

use textwrap::{Options, WordSplitter};

/// The width of the narrowest terminal that people use.
pub(super) const WIDTH: usize = 80;

/// A longer name stands on a line of its own.
const NAME_MAX: usize = 20;

/// Between two columns.
const GAP: &str = "  ";

/// One row.
#[derive(Debug, Default)]
pub(super) struct TableRow {
    pub(super) name: String,
    pub(super) cells: Vec<String>,
    /// Each on a line of its own, behind the cells.
    pub(super) texts: Vec<String>,
}

impl TableRow {
    /// The head of a table; without a text where no row has one.
    pub(super) fn head(cells: &[&str], text: &str) -> Self {
        let cells = cells.iter().map(|&cell| cell.to_owned()).collect();
        Self { name: "target".to_owned(), cells, texts: vec![text.to_owned()] }
    }
}

/// The table. Nothing is longer than 80 columns, whatever the names and texts are; with no rows it is nothing.
pub(super) fn table(mut head: TableRow, mut rows: Vec<TableRow>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    if rows.iter().all(|row| row.texts.is_empty()) {
        head.texts.clear();
    }
    rows.insert(0, head);
    let name = rows.iter().map(|row| width(&row.name)).filter(|&width| width <= NAME_MAX).max().unwrap_or(0);
    let columns = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let widest =
        |column: usize| rows.iter().filter_map(|row| row.cells.get(column)).map(|cell| width(cell)).max();
    let widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or(0)).collect();
    rows.iter().map(|row| shown(row, name, &widths)).collect()
}

/// Lines below a title; without one it is nothing.
pub(super) fn listed(title: &str, lines: impl Iterator<Item = String>) -> String {
    let lines: String = lines.map(|line| "  ".to_owned() + &line + "\n").collect();
    if lines.is_empty() { lines } else { format!("{title}\n{lines}") }
}

fn shown(row: &TableRow, name: usize, widths: &[usize]) -> String {
    let mut line = String::new();
    if width(&row.name) > name {
        line = row.name.clone() + "\n";
    }
    let beside = if line.is_empty() { row.name.as_str() } else { "" };
    let mut cells = format!("{beside:<name$}");
    for (cell, width) in row.cells.iter().zip(widths) {
        cells = format!("{cells}{GAP}{cell:>width$}");
    }
    cells.push_str(GAP);
    let indent = " ".repeat(width(&cells));
    let mut first = cells.as_str();
    for text in &row.texts {
        // Names and codes are to be copied: a hyphen ends no line.
        let options = Options::new(WIDTH).word_splitter(WordSplitter::NoHyphenation);
        let options = options.initial_indent(first).subsequent_indent(&indent);
        line = line + &textwrap::fill(text, options) + "\n";
        first = &indent;
    }
    if row.texts.is_empty() {
        line = line + cells.trim_end() + "\n";
    }
    line
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_wider_than_the_terminal_and_nothing_is_cut() {
        let long = "the-recommendations-of-the-second-generation-with-a-name-of-64-letters";
        let row = |name: &str, texts: &[&str]| TableRow {
            name: name.to_owned(),
            cells: vec!["5,000 → 5,000".to_owned(), "5,000".to_owned(), "skipped".to_owned()],
            texts: texts.iter().map(|&text| text.to_owned()).collect(),
        };
        let limits = [
            "the vCPU quota of 20 is reached: request more of the Fargate vCPU quota (Service Quotas L-3032A538)",
            "the budget `postgres`",
        ];
        let rows = vec![row("api", &limits), row(long, &limits), row("exactly-twenty-chars", &[])];
        let shown = table(TableRow::head(&["now → asked", "can run", "state"], "limited by"), rows);
        assert!(shown.lines().all(|line| width(line) <= WIDTH && line.trim_end() == line), "{shown}");
        insta::assert_snapshot!(shown, @"
        target                  now → asked  can run    state  limited by
        api                   5,000 → 5,000    5,000  skipped  the vCPU quota of 20 is
                                                               reached: request more of
                                                               the Fargate vCPU quota
                                                               (Service Quotas
                                                               L-3032A538)
                                                               the budget `postgres`
        the-recommendations-of-the-second-generation-with-a-name-of-64-letters
                              5,000 → 5,000    5,000  skipped  the vCPU quota of 20 is
                                                               reached: request more of
                                                               the Fargate vCPU quota
                                                               (Service Quotas
                                                               L-3032A538)
                                                               the budget `postgres`
        exactly-twenty-chars  5,000 → 5,000    5,000  skipped
        ");
    }

    #[test]
    fn a_table_without_rows_is_nothing_and_one_without_texts_has_no_column_for_them() {
        let head = || TableRow::head(&["running"], "blocked by");
        assert_eq!(table(head(), Vec::new()), "");
        let row = TableRow { name: "api".to_owned(), cells: vec!["4".to_owned()], texts: Vec::new() };
        assert_eq!(table(head(), vec![row]), "target  running\napi           4\n");
    }
}
