//! Twenty functions in the usual shapes, each plain and traced. Each pair shows the changes to adopt the crates.
//!
//! ```text
//! diff -u examples/adoption/plain examples/adoption/adopted
//! ```
//!
//! One executable serves the function named by `_HANDLER`, for example `adopted.greeting`:
//!
//! ```text
//! echo '{ "name": "Ada" }' | _HANDLER=adopted.greeting cargo run -p thundra-examples --bin adoption
//! ```

mod adopted;
mod plain;

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    let handler = env::var("_HANDLER").unwrap_or_default();
    let served = match handler.split_once('.') {
        Some(("plain", function)) => plain::serve(function),
        Some(("adopted", function)) => adopted::serve(function),
        _ => None,
    };
    served.unwrap_or_else(|| {
        eprintln!("there is no function {handler:?}: _HANDLER takes plain.NAME or adopted.NAME");
        ExitCode::FAILURE
    })
}
