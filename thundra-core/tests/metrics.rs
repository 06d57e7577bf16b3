//! Metrics of an installed process: fields of events, the points of scopes, and what a flush exports.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use prost::Message;
use thundra_core::export::{Batch, Export, ExportError, ExportFuture};
use thundra_core::metrics::{self, Instrument, PointData, PointsOf};
use thundra_core::{
    Config, Env, Records, ReplayMarks, Scope, ScopeRef, Signal, Telemetry, TemporalityPreference, flush, install,
    mark_replays,
};
use tracing::Instrument as _;
use tracing_subscriber::layer::SubscriberExt;

/// Keeps the metrics, and fails when told to.
#[derive(Clone, Debug, Default)]
struct Collector {
    requests: Arc<Mutex<Vec<ExportMetricsServiceRequest>>>,
    is_failing: Arc<Mutex<bool>>,
    is_refusing: Arc<Mutex<bool>>,
}

impl Export for Collector {
    fn takes(&self, _: Signal) -> bool {
        true
    }

    fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
        let is_failing = *self.is_failing.lock().unwrap();
        if is_failing {
            return Box::pin(async { Err(ExportError::retryable("not today")) });
        }
        if *self.is_refusing.lock().unwrap() {
            return Box::pin(async { Err(ExportError::permanent("never")) });
        }
        if batch.signal() == Signal::Metrics {
            let request = ExportMetricsServiceRequest::decode(batch.to_protobuf().as_slice()).unwrap();
            self.requests.lock().unwrap().push(request);
        }
        Box::pin(async { Ok(()) })
    }
}

/// What the writer got: for each call, the scope's fields and the points.
static WRITTEN: Mutex<Vec<(Option<String>, Vec<String>)>> = Mutex::new(Vec::new());

fn write(points: &PointsOf<'_>) {
    let fields = points.scope.map(|scope| {
        // The correlation ids follow.
        let own = scope.log_fields.iter().take_while(|(key, _)| key != "correlation_id");
        own.map(|(key, value)| format!(",\"{key}\":\"{value}\"")).collect::<String>()
    });
    let shown = points.points.iter().filter(|point| !is_observed(point.name())).map(|point| {
        let attributes: Vec<_> = point.attributes().iter().map(|(key, value)| format!("{key}={value}")).collect();
        let value = match point.data() {
            PointData::Number(number) => format!("{}", number.as_f64()),
            PointData::Histogram(histogram) => format!("{:?}", histogram.values),
            _ => panic!(),
        };
        format!("{}{{{}}} {value}{}", point.name(), attributes.join(","), point.unit())
    });
    WRITTEN.lock().unwrap().push((fields, shown.collect()));
}

/// The collector of this process, for one test at a time.
fn installed() -> (MutexGuard<'static, ()>, Collector) {
    static COLLECTOR: OnceLock<Collector> = OnceLock::new();
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let collector = COLLECTOR.get_or_init(|| {
        let collector = Collector::default();
        let mut config = config();
        config.metrics_temporality = Some(TemporalityPreference::Delta);
        metrics::write_points_with(write);
        assert!(install(Telemetry::builder().config(config).exporter(collector.clone())));
        collector
    });
    flush_now();
    thundra_core::renew();
    collector.requests.lock().unwrap().clear();
    WRITTEN.lock().unwrap().clear();
    (turn, collector.clone())
}

fn config() -> Config {
    Config::from_env(&Env::from_pairs([("RUST_LOG", "warn")]))
}

fn flush_now() {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(flush(Records::default(), None));
}

impl Collector {
    /// Flushes, and returns each point as `name{attributes} value`, but for those of the process.
    fn points(&self) -> Vec<String> {
        self.points_named(|name| !is_observed(name))
    }

