//! Debug logs: more detailed lines in the scopes of some chains of calls.

use std::process::Command;

use serde_json::Value;
use thundra_core::propagation::{Inbound, Propagators, Trust};
use thundra_core::{Levels, Scope, ScopeBuilder, Telemetry, correlation, install, outbound};
use tracing::{Span, debug, info, trace};
use tracing_log::log;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, Registry};

const SWITCH: &str = "debug-log-enabled";

/// Runs a program below with these variables, and returns its lines.
fn run(program: &str, variables: &[(&str, &str)]) -> Vec<Value> {
    run_test("debug::program", program, variables)
}

/// Runs a test as the program that it then finds in `TEST_PROGRAM`, and returns the lines.
pub(crate) fn run_test(test: &str, program: &str, variables: &[(&str, &str)]) -> Vec<Value> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture"]).env_clear();
    let output = command.env("TEST_PROGRAM", program).envs(variables.iter().copied()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{program}: {stderr}");
    assert!(!stderr.contains("thundra: "), "{program}: {stderr}");
    stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

pub(crate) fn messages(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["message"].as_str().unwrap()).collect()
}

/// Runs the program that `TEST_PROGRAM` names.
#[test]
#[ignore = "a program of the tests, which start it"]
fn program() {
    match set_up().as_str() {
        "one" => one_scope_among_others(),
        "drawn" => drawn(),
        "tasks" => tasks(),
        other => panic!("no program {other:?}"),
    }
}

/// The subscribers that write lines.
pub(crate) const FRONTS: [&str; 4] = ["alone", "beside", "beside-filtered", "own"];

/// Installs the subscriber that `TEST_PROGRAM` names, and returns what else it names.
pub(crate) fn set_up() -> String {
    let program = std::env::var("TEST_PROGRAM").unwrap();
    let (front, work) = program.split_once(' ').unwrap();
    install(match front {
        "alone" => Telemetry::builder(),
        "beside" => Telemetry::builder().layer(Quiet),
        "beside-filtered" => Telemetry::builder().layer(Quiet.with_filter(LevelFilter::WARN)),
        "own" => {
            let own = tracing_subscriber::registry().with(Quiet.with_filter(LevelFilter::WARN));
            own.with(thundra_core::layer()).with(thundra_core::log::layer()).init();
            Telemetry::builder()
        }
        other => panic!("no front {other:?}"),
    });
    work.to_owned()
}

/// A layer of the program's own, without output.
struct Quiet;

impl Layer<Registry> for Quiet {}

/// Returns a scope whose caller sent this value of the switch.
fn called(with: &[(&str, &str)], trust: Trust) -> ScopeBuilder {
    Scope::builder("work").parent(Inbound::extract(with.iter().copied(), Propagators::default(), trust))
}

fn work(name: &str) {
    info!("{name}");
    debug!("{name}: detail");
    debug!(target: "hyper::client", "{name}: detail of a library");
    debug!(target: "quiet", "{name}: detail of a quiet target");
    log::debug!("{name}: record");
    trace!("{name}: too much detail");
}

fn one_scope_among_others() {
    let other = Scope::builder("other").begin();
    other.enter(|| work("before"));
    let scope = called(&[(SWITCH, "true")], Trust::Full).begin();
    scope.enter(|| work("here"));
    other.enter(|| work("elsewhere"));
    scope.enter(|| {
        tracing::info_span!("inside").in_scope(|| debug!("in a span"));
        let record = called(&[(SWITCH, "false")], Trust::Full).nested().begin();
        record.enter(|| work("in a record without"));
    });
    let record = called(&[(SWITCH, "true")], Trust::Full).begin();
    other.enter(|| record.enter(|| debug!("in a record")));
    called(&[(SWITCH, "true")], Trust::Edge).begin().enter(|| work("of a stranger"));
    work("outside");
    debug_assert!(!scope.finish().is_empty());
}

