mod spill;

use std::collections::VecDeque;
use std::sync::Mutex;

use super::*;
use crate::export::{Batch, ExportError, ExportFuture, LossReason};
use crate::test_records::{logs, metrics};
use crate::{Records, Scope, Signal};

/// Ends each export as its script says, and successfully after that.
#[derive(Clone, Debug, Default)]
struct Scripted {
    script: Arc<Mutex<VecDeque<End>>>,
    /// The names of the spans in each batch that was taken.
    taken: Arc<Mutex<Vec<Vec<String>>>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Taken,
    Later,
    Never,
    TooLarge,
    Partial(u64),
    /// Some were rejected, and some are too large.
    PartialAndTooLarge(u64, u64),
    Panic,
    /// The text of the error panics.
    PanicInText,
    /// The error is its own source.
    EndlessCauses,
    Hangs,
    /// Later, after so many milliseconds.
    LaterAfter(u64),
}

impl Export for Scripted {
    fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
        let end = self.script.lock().unwrap().pop_front().unwrap_or(End::Taken);
        if matches!(end, End::Taken | End::Partial(_) | End::PartialAndTooLarge(..)) {
            self.taken.lock().unwrap().push(batch.spans().map(|span| span.name).collect());
        }
        Box::pin(async move {
            match end {
                End::Taken => Ok(()),
                End::Later => Err(ExportError::retryable("later")),
                End::Never => Err(ExportError::permanent("never")),
                End::TooLarge => Err(ExportError::too_large("too large")),
                End::Partial(lost) => Err(ExportError::partial(lost, "some")),
                End::PartialAndTooLarge(lost, too_large) => {
                    Err(ExportError::partial(lost, "some").with_more_lost(too_large, LossReason::TooLarge))
                }
                End::Panic => panic!("of an exporter"),
                End::PanicInText => Err(ExportError::permanent(Odd { panics: true })),
                End::EndlessCauses => Err(ExportError::retryable(Odd { panics: false })),
                End::Hangs => std::future::pending().await,
                End::LaterAfter(millis) => {
                    std::thread::sleep(Duration::from_millis(millis));
                    Err(ExportError::retryable("later"))
                }
            }
        })
    }
}

/// An error whose text panics, or which is its own source.
#[derive(Debug)]
struct Odd {
    panics: bool,
}

impl std::fmt::Display for Odd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        assert!(!self.panics, "of an error");
        f.write_str("odd")
    }
}

impl std::error::Error for Odd {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self)
    }
}

fn scripted(script: &[End]) -> (Pipeline, Scripted) {
    let exporter = Scripted { script: Arc::new(Mutex::new(script.iter().copied().collect())), ..Scripted::default() };
    let pipeline = Pipeline::new(Resource::new([]), vec![Box::new(exporter.clone())], Duration::from_secs(60));
    (pipeline, exporter)
}

/// Returns the records of a flush, and those of other signals.
type Flushed = (Records, Due);

