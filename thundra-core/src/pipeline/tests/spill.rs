//! What exporters lose goes to another exporter.

use super::*;
use crate::export::{ConsoleExporter, StandardStream};

/// Returns a pipeline whose exporter loses, that exporter, and the exporter of what is lost.
fn spilling(script: &[End], spill: &[End]) -> (Pipeline, Scripted, Scripted) {
    let (pipeline, exporter) = scripted(script);
    let (_, spill) = scripted(spill);
    let to = spill.clone();
    (pipeline.spilling(1 << 16, move |_| Box::new(to.clone())), exporter, spill)
}

fn names(exporter: &Scripted) -> Vec<String> {
    exporter.taken.lock().unwrap().concat()
}

/// Returns the losses of the only exporter, as in `spans 2 refused`.
fn losses(pipeline: &Pipeline) -> Vec<String> {
    let losses = pipeline.unexported(&Losses::NONE);
    let signals =
        Signal::ALL.into_iter().flat_map(|signal| LossReason::ALL.iter().map(move |reason| (signal, *reason)));
    let count = |(signal, reason): (Signal, LossReason)| match losses[0].of_reason(signal, reason) {
        0 => None,
        count => Some(format!("{} {count} {reason}", signal.records())),
    };
    signals.filter_map(count).collect()
}

#[tokio::test]
async fn what_an_exporter_loses_is_spilled_and_what_the_spill_loses_is_counted() {
    use End::{Later, Never, Panic, Partial, TooLarge};
    const NOTHING: &[&str] = &[];
    for (script, spill, taken, spilled, lost, why) in [
        (&[][..], &[][..], 2, 0, NOTHING, "taken"),
        (&[Later], &[], 0, 0, &["spans 2 unsent"], "kept"),
        (&[Never], &[], 0, 2, NOTHING, "refused"),
        (&[Panic], &[], 0, 2, NOTHING, "a panic"),
        (&[TooLarge, TooLarge], &[], 1, 1, NOTHING, "a single span is too large"),
        (&[Partial(1)], &[], 2, 0, &["spans 1 partial_success"], "the collector does not say which one it rejected"),
        (&[Partial(2)], &[], 2, 2, NOTHING, "the collector rejected both"),
        (&[Never], &[Never], 0, 0, &["spans 2 refused"], "and the spill refuses them"),
        (&[Never], &[TooLarge, TooLarge], 0, 1, NOTHING, "one is too long for a line: the other one carries the count"),
        (&[Never], &[Later], 0, 0, &["spans 2 unsent"], "and the spill takes them later"),
    ] {
        let (pipeline, exporter, spill) = spilling(script, spill);
        pipeline.flush(spans(&["one", "two"]), None).await;
        assert_eq!((names(&exporter).len(), names(&spill).len()), (taken, spilled), "{why}");
        assert_eq!(losses(&pipeline), lost, "{why}");
    }
}

#[tokio::test]
async fn the_next_root_counts_what_the_spill_lost() {
    let (pipeline, exporter, _) = spilling(&[End::Never], &[End::Never]);
    pipeline.flush(spans(&["one", "two"]), None).await;
    pipeline.flush(spans(&["next"]), None).await;
    assert_eq!((names(&exporter), losses(&pipeline).len()), (vec!["next".to_owned()], 0));
}

#[tokio::test]
async fn what_has_no_room_while_the_exporter_pauses_is_spilled_at_once_roots_first() {
    let (pipeline, exporter, spill) = spilling(&[End::LaterAfter(150)], &[]);
    let large = |name: &'static str| {
        let scope = Scope::builder(name).attribute("text", "x".repeat(3 << 20)).begin();
        (scope.finish(), Due::default())
    };
    pipeline.flush(large("first"), None).await;
    let mut second = Scope::builder("outer").begin().finish();
    second.append(large("second").0).unwrap();
    pipeline.flush((second, Due::default()), None).await;
    assert_eq!((names(&exporter).len(), names(&spill)), (0, vec!["second".to_owned()]));
    assert_eq!(pipeline.waiting_spans(), 2, "the first one, and the one that has room");
}

