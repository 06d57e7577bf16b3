//! Tables, readable as text and as Markdown.

/// Prints a table with more than a head, and a remark below.
pub(crate) fn print(rows: &[Vec<String>], remarks: &[String]) {
    if rows.len() > 1 {
        println!("{}{}", aligned(rows), remarks.iter().map(|line| format!("\n{line}")).collect::<String>());
    }
}

/// Formats rows of the same length; the first row is the head.
pub(crate) fn aligned(rows: &[Vec<String>]) -> String {
    let Some((head, rows)) = rows.split_first() else { return String::new() };
    let width = |(at, name): (usize, &String)| rows.iter().map(|row| row[at].len()).max().max(Some(name.len()));
    let widths: Vec<usize> = head.iter().enumerate().filter_map(width).collect();
    let cell = |(at, (cell, &width)): (usize, (&String, &usize))| match at {
        0 | 1 => format!("{cell:<width$}"),
        _ => format!("{cell:>width$}"),
    };
    let line = |row: &[String]| {
        let cells: Vec<_> = row.iter().zip(&widths).enumerate().map(cell).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let dashes: Vec<_> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let rows: String = rows.iter().map(|row| line(row)).collect();
    line(head) + &line(&dashes) + &rows
}

/// Formats a large number without decimals, and a small one with two.
pub(crate) fn number(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}