    fn points_named(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
        flush_now();
        let mut points = Vec::new();
        for request in std::mem::take(&mut *self.requests.lock().unwrap()) {
            let resource = request.resource_metrics.into_iter();
            let metrics = resource.flat_map(|r| r.scope_metrics).flat_map(|s| s.metrics);
            for metric in metrics.filter(|metric| is_wanted(&metric.name)) {
                let name = format!("{}{}", metric.name, metric.unit);
                match metric.data.unwrap() {
                    Data::Sum(sum) => {
                        let sign = if sum.is_monotonic { "" } else { "±" };
                        points.extend(
                            sum.data_points
                                .iter()
                                .map(|p| format!("{name}{} {sign}{}", attributes(&p.attributes), number(&p.value))),
                        );
                    }
                    Data::Gauge(gauge) => points.extend(
                        gauge
                            .data_points
                            .iter()
                            .map(|p| format!("{name}{} ={}", attributes(&p.attributes), number(&p.value))),
                    ),
                    Data::Histogram(histogram) => points.extend(
                        histogram
                            .data_points
                            .iter()
                            .map(|p| format!("{name}{} {}:{}", attributes(&p.attributes), p.count, p.sum.unwrap())),
                    ),
                    other => panic!("{other:?}"),
                }
            }
        }
        points.sort();
        points
    }
}

/// Returns `true` for metrics that are in every collection.
fn is_observed(name: &str) -> bool {
    ["process.", "otel.sdk.", "thundra.sdk."].iter().any(|start| name.starts_with(start))
}

fn attributes(attributes: &[opentelemetry_proto::tonic::common::v1::KeyValue]) -> String {
    let shown: Vec<_> = attributes
        .iter()
        .map(|attribute| match attribute.value.clone().unwrap().value.unwrap() {
            any_value::Value::StringValue(text) => format!("{}={text}", attribute.key),
            any_value::Value::IntValue(number) => format!("{}={number}", attribute.key),
            any_value::Value::BoolValue(flag) => format!("{}={flag}", attribute.key),
            any_value::Value::DoubleValue(number) => format!("{}={number}", attribute.key),
            other => panic!("{other:?}"),
        })
        .collect();
    format!("{{{}}}", shown.join(","))
}

fn number(value: &Option<Number>) -> String {
    match value.unwrap() {
        Number::AsInt(value) => value.to_string(),
        Number::AsDouble(value) => format!("{value:?}"),
    }
}

/// Runs a test with the installed subscriber, and with the layer in a subscriber of the program.
fn on_both_fronts(test: impl Fn(&Collector)) {
    let (_turn, collector) = installed();
    test(&collector);
    // Up-down counters stay.
    thundra_core::renew();
    let registry = tracing_subscriber::registry().with(thundra_core::layer_with(&config()));
    tracing::subscriber::with_default(registry, || test(&collector));
}

#[test]
fn fields_of_events_are_measurements_by_the_names_of_tracing_opentelemetry() {
    on_both_fronts(|collector| {
        tracing::info!(monotonic_counter.orders = 2, country = "de", express = true);
        tracing::info!(monotonic_counter.orders = 3_u64, express = true, country = "de");
        tracing::info!(monotonic_counter.weight = 1.5, otel.unit = "kg");
        tracing::info!(counter.open = -1_i64, counter.other = 2_u8);
        tracing::info!(histogram.size = 7, histogram.price = 1.25, tax = 0.19);
        tracing::info!(histogram.size = -2);
        tracing::info!(gauge.heat = 21.5, gauge.level = -3, gauge.free = u64::MAX);
        tracing::info!(monotonic_counter.big = u128::from(u64::MAX) * 4);
        tracing::info!(monotonic_counter.absent = None::<u64>);
        tracing::info!("counter.calls" = 1, why = ?Some("x"), error = %"no");
        assert_eq!(
            collector.points(),
            [
                "big{} 7.378697629483821e19",
                "calls{error=no,why=Some(\"x\")} ±1",
                "free{} =1.8446744073709552e19",
                "heat{} =21.5",
                "level{} =-3",
                "open{} ±-1",
                "orders{country=de,express=true} 5",
                "other{} ±2",
                "price{tax=0.19} 1:1.25",
                "size{tax=0.19} 1:7",
                "size{} 1:-2",
                "weightkg{} 1.5",
            ]
            .map(str::to_owned)
        );
    });
}

