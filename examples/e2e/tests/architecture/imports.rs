//! Imports between the files and folders of a folder go in one direction.
//!
//! A folder counts as one with everything below: an import of `otlp/write.rs` in `recorder/layer.rs` is an edge from
//! `recorder` to `otlp`. A `mod.rs` may use the module's children, and the children may use the items of the `mod.rs`.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens as _;

use crate::sources::{self, Module};
use crate::{CRATES, text};

/// For each module, the imported modules, each with the importing file.
type Edges = BTreeMap<String, BTreeMap<String, String>>;

#[test]
fn files_import_one_another_in_one_direction() {
    let mut cycles = Vec::new();
    for krate in CRATES.into_iter().chain(["examples/lines"]) {
        for (folder, edges) in folders(krate) {
            cycles.extend(cycles_of(&edges).into_iter().map(|cycle| format!("{krate}/src/{folder}: {cycle}")));
        }
    }
    assert!(cycles.is_empty(), "imports in a circle:\n{}", cycles.join("\n"));
}

#[test]
fn a_circle_is_found() {
    let edge = |to: &str| (to.to_owned(), "by.rs".to_owned());
    let edges = |list: &[(&str, &[&str])]| -> Edges {
        list.iter().map(|(from, to)| ((*from).to_owned(), to.iter().map(|to| edge(to)).collect())).collect()
    };
    assert!(cycles_of(&edges(&[("a", &["b", "c"]), ("b", &["c"])])).is_empty());
    assert_eq!(cycles_of(&edges(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"]), ("d", &["a"])])).len(), 1);
}

#[test]
fn core_is_built_in_the_order_that_contributing_names() {
    let document = text(".github/CONTRIBUTING.md");
    let (_, order) = document.split_once("In core, from the bottom up:").unwrap();
    let order =
        order.split("`. ").next().unwrap().split('`').skip(1).step_by(2).map(|word| word.trim_end_matches(".rs"));
    let order: Vec<_> = order.collect();
    let edges = folders("thundra-core").remove("").unwrap();
    assert!(
        order.len() > 10
            && order.iter().all(|name| edges.values().any(|to| to.contains_key(*name)) || edges.contains_key(*name)),
        "{order:?}"
    );
    for (at, from) in order.iter().enumerate() {
        for to in &order[at..] {
            let by = edges.get(*from).and_then(|edges| edges.get(*to));
            assert_eq!(by, None, "{from} imports {to}, which is above");
        }
    }
}

/// Returns the edges between the children of each folder of a crate.
fn folders(krate: &str) -> BTreeMap<String, Edges> {
    let files = sources::of(krate);
    let modules: BTreeSet<Module> = files.keys().cloned().collect();
    let read: BTreeMap<_, _> = files.iter().map(|(module, file)| (module, paths(module, file, &modules))).collect();
    let mut folders: BTreeMap<String, Edges> = BTreeMap::new();
    for (module, (paths, _)) in &read {
        for path in paths {
            let target = resolve(path, &modules, &|module| read.get(module).map(|(_, exports)| exports));
            let shared = module.iter().zip(&target).take_while(|(one, other)| one == other).count();
            if let (Some(from), Some(to)) = (module.get(shared), target.get(shared)) {
                let edges = folders.entry(module[..shared].join("/")).or_default();
                edges.entry(from.clone()).or_default().insert(to.clone(), module.join("/"));
            }
        }
    }
    folders
}

/// The re-exported names of a module, with the paths in the crate.
type Exports = BTreeMap<String, Vec<String>>;

/// Returns the module of a path, through re-exports.
fn resolve<'a>(
    path: &[String],
    modules: &BTreeSet<Module>,
    exports: &dyn Fn(&Module) -> Option<&'a Exports>,
) -> Module {
    let mut path = path.to_vec();
    // Chains of re-exports are short; the bound ends a circle.
    for _ in 0..8 {
        let depth = (0..=path.len()).rev().find(|depth| modules.contains(&path[..*depth])).unwrap_or(0);
        let module = path[..depth].to_vec();
        let exported = path.get(depth).and_then(|name| exports(&module)?.get(name));
        match exported {
            Some(target) if *target != path[..=depth] => path = [target.as_slice(), &path[depth + 1..]].concat(),
            _ => return module,
        }
    }
    path
}

/// Returns the paths of a file within the crate, and the re-exports.
fn paths(module: &Module, file: &syn::File, modules: &BTreeSet<Module>) -> (BTreeSet<Vec<String>>, Exports) {
    let mut found = Found { module, modules, paths: BTreeSet::new(), exports: Exports::new() };
    found.walk(file.to_token_stream());
    (found.paths, found.exports)
}

struct Found<'a> {
    module: &'a Module,
    modules: &'a BTreeSet<Module>,
    paths: BTreeSet<Vec<String>>,
    exports: Exports,
}

impl Found<'_> {
    /// Finds the paths of a run of tokens, including paths inside of macros.
    fn walk(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Group(group) => self.walk(group.stream()),
                TokenTree::Ident(word) if word == "use" => {
                    let end = tokens[at..].iter().position(|token| is(token, ';')).map_or(tokens.len(), |end| at + end);
                    self.tree(&tokens[at + 1..end], &[]);
                    at = end;
                }
                TokenTree::Ident(word) if ["crate", "self", "super"].iter().any(|start| word == start) => {
                    let (path, next) = words(&tokens, at);
                    if path.len() > 1 {
                        self.add(&path, None);
                    }
                    at = next - 1;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Reads the tree of a `use`.
    fn tree(&mut self, tokens: &[TokenTree], before: &[String]) {
        for branch in tokens.split(|token| is(token, ',')).filter(|branch| !branch.is_empty()) {
            let (path, next) = words(branch, 0);
            let path = [before, &path].concat();
            match branch.get(next) {
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.tree(&group.stream().into_iter().collect::<Vec<_>>(), &path);
                }
                Some(TokenTree::Ident(word)) if word == "as" => {
                    self.add(&path, branch.get(next + 1).map(ToString::to_string));
                }
                _ => self.add(&path, path.last().cloned()),
            }
        }
    }

    fn add(&mut self, path: &[String], name: Option<String>) {
        let own = |count: usize| self.module[..self.module.len().saturating_sub(count)].to_vec();
        let supers = path.iter().take_while(|word| *word == "super").count();
        let absolute = match path.first().map(String::as_str) {
            Some("crate") => path[1..].to_vec(),
            Some("self") => [&own(0), &path[1..]].concat(),
            Some("super") => [&own(supers), &path[supers..]].concat(),
            Some(first) if self.modules.contains(&[&own(0)[..], &[first.to_owned()]].concat()) => {
                [&own(0), path].concat()
            }
            _ => return,
        };
        if let Some(name) = name {
            self.exports.insert(name, absolute.clone());
        }
        self.paths.insert(absolute);
    }
}

/// Returns the words of a path from a token on, and the index of the token after the path.
fn words(tokens: &[TokenTree], start: usize) -> (Vec<String>, usize) {
    let (mut words, mut at) = (Vec::new(), start);
    while let Some(TokenTree::Ident(word)) = tokens.get(at) {
        words.push(word.to_string());
        at += 1;
        if !(tokens.get(at).is_some_and(|token| is(token, ':'))
            && tokens.get(at + 1).is_some_and(|token| is(token, ':')))
        {
            break;
        }
        at += 2;
    }
    (words, at)
}

fn is(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

/// Returns the circles of imports, each once.
fn cycles_of(edges: &Edges) -> BTreeSet<String> {
    let reach = |start: &String| {
        let (mut reached, mut next) = (BTreeSet::new(), vec![start]);
        while let Some(at) = next.pop() {
            next.extend(edges.get(at).into_iter().flat_map(BTreeMap::keys).filter(|to| reached.insert((*to).clone())));
        }
        reached
    };
    let reached: BTreeMap<_, _> = edges.keys().map(|module| (module, reach(module))).collect();
    let circle = |module: &String| {
        let inside = |other: &&String| {
            reached[module].contains(*other) && reached.get(other).is_some_and(|back| back.contains(module))
        };
        let members: BTreeSet<_> = edges.keys().filter(inside).collect();
        let by = members.iter().flat_map(|from| {
            edges[*from]
                .iter()
                .filter(|(to, _)| members.contains(to))
                .map(move |(to, file)| format!("{from} → {to} (in {file})"))
        });
        by.collect::<Vec<_>>().join(", ")
    };
    edges.keys().filter(|module| reached[module].contains(*module)).map(circle).collect()
}
