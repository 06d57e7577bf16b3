//! The rules of the workspace beyond the compiler: imports, licences, foreign types, and the paths in documents.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may stop")]

mod documents;
mod imports;
mod links;
mod packages;
mod signatures;
mod sources;

use std::path::{Path, PathBuf};

/// The published crates.
const CRATES: [&str; 4] = ["thundra-core", "thundra-http", "thundra-aws", "thundra-macros"];

/// Returns the folder of the repository, also from CI's copy of the workspace below `target`.
fn root() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.ancestors().find(|folder| folder.join(".ci").is_dir()).unwrap().to_owned()
}

/// Returns the text of a file of the workspace.
fn text(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