#[test]
fn values_that_no_sum_survives_are_left_out() {
    on_both_fronts(|collector| {
        tracing::info!(monotonic_counter.up = -1);
        tracing::info!(monotonic_counter.up = f64::NAN);
        tracing::info!(gauge.g = f64::INFINITY, histogram.h = f64::NEG_INFINITY);
        tracing::info!(counter.c = "three", monotonic_counter.up = 4);
        tracing::info!("counter.a b" = 1);
        assert_eq!(collector.points(), ["up{} 4"]);
    });
}

#[test]
fn secrets_are_no_attributes() {
    on_both_fronts(|collector| {
        tracing::info!(monotonic_counter.password_resets = 1, api_key = "k-1", login = ?Login { user: 1, password: 2 });
        assert_eq!(
            collector.points(),
            [r#"password_resets{api_key=REDACTED,login=Login { user: 1, password: "REDACTED" }} 1"#]
        );
    });
}

#[derive(Debug)]
#[expect(dead_code, reason = "shown by Debug")]
struct Login {
    user: u8,
    password: u8,
}

#[test]
fn the_level_of_an_event_makes_no_difference() {
    on_both_fronts(|collector| {
        tracing::error!(monotonic_counter.levels = 1);
        tracing::debug!(monotonic_counter.levels = 1);
        tracing::trace!(monotonic_counter.levels = 1, "with a message");
        assert_eq!(collector.points(), ["levels{} 3"]);
    });
}

#[test]
fn an_event_is_a_span_event_only_with_a_message() {
    on_both_fronts(|collector| {
        let scope = Scope::builder("checkout").begin();
        scope.enter(|| {
            tracing::info!(monotonic_counter.events = 1);
            tracing::info!(monotonic_counter.events = 1, "ordered");
            tracing::debug!(monotonic_counter.events = 1, "in detail");
        });
        let span = scope.finish().spans().next().unwrap();
        assert_eq!(span.events.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), ["ordered"]);
        assert_eq!(collector.points(), ["events{} 3"]);
    });
}

#[test]
fn a_writer_gets_the_points_of_an_outermost_scope_and_what_is_outside_at_the_flush() {
    static BYTES: Instrument = Instrument::histogram("bytes", "By", "");
    on_both_fronts(|collector| {
        WRITTEN.lock().unwrap().clear();
        let outer = Scope::builder("outer").log_field("request", "r-1").begin();
        let other = Scope::builder("other").log_field("request", "r-2").begin();
        outer.enter(|| {
            tracing::info!(monotonic_counter.in_scope = 1);
            let inner = Scope::builder("inner").nested().begin();
            inner.enter(|| tracing::info!(monotonic_counter.in_scope = 10));
            other.enter(|| metrics::record(&BYTES, 5_u64, &[]));
            other.record(&BYTES, 5_u64, &[]);
            inner.finish();
            tracing::info!(parent: other.span(), monotonic_counter.in_scope = 100);
        });
        tracing::info!(monotonic_counter.outside = 1);
        outer.finish();
        other.finish();
        let written = std::mem::take(&mut *WRITTEN.lock().unwrap());
        let of = |request: &str, points: &[&str]| {
            let points = points.iter().map(|point| (*point).to_owned()).collect();
            (Some(format!(",\"request\":\"{request}\"")), points)
        };
        assert_eq!(written, [of("r-1", &["in_scope{} 11"]), of("r-2", &["bytes{} [(5.0, 2)]By", "in_scope{} 100"])]);
        assert_eq!(collector.points(), ["bytesBy{} 2:10", "in_scope{} 111", "outside{} 1"]);
        let written = std::mem::take(&mut *WRITTEN.lock().unwrap());
        assert_eq!(written, [(None, vec!["outside{} 1".to_owned()])]);
    });
}

