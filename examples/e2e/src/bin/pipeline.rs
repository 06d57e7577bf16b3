//! The whole shop on this machine, run by one command: one request, five programs, one trace.
//!
//! ```text
//! cargo run -p thundra-examples --bin pipeline
//! cargo run -p thundra-examples --bin pipeline -- --console   # beside `cargo run -p thundra-console`
//! ```
//!
//! The executable deploys itself, and serves the function `_HANDLER` in Lambda.

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use thundra_examples::harness::Error;
use thundra_examples::harness::cloud::Cloud;
use thundra_examples::harness::console::{self, Console};
use thundra_examples::harness::executables::Executables;
use thundra_examples::harness::ministack::MiniStack;
use thundra_examples::harness::receiver::Receiver;
use thundra_examples::orders::Order;
use thundra_examples::report::{self, LogRecord, logs, problems, service_map, tree};
use thundra_examples::shop::Shop;
use thundra_examples::{functions, pricing};
use tokio::task::JoinSet;

const USAGE: &str = "\
Runs a shop of five Lambda functions and a service on this machine, sends it orders, and shows their traces.

Usage: pipeline [--orders N] [--console[=ENDPOINT]] [--json] [--keep]

  --orders N   how many orders to send (default 10)
  --console    also send the telemetry to the console, and print the link to a request there; start the console with
               `cargo run -p thundra-console` in another terminal first (default http://127.0.0.1:4318)
  --json       print the spans as OTLP JSON, and nothing else, on standard output
  --keep       leave MiniStack running, with the functions deployed; the pricing service and the receiver of
               their traces end with this program, so no new order gets a price
  --help       print this

It needs Python 3.10 or newer with its venv module. Exits with 1 if the trace of an order is not whole.";

/// The time for the trace of an order to become whole.
const PATIENCE: Duration = Duration::from_secs(60);

/// The silence after which no further span is expected.
const CALM: Duration = Duration::from_millis(500);

/// The number of concurrent orders.
const PARALLEL: usize = 4;

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Command::of_this_process() {
        Ok(Command::Function(name)) => functions::serve(&name).await.map(|()| ExitCode::SUCCESS),
        Ok(Command::Pricing(address)) => pricing::serve(&address).await.map(|()| ExitCode::SUCCESS),
        Ok(Command::Help) => print(USAGE).map(|()| ExitCode::SUCCESS),
        // Dropping a started program ends the program, so an interrupted run leaves nothing behind.
        Ok(Command::Run(options)) => tokio::select! {
            done = run(&options) => done,
            _ = tokio::signal::ctrl_c() => Ok(ExitCode::from(130)),
        },
        Err(error) => {
            eprintln!("error: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

/// The task of the process.
enum Command {
    Function(String),
    Pricing(String),
    Run(Options),
    Help,
}

struct Options {
    orders: usize,
    /// The endpoint of the console, if the console gets the telemetry.
    console: Option<String>,
    json: bool,
    keep: bool,
}

impl Command {
    fn of_this_process() -> Result<Self, Error> {
        if let Ok(function) = env::var("_HANDLER") {
            return Ok(Self::Function(function));
        }
        let mut options = Options { orders: 10, console: None, json: false, keep: false };
        let mut arguments = env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--orders" => {
                    let value = arguments.next().ok_or("--orders needs a number")?;
                    let number = value.parse().ok().filter(|&number| number > 0);
                    options.orders =
                        number.ok_or_else(|| format!("--orders needs a number from 1 on, not {value:?}"))?;
                }
                "--console" => options.console = Some(console::ENDPOINT.to_owned()),
                "--json" => options.json = true,
                "--keep" => options.keep = true,
                "--help" | "-h" => return Ok(Self::Help),
                // Not for people: `run` below starts the service with this argument.
                "pricing" => return Ok(Self::Pricing(arguments.next().ok_or("pricing needs an address")?)),
                other if other.starts_with("--console=") => {
                    options.console = other.split_once('=').map(|(_, endpoint)| endpoint.to_owned());
                }
                _ => return Err(format!("unknown argument {argument:?}").into()),
            }
        }
        Ok(Self::Run(options))
    }
}

async fn run(options: &Options) -> Result<ExitCode, Error> {
    let console = match &options.console {
        Some(endpoint) => Some(Console::at(endpoint).await?),
        None => None,
    };
    let executables = Executables::of_this_build()?;
    eprintln!("starting MiniStack");
    let ministack = MiniStack::start("pipeline").await?;
    let receiver = match &console {
        Some(console) => Receiver::open_beside(console).await?,
        None => Receiver::open().await?,
    };
    eprintln!("deploying five functions to {}", ministack.endpoint());
    let cloud = Cloud::at(&ministack.endpoint())?;
    let shop = Arc::new(Shop::open(&cloud, &executables, &receiver.endpoint(), "pipeline").await?);

    eprintln!("sending {} orders", options.orders);
    // The console may have the orders of an earlier run.
    let suffix = if console.is_some() { format!("-{:x}", std::process::id()) } else { String::new() };
    let orders = Order::some_of(&suffix, options.orders);
    send(&shop, &orders).await?;
    eprintln!("waiting for their traces");
    let whole = |order: &Order, spans: &[report::Span]| problems(spans, &order.expected()).is_empty();
    receiver.wait_until(PATIENCE, |spans| orders.iter().all(|order| whole(order, spans))).await;
    receiver.settled(CALM).await;

    let spans = receiver.spans();
    let broken = orders.iter().find(|order| !whole(order, &spans));
    if options.json {
        print(&receiver.json()?)?;
    } else {
        let shown = broken.or(orders.first());
        print(&summary(shown, &spans, &receiver.logs()))?;
    }
    eprintln!("the log of MiniStack and its functions is {}", ministack.log().display());
    if options.keep {
        let endpoint = ministack.endpoint();
        let stop = ministack.keep()?;
        eprintln!("MiniStack goes on at {endpoint} with the functions deployed; end it with `{stop}`");
        eprintln!("the pricing service and the receiver of their traces end now");
    }
    for problem in orders.iter().flat_map(|order| problems(&spans, &order.expected())) {
        eprintln!("not whole: {problem}");
    }
    if let Some(console) = console {
        let link = broken.or(most_interesting(&orders, &spans)).map(|order| console.page_of(&order.correlation_id()));
        console.has_all().await?;
        let text = format!("In the console: {}", link.unwrap_or_default());
        if options.json { eprintln!("{text}") } else { print(&text)? }
    }
    Ok(if broken.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Sends the first order alone, for a trace with cold starts and batches of one. The others follow concurrently.
async fn send(shop: &Arc<Shop>, orders: &[Order]) -> Result<(), Error> {
    let mut on_their_way = JoinSet::new();
    for (index, order) in orders.iter().cloned().enumerate() {
        let at_once = if index == 1 { 1 } else { PARALLEL };
        while on_their_way.len() >= at_once {
            on_their_way.join_next().await.transpose()?.transpose()?;
        }
        let shop = Arc::clone(shop);
        on_their_way.spawn(async move {
            let answer = shop.send(&order).await?;
            match answer.status {
                202 => Ok(()),
                status => Err(Error::from(format!("the answer to {} is {status} {}", order.id(), answer.body))),
            }
        });
    }
    while let Some(sent) = on_their_way.join_next().await {
        sent??;
    }
    Ok(())
}

/// Returns the order with the most spans of those that did not go smoothly, or of all.
fn most_interesting<'a>(orders: &'a [Order], spans: &[report::Span]) -> Option<&'a Order> {
    orders.iter().max_by_key(|order| {
        let trace = order.expected().trace(spans);
        (trace.iter().any(|span| span.error.is_some()), trace.len())
    })
}

/// Returns one trace with log records, the service map, and a hint where to look next.
fn summary(shown: Option<&Order>, spans: &[report::Span], records: &[LogRecord]) -> String {
    let mut text = String::new();
    if let Some(order) = shown {
        let trace = order.expected().trace(spans);
        let id = trace.first().map(|span| span.trace.as_str()).unwrap_or_default();
        text = format!("Trace {id} of {}, correlation id {}\n\n{}\n", order.id(), order.correlation_id(), tree(&trace));
        text += &format!("What the programs logged meanwhile\n\n{}\n", logs(records, &trace));
    }
    text + "Who called whom\n\n"
        + &service_map(spans)
        + "\nLook next at examples/e2e/src/functions for what the programs look like, and run this again with --json for every span.\n"
}

/// Prints on standard output. A closed pipe, such as after `head`, is not a failure.
fn print(text: &str) -> Result<(), Error> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
