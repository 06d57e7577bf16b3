//! From finished spans to the exporters, under a deadline.
//!
//! Each exporter has a queue of requests, and at most one flush at a time sends from it. A flush that comes meanwhile
//! leaves its spans to the one at work and returns, so that a slow collector holds up one caller and not all.

pub(crate) mod backlog;
mod losses;
mod queue;

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

pub(crate) use losses::Losses;
use queue::Queue;

use crate::export::{Batch, Export, ExportError, ExportFuture};
use crate::{Records, Resource, contained, diagnostics};

/// After this many spans in a row that were too large by themselves, a flush splits no more requests: nothing is taken,
/// and parts of parts would only take time.
const TOO_LARGE_IN_A_ROW: u32 = 16;

/// A failure in less time is followed by no pause.
const QUICK: Duration = Duration::from_millis(100);

/// The pause after a failure, as a multiple of the time that it took: at most a tenth of the time goes there.
const TIMES_COST: u32 = 10;

/// The exporters of this process.
#[derive(Debug)]
pub(crate) struct Pipeline {
    outlets: Vec<Outlet>,
    timeout: Duration,
}

/// An exporter, and what it has still to send.
#[derive(Debug)]
struct Outlet {
    exporter: Box<dyn Export>,
    resource: Arc<Resource>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    queue: Queue,
    /// `true` while a flush sends from the queue.
    sending: bool,
    /// The number of spans in the request that it sends.
    in_flight: u64,
    /// A request that the exporter accepted, and of which nobody knows so far whether it left.
    accepted: Option<Batch>,
    /// Nothing is exported before that, after a failure of an exporter that makes no pauses itself.
    paused_until: Option<Instant>,
}

impl Pipeline {
    pub(crate) fn new(resource: Resource, exporters: Vec<Box<dyn Export>>, timeout: Duration) -> Self {
        let resource = Arc::new(resource);
        let outlet = |exporter| Outlet { exporter, resource: resource.clone(), state: Mutex::default() };
        Pipeline { outlets: exporters.into_iter().map(outlet).collect(), timeout }
    }

    /// Returns, for each exporter, how many spans are lost if nothing more is sent.
    pub(crate) fn unexported(&self) -> Vec<u64> {
        self.outlets.iter().map(|outlet| outlet.state().unexported()).collect()
    }

    /// Returns how many spans wait, summed over the exporters.
    pub(crate) fn waiting(&self) -> u64 {
        self.outlets.iter().map(|outlet| outlet.state().waiting()).sum()
    }

    /// Ends the pauses after failures.
    pub(crate) fn resume(&self) {
        for outlet in &self.outlets {
            outlet.state().paused_until = None;
            contained(|| outlet.exporter.resume());
        }
    }