#[test]
fn unsampled_scopes_measure_too() {
    on_both_fronts(|collector| {
        let mut config = config();
        config.sampler = thundra_core::Sampler::ratio(0.0);
        let scope = Scope::builder("unsampled").begin_with(&config);
        scope.enter(|| tracing::info!(monotonic_counter.unsampled = 1));
        assert!(scope.finish().is_empty());
        assert_eq!(collector.points(), ["unsampled{} 1"]);
    });
}

#[test]
fn a_measurement_after_the_end_of_its_scope_is_the_processs() {
    on_both_fronts(|collector| {
        let scope = Scope::builder("short").begin();
        let (handle, span) = (*scope, scope.enter(|| tracing::info_span!("late")));
        scope.finish();
        span.in_scope(|| tracing::info!(monotonic_counter.late = 1));
        drop(span);
        static LATE: Instrument = Instrument::counter("late", "", "");
        handle.record(&LATE, 1_u64, &[]);
        assert_eq!(collector.points(), ["late{} 2"]);
    });
}

#[test]
fn what_an_open_scope_measured_leaves_before_its_deadline_once() {
    on_both_fronts(|collector| {
        let scope = Scope::builder("slow").begin();
        let ending = thundra_core::Unfinished { error_type: "timeout", description: "late", root: &[] };
        scope.enter(|| tracing::info!(monotonic_counter.slow = 1));
        let nested = scope.enter(|| Scope::builder("nested").nested().begin());
        nested.enter(|| tracing::info!(monotonic_counter.slow = 10));
        let _ = scope.take_unfinished(&ending);
        assert_eq!(collector.points(), ["slow{} 11"]);
        nested.enter(|| tracing::info!(monotonic_counter.slow = 100));
        nested.finish();
        scope.finish();
        assert_eq!(collector.points(), ["slow{} 100"]);
    });
}

#[test]
fn what_nested_scopes_measured_leaves_with_the_facts_of_the_open_outermost_scope() {
    on_both_fronts(|_| {
        WRITTEN.lock().unwrap().clear();
        let batch = Scope::builder("batch").log_field("request", "batch").begin();
        let ending = thundra_core::Unfinished { error_type: "timeout", description: "late", root: &[] };
        let record =
            |id: &'static str| batch.enter(|| Scope::builder("record").log_field("request", id).nested().begin());
        let records = [record("a"), record("b")];
        records.iter().for_each(|record| record.enter(|| tracing::info!(monotonic_counter.in_record = 1)));
        let _ = batch.take_unfinished(&ending);
        let written = std::mem::take(&mut *WRITTEN.lock().unwrap());
        assert_eq!(written, [(Some(",\"request\":\"batch\"".to_owned()), vec!["in_record{} 2".to_owned()])]);
    });
}

#[test]
fn a_failed_flush_keeps_the_points() {
    on_both_fronts(|collector| {
        tracing::info!(monotonic_counter.kept = 1);
        *collector.is_failing.lock().unwrap() = true;
        assert_eq!(collector.points(), [""; 0]);
        *collector.is_failing.lock().unwrap() = false;
        tracing::info!(monotonic_counter.kept = 2);
        thundra_core::renew();
        assert_eq!(collector.points().iter().filter(|point| *point == "kept{} 1").count(), 1);
    });
}

#[test]
fn a_debug_that_measures_does_not_deadlock() {
    struct Chatty;
    impl fmt::Debug for Chatty {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            tracing::info!(monotonic_counter.inside = 1);
            f.write_str("chatty")
        }
    }
    struct Broken;
    impl fmt::Debug for Broken {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("broken")
        }
    }
    on_both_fronts(|collector| {
        let scope = Scope::builder("debug").begin();
        scope.enter(|| {
            tracing::info!(monotonic_counter.of = 1, value = ?Chatty);
            tracing::info!(monotonic_counter.broken = 1, value = ?Broken);
        });
        scope.finish();
        let points = collector.points();
        assert!(points[0].starts_with("broken{value=(its text is not known"), "{points:?}");
        // A subscriber of a thread gets no event during an event.
        assert_eq!(points.last().unwrap(), "of{value=chatty} 1");
    });
}