fn spans(names: &[&'static str]) -> Flushed {
    let mut spans = Records::default();
    names.iter().for_each(|name| spans.append(Scope::builder(*name).begin().finish()).unwrap());
    (spans, Due::default())
}

impl Pipeline {
    async fn flush(&self, (records, due): Flushed, deadline: Option<Instant>) {
        self.begin(records, &due, deadline).send().await;
    }
}

/// Returns the number of lost spans, for each exporter.
fn lost_spans(pipeline: &Pipeline) -> Vec<u64> {
    pipeline.unexported(&Losses::NONE).iter().map(|losses| losses.lost(Signal::Traces)).collect()
}

#[tokio::test]
async fn the_end_of_a_request_decides_what_becomes_of_it() {
    use End::{EndlessCauses, Later, Never, Panic, PanicInText, Partial, TooLarge};
    for (script, requests, waiting, unexported, why) in [
        (&[][..], vec![2], 0, 0, "taken"),
        (&[Later], vec![], 2, 2, "kept"),
        (&[Never], vec![], 0, 2, "lost"),
        (&[Panic], vec![], 0, 2, "a panic is a loss"),
        (&[PanicInText], vec![], 0, 2, "a text that panics is a loss like any other"),
        (&[EndlessCauses], vec![], 2, 2, "an error is its own source"),
        (&[Partial(1)], vec![2], 0, 1, "one is refused"),
        (&[Partial(u64::MAX)], vec![2], 0, 2, "no more is refused than was sent"),
        (&[TooLarge], vec![1, 1], 0, 0, "in two parts"),
        (&[TooLarge, TooLarge], vec![1], 0, 0, "a single span is too large: the other one carries the count"),
        (&[TooLarge, Later], vec![], 2, 2, "both parts wait"),
    ] {
        let (pipeline, exporter) = scripted(script);
        pipeline.flush(spans(&["one", "two"]), None).await;
        let taken: Vec<_> = exporter.taken.lock().unwrap().iter().map(Vec::len).collect();
        assert_eq!(
            (taken, pipeline.waiting_spans(), lost_spans(&pipeline)),
            (requests, waiting, vec![unexported]),
            "{why}"
        );
    }
}

#[tokio::test]
async fn where_no_span_is_small_enough_the_attempts_end() {
    let (pipeline, exporter) = scripted(&[End::TooLarge; 200]);
    pipeline.flush(spans(&["span"; 100]), None).await;
    let attempts = 200 - exporter.script.lock().unwrap().len();
    assert!(attempts < 50, "{attempts}");
    assert_eq!((pipeline.waiting_spans(), lost_spans(&pipeline)), (0, vec![100]));
}

#[tokio::test]
async fn a_flush_leaves_its_spans_to_the_one_at_work() {
    let (pipeline, exporter) = scripted(&[End::Hangs]);
    let mut first = Box::pin(pipeline.flush(spans(&["first"]), None));
    assert!(poll_fn(|context| Poll::Ready(first.as_mut().poll(context).is_pending())).await);
    pipeline.flush(spans(&["second"]), None).await;
    assert_eq!((pipeline.waiting_spans(), exporter.taken.lock().unwrap().len()), (2, 0));
    drop(first);
    pipeline.flush(spans(&["third"]), None).await;
    let taken = exporter.taken.lock().unwrap().concat();
    assert_eq!((taken, pipeline.waiting_spans()), (["first", "second", "third"].map(str::to_owned).to_vec(), 0));
}

#[tokio::test]
async fn an_exporter_that_fails_slowly_is_left_alone_for_a_while() {
    use End::{Hangs, LaterAfter};
    for (end, why) in [(Hangs, "past its deadline"), (LaterAfter(150), "later")] {
        let (pipeline, exporter) = scripted(&[end]);
        let flush = async |patience: u64| {
            let deadline = Instant::now() + Duration::from_millis(patience);
            let flush = pipeline.flush(spans(&["span"]), Some(deadline));
            tokio::time::timeout_at(deadline.into(), flush).await.is_ok()
        };
        assert_eq!(flush(150).await, end != Hangs, "{why}");
        assert!(flush(60_000).await, "{why}: nobody waits in a pause");
        assert_eq!((pipeline.waiting_spans(), exporter.taken.lock().unwrap().len()), (2, 0), "{why}");
        pipeline.resume();
        assert!(flush(60_000).await);
        assert_eq!((pipeline.waiting_spans(), exporter.taken.lock().unwrap().len()), (0, 1), "{why}");
    }
}

#[tokio::test]
async fn an_exporter_that_panics_when_it_is_asked_for_a_pause_has_none() {
    #[derive(Debug)]
    struct Broken;
    impl Export for Broken {
        fn export<'a>(&'a self, _: &'a Batch, _: Instant) -> ExportFuture<'a> {
            Box::pin(async { Ok(()) })
        }
        fn is_paused(&self, _: Signal) -> bool {
            panic!("of an exporter")
        }
        fn resume(&self) {
            panic!("of an exporter")
        }
    }
    let pipeline = Pipeline::new(Resource::new([]), vec![Box::new(Broken)], Duration::from_secs(60));
    pipeline.resume();
    pipeline.flush(spans(&["span"]), None).await;
    assert_eq!(pipeline.waiting_spans(), 0);
}

#[tokio::test]
async fn each_exporter_has_an_account_of_its_own() {
    let (failing, well) = (Scripted::default(), Scripted::default());
    *failing.script.lock().unwrap() = [End::Never, End::Later].into();
    let exporters: Vec<Box<dyn Export>> = vec![Box::new(failing.clone()), Box::new(well.clone())];
    let pipeline = Pipeline::new(Resource::new([]), exporters, Duration::from_secs(60));
    pipeline.flush(spans(&["one"]), None).await;
    pipeline.flush(spans(&["two"]), None).await;
    assert_eq!(lost_spans(&pipeline), [2, 0]);
    pipeline.flush(spans(&["three"]), None).await;
    assert_eq!(lost_spans(&pipeline), [0, 0]);
    assert_eq!(failing.taken.lock().unwrap().concat(), ["two", "three"]);
    assert_eq!(well.taken.lock().unwrap().concat(), ["one", "two", "three"]);
}

/// An exporter with a fork of its own script.
#[derive(Debug)]
struct Forking {
    usual: Scripted,
    fork: Scripted,
}

impl Export for Forking {
    fn export<'a>(&'a self, batch: &'a Batch, deadline: Instant) -> ExportFuture<'a> {
        self.usual.export(batch, deadline)
    }

    fn fork(&self) -> Option<Box<dyn Export>> {
        Some(Box::new(self.fork.clone()))
    }
}

impl Pipeline {
    async fn flush_aside(&self, (records, due): Flushed) {
        let deadline = Instant::now() + Duration::from_millis(150);
        let forks = self.fork();
        let mut flush = self.begin_aside(&forks, &records, &due, deadline);
        let _ = tokio::time::timeout_at(deadline.into(), flush.send()).await;
    }
}

#[tokio::test]
async fn a_flush_aside_goes_through_the_forks_and_shares_the_account() {
    use End::{Hangs, Later, Never, Panic, Taken, TooLarge};
    for (script, by_fork, waiting, lost, why) in [
        (&[Taken][..], vec![2], 0, 0, "taken"),
        (&[Later], vec![], 2, 0, "kept"),
        (&[Hangs], vec![], 2, 0, "kept after the deadline"),
        (&[Never], vec![], 0, 2, "lost"),
        (&[Panic], vec![], 0, 2, "a panic is a loss"),
        (&[TooLarge], vec![1, 1], 0, 0, "in two parts"),
    ] {
        let (usual, fork) = (Scripted::default(), Scripted::default());
        *fork.script.lock().unwrap() = script.iter().copied().collect();
        let (taken, by_usual) = (fork.taken.clone(), usual.taken.clone());
        let exporters: Vec<Box<dyn Export>> = vec![Box::new(Forking { usual, fork })];
        let pipeline = Pipeline::new(Resource::new([]), exporters, Duration::from_secs(60));
        pipeline.flush_aside(spans(&["one", "two"])).await;
        assert_eq!(taken.lock().unwrap().iter().map(Vec::len).collect::<Vec<_>>(), by_fork, "{why}");
        assert_eq!((pipeline.waiting_spans(), lost_spans(&pipeline)), (waiting, vec![waiting + lost]), "{why}");
        // The next flush sends what waits at once: the failure of a fork pauses nobody.
        pipeline.flush(spans(&["three"]), None).await;
        assert_eq!(by_usual.lock().unwrap().concat().len() as u64, waiting + 1, "{why}");
        assert_eq!((pipeline.waiting_spans(), lost_spans(&pipeline)), (0, vec![0]), "{why}");
    }
}

#[tokio::test]
async fn a_flush_aside_heeds_no_pause_and_leaves_its_spans_to_a_flush_at_work() {
    let (pipeline, exporter) = scripted(&[End::LaterAfter(150), End::Taken, End::Hangs]);
    pipeline.flush(spans(&["one"]), None).await;
    pipeline.flush(spans(&["two"]), None).await;
    assert_eq!(pipeline.waiting_spans(), 2, "it pauses");
    pipeline.flush_aside(spans(&["three"])).await;
    assert_eq!(exporter.taken.lock().unwrap().concat(), ["one", "two", "three"], "without a fork, by itself");
    pipeline.resume();
    let mut at_work = Box::pin(pipeline.flush(spans(&["four"]), None));
    assert!(poll_fn(|context| Poll::Ready(at_work.as_mut().poll(context).is_pending())).await);
    pipeline.flush_aside(spans(&["five"])).await;
    assert_eq!(pipeline.waiting_spans(), 2);
}

/// Takes the requests of all signals, but for those that it refuses.
#[derive(Clone, Debug, Default)]
struct Selective {
    paused: Arc<Mutex<Option<Signal>>>,
    refuses: Arc<Mutex<Option<(Signal, End)>>>,
    taken: Arc<Mutex<Vec<Batch>>>,
}

impl Selective {
    fn refusing(signal: Signal, end: End) -> Self {
        Selective { refuses: Arc::new(Mutex::new(Some((signal, end)))), ..Selective::default() }
    }

    fn pipeline(&self) -> Pipeline {
        Pipeline::new(Resource::new([]), vec![Box::new(self.clone())], Duration::from_secs(60))
    }

    /// Returns the requests since the last call.
    fn taken(&self) -> Vec<(Signal, u32)> {
        self.taken.lock().unwrap().drain(..).map(|batch| (batch.signal(), batch.count())).collect()
    }
}

impl Export for Selective {
    fn takes(&self, _: Signal) -> bool {
        true
    }

    fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
        let end = self.refuses.lock().unwrap().filter(|(signal, _)| *signal == batch.signal()).map(|(_, end)| end);
        if matches!(end, None | Some(End::Partial(_))) {
            self.taken.lock().unwrap().push(batch.clone());
        }
        Box::pin(std::future::ready(match end {
            None => Ok(()),
            Some(End::Partial(lost)) => Err(ExportError::partial(lost, "some")),
            Some(End::TooLarge) => Err(ExportError::too_large("too large")),
            Some(End::Never) => Err(ExportError::permanent("never")),
            Some(_) => Err(ExportError::retryable("later")),
        }))
    }

    fn is_paused(&self, signal: Signal) -> bool {
        *self.paused.lock().unwrap() == Some(signal)
    }
}

