//! The environment of a function: cold starts, snapshots, tenants, zones.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use thundra_aws::{BoxFuture, Error, SnapStartResource};
use thundra_core::export::{Batch, Export, ExportFuture};
use tracing::instrument;

use crate::peers::{Lambda, Seen, Span};

const TYPE: &str = "AWS_LAMBDA_INITIALIZATION_TYPE";

fn names(seen: &[Seen]) -> Vec<&'static str> {
    seen.iter().map(Seen::name).collect()
}

fn spans(seen: &[Seen]) -> Vec<Span> {
    seen.iter().flat_map(Seen::spans).collect()
}

#[tokio::test]
async fn the_caller_of_a_cold_start_waited_for_the_environment() {
    for (program, kind, cold) in [
        ("traced", "on-demand", "true"),
        ("plain", "on-demand", "true"),
        ("traced", "provisioned-concurrency", "false"),
        ("plain", "provisioned-concurrency", "false"),
        ("traced", "lambda-managed-instances", "false"),
        ("run_concurrent", "lambda-managed-instances", "false"),
        ("traced", "snap-start", "true"),
        ("plain", "snap-start", "true"),
        ("traced", "a-later-type", "true"),
    ] {
        let lambda = Lambda::start(program, &[(TYPE, kind)]).await;
        if kind == "snap-start" {
            lambda.restore().await;
        }
        for expected in [cold, "false"] {
            lambda.invoke(json!("ann")).await.unwrap();
            assert_eq!(lambda.traced().await.text("faas.coldstart"), expected, "{program}, {kind}");
        }
        lambda.stop().await;
    }
}

#[tokio::test]
async fn the_trace_of_the_initialisation_leaves_before_the_snapshot() {
    let lambda = Lambda::start("init", &[(TYPE, "snap-start")]).await;
    lambda.restore().await;
    for name in ["ann", "bob"] {
        assert_eq!(lambda.invoke(json!(name)).await.unwrap(), json!(format!("hello {name}")));
    }
    lambda.traced().await;
    let connections = lambda.connections();
    let (seen, stderr) = lambda.stop().await;
    let order = ["traces", "restore", "next", "response", "traces", "next", "response", "traces", "next"];
    assert_eq!(names(&seen), order);
    let [init, ann, bob] = [0, 4, 7].map(|at| seen[at].spans());
    assert_eq!(init.iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), ["connect", "init"]);
    assert_eq!([ann.len(), bob.len()], [1, 1], "no copy exports the trace again");
    assert_eq!([ann[0].links.clone(), bob[0].links.clone()], [vec![init[1].id.clone()], vec![]]);
    assert_eq!([ann[0].text("faas.coldstart"), bob[0].text("faas.coldstart")], ["true", "false"]);
    assert_ne!(connections[0], connections[1], "a connection does not survive a snapshot");
    assert_eq!(connections[1], connections[2]);
    assert!(!stderr.contains("thundra: "), "{stderr}");
}

#[tokio::test]
async fn what_cannot_leave_before_the_snapshot_is_reported_once_and_in_no_copy() {
    for (spill, lost) in [("0", 1), ("64KiB", 0)] {
        let variables = [(TYPE, "snap-start"), ("TEST_REFUSED", "1"), ("THUNDRA_SPILL", spill)];
        let lambda = Lambda::start("init", &variables).await;
        lambda.restore().await;
        lambda.invoke(json!("ann")).await.unwrap();
        lambda.traced().await;
        let (seen, stderr) = lambda.stop().await;
        let spans = spans(&seen);
        assert_eq!(spans.len(), 1, "{spill}: {spans:?}");
        assert_eq!(spans[0].text("thundra.lost_spans"), "", "{spill}: each copy would count the loss");
        assert_eq!(spans[0].links.len(), 1, "{spill}");
        let reported = stderr.matches("lost 2 spans that could not be exported before the snapshot").count();
        assert_eq!(reported, lost, "{spill}: {stderr}");
    }
}