#[test]
fn root_spans_go_first() {
    let mut records = Records::default();
    let _subscriber = tracing::subscriber::set_default(crate::subscriber(crate::config()));
    for name in ["first", "second"] {
        let scope = Scope::builder(name).begin();
        scope.enter(|| drop(tracing::info_span!("child").entered()));
        records.append(scope.finish()).unwrap();
    }
    let names = |records: &Records| records.spans().map(|span| span.name).collect::<Vec<_>>();
    assert_eq!(names(&records), ["child", "first", "child", "second"]);
    let count = records.count();
    let records = records.roots_first();
    assert_eq!(
        (names(&records), records.count()),
        (["first", "second", "child", "child"].map(String::from).to_vec(), count)
    );
    assert_eq!(logs(&["a", "b"]).roots_first(), logs(&["a", "b"]));
}

#[tokio::test]
async fn at_the_end_of_a_program_everything_that_waits_is_spilled_with_the_counts() {
    let (pipeline, exporter, spill) = spilling(&[End::Later; 9], &[]);
    pipeline.flush(spans(&["one", "two"]), None).await;
    let due = Due { losses: Losses::records(Signal::Traces, 4, LossReason::BacklogFull), ..Due::default() };
    pipeline.flush((Records::default(), due), None).await;
    pipeline.spill_all(Instant::now() + Duration::from_secs(60)).await;
    assert_eq!((names(&exporter).len(), losses(&pipeline).len()), (0, 0));
    assert_eq!(names(&spill), ["one", "two"]);
}

#[tokio::test]
async fn when_a_program_may_end_the_newest_records_are_spilled_and_the_rest_keeps_waiting() {
    let (pipeline, exporter, spill) = spilling(&[End::Later; 2], &[]);
    let old = Scope::builder("old").attribute("text", "x".repeat(1 << 16)).begin().finish();
    pipeline.flush((old, Due::default()), None).await;
    pipeline.flush_aside(spans(&["new", "newest"])).await;
    pipeline.spill_newest(Instant::now() + Duration::from_secs(60)).await;
    assert_eq!((names(&spill), pipeline.waiting_spans()), (vec!["new".to_owned(), "newest".to_owned()], 1));
    pipeline.flush(Flushed::default(), None).await;
    assert_eq!((names(&exporter), losses(&pipeline).len()), (vec!["old".to_owned()], 0));
}

#[tokio::test]
async fn a_spill_that_hangs_keeps_nothing_from_the_collector() {
    let (pipeline, exporter, _) = spilling(&[End::Never], &[End::Hangs]);
    let mut first = Box::pin(pipeline.flush(spans(&["first"]), None));
    assert!(poll_fn(|context| Poll::Ready(first.as_mut().poll(context).is_pending())).await);
    assert_eq!((pipeline.waiting_spans(), losses(&pipeline)), (1, vec!["spans 1 unsent".to_owned()]));
    pipeline.flush(spans(&["second"]), None).await;
    assert_eq!(names(&exporter), ["second"]);
    drop(first);
    assert_eq!(pipeline.waiting_spans(), 1, "the next flush tries again");
}

#[tokio::test]
async fn nothing_is_spilled_for_an_exporter_that_writes_itself_or_beside_one_on_standard_output() {
    #[derive(Debug)]
    struct OnStdout(Scripted);
    impl Export for OnStdout {
        fn export<'a>(&'a self, batch: &'a Batch, deadline: Instant) -> ExportFuture<'a> {
            self.0.export(batch, deadline)
        }
        fn standard_stream(&self) -> Option<StandardStream> {
            Some(StandardStream::Output)
        }
    }
    let failing = || Box::new(Scripted { script: Arc::new(Mutex::new([End::Never].into())), ..Scripted::default() });
    for (other, spilled, why) in [
        (Box::new(OnStdout(*failing())) as Box<dyn Export>, 0, "everything is on standard output"),
        (Box::new(ConsoleExporter::new()), 1, "a tree on standard error is for people"),
    ] {
        let (_, spill) = scripted(&[]);
        let to = spill.clone();
        let pipeline = Pipeline::new(Resource::new([]), vec![failing(), other], Duration::from_secs(60));
        let pipeline = pipeline.spilling(1 << 16, move |_| Box::new(to.clone()));
        pipeline.flush(spans(&["span"]), None).await;
        assert_eq!(names(&spill).len(), spilled, "{why}");
    }
}
