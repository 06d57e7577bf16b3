//! The program's own code: the crates of its workspace, as opposed to its dependencies.
//!
//! `tracing` knows the source file of an event. Cargo compiles the crates of a workspace under paths relative to it, and
//! dependencies from where it unpacked them: `…/hyper-1.6.0/src/client.rs`, `…/git/checkouts/…` or `vendor/…`.

use tracing::Metadata;

/// Returns `true` for an event of the program's own crates, under a target of the crate. A program that gives an event
/// another target means it to be enabled by that name.
pub(super) fn is_own(metadata: &Metadata<'_>) -> bool {
    // The bridge from the `log` crate asks about a target first, and then about the record with its file.
    let target = metadata.target();
    let has_own_target = |module: &str| module == target || crate_of(module) == crate_of(target);
    metadata.module_path().is_none_or(has_own_target) && !metadata.file().is_some_and(is_of_dependency)
}

fn crate_of(path: &str) -> &str {
    path.split("::").next().unwrap_or(path)
}

/// Returns `true` for a source file that Cargo, or another builder, unpacked.
fn is_of_dependency(file: &str) -> bool {
    // The program of a workspace with one package, the usual case.
    if file.starts_with("src/") {
        return false;
    }
    let parts = || file.split(['/', '\\']);
    // A module of the program may be named `vendor`.
    let package = parts().count() - parts().rev().position(|part| part == "src").map_or(1, |at| at + 1);
    parts().take(package).any(|part| matches!(part, "vendor" | "checkouts")) || parts().any(has_version)
}

/// Returns `true` for the name of an unpacked package, such as `hyper-1.6.0`.
fn has_version(directory: &str) -> bool {
    directory.match_indices('-').any(|(at, _)| directory.get(at + 1..).is_some_and(is_version))
}

fn is_version(text: &str) -> bool {
    let mut numbers = text.splitn(3, '.').map(|part| part.bytes().take_while(u8::is_ascii_digit).count());
    let plain = text.splitn(3, '.').take(2).all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    plain && numbers.by_ref().take(3).filter(|digits| *digits > 0).count() == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_known_by_their_files() {
        for (file, is_foreign, why) in [
            ("src/main.rs", false, "the program"),
            ("crates/domain/src/orders/mod.rs", false, "a member of the workspace"),
            ("/home/ann/domain/src/lib.rs", false, "a package beside the workspace"),
            (r"C:\Users\ann\domain\src\lib.rs", false, "the same on Windows"),
            ("src/vendor/stripe.rs", false, "a module named vendor"),
            ("src/checkouts.rs", false, "a module named checkouts"),
            ("functions/orders-v2/src/main.rs", false, "a version of the program's own"),
            ("build.rs", false, "no folder"),
            ("", false, "nothing"),
            ("/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/hyper-1.6.0/src/lib.rs", true, "a registry"),
            (r"C:\Users\ann\.cargo\registry\src\index\h2-0.4.7\src\lib.rs", true, "a registry on Windows"),
            ("/usr/local/cargo/registry/src/index/matchit-0.8.4-rc.1/lib.rs", true, "no folder for sources"),
            ("/root/.cargo/git/checkouts/tower-9b4d/1f2e3d4/tower/src/lib.rs", true, "a repository"),
            ("vendor/hyper/src/lib.rs", true, "vendored"),
            ("/nix/store/0abc-vendor-cargo-deps/1def/hyper-1.6.0/src/lib.rs", true, "Nix"),
            ("external/crates__hyper-1.6.0/src/lib.rs", true, "Bazel"),
            ("hyper-1.6.0/src/lib.rs", true, "trimmed paths"),
        ] {
            assert_eq!(is_of_dependency(file), is_foreign, "{file}: {why}");
        }
    }
}
