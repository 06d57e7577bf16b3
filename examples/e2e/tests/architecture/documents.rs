//! Documents name existing paths, and list sufficient dependencies for the code.

use std::collections::{BTreeMap, BTreeSet};

use crate::{CRATES, root, text};

pub(crate) const DOCUMENTS: [&str; 9] = [
    ".github/CONTRIBUTING.md",
    "BENCHMARKS.md",
    "CHANGELOG.md",
    "examples/deploy/README.md",
    "README.md",
    "thundra-aws/README.md",
    "thundra-core/README.md",
    "thundra-http/README.md",
    "thundra-macros/README.md",
];

/// Code, the crate of the code, and features of the crate. Any listed feature is enough.
const FEATURES: &[(&str, &str, &[&str])] = &[
    ("thundra_aws::http::", "thundra-aws", &["http"]),
    ("client!(", "thundra-aws", &["sdk", "config", "sns", "sqs", "kinesis"]),
    ("load_config()", "thundra-aws", &["config", "sns", "sqs", "kinesis"]),
    ("sns::client(", "thundra-aws", &["sns"]),
    ("sqs::client(", "thundra-aws", &["sqs"]),
    ("sqs::process(", "thundra-aws", &["sqs"]),
    ("thundra_aws::testing", "thundra-aws", &["testing"]),
    ("event::kinesis", "aws_lambda_events", &["kinesis"]),
    ("event::sns", "aws_lambda_events", &["sns"]),
    ("event::sqs", "aws_lambda_events", &["sqs"]),
    ("Deserialize)]", "serde", &["derive"]),
    ("#[tokio::main]", "tokio", &["macros"]),
    ("#[tokio::main]", "tokio", &["rt-multi-thread"]),
    ("tokio::net::", "tokio", &["net"]),
    ("tokio::signal::", "tokio", &["signal"]),
];

