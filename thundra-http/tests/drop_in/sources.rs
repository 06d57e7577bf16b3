//! The drop-in against the sources of reqwest: every public item of reqwest exists here, with the same features.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A feature of reqwest that needs a compiler flag.
const UNSTABLE: &str = r#"feature = "http3""#;

/// The items in the root of reqwest. Compiling the items is half of the test.
macro_rules! root {
    ($($(#[$meta:meta])* $name:ident)*) => {
        const ROOT: &[&str] = &[$(stringify!($name)),*];
        #[allow(unused_imports)]
        mod root {
            $($(#[$meta])* pub(super) use thundra_http::$name;)*
        }
    };
}
root! {
    Body Certificate Client ClientBuilder Error Identity IntoUrl Method NoProxy Proxy Request RequestBuilder Response
    ResponseBuilderExt Result StatusCode Upgraded Url Version blocking cookie dns get header multipart redirect retry tls
}

/// Returns the folder with the sources of a package.
fn sources(package: &str) -> PathBuf {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let metadata = |extra: &[&str]| {
        let arguments = ["metadata", "--format-version=1", "--all-features", "--manifest-path", manifest];
        let output = Command::new(env!("CARGO")).args(arguments).args(extra).output().unwrap();
        serde_json::from_slice::<serde_json::Value>(&output.stdout).ok()
    };
    let metadata =
        metadata(&["--offline", "--filter-platform", "x86_64-unknown-linux-gnu"]).or_else(|| metadata(&[])).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let known = packages.iter().find(|known| known["name"] == package).unwrap();
    Path::new(known["manifest_path"].as_str().unwrap()).with_file_name("src")
}

/// Removes `cfg_attr`, which only concerns the documentation.
fn undressed(source: &str) -> String {
    let mut parts = source.split("#[cfg_attr(");
    let mut kept = parts.next().unwrap().to_owned();
    for part in parts {
        let mut depth = 1;
        let end = part.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        kept.push_str(&part[end.unwrap() + ")]".len()..]);
    }
    kept
}

/// Returns the public methods of a type with their conditions.
fn methods(source: &str, of: &str) -> BTreeMap<String, String> {
    let mut methods = BTreeMap::new();
    let (mut inside, mut condition, mut attribute) = (false, String::new(), None::<String>);
    for line in source.lines() {
        let code = line.trim();
        if line.starts_with("impl") {
            inside = line.starts_with(&format!("impl {of} {{")) || line.starts_with(&format!("impl<'a> {of}<'a> {{"));
        } else if line == "}" {
            inside = false;
        }
        // A condition may have several lines.
        if code.starts_with("#[cfg(") {
            attribute = Some(String::new());
        }
        if let Some(text) = &mut attribute {
            text.push_str(code);
            if code.ends_with(")]") {
                condition = attribute.take().unwrap();
            }
        } else if let Some(method) = code.strip_prefix("pub fn ").or(code.strip_prefix("pub async fn ")) {
            let name = method.split(['(', '<']).next().unwrap().to_owned();
            if inside {
                methods.insert(name, std::mem::take(&mut condition));
            }
            condition.clear();
        } else if !code.is_empty() && !code.starts_with("//") && !code.starts_with('#') {
            condition.clear();
        }
    }
    methods
}

/// Returns the methods of our type: from the `impl` blocks, and from the macros inside the blocks.
fn ours(files: &[&str], of: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/client/reqwest");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let source: String = files.iter().map(|file| read(file)).collect();
    let heads = [format!("\nimpl {of} {{"), format!("\nimpl<'a> {of}<'a> {{")];
    let blocks = heads.iter().flat_map(|head| source.split(head.as_str()).skip(1));
    let body: String = blocks.map(|block| block.split("\n}\n").next().unwrap()).collect::<Vec<_>>().join("\n");
    let forward = read("delegate.rs");
    let used: String = ["settings", "parts", "verbs"]
        .into_iter()
        .filter(|name| body.contains(&format!("{name}!(")))
        .map(|name| forward.split(&format!("macro_rules! {name} {{")).nth(1).unwrap().split("\n}\n").next().unwrap())
        .collect();
    // The input of `forward!` has no `pub`, and has generics in brackets.
    let all = [body, used].concat().replace("        fn ", "        pub fn ").replace('[', "<").replace("#<", "#[");
    let all = all.replace("pub async fn ", "pub fn ");
    methods(&format!("impl {of} {{\n{all}\n}}"), of)
}

/// Returns a condition in one spelling.
fn spelled(condition: &str) -> String {
    condition.replace(char::is_whitespace, "").replace(",)", ")")
}

#[test]
fn every_method_of_reqwest_is_here_under_the_same_features() {
    let theirs = sources("reqwest");
    for (type_name, their_file, our_files, at_least) in [
        ("Client", "async_impl/client.rs", &["client.rs", "builder.rs", "request.rs"][..], 10),
        ("ClientBuilder", "async_impl/client.rs", &["builder.rs"], 90),
        ("RequestBuilder", "async_impl/request.rs", &["request.rs"], 16),
        ("Client", "blocking/client.rs", &["blocking/mod.rs"], 10),
        ("ClientBuilder", "blocking/client.rs", &["blocking/mod.rs"], 85),
        ("RequestBuilder", "blocking/request.rs", &["blocking/mod.rs"], 16),
        ("Policy", "redirect.rs", &["redirect/policy.rs"], 4),
        ("Attempt", "redirect.rs", &["redirect/policy.rs"], 6),
    ] {
        let source = undressed(&std::fs::read_to_string(theirs.join(their_file)).unwrap());
        let ours = ours(our_files, type_name);
        let theirs = methods(&source, type_name);
        assert!(theirs.len() >= at_least, "{their_file}: only {} methods of {type_name} were found", theirs.len());
        for (name, condition) in theirs {
            if condition.contains(UNSTABLE) {
                continue;
            }
            let own =
                ours.get(&name).unwrap_or_else(|| panic!("{their_file}: {type_name}::{name} is not in {our_files:?}"));
            assert_eq!(spelled(own), spelled(&condition), "{their_file}: {type_name}::{name}");
        }
    }
}

#[test]
fn every_item_of_reqwest_is_here() {
    let source = std::fs::read_to_string(sources("reqwest").join("lib.rs")).unwrap();
    let source = source.split("if_wasm! {").next().unwrap().to_owned() + "\n";
    let mut found: Vec<String> = Vec::new();
    let code: String =
        source.lines().filter(|line| !line.trim().starts_with("//")).map(|line| format!("{line}\n")).collect();
    for item in code.split("pub ").skip(1) {
        let item = item.split([';', '{', '(', '<']).next().unwrap().trim();
        if let Some(name) = item.strip_prefix("mod ").or(item.strip_prefix("async fn ")) {
            found.push(name.trim().to_owned());
        }
    }
    for used in code.split("pub use ").skip(1) {
        let used = used.split(';').next().unwrap();
        let names = used.split_once('{').map_or_else(|| used.rsplit("::").next().unwrap(), |(_, names)| names);
        let names = names.trim_end_matches('}').split(',').map(str::trim).filter(|name| !name.is_empty());
        found.extend(names.map(str::to_owned));
    }
    // The item exists only in the documentation.
    found.retain(|name| name != "UnixSocketProvider");
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, ROOT);
}

/// Returns the features of a manifest.
fn features(manifest: &str) -> Vec<String> {
    let features = manifest.split("[features]").nth(1).unwrap().split("\n[").next().unwrap();
    let names = features.lines().filter_map(|line| line.split_once(" =")).map(|(name, _)| name.trim().to_owned());
    names.filter(|name| !name.starts_with("__") && !name.starts_with('#')).collect()
}

#[test]
fn every_feature_of_reqwest_is_here() {
    let of = |package| features(&std::fs::read_to_string(sources(package).with_file_name("Cargo.toml")).unwrap());
    let (theirs, ours) = (of("reqwest"), of("thundra-http"));
    let missing: Vec<_> = theirs.iter().filter(|name| !ours.contains(name) && *name != "http3").collect();
    assert!(theirs.len() > 20 && missing.is_empty(), "{missing:?}");
}

#[test]
fn a_feature_of_reqwest_means_the_same_here() {
    let manifest = std::fs::read_to_string(sources("thundra-http").with_file_name("Cargo.toml")).unwrap();
    let theirs = std::fs::read_to_string(sources("reqwest").with_file_name("Cargo.toml")).unwrap();
    for name in features(&theirs).iter().filter(|name| !["default", "default-tls", "http3"].contains(&name.as_str())) {
        let line = manifest.lines().find(|line| line.starts_with(&format!("{name} = "))).unwrap();
        assert!(line.contains(&format!("\"reqwest/{name}\"")), "{line}");
    }
    let list = |manifest: &str, name: &str| -> Vec<String> {
        let (_, list) = manifest.split_once(&format!("\n{name} = [")).unwrap();
        let items = list.split(']').next().unwrap().split(',').map(|item| item.trim().trim_matches('"').to_owned());
        items.filter(|item| !item.is_empty()).collect()
    };
    assert_eq!(list(&manifest, "default-tls"), list(&theirs, "default-tls"));
    let default = list(&manifest, "default");
    assert!(list(&theirs, "default").iter().all(|feature| default.contains(feature)), "{default:?}");
}

#[test]
fn full_is_every_feature_but_the_alternatives_to_rustls() {
    for package in ["thundra-core", "thundra-http", "thundra-aws"] {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(package).join("Cargo.toml");
        let text = std::fs::read_to_string(manifest).unwrap();
        let full = text.split("\nfull = [").nth(1).unwrap().split(']').next().unwrap();
        let is_left_out =
            |name: &str| ["default", "full", "rustls-no-provider"].contains(&name) || name.starts_with("native-tls");
        let missing: Vec<_> = features(&text)
            .into_iter()
            .filter(|name| !is_left_out(name) && !full.contains(&format!("\"{name}\"")))
            .collect();
        assert!(missing.is_empty(), "{package}: {missing:?}");
    }
}
