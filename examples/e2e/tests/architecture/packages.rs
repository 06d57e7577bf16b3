//! The dependencies of our packages: licences, and duplicate versions.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::{CRATES, root};

/// Licences as permissive as thundra's, `MIT OR Apache-2.0`.
const LICENCES: &[&str] =
    &["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CDLA-Permissive-2.0", "ISC", "MIT", "Unicode-3.0", "Zlib"];

/// The packages with more than one version among the dependencies of the workspace.
const TWICE: &[&str] = &[
    "base64",
    "core-foundation",
    "getrandom",
    "hashbrown",
    "indexmap",
    "r-efi",
    "rand",
    "rand_core",
    "schemars",
    "syn",
    "untrusted",
    "windows-sys",
];

#[test]
fn licences_are_permissive() {
    let metadata = metadata();
    let mut refused = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or_default();
        if !allowed(&licence.replace(" / ", " OR ").replace('/', " OR ")) {
            refused.insert(package["name"].as_str().unwrap(), licence);
        }
    }
    assert!(refused.is_empty(), "{refused:?}");
}

#[test]
fn an_expression_is_read() {
    for (expression, expected, why) in [
        ("MIT", true, "a licence of the list"),
        ("GPL-3.0-only", false, "a licence that is not on the list"),
        ("GPL-3.0-only OR MIT", true, "a choice"),
        ("GPL-3.0-only AND MIT", false, "both hold"),
        ("(GPL-3.0-only OR ISC) AND MIT", true, "a choice, and one more"),
        ("Apache-2.0 WITH LLVM-exception", true, "an exception only permits more"),
        ("", false, "no licence permits nothing"),
    ] {
        assert_eq!(allowed(expression), expected, "{why}");
    }
}

#[test]
fn duplicate_versions_are_known() {
    let metadata = metadata();
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, version) in with_ours(&metadata) {
        versions.entry(name).or_default().insert(version);
    }
    let found: Vec<_> = versions.iter().filter(|(_, versions)| versions.len() > 1).collect();
    let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, TWICE, "{found:?}");
}

/// Returns the packages in a build of the published crates with every feature, by name and version.
fn with_ours(metadata: &Value) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let packages: BTreeMap<_, _> =
        metadata["packages"].as_array().unwrap().iter().map(|package| (text(&package["id"]), package)).collect();
    let nodes: BTreeMap<_, _> =
        metadata["resolve"]["nodes"].as_array().unwrap().iter().map(|node| (text(&node["id"]), node)).collect();
    let mut next: Vec<_> = packages
        .iter()
        .filter(|(_, package)| CRATES.contains(&package["name"].as_str().unwrap()))
        .map(|(id, _)| id.clone())
        .collect();
    let mut seen: BTreeSet<String> = next.iter().cloned().collect();
    while let Some(id) = next.pop() {
        for dependency in nodes[&id]["deps"].as_array().unwrap() {
            // A dependency with a null kind belongs to the library, and not to the build script or the tests.
            let is_normal = dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null());
            let id = text(&dependency["pkg"]);
            if is_normal && seen.insert(id.clone()) {
                next.push(id);
            }
        }
    }
    seen.iter().map(|id| (text(&packages[id]["name"]), text(&packages[id]["version"]))).collect()
}

/// Returns the dependencies of a crate's library, by name in code.
pub(crate) fn dependencies_of(krate: &str) -> BTreeSet<String> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == krate).unwrap();
    let dependencies =
        package["dependencies"].as_array().unwrap().iter().filter(|dependency| dependency["kind"].is_null());
    dependencies
        .map(|dependency| dependency["rename"].as_str().or(dependency["name"].as_str()).unwrap().replace('-', "_"))
        .collect()
}

fn metadata() -> Value {
    let arguments = ["metadata", "--format-version", "1", "--all-features", "--offline", "--locked"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns `true` if the list allows an expression of licences.
fn allowed(expression: &str) -> bool {
    let expression = expression.trim();
    // Splits at an operator outside of parentheses.
    let split = |operator: &str| {
        let depth = |before: &str| before.matches('(').count() - before.matches(')').count();
        let outside = expression.match_indices(operator).find(|(at, _)| depth(&expression[..*at]) == 0);
        outside.map(|(at, _)| (&expression[..at], &expression[at + operator.len()..]))
    };
    if let Some((left, right)) = split(" OR ") {
        return allowed(left) || allowed(right);
    }
    if let Some((left, right)) = split(" AND ") {
        return allowed(left) && allowed(right);
    }
    if let Some(inside) = expression.strip_prefix('(').and_then(|inside| inside.strip_suffix(')')) {
        return allowed(inside);
    }
    LICENCES.contains(&expression.split(" WITH ").next().unwrap_or_default())
}