/// Says for each kind of caller how the scope was decided, and what calls carry.
fn drawn() {
    let chain = [("call-chain-length", "2"), ("x-correlation-id", "c-1")];
    for (name, with, trust) in [
        ("new", &[][..], Trust::Full),
        ("trace alone", &[("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")], Trust::Full),
        ("chain", &chain, Trust::Full),
        ("chain of a stranger", &chain, Trust::Edge),
        ("switched off", &[(SWITCH, "false")], Trust::Full),
        ("switched off by a stranger", &[(SWITCH, "false")], Trust::Edge),
    ] {
        called(with, trust).begin().enter(|| {
            correlation::set("case", name);
            let outbound = outbound(&Span::current()).unwrap();
            let pairs = outbound.pairs();
            let (_, sent) = pairs.iter().find(|(key, _)| *key == SWITCH).unwrap();
            info!(sent, "{name}");
            debug!("{name}: detail");
        });
    }
}

/// Runs 64 tasks at once, every fourth with debug logs. The tasks change threads.
fn tasks() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        let together = std::sync::Arc::new(tokio::sync::Barrier::new(64));
        let tasks: Vec<_> = (0..64)
            .map(|task| {
                let together = together.clone();
                tokio::spawn(async move {
                    let switch = (SWITCH, if task % 4 == 0 { "true" } else { "false" });
                    let scope = called(&[switch], Trust::Full).default_correlation_id(format!("c-{task}")).begin();
                    let work = async {
                        for step in 0..20 {
                            together.wait().await;
                            debug!(task, step, "step");
                            tokio::task::yield_now().await;
                        }
                    };
                    scope.run(work).await;
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

#[test]
fn a_scope_with_debug_logs_writes_the_details_of_the_programs_own_code() {
    for front in FRONTS {
        let lines = run(&format!("{front} one"), &[("RUST_LOG", "info,quiet=off")]);
        let expected = [
            "before",
            "here",
            "here: detail",
            "here: record",
            "elsewhere",
            "in a span",
            "in a record without",
            "in a record",
            "of a stranger",
            "outside",
        ];
        assert_eq!(messages(&lines), expected, "{front}");
        let quiet = run(&format!("{front} one"), &[("RUST_LOG", "error")]);
        let expected = ["here", "here: detail", "here: record", "in a span", "in a record"];
        assert_eq!(messages(&quiet), expected, "{front}: the level of other scopes changes nothing");
        assert_eq!(messages(&run(&format!("{front} one"), &[("RUST_LOG", "off")])), [""; 0], "{front}: no lines");
    }
}

#[test]
fn the_start_of_a_chain_draws_and_calls_carry_the_decision() {
    let of = |rate| {
        let lines = run("alone drawn", &[("THUNDRA_DEBUG_SAMPLE_RATE", rate)]);
        let details: Vec<_> = lines.iter().filter(|line| line["level"] == "DEBUG").cloned().collect();
        let sent: Vec<_> = lines.into_iter().filter(|line| line["sent"] == "true").collect();
        (messages(&sent).join(", "), messages(&details).join(", "))
    };
    let names = "new, trace alone, chain of a stranger, switched off by a stranger";
    let details = names.split(", ").map(|name| format!("{name}: detail")).collect::<Vec<_>>().join(", ");
    assert_eq!(of("1"), (names.to_owned(), details));
    assert_eq!(run("alone drawn", &[("THUNDRA_DEBUG_SAMPLE_RATE", "0.001")])[0]["sampling_rate"], 0.001);
    assert_eq!(of("0"), (String::new(), String::new()));
}

#[test]
fn tasks_at_once_keep_their_decisions_apart() {
    for front in FRONTS {
        let lines = run(&format!("{front} tasks"), &[]);
        assert_eq!(lines.len(), 16 * 20, "{front}");
        for line in lines {
            let task = line["task"].as_u64().unwrap();
            assert_eq!((task % 4, &line["x-correlation-id"]), (0, &format!("c-{task}").into()), "{front}: {line}");
        }
    }
}

#[test]
fn as_many_chains_as_the_ratio_says_have_debug_logs() {
    for (rate, expected) in [(-1.0, 0..1), (0.0, 0..1), (0.25, 800..1200), (1.0, 4000..4001), (9.0, 4000..4001)] {
        let mut config = thundra_core::Config::from_env(&thundra_core::Env::from_pairs::<&str, &str>([]));
        (config.debug_sample_rate, config.log) = (rate, Some("off".parse::<Levels>().unwrap()));
        let is_debugged =
            |_: &u32| Scope::builder("work").begin_with(&config).correlation().unwrap().debug_log_enabled();
        let count = (0..4000).filter(is_debugged).count();
        assert!(expected.contains(&count), "{rate}: {count}");
    }
}
