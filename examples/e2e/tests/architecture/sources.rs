//! The files of a crate, by module.

use std::collections::BTreeMap;
use std::path::Path;

use syn::{Attribute, File, Item};

use crate::root;

/// The path of a module in the crate; empty for `lib.rs`.
pub(crate) type Module = Vec<String>;

/// Reads the files of a crate. Modules of tests are left out.
pub(crate) fn of(krate: &str) -> BTreeMap<Module, File> {
    let mut files = BTreeMap::new();
    read(&root().join(krate).join("src"), &[], &mut files);
    files
}

fn read(folder: &Path, module: &[String], files: &mut BTreeMap<Module, File>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let child =
            if ["lib", "mod"].contains(&name) { module.to_vec() } else { [module, &[name.to_owned()]].concat() };
        if name == "tests" {
            continue;
        }
        if path.is_dir() {
            read(&path, &child, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let mut file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            file.items.retain(|item| !matches!(item, Item::Mod(item) if is_test(&item.attrs)));
            files.insert(child, file);
        }
    }
}

/// Returns `true` if `cfg(test)` is among the attributes.
fn is_test(attributes: &[Attribute]) -> bool {
    let is = |attribute: &Attribute| {
        let Ok(list) = attribute.meta.require_list() else { return false };
        attribute.path().is_ident("cfg")
            && list.tokens.to_string().split(|c: char| !c.is_alphanumeric()).any(|word| word == "test")
    };
    attributes.iter().any(is)
}