#[test]
fn the_process_and_telemetry_itself_are_measured() {
    let (_turn, collector) = installed();
    for sampler in ["always_on", "always_off"] {
        let config = Config::from_env(&Env::from_pairs([("OTEL_TRACES_SAMPLER", sampler)]));
        let subscriber = thundra_core::subscriber(&config);
        let scope = tracing::subscriber::with_default(subscriber, || {
            let scope = Scope::builder("work").begin_with(&config);
            scope.enter(|| (0..3).for_each(|_| tracing::info_span!("step").in_scope(|| ())));
            scope
        });
        thundra_core::export_later(scope.finish());
    }
    flush_now();
    let points = collector.points_named(is_observed);
    let has = |point: &str| assert!(points.iter().any(|shown| shown == point), "{point} in {points:#?}");
    has("otel.sdk.span.started{span}{otel.span.sampling_result=RECORD_AND_SAMPLE} 4");
    has("otel.sdk.exporter.span.exported{span}{} 4");
    has("otel.sdk.processor.span.processed{span}{} 4");
    has("otel.sdk.processor.span.queue.size{span}{} =0");
    let named = |start: &str| points.iter().filter(|shown| shown.starts_with(start)).count();
    assert!(named("otel.sdk.exporter.operation.durations{thundra.signal=traces} 1:") == 1, "{points:#?}");
    if cfg!(target_os = "linux") {
        for name in [
            "process.cpu.times{cpu.mode=user}",
            "process.cpu.times{cpu.mode=system}",
            "process.disk.ioBy{disk.io.direction=write}",
            "process.memory.usageBy{}",
            "process.memory.virtualBy{}",
            "process.thread.count{thread}{}",
            "process.uptimes{}",
        ] {
            assert!(named(name) >= 1, "{name} in {points:#?}");
        }
    }
}

#[test]
fn lost_records_are_counted_by_reason() {
    let (_turn, collector) = installed();
    collector.points();
    *collector.is_refusing.lock().unwrap() = true;
    let scope = Scope::builder("work").begin();
    thundra_core::export_later(scope.finish());
    flush_now();
    *collector.is_refusing.lock().unwrap() = false;
    let points = collector.points_named(is_observed);
    let has = |start: &str| assert!(points.iter().any(|shown| shown.starts_with(start)), "{start} in {points:#?}");
    has("otel.sdk.exporter.span.exported{span}{error.type=refused} 1");
    has("otel.sdk.exporter.operation.durations{error.type=refused,thundra.signal=traces} ");
}

#[test]
fn observers_are_asked_at_each_flush() {
    static FREE: Instrument = Instrument::gauge("free", "By", "");
    static ASKED: Mutex<bool> = Mutex::new(false);
    let (_turn, collector) = installed();
    *ASKED.lock().unwrap() = true;
    metrics::observe_with(|observations| {
        if std::mem::take(&mut *ASKED.lock().unwrap()) {
            observations.record(&FREE, 7_u64, &[("kind", "heap".into())]);
        }
    });
    metrics::observe_with(|_| {
        if *ASKED.lock().unwrap() {
            panic!("an observer")
        }
    });
    assert_eq!(collector.points(), ["freeBy{kind=heap} =7"]);
}

