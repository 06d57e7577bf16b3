//! The sources of the handler's error, for every way in which a program can name the error type.

use std::error::Error as StdError;
use std::fmt;
use std::num::ParseIntError;
use std::process::ExitCode;

use lambda_runtime::Diagnostic;
use serde_json::json;
use thundra_aws::{Error, LambdaEvent, service_fn};

use crate::peers::Lambda;

type Event = LambdaEvent<String>;

/// Runs the program called `name`.
pub(crate) fn run(name: &str) {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let code = match name {
        "sources_handler" => own::main(),
        "sources_handler_concurrent" => with_state::main(),
        "sources_handler_anyhow" => with_anyhow::main(),
        "sources_handler_eyre" => with_eyre::main(),
        "sources_handler_opaque" => opaque::main(),
        "sources_run" => {
            runtime().block_on(thundra_aws::run(service_fn(async |_: Event| Err::<(), _>(declined())))).unwrap();
            ExitCode::SUCCESS
        }
        "sources_run_eyre" => {
            runtime().block_on(thundra_aws::run(service_fn(async |_: Event| Err::<(), _>(report())))).unwrap();
            ExitCode::SUCCESS
        }
        other => panic!("no program {other}"),
    };
    assert_eq!(code, ExitCode::SUCCESS);
}

/// An error with a source and a diagnostic.
#[derive(Debug)]
struct Declined(ParseIntError);

fn declined() -> Declined {
    Declined("x".parse::<u8>().unwrap_err())
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("declined")
    }
}

impl StdError for Declined {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

impl From<Declined> for Diagnostic {
    fn from(_: Declined) -> Self {
        Diagnostic { error_type: "Orders.Declined".to_owned(), error_message: "the bank declined".to_owned() }
    }
}

/// An error without `std::error::Error`.
#[derive(Debug)]
struct Foreign;

impl From<Foreign> for Diagnostic {
    fn from(_: Foreign) -> Self {
        Diagnostic { error_type: "Foreign".to_owned(), error_message: "from elsewhere".to_owned() }
    }
}

fn report() -> eyre::Report {
    eyre::Report::new(declined()).wrap_err("order 7")
}

mod own {
    use super::*;

    #[thundra_aws::handler]
    pub(super) async fn main(_: Event) -> Result<(), Declined> {
        Err(declined())
    }
}

mod with_state {
    use super::*;

    async fn connect() -> Result<String, Error> {
        Ok("hello".into())
    }

    #[thundra_aws::handler(init = connect, concurrent)]
    pub(super) async fn main(_: Event, _hello: &String) -> Result<(), Declined> {
        Err(declined())
    }
}

mod with_anyhow {
    use super::*;

    #[thundra_aws::handler]
    pub(super) async fn main(_: Event) -> anyhow::Result<()> {
        Err(anyhow::Error::new(declined()).context("order 7"))
    }
}

mod with_eyre {
    use super::*;

    #[thundra_aws::handler]
    pub(super) async fn main(_: Event) -> eyre::Result<()> {
        Err(report())
    }
}

mod opaque {
    use super::*;

    #[thundra_aws::handler]
    pub(super) async fn main(event: Event) -> Result<impl serde::Serialize, Foreign> {
        if event.payload.is_empty() { Ok(()) } else { Err(Foreign) }
    }
}

#[tokio::test]
async fn an_error_has_its_sources_where_its_type_is_known() {
    const CHAIN: &str = "order 7: declined: invalid digit found in string";
    const OWN: [&str; 2] = ["the bank declined: invalid digit found in string", "the bank declined"];
    for (program, error_type, [message, posted], why) in [
        ("sources_handler", "Orders.Declined", OWN, "the attribute sees the type"),
        ("sources_handler_concurrent", "Orders.Declined", OWN, "with state too"),
        ("sources_handler_anyhow", "anyhow::Error", [CHAIN, "order 7"], "a report"),
        ("sources_handler_eyre", "eyre::Report", [CHAIN, "order 7"], "a report of the other crate"),
        ("sources_handler_opaque", "Foreign", ["from elsewhere"; 2], "there is nothing to know"),
        ("sources_run", "Orders.Declined", ["the bank declined"; 2], "a service hides the type"),
        ("sources_run_eyre", "eyre::Report", [CHAIN, "order 7"], "and a text lists the sources"),
    ] {
        let lambda = Lambda::start(program, &[]).await;
        let error = lambda.invoke(json!("ann")).await.unwrap_err();
        assert_eq!(error["errorMessage"], posted, "{why}");
        let root = lambda.traced().await;
        let [exception] = root.exceptions.as_slice() else { panic!("{why}: {root:?}") };
        let seen = (exception.error_type.as_str(), exception.message.as_str(), root.status.as_deref());
        assert_eq!(seen, (error_type, message, Some(message)), "{why}");
        assert_eq!(exception.stack_trace, "", "{why}");
    }
}