/// Returns a span, two log records, and three data points of two metrics.
fn mixed() -> Flushed {
    let (spans, due) = spans(&["span"]);
    (spans, Due { others: vec![logs(&["first", "second"]), metrics(&[1, 2])], ..due })
}

const ALL_OF_MIXED: [(Signal, u32); 3] = [(Signal::Traces, 1), (Signal::Logs, 2), (Signal::Metrics, 3)];

#[tokio::test]
async fn an_exporter_gets_the_signals_that_it_takes() {
    let (all, spans_alone) = (Selective::default(), Scripted::default());
    let exporters: Vec<Box<dyn Export>> = vec![Box::new(all.clone()), Box::new(spans_alone.clone())];
    let pipeline = Pipeline::new(Resource::new([]), exporters, Duration::from_secs(60));
    pipeline.flush(mixed(), None).await;
    assert_eq!(all.taken(), ALL_OF_MIXED);
    assert_eq!(*spans_alone.taken.lock().unwrap(), [["span"]]);
    assert_eq!(pipeline.unexported(&Losses::NONE), [Losses::NONE; 2], "what an exporter does not take is no loss");
    let mut of_spans = Losses::records(Signal::Traces, 1, LossReason::BacklogFull);
    of_spans += Losses::incomplete_messages(4);
    let mut backlog = of_spans.clone();
    for (signal, count) in [(Signal::Logs, 2), (Signal::Metrics, 3)] {
        backlog += Losses::records(signal, count, LossReason::BacklogFull);
    }
    assert_eq!(pipeline.unexported(&backlog), [backlog.clone(), of_spans.clone()]);
    *all.paused.lock().unwrap() = Some(Signal::Traces);
    let due = Due { losses: backlog.clone(), ..Due::default() };
    pipeline.flush((Records::default(), due), None).await;
    assert_eq!(pipeline.unexported(&Losses::NONE), [backlog, of_spans], "a lost record that it does not take is none");
}

