//! The directory for files of the examples.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::Error;

/// Returns the path of `target/thundra-examples/<name>` and makes the parent directories.
///
/// # Errors
///
/// If the directory cannot be made.
pub fn path(name: &str) -> Result<PathBuf, Error> {
    let path = root().join("thundra-examples").join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| format!("cannot make {}: {error}", parent.display()))?;
    }
    Ok(path)
}

/// Returns Cargo's target directory, from the running executable or the configuration.
#[must_use]
pub fn root() -> PathBuf {
    env::current_exe()
        .ok()
        .and_then(|executable| tagged(&executable).map(Path::to_path_buf))
        .or_else(|| env::var_os("CARGO_TARGET_DIR").map(PathBuf::from))
        .unwrap_or_else(env::temp_dir)
}

/// Returns the nearest directory above `path` with Cargo's tag of target directories.
fn tagged(path: &Path) -> Option<&Path> {
    path.ancestors().skip(1).find(|directory| directory.join("CACHEDIR.TAG").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_directory_is_found_from_the_running_test() {
        let path = path("probe").unwrap();
        assert!(env::current_exe().unwrap().starts_with(root()), "{}", path.display());
        assert!(path.parent().unwrap().is_dir());
    }

    #[test]
    fn an_executable_elsewhere_has_no_target_directory() {
        assert_eq!(tagged(Path::new("/nowhere/bin/pipeline")), None);
    }
}