#[tokio::test]
async fn a_copy_of_a_snapshot_renews_its_exporters() {
    for (program, kind, times, why) in [
        ("snap_start_exporter", "snap-start", 2, "before the snapshot and after the restore"),
        ("snap_start_in_place", "snap-start", 1, "no hook of ours runs: at the first invocation"),
        ("snap_start_exporter", "on-demand", 0, "no copies"),
        ("snap_start_in_place", "on-demand", 0, "no copies"),
    ] {
        let lambda = Lambda::start(program, &[(TYPE, kind)]).await;
        if kind == "snap-start" {
            lambda.restore().await;
        }
        for _ in 0..2 {
            lambda.invoke(json!("ann")).await.unwrap();
        }
        let (_, stderr) = lambda.stop().await;
        assert_eq!(stderr.matches("exporter renewed").count(), times, "{program}, {kind}: {why}\n{stderr}");
    }
}

#[tokio::test]
async fn hooks_of_the_program_run_in_the_order_of_the_runtime_and_are_traced() {
    let lambda = Lambda::start("snap_start", &[(TYPE, "snap-start")]).await;
    lambda.restore().await;
    lambda.invoke(json!("ann")).await.unwrap();
    lambda.traced().await;
    let (seen, stderr) = lambda.stop().await;
    let hooks: Vec<_> = stderr.lines().filter_map(|line| line.strip_prefix("hook: ")).collect();
    assert_eq!(hooks, ["before pool", "before secrets", "after secrets", "after pool"], "{stderr}");
    let spans = spans(&seen);
    let span = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let (init, restore, root) = (span("init"), span("restore"), span("snap_start"));
    assert_eq!(span("reconnect").parent, restore.id);
    assert_eq!(root.links, [init.id.clone(), restore.id.clone()]);
    assert_ne!(restore.trace, init.trace);
    assert_eq!(names(&seen)[..3], ["traces", "restore", "next"]);
    assert!(!stderr.contains("thundra: "), "{stderr}");
}

#[tokio::test]
async fn hooks_that_fail_end_the_program_and_their_trace_is_exported() {
    for (fails, order, failed) in [
        ("before", &["traces", "init error"][..], None),
        ("after", &["traces", "restore", "traces", "restore error"], Some("no connection")),
    ] {
        let lambda = Lambda::start("snap_start", &[(TYPE, "snap-start"), ("TEST_FAILS", fails)]).await;
        if fails == "after" {
            lambda.restore().await;
        }
        let (seen, stderr) = lambda.ended().await;
        assert_eq!(names(&seen), order, "{fails}: {stderr}");
        assert!(stderr.contains("error: no connection"), "{fails}: {stderr}");
        let restore = spans(&seen).into_iter().find(|span| span.name == "restore");
        assert_eq!(restore.and_then(|span| span.status).as_deref(), failed, "{fails}");
    }
}

#[tokio::test]
async fn a_root_names_the_tenant_and_the_attempt() {
    let lambda = Lambda::start("own_main", &[("TEST_TENANT", "tenant-7")]).await;
    lambda.invoke(json!({})).await.unwrap();
    let root = lambda.traced().await;
    let (_, stderr) = lambda.stop().await;
    assert_eq!(
        ["tenant_id", "aws.lambda.invocation_id", "faas.invocation_id"].map(|key| root.text(key)),
        ["tenant-7", "attempt-0", "request-0"]
    );
    let lines: Vec<Value> = stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let tenants: Vec<_> = lines.iter().map(|line| line["tenant_id"].as_str().unwrap_or_default()).collect();
    assert_eq!(tenants, ["", "", "tenant-7", "tenant-7"], "the lines before run have none");
    let lambda = Lambda::start("own_main", &[]).await;
    lambda.invoke(json!({})).await.unwrap();
    assert_eq!(lambda.traced().await.text("tenant_id"), "");
    let (_, stderr) = lambda.stop().await;
    assert!(!stderr.contains("tenant_id"), "{stderr}");
}

#[tokio::test]
async fn a_root_names_the_zone_as_soon_as_it_is_known() {
    for (program, kind) in [("traced", "on-demand"), ("plain", "on-demand"), ("traced", "snap-start")] {
        let lambda = Lambda::start(program, &[(TYPE, kind), ("AWS_LAMBDA_METADATA_TOKEN", "use1-az1")]).await;
        if kind == "snap-start" {
            lambda.restore().await;
        }
        let known = async {
            loop {
                lambda.invoke(json!("ann")).await.unwrap();
                let zone = lambda.traced().await.text("cloud.availability_zone");
                if !zone.is_empty() {
                    break zone;
                }
            }
        };
        assert_eq!(tokio::time::timeout(crate::PATIENCE, known).await.unwrap(), "use1-az1", "{program}, {kind}");
        let (seen, stderr) = lambda.stop().await;
        let asked: Vec<_> = seen.iter().filter(|seen| matches!(seen, Seen::Metadata | Seen::Restore)).collect();
        assert!(
            matches!(asked[..], [Seen::Metadata] | [Seen::Restore, Seen::Metadata]),
            "{program}, {kind}: {asked:?}"
        );
        assert!(!stderr.contains("zone"), "{stderr}");
    }
}