#[tokio::test]
async fn an_exporter_that_panics_when_it_is_asked_for_a_signal_takes_it() {
    #[derive(Debug)]
    struct Odd(Scripted);
    impl Export for Odd {
        fn takes(&self, _: Signal) -> bool {
            panic!("of an exporter")
        }
        fn export<'a>(&'a self, batch: &'a Batch, deadline: Instant) -> ExportFuture<'a> {
            self.0.export(batch, deadline)
        }
    }
    let exporter = Scripted::default();
    let exporters: Vec<Box<dyn Export>> = vec![Box::new(Odd(exporter.clone()))];
    let pipeline = Pipeline::new(Resource::new([]), exporters, Duration::from_secs(60));
    pipeline.flush(spans(&["span"]), None).await;
    assert_eq!(*exporter.taken.lock().unwrap(), [["span"]]);
}

#[test]
fn an_exporter_gets_the_resource_before_any_batch() {
    #[derive(Debug, Default)]
    struct Named(Arc<Mutex<Vec<String>>>);
    impl Export for Named {
        fn export<'a>(&'a self, _: &'a Batch, _: Instant) -> ExportFuture<'a> {
            Box::pin(async { Ok(()) })
        }
        fn set_resource(&mut self, resource: &Resource) {
            self.0.lock().unwrap().push(resource.service_name().to_owned());
            panic!("of an exporter")
        }
    }
    let names = Arc::<Mutex<Vec<String>>>::default();
    let resource = Resource::new([("service.name".to_owned(), "zoo".into())]);
    let _pipeline = Pipeline::new(resource, vec![Box::new(Named(names.clone()))], Duration::from_secs(60));
    assert_eq!(*names.lock().unwrap(), ["zoo"]);
}

