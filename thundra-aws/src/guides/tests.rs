use thundra_core::{Config, Env};

use super::PAGES;
use crate::Settings;

/// Rustdoc compiles no diff, so the right sides of the diffs are doctests in `diffs.md`.
#[test]
fn the_right_sides_of_the_diffs_compile() {
    let compiled = include_str!("diffs.md");
    let starts = PAGES.iter().flat_map(|(_, page)| page.split("```diff\n").skip(1));
    let diffs: Vec<_> = starts.filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(diffs.len(), 4);
    for diff in diffs {
        let kept = diff.lines().filter(|line| !line.starts_with('-'));
        let right: String = kept.map(|line| format!("{}\n", line.get(1..).unwrap_or_default())).collect();
        assert!(compiled.contains(&format!("```no_run\n{right}```")), "diffs.md lacks this:\n{right}");
    }
}

#[test]
fn every_page_is_a_row_of_the_index() {
    let index = include_str!("mod.rs");
    for (name, _) in PAGES {
        assert!(index.contains(&format!("| [`{name}`] |")), "{name}");
    }
}

/// A reader copies the variables, so production would show a misspelt name or value only as a line on standard error.
#[test]
fn the_variables_of_the_pages_are_accepted() {
    let mut count = 0;
    for (page, text) in PAGES {
        for word in text.split(|c: char| c.is_whitespace() || "`|".contains(c)) {
            let Some((name, value)) = word.split_once('=').filter(|(name, _)| is_variable(name)) else { continue };
            // The encoding of other crates, in the left column of a table.
            if (name, value) != ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc") {
                assert_eq!(problems(name, value), Vec::<String>::new(), "{page}: {word}");
                count += 1;
            }
        }
    }
    assert!(count > 50, "{count}");
    assert_eq!(problems("OTEL_TRACES_EXPORTERS", "otlp").len(), 1, "an unknown variable is a problem");
}

fn is_variable(name: &str) -> bool {
    name.starts_with("OTEL_") || name.starts_with("THUNDRA_")
}

/// Returns the problems with a variable: in no list, or with a value that is not accepted.
fn problems(name: &str, value: &str) -> Vec<String> {
    let lists = [thundra_core::VARIABLES, thundra_http::VARIABLES, crate::VARIABLES];
    if !lists.iter().any(|list| list.iter().any(|variable| variable.name == name)) {
        return vec![format!("{name} is in no list")];
    }
    // A ratio has an effect only beside the name of a sampler with a ratio. The last value of a name wins.
    let env = Env::from_pairs([("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), (name, value)]);
    let (_, core) = Config::read(&env);
    let (_, http) = thundra_http::Settings::read(&env);
    let (_, aws) = Settings::read(&env);
    [core, http, aws].concat().iter().map(ToString::to_string).collect()
}
