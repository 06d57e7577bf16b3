//! Foreign crates with types or traits in public signatures. A major version of a listed crate is a major version of
//! thundra.
//!
//! The test reads items that are `pub` and not `#[doc(hidden)]`; the lint `unreachable_pub` ensures that `pub` items
//! are public. For a macro, every named crate counts.

use std::collections::{BTreeMap, BTreeSet};

use quote::ToTokens as _;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, ItemImpl, Macro, Signature, Type, UseTree, Visibility};

use crate::{packages, sources};

const CORE: &[&str] = &["opentelemetry", "opentelemetry_sdk", "thundra_macros", "tracing", "tracing_subscriber"];
const HTTP: &[&str] = &[
    "bytes",
    "http",
    "http_body",
    "reqwest",
    "serde",
    "thundra_core",
    "thundra_macros",
    "tower",
    "tower_layer",
    "tower_service",
];
const AWS: &[&str] = &[
    "aws_config",
    "aws_lambda_events",
    "aws_sdk_eventbridge",
    "aws_sdk_kinesis",
    "aws_sdk_lambda",
    "aws_sdk_sfn",
    "aws_sdk_sns",
    "aws_sdk_sqs",
    "aws_smithy_runtime_api",
    "bytes",
    "futures_util",
    "http",
    "http_body",
    "lambda_http",
    "lambda_runtime",
    "serde",
    "serde_json",
    "thundra_core",
    "thundra_http",
    "thundra_macros",
    "tower_layer",
    "tower_service",
];

