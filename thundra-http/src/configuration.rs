#![doc = include_str!("configuration.md")]

#[cfg(test)]
mod tests {
    use thundra_core::config::table;

    /// rustdoc shows the file unchanged. The file must therefore contain the tables of the variables.
    #[test]
    fn the_page_has_the_variables_of_the_lists() {
        let page = include_str!("configuration.md");
        let tables = [thundra_core::VARIABLES, crate::VARIABLES].map(table);
        for table in &tables {
            assert!(page.contains(table), "configuration.md lacks this table:\n{table}");
        }
        let rows = tables.iter().flat_map(|table| table.lines()).count();
        assert_eq!(page.lines().filter(|line| line.starts_with('|')).count(), rows, "it has other rows too");
    }
}