    /// Exports a trace and counts, together with what earlier flushes could not send. Returns at the deadline at the
    /// latest, as far as the exporters keep to it.
    pub(crate) async fn flush(&self, trace: Records, losses: Losses, deadline: Option<Instant>) {
        let longest = Instant::now() + self.timeout;
        let deadline = deadline.map_or(longest, |deadline| deadline.min(longest));
        let Some((last, others)) = self.outlets.split_last() else { return };
        // Each outlet has its spans before the first one is waited for: this future may be dropped.
        let others: Vec<_> = others.iter().filter_map(|outlet| outlet.begin(trace.clone(), losses)).collect();
        let last = last.begin(trace, losses);
        if others.is_empty() {
            if let Some(last) = last {
                last.send(deadline).await;
            }
            return;
        }
        let mut flushes: Vec<_> =
            others.into_iter().chain(last).map(|sender| Box::pin(sender.send(deadline))).collect();
        poll_fn(|context| {
            flushes.retain_mut(|flush| flush.as_mut().poll(context).is_pending());
            if flushes.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

impl State {
    fn waiting(&self) -> u64 {
        let accepted = self.accepted.as_ref().map_or(0, Batch::span_count);
        self.queue.spans() + u64::from(accepted) + self.in_flight
    }

    fn unexported(&self) -> u64 {
        let mut losses = self.queue.unsent();
        if let Some(batch) = &self.accepted {
            losses += Losses::of(batch.trace());
        }
        losses.spans + losses.dropped_spans + self.in_flight
    }
}

impl Outlet {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes spans and counts. Returns the right to send, unless another flush has it or the exporter pauses.
    fn begin(&self, trace: Records, losses: Losses) -> Option<Sender<'_>> {
        let paused = self.is_paused();
        let mut state = self.state();
        state.queue.lose(losses);
        let rest = state.queue.push(trace);
        if state.sending || paused || state.paused_until.is_some_and(|until| Instant::now() < until) {
            drop(state);
            self.lose(rest);
            return None;
        }
        let batch = state.accepted.take();
        let mut sender = Sender { outlet: self, batch, accepted: false, rest, too_large: 0, exporting: None };
        sender.accepted = sender.batch.is_some();
        if !sender.accepted {
            sender.next(&mut state);
        }
        state.sending = sender.batch.is_some();
        drop(state);
        sender.batch.is_some().then_some(sender)
    }

    fn is_paused(&self) -> bool {
        contained(|| self.exporter.is_paused()).unwrap_or_default()
    }

    /// Pauses after a failure that took `cost`, unless the exporter does so itself.
    #[cold]
    fn pause(&self, cost: Duration) {
        if cost > QUICK && !self.is_paused() {
            self.state().paused_until = Instant::now().checked_add(cost * TIMES_COST);
        }
    }

    /// Counts spans for which the queue has no room.
    fn lose(&self, over: Records) {
        if !over.is_empty() {
            self.state().queue.lose(Losses::of(&over));
            diagnostics::once(
                "export.full",
                "spans that could not be exported are over 4 MiB: what is more than that is lost",
            );
        }
    }
}

/// The flush that sends from an outlet's queue. Dropped early, it leaves to the next one what was not sent.
#[derive(Debug)]
struct Sender<'a> {
    outlet: &'a Outlet,
    /// The request that is being sent; `None` once there is no more, and the right to send is given up.
    batch: Option<Batch>,
    /// `true` once the exporter accepted the request.
    accepted: bool,
    /// Spans for which the queue has no room so far.
    rest: Records,
    /// The number of spans in a row that were too large by themselves.
    too_large: u32,
    /// While the exporter has the request: since when, and until when it may take.
    exporting: Option<(Instant, Instant)>,
}

impl Sender<'_> {
    async fn send(mut self, deadline: Instant) {
        let exporter = &*self.outlet.exporter;
        // An earlier flush has waited for a request that was accepted then.
        let mut patience = if self.accepted { Instant::now() } else { deadline };
        while let Some(batch) = &self.batch {
            let mut result = Ok(());
            let began = Instant::now();
            self.exporting = Some((began, deadline));
            if !self.accepted {
                result = caught(|| exporter.export(batch, deadline)).await;
                self.accepted = result.is_ok();
            }
            if self.accepted {
                result = caught(|| exporter.force_flush(patience)).await;
            }
            self.exporting = None;
            if !self.accepted && matches!(result, Err(ExportError::Retryable(_))) {
                self.outlet.pause(began.elapsed());
            }
            patience = deadline;
            if !self.goes_on(result) || (self.batch.is_some() && Instant::now() >= deadline) {
                return;
            }
        }
    }

    /// Takes the next request from the queue.
    fn next(&mut self, state: &mut State) {
        if state.queue.is_empty() && !self.rest.is_empty() {
            self.rest = state.queue.push(std::mem::take(&mut self.rest));
        }
        let request = state.queue.pop();
        state.in_flight = request.as_ref().map_or(0, |request| request.count.into());
        self.batch = request.map(|request| Batch::new(self.outlet.resource.clone(), request));
        self.accepted = false;
    }

    /// Deals with the end of a request and takes the next one. Returns `false` where it is not to be sent now.
    fn goes_on(&mut self, result: Result<(), ExportError>) -> bool {
        if let Err(ExportError::Retryable(why)) = result {
            diagnostics::once(
                "export",
                format_args!("spans could not be exported and are kept for the next flush: {why}"),
            );
            return false;
        }
        let Some(batch) = self.batch.take() else { return false };
        match (&result, batch.span_count()) {
            (Err(ExportError::TooLarge(_)), 1) => self.too_large += 1,
            (Err(ExportError::TooLarge(_)), _) => {}
            _ => self.too_large = 0,
        }
        let mut state = self.outlet.state();
        let lost = state.end(&batch, &result, self.too_large < TOO_LARGE_IN_A_ROW);
        self.next(&mut state);
        // Nothing is left behind: a flush that comes later finds nobody at work.
        state.sending = self.batch.is_some();
        drop(state);
        if let (Err(why), 1..) = (result, lost) {
            diagnostics::once("export.lost", format_args!("{lost} spans could not be exported and are lost: {why}"));
        }
        true
    }
}

impl State {
    /// Takes a request out of the accounts, and returns how many of its spans are lost. `splits` is `true` where a
    /// request that is too large is sent in parts.
    fn end(&mut self, batch: &Batch, result: &Result<(), ExportError>, splits: bool) -> u64 {
        let losses = match result {
            Ok(()) => Losses::NONE,
            Err(ExportError::TooLarge(_)) if splits && self.queue.put_back_in_parts(batch.trace()) => return 0,
            // A collector that claims to have refused more than it was sent refused all of it.
            Err(ExportError::Partial { lost, .. }) if *lost < u64::from(batch.span_count()) => {
                Losses { spans: *lost, ..Losses::NONE }
            }
            Err(_) => Losses::of(batch.trace()),
        };
        self.queue.finish(batch.trace());
        self.queue.lose(losses);
        losses.spans
    }
}

impl Drop for Sender<'_> {
    fn drop(&mut self) {
        if let Some((began, deadline)) = self.exporting
            && Instant::now() >= deadline
        {
            self.outlet.pause(began.elapsed());
        }
        if let Some(batch) = self.batch.take() {
            let mut state = self.outlet.state();
            match self.accepted {
                true => state.accepted = Some(batch),
                false => state.queue.put_back(batch.into_trace()),
            }
            (state.sending, state.in_flight) = (false, 0);
        }
        self.outlet.lose(std::mem::take(&mut self.rest));
    }
}

