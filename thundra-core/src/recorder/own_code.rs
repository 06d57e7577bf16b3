//! The program's own code: the crates of its workspace, as opposed to its dependencies.
//!
//! `tracing` knows the source file of an event. Cargo compiles the crates of a workspace under paths relative to the
//! workspace, and dependencies under the path of the unpacked package: `…/hyper-1.6.0/src/client.rs`,
//! `…/git/checkouts/…` or `vendor/…`.

use tracing::Metadata;

/// Returns `true` for an event of the program's own crates, under a target of the crate. An event with another target
/// is meant to be enabled by the name of the target.
pub(super) fn is_own(metadata: &Metadata<'_>) -> bool {
    // The bridge from the `log` crate asks about a target first, and then about the record with its file.
    let target = metadata.target();
    let has_own_target = |module: &str| module == target || crate_of(module) == crate_of(target);
    metadata.module_path().is_none_or(has_own_target) && !metadata.file().is_some_and(is_of_dependency)
}

fn crate_of(path: &str) -> &str {
    path.split("::").next().unwrap_or(path)
}

/// Returns `true` for a source file unpacked by Cargo, or by another builder.
fn is_of_dependency(file: &str) -> bool {
    // The program of a workspace with one package, the usual case.
    if file.starts_with("src/") {
        return false;
    }
    let directories = || file.as_bytes().rsplit(|byte| matches!(byte, b'/' | b'\\')).skip(1);
    if directories().any(has_version) {
        return true;
    }
    // A module of the program may be named `vendor`, below the sources of its package.
    let sources = directories().position(|directory| directory == b"src").map_or(0, |at| at + 1);
    directories().skip(sources).any(|directory| matches!(directory, b"vendor" | b"checkouts"))
}

/// Returns `true` for the name of an unpacked package, such as `hyper-1.6.0`.
fn has_version(directory: &[u8]) -> bool {
    directory.contains(&b'-') && directory.split(|byte| *byte == b'-').skip(1).any(is_version)
}

/// Returns `true` for three numbers, the last number perhaps with a suffix.
fn is_version(text: &[u8]) -> bool {
    let mut numbers = text.splitn(3, |byte| *byte == b'.');
    let mut is_number = |is_last: bool| {
        let Some(number) = numbers.next() else { return false };
        let digits = number.iter().take_while(|byte| byte.is_ascii_digit()).count();
        digits > 0 && (is_last || digits == number.len())
    };
    is_number(false) && is_number(false) && is_number(true)
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
            (
                "/home/ann/.cargo/registry/src/registry.example-1949cf8c6b5b557f/hyper-1.6.0/src/lib.rs",
                true,
                "a registry",
            ),
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