#[test]
fn contributing_names_paths_that_exist() {
    let document = text(".github/CONTRIBUTING.md");
    let starts = ["thundra-", "examples/", ".ci/", ".github/"];
    let quoted = document.split('`').skip(1).step_by(2).filter(|word| !word.contains(' ') && word.contains('/'));
    let paths: BTreeSet<_> = quoted.filter(|word| starts.iter().any(|start| word.starts_with(start))).collect();
    assert!(paths.len() > 20, "{paths:?}");
    let missing: Vec<_> = paths.iter().filter(|path| !root().join(path).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn contributing_maps_every_folder_of_sources() {
    let document = text(".github/CONTRIBUTING.md");
    for krate in CRATES {
        for folder in std::fs::read_dir(root().join(krate).join("src")).unwrap().map(|entry| entry.unwrap().path()) {
            let name = format!("{krate}/src/{}", folder.file_name().unwrap().to_str().unwrap());
            let is_mapped = !folder.join("mod.rs").exists() || document.contains(&format!("| `{name}` |"));
            assert!(is_mapped, "the map lacks {name}");
        }
    }
}

#[test]
fn every_example_is_a_program_and_a_row_of_the_readme() {
    let (manifest, readme) = (text("examples/Cargo.toml"), text("README.md"));
    for example in std::fs::read_dir(root().join("examples")).unwrap().map(|entry| entry.unwrap().path()) {
        let name = example.file_name().unwrap().to_str().unwrap();
        if name.ends_with(".rs") {
            assert!(manifest.contains(&format!("path = \"{name}\"")), "no target of {name}");
            assert!(readme.contains(&format!("](examples/{name})")), "no row of {name}");
        }
    }
}

#[test]
fn the_speed_of_the_readme_is_that_of_the_benchmarks() {
    let table = |document: &str, heading: &str| -> Vec<String> {
        let text = text(document);
        let section = text.split(heading).nth(1).unwrap_or_else(|| panic!("{document} has no {heading:?}"));
        let is_compared = |line: &&str| line.starts_with('|') || line.starts_with("Measured on ") || line.is_empty();
        let lines = section.lines().take_while(is_compared).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    };
    let glance = table("BENCHMARKS.md", "\n## At a glance\n");
    assert_eq!(glance.len(), 9, "a date, a head and six rows");
    assert_eq!(table("README.md", "\n## Speed\n"), glance);
}

/// The figures of the guide to the costs: the begin of the row and the number of the figure there, and the section, the
/// begin of the row and the column of the benchmarks.
const COSTS: [(&str, usize, [&str; 3]); 14] = [
    ("the caller's wait", 1, ["A warm invocation of a minimal Lambda", "**thundra, OTLP**", "to response"]),
    ("the caller's wait", 2, ["A warm invocation of a minimal Lambda", "**lambda_runtime**", "to response"]),
    ("from the event", 0, ["A warm invocation of a minimal Lambda", "**thundra, OTLP**", "to next, over bare"]),
    ("the same, as a line", 0, ["A warm invocation of a minimal Lambda", "**thundra, stdout**", "to next, over bare"]),
    ("the start", 1, ["A minimal Lambda", "**thundra**", "start"]),
    ("the start", 2, ["A minimal Lambda", "**lambda_runtime**", "start"]),
    ("a local span", 0, ["Recording and encoding", "**thundra**", "ns"]),
    ("a call to SQS", 0, ["One AWS call", "**thundra, `OTEL_PROPAGATORS=none`**", "SQS: CPU, over bare"]),
    ("a call to SQS", 1, ["One AWS call", "**thundra**", "SQS: CPU, over bare"]),
    ("an HTTP call", 0, ["One HTTP call", "**thundra-http**", "CPU, over bare"]),
    ("memory of a minimal function", 0, ["A minimal Lambda", "**thundra**", "RSS, over bare"]),
    ("its binary", 0, ["A minimal Lambda", "**thundra**", "binary, over bare"]),
    ("its binary", 1, ["A minimal Lambda", "**thundra, `sns` and `kinesis`**", "binary, over bare"]),
    ("CloudWatch Logs, by the byte", 0, ["A warm invocation of a minimal Lambda", "**thundra, stdout**", "bytes"]),
];

/// Returns the cells of a row of a table.
fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}

/// Returns a figure of the benchmarks. The column of a difference has the name of the column before in front.
fn measured(benchmarks: &str, [section, row, column]: [&str; 3]) -> f64 {
    let (_, section) = benchmarks.split_once(&format!("\n### {section}")).unwrap_or_else(|| panic!("no {section}"));
    let lines: Vec<_> = section.lines().skip(1).take_while(|line| !line.starts_with('#')).collect();
    let head = cells(lines.iter().find(|line| line.starts_with("| variant")).unwrap());
    let row = lines.iter().find(|line| line.starts_with(&format!("| {row}"))).unwrap_or_else(|| panic!("no {row}"));
    let (of, over) = column.split_once(", ").unwrap_or((column, ""));
    let place = head.iter().position(|name| *name == of).unwrap_or_else(|| panic!("no column {column}"));
    let place = place + usize::from(!over.is_empty());
    assert!(over.is_empty() || head[place] == over, "{column} is not {}", head[place]);
    cells(row)[place].parse().unwrap()
}

/// The figures of a guide are round, and each run of the benchmarks differs, so a factor of 1.5 is close enough.
#[test]
fn the_costs_of_the_guide_are_those_of_the_benchmarks() {
    let (guide, benchmarks) = (text("thundra-aws/src/guides/costs.md"), text("BENCHMARKS.md"));
    for (start, number, place) in COSTS {
        let row = guide.lines().find(|line| line.starts_with(&format!("| {start}"))).unwrap();
        let cell = cells(row)[1];
        let words: Vec<_> = cell.split([' ', ',', ';', ':']).filter(|word| !word.is_empty()).collect();
        let figures = words.windows(2).filter_map(|pair| Some((pair[0].parse::<f64>().ok()?, pair[1])));
        let (figure, unit) = figures.filter(|(_, unit)| unit.contains(['s', 'B'])).nth(number).unwrap();
        let scale = match (unit, place[2]) {
            ("µs", "ns") | ("KB", _) => 1000.0,
            _ => 1.0,
        };
        let ratio = figure * scale / measured(&benchmarks, place);
        assert!((0.66..1.5).contains(&ratio), "{start}: {figure} {unit} in the guide, {ratio} of the benchmarks");
    }
}

#[test]
fn dependencies_are_enough_for_the_code() {
    let mut documents: Vec<_> = DOCUMENTS.iter().map(|name| ((*name).to_owned(), text(name))).collect();
    for entry in std::fs::read_dir(root().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            let (head, code): (Vec<_>, Vec<_>) = source.lines().partition(|line| line.starts_with("//!"));
            let head: Vec<_> = head.iter().map(|line| line.trim_start_matches("//!").trim_start()).collect();
            documents.push((
                path.display().to_string(),
                format!("{}\n```rust\n{}\n```\n", head.join("\n"), code.join("\n")),
            ));
        }
    }
    for (name, document) in documents {
        let (dependencies, code) = (dependencies(&document), blocks(&document, "rust"));
        for used in crates_of(&code) {
            assert!(dependencies.contains_key(&used), "{name} uses {used}, and its toml does not name it");
        }
        for (needle, used, features) in FEATURES.iter().filter(|(needle, ..)| code.contains(needle)) {
            let named = dependencies.get(*used).unwrap_or_else(|| panic!("{name} has {needle:?} without {used}"));
            assert!(
                features.iter().any(|feature| named.contains(*feature)),
                "{name} has {needle:?}: {used} with {named:?}"
            );
        }
        for krate in CRATES {
            let manifest = text(format!("{krate}/Cargo.toml"));
            for feature in dependencies.get(krate).into_iter().flatten() {
                assert!(manifest.contains(&format!("\n{feature} = [")), "{name}: {krate} has no feature {feature}");
            }
        }
    }
}