#[tokio::test]
async fn a_signal_that_fails_does_not_hold_up_the_others() {
    for signal in Signal::ALL {
        let exporter = Selective::refusing(signal, End::Later);
        let pipeline = exporter.pipeline();
        let of_others = || ALL_OF_MIXED.into_iter().filter(|(other, _)| *other != signal).collect::<Vec<_>>();
        for flush in 1..=2 {
            pipeline.flush(mixed(), None).await;
            assert_eq!(exporter.taken(), of_others(), "{signal}");
            let (_, count) = ALL_OF_MIXED.into_iter().find(|(other, _)| *other == signal).unwrap();
            assert_eq!(
                pipeline.unexported(&Losses::NONE),
                [Losses::records(signal, u64::from(count) * flush, LossReason::Unsent)],
                "{signal}"
            );
        }
        *exporter.refuses.lock().unwrap() = None;
        pipeline.flush(Flushed::default(), None).await;
        let expected =
            ALL_OF_MIXED.into_iter().find(|(other, _)| *other == signal).map(|(_, count)| (signal, count * 2));
        assert_eq!(exporter.taken(), Vec::from_iter(expected), "{signal}");
        assert_eq!(pipeline.unexported(&Losses::NONE), [Losses::NONE]);
    }
}

#[tokio::test]
async fn a_signal_that_pauses_waits_while_the_others_leave() {
    let exporter = Selective::default();
    *exporter.paused.lock().unwrap() = Some(Signal::Logs);
    let pipeline = exporter.pipeline();
    pipeline.flush(mixed(), None).await;
    assert_eq!(exporter.taken(), [(Signal::Traces, 1), (Signal::Metrics, 3)]);
    *exporter.paused.lock().unwrap() = None;
    pipeline.flush(mixed(), None).await;
    assert_eq!(exporter.taken(), [(Signal::Logs, 4), (Signal::Traces, 1), (Signal::Metrics, 3)]);
}

#[tokio::test]
async fn the_next_root_span_counts_the_lost_records_of_each_signal() {
    use End::{Never, Partial, TooLarge};
    for (signal, end, key, lost, reason) in [
        (Signal::Logs, Never, "thundra.lost_log_records", 2, LossReason::Refused),
        (Signal::Logs, Partial(1), "thundra.lost_log_records", 1, LossReason::PartialSuccess),
        (Signal::Logs, TooLarge, "thundra.lost_log_records", 2, LossReason::TooLarge),
        (Signal::Metrics, Never, "thundra.lost_data_points", 3, LossReason::Refused),
        (Signal::Metrics, Partial(9), "thundra.lost_data_points", 3, LossReason::PartialSuccess),
        (Signal::Metrics, TooLarge, "thundra.lost_data_points", 3, LossReason::TooLarge),
    ] {
        let exporter = Selective::refusing(signal, end);
        let pipeline = exporter.pipeline();
        pipeline.flush(mixed(), None).await;
        assert_eq!(pipeline.unexported(&Losses::NONE), [Losses::records(signal, lost, reason)], "{signal} {end:?}");
        exporter.taken();
        pipeline.flush(spans(&["next"]), None).await;
        let taken = exporter.taken.lock().unwrap();
        let span = taken.iter().flat_map(Batch::spans).next().unwrap();
        for key in [key.to_owned(), format!("{key}.{reason}")] {
            assert_eq!(span.attribute(&key), Some(&(lost as i64).into()), "{signal} {end:?}");
        }
        assert_eq!(pipeline.unexported(&Losses::NONE), [Losses::NONE]);
    }
}