/// Runs an exporter's future. A panic in it is a loss, and not the caller's trouble.
async fn caught<'a>(export: impl FnOnce() -> ExportFuture<'a>) -> Result<(), ExportError> {
    let panicked = || Err(ExportError::Permanent("the exporter panicked".into()));
    let Some(mut future) = contained(export) else { return panicked() };
    poll_fn(|context| contained(|| future.as_mut().poll(context)).unwrap_or_else(|| Poll::Ready(panicked()))).await
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::Scope;

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
        Panic,
        Hangs,
        /// Later, after so many milliseconds.
        LaterAfter(u64),
    }

    impl Export for Scripted {
        fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
            let end = self.script.lock().unwrap().pop_front().unwrap_or(End::Taken);
            if matches!(end, End::Taken | End::Partial(_)) {
                self.taken.lock().unwrap().push(batch.spans().map(|span| span.name).collect());
            }
            Box::pin(async move {
                match end {
                    End::Taken => Ok(()),
                    End::Later => Err(ExportError::Retryable("later".into())),
                    End::Never => Err(ExportError::Permanent("never".into())),
                    End::TooLarge => Err(ExportError::TooLarge("too large".into())),
                    End::Partial(lost) => Err(ExportError::partial(lost, "some")),
                    End::Panic => panic!("of an exporter"),
                    End::Hangs => std::future::pending().await,
                    End::LaterAfter(millis) => {
                        std::thread::sleep(Duration::from_millis(millis));
                        Err(ExportError::Retryable("later".into()))
                    }
                }
            })
        }
    }

    fn scripted(script: &[End]) -> (Pipeline, Scripted) {
        let exporter =
            Scripted { script: Arc::new(Mutex::new(script.iter().copied().collect())), ..Scripted::default() };
        let pipeline = Pipeline::new(Resource::new([]), vec![Box::new(exporter.clone())], Duration::from_secs(60));
        (pipeline, exporter)
    }

    fn traces(names: &[&'static str]) -> Records {
        let mut all = Records::default();
        names.iter().for_each(|name| all.append(Scope::builder(*name).begin().finish()));
        all
    }

    #[tokio::test]
    async fn the_end_of_a_request_decides_what_becomes_of_it() {
        use End::{Later, Never, Panic, Partial, TooLarge};
        for (script, requests, waiting, unexported, why) in [
            (&[][..], vec![2], 0, 0, "taken"),
            (&[Later], vec![], 2, 2, "kept"),
            (&[Never], vec![], 0, 2, "lost"),
            (&[Panic], vec![], 0, 2, "a panic is a loss"),
            (&[Partial(1)], vec![2], 0, 1, "one is refused"),
            (&[Partial(u64::MAX)], vec![2], 0, 2, "no more is refused than was sent"),
            (&[TooLarge], vec![1, 1], 0, 0, "in two parts"),
            (&[TooLarge, TooLarge], vec![1], 0, 0, "a single span is too large: the other one carries the count"),
            (&[TooLarge, Later], vec![], 2, 2, "both parts wait"),
        ] {
            let (pipeline, exporter) = scripted(script);
            pipeline.flush(traces(&["one", "two"]), Losses::NONE, None).await;
            let taken: Vec<_> = exporter.taken.lock().unwrap().iter().map(Vec::len).collect();
            assert_eq!(
                (taken, pipeline.waiting(), pipeline.unexported()),
                (requests, waiting, vec![unexported]),
                "{why}"
            );
        }
    }

    #[tokio::test]
    async fn where_no_span_is_small_enough_the_attempts_end() {
        let (pipeline, exporter) = scripted(&[End::TooLarge; 200]);
        pipeline.flush(traces(&["span"; 100]), Losses::NONE, None).await;
        let attempts = 200 - exporter.script.lock().unwrap().len();
        assert!(attempts < 50, "{attempts}");
        assert_eq!((pipeline.waiting(), pipeline.unexported()), (0, vec![100]));
    }

    #[tokio::test]
    async fn a_flush_leaves_its_spans_to_the_one_at_work() {
        let (pipeline, exporter) = scripted(&[End::Hangs]);
        let mut first = Box::pin(pipeline.flush(traces(&["first"]), Losses::NONE, None));
        assert!(poll_fn(|context| Poll::Ready(first.as_mut().poll(context).is_pending())).await);
        pipeline.flush(traces(&["second"]), Losses::NONE, None).await;
        assert_eq!((pipeline.waiting(), exporter.taken.lock().unwrap().len()), (2, 0));
        drop(first);
        pipeline.flush(traces(&["third"]), Losses::NONE, None).await;
        let taken = exporter.taken.lock().unwrap().concat();
        assert_eq!((taken, pipeline.waiting()), (["first", "second", "third"].map(str::to_owned).to_vec(), 0));
    }

    #[tokio::test]
    async fn an_exporter_that_fails_slowly_is_left_alone_for_a_while() {
        use End::{Hangs, LaterAfter};
        for (end, why) in [(Hangs, "past its deadline"), (LaterAfter(150), "later")] {
            let (pipeline, exporter) = scripted(&[end]);
            let flush = async |patience: u64| {
                let deadline = Instant::now() + Duration::from_millis(patience);
                let flush = pipeline.flush(traces(&["span"]), Losses::NONE, Some(deadline));
                tokio::time::timeout_at(deadline.into(), flush).await.is_ok()
            };
            assert_eq!(flush(150).await, end != Hangs, "{why}");
            assert!(flush(60_000).await, "{why}: nobody waits in a pause");
            assert_eq!((pipeline.waiting(), exporter.taken.lock().unwrap().len()), (2, 0), "{why}");
            pipeline.resume();
            assert!(flush(60_000).await);
            assert_eq!((pipeline.waiting(), exporter.taken.lock().unwrap().len()), (0, 1), "{why}");
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
            fn is_paused(&self) -> bool {
                panic!("of an exporter")
            }
            fn resume(&self) {
                panic!("of an exporter")
            }
        }
        let pipeline = Pipeline::new(Resource::new([]), vec![Box::new(Broken)], Duration::from_secs(60));
        pipeline.resume();
        pipeline.flush(traces(&["span"]), Losses::NONE, None).await;
        assert_eq!(pipeline.waiting(), 0);
    }

    #[tokio::test]
    async fn each_exporter_has_an_account_of_its_own() {
        let (failing, well) = (Scripted::default(), Scripted::default());
        *failing.script.lock().unwrap() = [End::Never, End::Later].into();
        let exporters: Vec<Box<dyn Export>> = vec![Box::new(failing.clone()), Box::new(well.clone())];
        let pipeline = Pipeline::new(Resource::new([]), exporters, Duration::from_secs(60));
        pipeline.flush(traces(&["one"]), Losses::NONE, None).await;
        pipeline.flush(traces(&["two"]), Losses::NONE, None).await;
        assert_eq!(pipeline.unexported(), [2, 0]);
        pipeline.flush(traces(&["three"]), Losses::NONE, None).await;
        assert_eq!(pipeline.unexported(), [0, 0]);
        assert_eq!(failing.taken.lock().unwrap().concat(), ["two", "three"]);
        assert_eq!(well.taken.lock().unwrap().concat(), ["one", "two", "three"]);
    }
}