/// Returns the blocks of a language.
fn blocks(document: &str, language: &str) -> String {
    let (mut inside, mut found) = (false, String::new());
    for line in document.lines() {
        match line.strip_prefix("```") {
            Some(info) => inside = info.split(',').next() == Some(language),
            None if inside => found += &format!("{line}\n"),
            None => {}
        }
    }
    found
}

/// Returns the dependencies of the toml blocks and of the `cargo add` lines, each with features.
fn dependencies(document: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut dependencies: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let shell = blocks(document, "sh");
    for line in shell.lines().filter_map(|line| line.split(" # ").next()?.trim().strip_prefix("cargo add ")) {
        let (names, features) = line.split_once(" --features ").unwrap_or((line, ""));
        for name in names.split_whitespace().filter(|name| !name.starts_with("--")) {
            let name = name.split('@').next().unwrap_or_default().to_owned();
            let features = features.split(',').map(|feature| feature.trim().to_owned());
            dependencies.entry(name).or_default().extend(features.filter(|name| !name.is_empty()));
        }
    }
    for line in blocks(document, "toml").lines() {
        if let Some((name, value)) = line.split_once(" = ") {
            let list =
                value.split_once("features = [").and_then(|(_, list)| list.split(']').next()).unwrap_or_default();
            let features = list.split(',').map(|feature| feature.trim().trim_matches('"').to_owned());
            dependencies.entry(name.trim().to_owned()).or_default().extend(features.filter(|name| !name.is_empty()));
        }
    }
    dependencies
}

/// Returns the crates of the workspace's list that code names at the start of a path.
fn crates_of(code: &str) -> BTreeSet<String> {
    let manifest = text("Cargo.toml");
    let list = manifest.split("[workspace.dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let names = list.lines().filter_map(|line| line.split_once(" = ").map(|(name, _)| name));
    let is_used = |name: &&str| {
        let word = name.replace('-', "_");
        let is_start =
            |at: usize| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || ":/`".contains(c));
        let is_alias = code.contains(&format!(" as {word};"));
        !is_alias && code.match_indices(&format!("{word}::")).any(|(at, _)| is_start(at))
    };
    names.filter(is_used).map(str::to_owned).collect()
}

/// The first screen of the README names the versions, because a reader needs the versions before the first `cargo add`.
#[test]
fn the_first_screen_of_the_readme_names_the_versions() {
    let (manifest, readme) = (text("Cargo.toml"), text("README.md"));
    let screen: String = readme.lines().take(60).map(|line| format!("{line}\n")).collect();
    let value = |name: &str| {
        let line = manifest.lines().find(|line| line.starts_with(&format!("{name} = "))).unwrap();
        line.split('"').nth(1).unwrap().to_owned()
    };
    assert!(screen.contains(&format!("Rust {}", value("rust-version"))), "the MSRV");
    for (name, parts) in [("lambda_runtime", 1), ("lambda_http", 1), ("aws_lambda_events", 1), ("reqwest", 2)] {
        let version: Vec<_> = value(name).split('.').take(parts).map(str::to_owned).collect();
        let line = format!("cargo add {name}@{}", version.join("."));
        assert!(screen.lines().any(|other| other.starts_with(&line)), "{line}");
    }
}

/// The table of the README is a part of the tables on the configuration page of `thundra-aws`. A test of `thundra-aws`
/// compares the page with the variables in the code.
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