#[test]
fn sixty_four_tasks_never_cross() {
    let (_turn, collector) = installed();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    runtime.block_on(async {
        let tasks = (0..64_u64).map(|task| async move {
            let scope = Scope::builder("task").log_field("task", task.to_string()).begin();
            let work = async {
                for step in 0..20 {
                    tracing::info!(monotonic_counter.steps = 1, task);
                    tracing::info!(histogram.step = step);
                    tokio::task::yield_now().await;
                    assert!(ScopeRef::current().is_some());
                }
            };
            scope.run(work.instrument(tracing::info_span!("work"))).await;
            scope.finish();
        });
        for task in tasks.map(tokio::spawn).collect::<Vec<_>>() {
            task.await.unwrap();
        }
    });
    let written = std::mem::take(&mut *WRITTEN.lock().unwrap());
    let by_task: BTreeMap<_, _> = written.into_iter().collect();
    assert_eq!(by_task.len(), 64);
    for (fields, points) in by_task {
        let task = fields.unwrap().replace([',', '"', ':'], "").replace("task", "");
        assert_eq!(points[0], format!("steps{{task={task}}} 20"));
        assert_eq!(points.len(), 2);
    }
    let points = collector.points();
    assert_eq!(points.iter().filter(|point| point.starts_with("steps{") && point.ends_with(" 20")).count(), 64);
    assert!(points.contains(&format!("step{{}} {}:{}", 64 * 20, 64 * 190)), "{points:?}");
}

#[test]
fn replayed_work_is_not_measured_again() {
    let (_turn, collector) = installed();
    mark_replays(ReplayMarks { library: "library", field: "repeats", scope_field: "scopeKey", names: &[] });
    let measure = || {
        tracing::info!(monotonic_counter.replay.events = 1);
        #[cfg(feature = "metrics")]
        metrics_facade::counter!("replay.facade").increment(1);
    };
    for sampler in ["always_on", "always_off"] {
        let config = Config::from_env(&Env::from_pairs([("OTEL_TRACES_SAMPLER", sampler)]));
        let scope = Scope::builder("replay").begin_with(&config);
        scope.enter(|| {
            let work = tracing::info_span!(target: "library", "work", repeats = true);
            work.in_scope(measure);
            work.in_scope(|| tracing::info_span!("inside").in_scope(measure));
            work.record("repeats", false);
            work.in_scope(measure);
        });
        scope.finish();
    }
    WRITTEN.lock().unwrap().clear();
    let measured = collector.points();
    assert!(measured.contains(&"replay.events{} 2".to_owned()), "{measured:?}");
    #[cfg(feature = "metrics")]
    assert!(measured.contains(&"replay.facade{} 2".to_owned()), "{measured:?}");
}

#[cfg(feature = "metrics")]
#[test]
fn the_metrics_crate_measures_in_the_scope_of_the_call() {
    use metrics_facade::{Unit, counter, describe_counter, describe_histogram, gauge, histogram};
    let (_turn, collector) = installed();
    describe_counter!("facade.calls", Unit::Count, "Calls.");
    describe_histogram!("facade.size", Unit::Bytes, "Sizes.");
    let calls = counter!("facade.calls", "to" => "shop");
    let scope = Scope::builder("facade").begin();
    scope.enter(|| {
        calls.increment(2);
        counter!("facade.calls", "to" => "shop").increment(1);
        histogram!("facade.size").record(2.0);
        histogram!("facade.size").record_many(3.0, 2);
        gauge!("facade.level").set(5.0);
        gauge!("facade.level").increment(1.5);
        gauge!("facade.level").decrement(f64::INFINITY);
    });
    scope.finish();
    let written = std::mem::take(&mut *WRITTEN.lock().unwrap());
    assert_eq!(
        written[0].1,
        ["facade.calls{to=shop} 3{count}", "facade.size{} [(2.0, 1), (3.0, 2)]By", "facade.level{} 6.5"]
    );
    gauge!("facade.level").decrement(0.5);
    calls.absolute(2);
    calls.absolute(10);
    for name in [format!("facade.{}", 1), "facade:invalid".to_owned()] {
        counter!(name, "b" => "x", "a" => "y").increment(1);
    }
    assert_eq!(
        collector.points(),
        ["facade.1{a=y,b=x} 1", "facade.calls{count}{to=shop} 10", "facade.level{} =6.0", "facade.sizeBy{} 3:8"]
    );
}