#[test]
fn public_signatures_name_the_crates_of_the_list() {
    let mut wrong = Vec::new();
    for (krate, allowed) in
        [("thundra-core", CORE), ("thundra-http", HTTP), ("thundra-aws", AWS), ("thundra-macros", &[])]
    {
        let dependencies = packages::dependencies_of(krate);
        let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let files = sources::of(krate);
        let types: BTreeSet<String> = files.values().flat_map(|file| public_types(&file.items)).collect();
        for (module, file) in &files {
            for (foreign, item) in foreign(&file.items, &types, &dependencies) {
                named.entry(foreign).or_default().insert(format!("{item} in {}", module.join("/")));
            }
        }
        wrong.extend(
            named
                .iter()
                .filter(|(name, _)| !allowed.contains(&name.as_str()))
                .map(|named| format!("{krate} names {named:?}")),
        );
        wrong.extend(
            allowed
                .iter()
                .filter(|name| !named.contains_key(**name))
                .map(|name| format!("{krate} does not name {name}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_foreign_type_is_found() {
    let dependencies = BTreeSet::from(["other".to_owned()]);
    for (source, expected, why) in [
        ("pub fn f(x: other::X) {}", 1, "a path"),
        ("use other::X; pub fn f() -> Option<X> { None }", 1, "an import, as an argument of a type"),
        ("use other::X; fn f(x: X) {}", 0, "a private function"),
        ("use other::X; #[doc(hidden)] pub fn f(x: X) {}", 0, "a hidden function"),
        ("pub struct S { pub x: other::X }", 1, "a public field"),
        ("pub struct S { x: other::X }", 0, "a private field"),
        ("pub struct S; impl S { pub fn f<T: other::X>(t: T) {} }", 1, "a bound of a method"),
        ("pub struct S; impl other::X for S {}", 1, "a trait that is implemented"),
        ("struct S; impl other::X for S {}", 0, "a trait of a private type"),
        ("pub use other::X;", 1, "a re-export"),
        ("mod m { use other::X; pub struct S(pub X); }", 1, "a module in the file"),
    ] {
        let items = syn::parse_file(source).unwrap().items;
        let types = public_types(&items).into_iter().collect();
        assert_eq!(foreign(&items, &types, &dependencies).len(), expected, "{why}");
    }
}

/// Returns the names of the public types and traits among `items`.
fn public_types(items: &[Item]) -> Vec<String> {
    let names = |item: &Item| match item {
        Item::Struct(item) if is_public(&item.vis, &item.attrs) => vec![item.ident.to_string()],
        Item::Enum(item) if is_public(&item.vis, &item.attrs) => vec![item.ident.to_string()],
        Item::Trait(item) if is_public(&item.vis, &item.attrs) => vec![item.ident.to_string()],
        Item::Mod(module) => module.content.iter().flat_map(|(_, items)| public_types(items)).collect(),
        _ => Vec::new(),
    };
    items.iter().flat_map(names).collect()
}

/// Returns the foreign crates in the signatures of public items, each with the item.
fn foreign(items: &[Item], types: &BTreeSet<String>, dependencies: &BTreeSet<String>) -> BTreeSet<(String, String)> {
    let mut imports = BTreeMap::new();
    for item in items {
        if let Item::Use(item) = item {
            import(&item.tree, None, &mut imports);
        }
    }
    let mut signatures = Signatures { imports, dependencies, item: String::new(), found: BTreeSet::new() };
    for item in items {
        match item {
            Item::Mod(module) => {
                let inside = module.content.iter().flat_map(|(_, items)| foreign(items, types, dependencies));
                signatures.found.extend(inside);
            }
            item => signatures.read(item, types),
        }
    }
    signatures.found
}

/// Records, for each name of a `use`, the first word of the path.
fn import(tree: &UseTree, first: Option<&str>, imports: &mut BTreeMap<String, String>) {
    let mut note = |name: String| {
        let first = first.map_or_else(|| name.clone(), str::to_owned);
        imports.insert(name, first);
    };
    match tree {
        UseTree::Path(path) => {
            let word = path.ident.to_string();
            import(&path.tree, Some(first.unwrap_or(&word)), imports);
        }
        UseTree::Name(name) => note(name.ident.to_string()),
        UseTree::Rename(name) => note(name.rename.to_string()),
        UseTree::Group(group) => group.items.iter().for_each(|tree| import(tree, first, imports)),
        UseTree::Glob(_) => note("*".to_owned()),
    }
}

struct Signatures<'a> {
    imports: BTreeMap<String, String>,
    dependencies: &'a BTreeSet<String>,
    item: String,
    found: BTreeSet<(String, String)>,
}

impl Signatures<'_> {
    fn read(&mut self, item: &Item, types: &BTreeSet<String>) {
        self.item = name_of(item);
        match item {
            Item::Fn(item) if is_public(&item.vis, &item.attrs) => self.visit_signature(&item.sig),
            Item::Struct(item) if is_public(&item.vis, &item.attrs) => {
                self.visit_generics(&item.generics);
                let fields = item.fields.iter().filter(|field| is_public(&field.vis, &field.attrs));
                fields.for_each(|field| self.visit_type(&field.ty));
            }
            Item::Enum(item) if is_public(&item.vis, &item.attrs) => self.visit_item_enum(item),
            Item::Trait(item) if is_public(&item.vis, &item.attrs) => self.visit_item_trait(item),
            Item::Type(item) if is_public(&item.vis, &item.attrs) => self.visit_item_type(item),
            Item::Const(item) if is_public(&item.vis, &item.attrs) => self.visit_type(&item.ty),
            Item::Use(item) if is_public(&item.vis, &item.attrs) => {
                let mut names = BTreeMap::new();
                import(&item.tree, None, &mut names);
                names.into_values().for_each(|first| self.name(&first));
            }
            Item::Macro(item) if !item.mac.path.is_ident("pin_project") => {
                self.expansion(&item.mac);
            }
            Item::Impl(item) if is_public_impl(item, types) && !is_hidden(&item.attrs) => {
                self.visit_type(&item.self_ty);
                if let Some((_, path, _)) = &item.trait_ {
                    self.visit_path(path);
                    self.visit_generics(&item.generics);
                }
                for member in &item.items {
                    match member {
                        ImplItem::Fn(member) if is_public(&member.vis, &member.attrs) => {
                            self.visit_signature(&member.sig)
                        }
                        ImplItem::Macro(member) => self.expansion(&member.mac),
                        ImplItem::Type(member) => self.visit_type(&member.ty),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// Takes every crate that a macro names, because the items of the expansion are unknown.
    fn expansion(&mut self, mac: &Macro) {
        let text = mac.tokens.to_string();
        text.split(|c: char| !c.is_alphanumeric() && c != '_').for_each(|word| self.name(word));
    }

    fn name(&mut self, first: &str) {
        if self.dependencies.contains(first) {
            self.found.insert((first.to_owned(), self.item.clone()));
        }
    }
}

impl<'a> Visit<'a> for Signatures<'_> {
    fn visit_path(&mut self, path: &'a syn::Path) {
        if let Some(segment) = path.segments.first() {
            let word = segment.ident.to_string();
            let first = self.imports.get(&word).cloned().unwrap_or(word);
            self.name(&first);
        }
        visit::visit_path(self, path);
    }

    fn visit_signature(&mut self, signature: &'a Signature) {
        let outer = std::mem::replace(&mut self.item, signature.ident.to_string());
        visit::visit_signature(self, signature);
        self.item = outer;
    }

    fn visit_block(&mut self, _: &'a syn::Block) {}

    fn visit_attribute(&mut self, _: &'a Attribute) {}
}

fn name_of(item: &Item) -> String {
    match item {
        Item::Struct(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Impl(item) => item.self_ty.to_token_stream().to_string(),
        Item::Use(item) => format!("use {}", item.tree.to_token_stream()),
        Item::Macro(_) => "a macro".to_owned(),
        _ => "an item".to_owned(),
    }
}

/// Returns `true` for methods of a public type, for trait implementations of a public type, and for a public trait of
/// another type.
fn is_public_impl(item: &ItemImpl, types: &BTreeSet<String>) -> bool {
    let is = |path: &syn::Path| path.segments.last().is_some_and(|segment| types.contains(&segment.ident.to_string()));
    let is_self = matches!(&*item.self_ty, Type::Path(path) if is(&path.path));
    is_self || item.trait_.as_ref().is_some_and(|(_, path, _)| is(path))
}

fn is_public(visibility: &Visibility, attributes: &[Attribute]) -> bool {
    matches!(visibility, Visibility::Public(_)) && !is_hidden(attributes)
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    let is = |attribute: &Attribute| {
        attribute.path().is_ident("doc") && attribute.to_token_stream().to_string().contains("hidden")
    };
    attributes.iter().any(is)
}
