//! A console for the telemetry of functions: traces, logs and metrics of one developer's machine, in a browser.
//!
//! ```sh
//! cargo run -p thundra-console                     # prints a link, and waits for telemetry
//! cargo run -p thundra-console -- export.log       # and reads an export of CloudWatch Logs
//! OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 cargo run -p thundra-examples --bin hello
//! ```
//!
//! The way of the data:
//!
//! ```text
//! ingest ─► store (one writer) ─► api ─► the page, scripts
//!                │                 ├──► export: one file of a request
//!                └─► events        └──► tempo: Grafana
//! ```
//!
//! API.md has the routes.

mod options;
mod server;

use std::process::ExitCode;

use options::Options;

fn main() -> ExitCode {
    let options = match Options::read(std::env::args_os().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{}", options::HELP);
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("thundra-console: {problem}");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("thundra-console: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(options: &Options) -> std::io::Result<()> {
    let token = server::Token::random()?;
    let listener = server::listen(options.page_port).await?;
    println!("http://{}/?token={token}", listener.local_addr()?);
    server::serve(listener, token).await
}
