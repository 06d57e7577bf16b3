//! Tables in Markdown.

use crate::results::Results;
use crate::section::{Column, Section, Show, Variant};

/// Returns the medians of a section.
pub(super) fn medians(section: &Section, results: &Results) -> String {
    table(section, section.columns.iter().collect(), |column, variant| cell(column, variant, results))
}

/// Returns the ranges of a section; `None` if no column has ranges.
pub(super) fn ranges(section: &Section, results: &Results) -> Option<String> {
    let spread: Vec<_> = section.columns.iter().filter(|column| matches!(column.show, Show::Spread)).collect();
    (!spread.is_empty()).then(|| table(section, spread, |column, variant| range(column, variant, results)))
}

fn table(section: &Section, columns: Vec<&Column>, cell: impl Fn(&Column, &Variant) -> Option<String>) -> String {
    let titles = columns.iter().map(|column| column.title.clone());
    let mut rows = vec![row("variant", titles), row("---", columns.iter().map(|_| "---:".to_owned()))];
    for variant in &section.variants {
        let cells = columns.iter().map(|column| cell(column, variant).unwrap_or_else(|| "—".to_owned()));
        rows.push(row(&format!("**{}** {}", variant.name, variant.about), cells));
    }
    rows.concat()
}

/// Returns a row of a table.
pub(super) fn row(name: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: String = cells.map(|cell| format!(" {cell} |")).collect();
    format!("| {} |{cells}\n", name.trim_end())
}

fn cell(column: &Column, variant: &Variant, results: &Results) -> Option<String> {
    let value = |row| results.median(row, &column.figure);
    let median = value(variant.name)?;
    Some(match column.show {
        Show::Median | Show::Spread => number(median),
        Show::Ratio(to) => ratio(median / value(to)?),
        Show::Over(row) => number(median - value(row)?),
    })
}

fn range(column: &Column, variant: &Variant, results: &Results) -> Option<String> {
    let rounds = results.figure(variant.name, &column.figure)?;
    let (least, greatest) = rounds.iter().fold((f64::MAX, f64::MIN), |(l, g), x| (x.min(l), x.max(g)));
    Some(format!("{}–{}", number(least), number(greatest)))
}

/// Returns a ratio as text.
pub(super) fn ratio(value: f64) -> String {
    format!("{value:.2}×")
}

/// Returns a number with three digits or more.
pub(super) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        x if x >= 99.95 => 0,
        x if x >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    // Zero, and a value that rounds to zero, has no sign and no decimals.
    if text.trim_start_matches('-').chars().all(|c| matches!(c, '0' | '.')) { "0".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        for (value, text) in [
            (0.0, "0"),
            (-0.001, "0"),
            (0.15, "0.15"),
            (9.999, "10.0"),
            (99.96, "100"),
            (1234.5, "1234"),
            (-12.34, "-12.3"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
