//! The executables to deploy.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use super::{Error, target};

/// The executables of the functions.
#[derive(Clone, Debug)]
pub struct Executables {
    /// The executable of `orders`, `billing`, `shipping` and `notify` in Lambda, and of `pricing` outside.
    pub pipeline: PathBuf,
    /// The executable of `hello`.
    pub hello: PathBuf,
}

impl Executables {
    /// Returns the running executable, which must be `pipeline`, and `hello` beside `pipeline`.
    ///
    /// `cargo run --bin pipeline` builds only `pipeline`, so Cargo is started here to build `hello`.
    ///
    /// # Errors
    ///
    /// If `hello` is missing and cannot be built.
    pub fn of_this_build() -> Result<Self, Error> {
        let pipeline = env::current_exe()?;
        let hello = pipeline.with_file_name(format!("hello{}", env::consts::EXE_SUFFIX));
        if let Some(cargo) = env::var_os("CARGO") {
            eprintln!("building hello");
            // The layout is `target[/triple]/profile/pipeline`, and the profile `dev` lives in `debug`.
            let profile = pipeline.parent().and_then(|directory| directory.file_name()).unwrap_or_default();
            let profile = if profile == "debug" { "dev".as_ref() } else { profile };
            let status = Command::new(cargo)
                .args(["build", "--quiet", "--bin", "hello", "--manifest-path"])
                .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
                .arg("--profile")
                .arg(profile)
                .arg("--target-dir")
                .arg(target::root())
                .status()?;
            if !status.success() {
                return Err("cargo could not build hello".into());
            }
        }
        if !hello.is_file() {
            let beside = hello.display();
            return Err(
                format!("{beside} is missing: build it with `cargo build -p thundra-examples --bin hello`").into()
            );
        }
        Ok(Self { pipeline, hello })
    }
}