#[tokio::test]
async fn a_zone_that_nobody_tells_delays_nothing_and_is_no_error() {
    for token in ["never", "refused", "garbage", ""] {
        let variables = [("AWS_LAMBDA_METADATA_TOKEN", token), ("RUST_LOG", "warn")];
        let lambda = Lambda::start("traced", &variables).await;
        for _ in 0..2 {
            assert_eq!(lambda.invoke(json!("ann")).await.unwrap(), json!("hello ann"));
        }
        lambda.traced().await;
        let (seen, stderr) = lambda.stop().await;
        let roots: Vec<_> = seen.iter().flat_map(Seen::roots).collect();
        assert!(roots.iter().all(|root| root.text("cloud.availability_zone").is_empty()), "{token}: {roots:?}");
        assert_eq!((roots.len(), stderr.matches("thundra: ").count()), (2, 0), "{token}: {stderr}");
    }
}

#[tokio::test]
async fn an_invocation_past_its_deadline_failed_where_lambda_lets_it_run_on() {
    let late = json!({ "deadline_in_ms": 50, "sleeps_ms": 200 });
    for (program, kind, event, error_type, why) in [
        ("deadline_concurrent", "lambda-managed-instances", late.clone(), "timeout", "the caller got a timeout"),
        (
            "deadline_concurrent",
            "lambda-managed-instances",
            json!({ "deadline_in_ms": -50 }),
            "timeout",
            "no time at all",
        ),
        ("deadline_concurrent", "lambda-managed-instances", json!({}), "", "in time"),
        ("deadline", "on-demand", late, "", "Lambda would have ended the process"),
    ] {
        let variables = [(TYPE, kind), ("THUNDRA_TIMEOUT_MARGIN", "0"), ("AWS_LAMBDA_MAX_CONCURRENCY", "2")];
        let lambda = Lambda::start(program, &variables[..if kind == "on-demand" { 2 } else { 3 }]).await;
        assert_eq!(lambda.invoke(event).await.unwrap(), json!("ready"), "{why}");
        assert_eq!(lambda.invoke(json!({})).await.unwrap(), json!("ready"), "{why}: alive");
        let roots = |seen: &[Seen]| spans(seen).into_iter().filter(|span| span.kind == 2).collect::<Vec<_>>();
        lambda.wait_for(|seen| roots(seen).len() == 2).await;
        let (seen, _) = lambda.stop().await;
        let mut errors = roots(&seen);
        errors.sort_by_key(|root| root.text("faas.invocation_id"));
        let errors: Vec<_> = errors.iter().map(|root| root.text("error.type")).collect();
        assert_eq!(errors, [error_type, ""], "{why}");
    }
}

/// Initialises a program with resources for snapshots.
pub(crate) async fn connect() -> &'static str {
    for name in ["secrets", "pool"] {
        thundra_aws::register_snapstart_resource(Arc::new(Resource { name }));
    }
    "hello"
}

/// A resource that prints a line when a hook runs. The variable `TEST_FAILS` names the failing hook of the pool.
struct Resource {
    name: &'static str,
}

impl Resource {
    fn hook(&self, hook: &str) -> Result<(), Error> {
        eprintln!("hook: {hook} {}", self.name);
        match std::env::var("TEST_FAILS") {
            Ok(fails) if fails == hook && self.name == "pool" => Err("no connection".into()),
            _ => Ok(()),
        }
    }
}

impl SnapStartResource for Resource {
    fn before_snapshot(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async { self.hook("before") })
    }

    fn after_restore(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            reconnect().await;
            self.hook("after")
        })
    }
}

#[instrument]
async fn reconnect() {}

/// An exporter that prints a line on renewal.
#[derive(Debug)]
pub(crate) struct Renewed;

impl Export for Renewed {
    fn export<'a>(&'a self, _: &'a Batch, _: Instant) -> ExportFuture<'a> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn renew(&self) {
        eprintln!("exporter renewed");
    }
}
