//! The documents name what exists.

use std::collections::BTreeSet;

use crate::{root, text};

/// The documents of the workspace.
const DOCUMENTS: [&str; 4] = [".github/CONTRIBUTING.md", "BENCHMARKS.md", "CHANGELOG.md", "README.md"];

#[test]
#[ignore = "the document is not written yet"]
fn contributing_names_paths_that_exist() {
    let missing: Vec<_> =
        paths(&text(".github/CONTRIBUTING.md")).into_iter().filter(|path| !root().join(path).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
#[ignore = "the document is not written yet"]
fn links_lead_somewhere() {
    for document in DOCUMENTS {
        let folder = root().join(document).parent().unwrap().to_owned();
        for (_, link) in text(document)
            .match_indices("](")
            .map(|(at, _)| text(document)[at + 2..].split_once(')').map_or(String::new(), |(link, _)| link.to_owned()))
            .enumerate()
        {
            let file = link.split('#').next().unwrap();
            let is_ours = !file.is_empty() && !file.contains("://");
            assert!(!is_ours || folder.join(file).exists(), "{document} links to {link}");
        }
    }
}

/// Returns the paths between backticks that begin with a folder of the workspace.
fn paths(document: &str) -> BTreeSet<String> {
    let quoted = document.split('`').skip(1).step_by(2);
    let starts = ["thundra-", "examples/", ".ci/", ".github/"];
    let is_path = |word: &&str| {
        word.contains('/') && starts.iter().any(|start| word.starts_with(start)) && !word.contains(['<', '*', ' ', '{'])
    };
    quoted.filter(is_path).map(str::to_owned).collect()
}

/// The table of the README is a part of those on the configuration page of `thundra-aws`, which its own test compares with
/// the variables that are read.
#[test]
fn the_readme_has_ten_rows_of_the_configuration_page() {
    let page = text("thundra-aws/src/configuration.md");
    let readme = text("README.md");
    let (_, section) = readme.split_once("\n## Configuration\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(rows.len(), 10, "{rows:#?}");
    for row in rows {
        assert!(page.lines().any(|line| line == row), "the page has another row than this:\n{row}");
    }
}