#[tokio::test]
async fn each_record_that_a_batch_lost_has_its_own_reason() {
    use LossReason::{PartialSuccess, TooLarge};
    for (rejected, too_large, counted, why) in [
        (1, 1, [1, 1], "one arrived"),
        (2, 1, [2, 1], "none arrived"),
        (9, 1, [2, 1], "more rejections than records"),
        (0, 2, [0, 2], "nothing was rejected"),
    ] {
        let (pipeline, _) = scripted(&[End::PartialAndTooLarge(rejected, too_large)]);
        pipeline.flush(spans(&["a", "b", "c"]), None).await;
        let losses = pipeline.unexported(&Losses::NONE).remove(0);
        assert_eq!([PartialSuccess, TooLarge].map(|reason| losses.of_reason(Signal::Traces, reason)), counted, "{why}");
        assert_eq!(losses.lost(Signal::Traces), counted.iter().sum::<u64>(), "{why}");
    }
}

#[tokio::test]
async fn a_snapshot_leaves_no_records_to_its_copies() {
    for (script, why) in [(&[End::Later][..], "kept"), (&[End::Never], "lost"), (&[], "taken")] {
        let (pipeline, exporter) = scripted(script);
        pipeline.flush(spans(&["init"]), None).await;
        pipeline.forget();
        assert_eq!((pipeline.waiting_spans(), lost_spans(&pipeline)), (0, vec![0]), "{why}");
        exporter.taken.lock().unwrap().clear();
        pipeline.flush(spans(&["of a copy"]), None).await;
        assert_eq!(*exporter.taken.lock().unwrap(), [["of a copy"]], "{why}");
        assert_eq!(lost_spans(&pipeline), [0], "{why}: the copy counts no losses of the snapshot");
    }
}

/// An exporter of which X-Ray decides what it gets.
#[derive(Debug, Default)]
struct OfXRay(Scripted);

impl Export for OfXRay {
    fn export<'a>(&'a self, batch: &'a Batch, deadline: Instant) -> ExportFuture<'a> {
        self.0.export(batch, deadline)
    }

    fn follows_xray(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn an_exporter_that_follows_xray_gets_no_withheld_span() {
    let (xray, other) = (OfXRay::default(), Scripted::default());
    let taken = [xray.0.taken.clone(), other.taken.clone()];
    let resource = || Resource::new([]);
    let pipeline = Pipeline::new(resource(), vec![Box::new(xray), Box::new(other)], Duration::from_secs(5));
    assert!(!pipeline.follows_xray(), "another exporter gets all");
    let scope = |name, decision| Scope::builder(name).sampled_by_xray(decision).begin();
    let spans = |name, decision| scope(name, decision).finish();
    let mut mixed = spans("no", Some(false));
    mixed.append(spans("yes", Some(true))).unwrap();
    mixed.append(spans("open", None)).unwrap();
    for records in [mixed, spans("no again", Some(false)), spans("yes again", Some(true))] {
        pipeline.begin(records, &Due::default(), None).send().await;
    }
    let taken = taken.map(|taken| taken.lock().unwrap().concat());
    assert_eq!(taken[0], ["yes", "open", "yes again"]);
    assert_eq!(taken[1], ["yes", "open", "no", "no again", "yes again"]);
    let alone: Vec<Box<dyn Export>> = vec![Box::new(OfXRay::default())];
    assert!(Pipeline::new(resource(), alone, Duration::from_secs(5)).follows_xray());
    assert!(!Pipeline::new(resource(), Vec::new(), Duration::from_secs(5)).follows_xray());
}

#[test]
fn records_of_a_scope_are_withheld_by_the_decision_of_the_outermost() {
    let outer = Scope::builder("invocation").sampled_by_xray(Some(false)).begin();
    outer.enter(|| drop(Scope::builder("record").nested().sampled_by_xray(Some(true)).begin().finish()));
    let records = outer.finish();
    assert_eq!((records.count(), records.for_xray().count()), (2, 0));
    let header = |sampled: &str| {
        let header = format!("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled={sampled}");
        let pairs = [("x-amzn-trace-id", header.as_str())];
        crate::carrier::Inbound::extract(pairs, Default::default(), crate::carrier::Trust::Full)
    };
    for (sampled, kept) in [("0", 0), ("1", 1), ("?", 1)] {
        let records = Scope::builder("request").parent(header(sampled)).begin().finish();
        assert_eq!(records.for_xray().count(), kept, "{sampled}");
    }
}
