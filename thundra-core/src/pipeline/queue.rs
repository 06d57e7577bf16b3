//! The unsent requests of one exporter, the oldest first.
//!
//! A request holds records of one signal, within the size limits of collectors. Requests of all signals share one queue
//! and one limit.

use std::collections::VecDeque;

use super::losses::Losses;
use crate::export::LossReason;
use crate::signal::Signals;
use crate::{Records, Signal};

/// The size of a request. Collectors accept 4 MiB or more, and a failed request is sent again as a whole.
const MAX_REQUEST_BYTES: usize = 1 << 20;

/// The limit of unsent bytes for one exporter. Records beyond the limit are lost, and counted.
pub(crate) const MAX_BYTES: usize = 4 << 20;

/// Unsent requests, and the counts of lost records.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    requests: VecDeque<Records>,
    /// The bytes of `requests`, and of the current request.
    bytes: usize,
    /// Counts for a root span in a later request.
    losses: Losses,
    /// The number of bytes at the start of the first request with spans that were sent before, without a response. The
    /// collector may have these spans already, and may drop a repeated span with a new count.
    tried_bytes: usize,
}

impl Queue {
    /// Takes records up to the limit, and returns the rest. An empty queue takes one message of any size.
    ///
    /// The time depends on the new records alone, and not on the length of the queue.
    pub(crate) fn push(&mut self, records: Records) -> Option<Records> {
        let len = records.bytes().len();
        if self.bytes + len > MAX_BYTES {
            return self.push_part(records);
        }
        self.bytes += len;
        if self.requests.is_empty() && (1..=MAX_REQUEST_BYTES).contains(&len) {
            self.requests.push_back(records);
        } else {
            self.fill(records);
        }
        None
    }

    #[cold]
    fn push_part(&mut self, records: Records) -> Option<Records> {
        let room = MAX_BYTES.saturating_sub(self.bytes);
        let (fits, over) = records.cut(room, self.bytes == 0);
        self.bytes += fits.bytes().len();
        self.fill(fits);
        Some(over).filter(|over| !over.is_empty())
    }

    /// Adds the records to the last request of the signal if they all fit, else makes new requests.
    fn fill(&mut self, records: Records) {
        let len = records.bytes().len();
        let last = self.requests.iter_mut().rfind(|request| request.signal() == records.signal());
        let mut rest = match last.filter(|last| last.bytes().len() + len <= MAX_REQUEST_BYTES) {
            Some(last) => match last.append(records) {
                Ok(()) => return,
                Err(mixed) => mixed.into_records(),
            },
            None => records,
        };
        while !rest.is_empty() {
            let before = rest.bytes().len();
            let (request, others) = rest.cut_request(MAX_REQUEST_BYTES);
            // Both parts of a metric have its name.
            self.bytes += request.bytes().len() + others.bytes().len() - before;
            self.requests.push_back(request);
            rest = others;
        }
    }

    /// Takes the next request whose signal is not held back. A root span in the request carries the counts.
    pub(crate) fn pop(&mut self, held_back: Signals) -> Option<Records> {
        let mut request = match self.requests.front() {
            Some(first) if !held_back.contains(first.signal()) => self.requests.pop_front()?,
            _ => {
                let next = self.requests.iter().position(|request| !held_back.contains(request.signal()))?;
                self.requests.remove(next)?
            }
        };
        if request.signal() == Signal::Traces {
            let tried_bytes = std::mem::take(&mut self.tried_bytes);
            if !self.losses.is_none() {
                self.hand_over_losses(&mut request, tried_bytes);
            }
        }
        Some(request)
    }

    /// Adds the counts to the root span of a request.
    #[cold]
    fn hand_over_losses(&mut self, request: &mut Records, tried_bytes: usize) {
        let before = request.bytes().len();
        if self.losses.write_to(request, tried_bytes) {
            self.losses = Losses::NONE;
        }
        self.bytes = self.bytes + request.bytes().len() - before;
    }

    /// Puts back a request without a response.
    pub(crate) fn put_back(&mut self, request: Records) {
        if request.signal() == Signal::Traces {
            self.tried_bytes = request.bytes().len();
        }
        self.requests.push_front(request);
    }

    /// Puts back a request in two parts. Returns `false` for a single record.
    pub(crate) fn put_back_in_parts(&mut self, request: &Records) -> bool {
        let Some((first, second)) = request.split() else { return false };
        self.bytes = self.bytes + first.bytes().len() + second.bytes().len() - request.bytes().len();
        self.requests.push_front(second);
        self.requests.push_front(first);
        true
    }

    /// Settles the bytes of a sent or lost request.
    pub(crate) fn finish(&mut self, request: &Records) {
        self.bytes = self.bytes.saturating_sub(request.bytes().len());
    }

    /// Counts lost records.
    pub(crate) fn lose(&mut self, losses: Losses) {
        self.losses += losses;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// Takes all requests and counts, for another queue.
    pub(crate) fn take_all(&mut self) -> (Vec<Records>, Losses) {
        self.tried_bytes = 0;
        let requests = Vec::from(std::mem::take(&mut self.requests));
        requests.iter().for_each(|request| self.finish(request));
        (requests, self.take_losses())
    }

    /// Takes the newest records, up to a number of bytes, and the counts.
    pub(crate) fn take_newest(&mut self, mut max_bytes: usize) -> (Vec<Records>, Losses) {
        let mut newest = Vec::new();
        while let Some(request) = self.requests.pop_back() {
            let (older, newer) = request.cut_end(max_bytes);
            self.finish(&newer);
            max_bytes = max_bytes.saturating_sub(newer.bytes().len());
            let is_whole = older.is_empty();
            newest.extend(Some(newer).filter(|newer| !newer.is_empty()));
            if !is_whole {
                self.requests.push_back(older);
                break;
            }
        }
        let first = self.requests.iter().find(|request| request.signal() == Signal::Traces);
        self.tried_bytes = self.tried_bytes.min(first.map_or(0, |first| first.bytes().len()));
        (newest, self.take_losses())
    }

    /// Takes the counts.
    pub(crate) fn take_losses(&mut self) -> Losses {
        std::mem::take(&mut self.losses)
    }

    /// Returns the number of spans in the queue.
    pub(crate) fn spans(&self) -> u64 {
        let spans = self.requests.iter().filter(|request| request.signal() == Signal::Traces);
        spans.map(|request| u64::from(request.count())).sum()
    }

    /// Returns the losses if no flush follows.
    pub(crate) fn unsent(&self) -> Losses {
        let mut losses = self.losses.clone();
        self.requests.iter().for_each(|request| losses += Losses::of(request, LossReason::Unsent));
        losses
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;
    use crate::test_records::{logs, metrics};

    fn spans(number: usize, bytes: usize) -> Records {
        let text = "x".repeat(bytes);
        let mut spans = Records::default();
        let span = || Scope::builder("span").attribute("text", text.clone()).begin().finish();
        (0..number).for_each(|_| spans.append(span()).unwrap());
        spans
    }

    fn sizes(queue: &Queue) -> Vec<usize> {
        queue.requests.iter().map(|request| request.bytes().len() >> 10).collect()
    }

    fn over(over: Option<Records>) -> u32 {
        over.map_or(0, |over| over.count())
    }

    fn pop(queue: &mut Queue) -> Option<Records> {
        queue.pop(Signals::default())
    }

    #[test]
    fn requests_are_filled_and_never_longer_than_one_mebibyte() {
        let mut queue = Queue::default();
        for _ in 0..3 {
            assert_eq!(queue.push(spans(4, 100 << 10)), None);
        }
        assert_eq!(sizes(&queue), [801, 400]);
        assert_eq!(queue.push(spans(20, 100 << 10)), None);
        assert_eq!(sizes(&queue), [801, 400, 1001, 1001]);
        let all = queue.unsent();
        assert_eq!(all.lost(Signal::Traces), 32);
        let sent: u32 = std::iter::from_fn(|| pop(&mut queue)).map(|request| request.count()).sum();
        assert_eq!(sent, 32);
    }

    #[test]
    fn what_does_not_fit_is_given_back() {
        let mut queue = Queue::default();
        assert_eq!(over(queue.push(spans(50, 100 << 10))), 10);
        assert_eq!(over(queue.push(spans(2, 10))), 0, "a short one fits still");
        let over = queue.push(spans(2, 100 << 10)).unwrap();
        queue.lose(Losses::of(&over, LossReason::QueueFull));
        assert_eq!(queue.unsent().lost(Signal::Traces), 44);
        let mut huge = Queue::default();
        assert_eq!(huge.push(spans(1, 5 << 20)), None, "one span has room in an empty queue, whatever its size");
    }

    #[test]
    fn counts_go_out_with_a_root_and_come_back_with_it() {
        let mut queue = Queue::default();
        queue.lose(Losses::records(Signal::Traces, 3, LossReason::Refused));
        assert_eq!(queue.push(spans(2, 10)), None);
        let request = pop(&mut queue).unwrap();
        assert_eq!(queue.unsent(), Losses::NONE);
        assert_eq!(Losses::of(&request, LossReason::Unsent).lost(Signal::Traces), 5);
        assert!(queue.put_back_in_parts(&request));
        assert_eq!(queue.unsent().lost(Signal::Traces), 5);
        let (first, second) = (pop(&mut queue).unwrap(), pop(&mut queue).unwrap());
        assert!(queue.is_empty() && !queue.put_back_in_parts(&first));
        queue.finish(&first);
        queue.finish(&second);
        assert_eq!(queue.bytes, 0);
    }

    #[test]
    fn counts_go_out_with_a_root_that_was_not_sent_before() {
        let mut queue = Queue::default();
        assert_eq!(queue.push(spans(1, 10)), None);
        let tried = pop(&mut queue).unwrap();
        queue.put_back(tried);
        queue.lose(Losses::records(Signal::Traces, 3, LossReason::Refused));
        let again = pop(&mut queue).unwrap();
        assert_eq!(Losses::carried_by(&again), Losses::NONE, "the collector may have it");
        queue.put_back(again);
        assert_eq!(queue.push(spans(1, 10)), None);
        let both = pop(&mut queue).unwrap();
        assert_eq!(both.count(), 2);
        let counts: Vec<_> = both.spans().map(|span| span.attribute("thundra.lost_spans").cloned()).collect();
        assert_eq!(counts, [None, Some(3.into())]);
        queue.finish(&both);
        assert_eq!((queue.bytes, queue.tried_bytes), (0, 0));
    }

    #[test]
    fn the_newest_records_are_taken_up_to_a_limit() {
        for (max, taken, left, why) in [
            (usize::MAX, 6, 0, "all"),
            (0, 0, 6, "nothing"),
            (15 << 10, 1, 5, "less than a request"),
            (35 << 10, 3, 3, "a part of spans, and the log record behind them"),
        ] {
            let mut queue = Queue::default();
            assert_eq!(queue.push(spans(5, 10 << 10)), None);
            assert_eq!(queue.push(logs(&["x".repeat(10 << 10).as_str()])), None);
            let before = queue.bytes;
            let (newest, _) = queue.take_newest(max);
            let count = |records: &[Records]| records.iter().map(Records::count).sum::<u32>();
            let queued: Vec<_> = queue.requests.iter().cloned().collect();
            assert_eq!((count(&newest), count(&queued)), (taken, left), "{why}");
            let bytes: usize = newest.iter().map(|records| records.bytes().len()).sum();
            assert_eq!(queue.bytes, before - bytes, "{why}");
        }
    }

    #[test]
    fn a_request_holds_records_of_one_signal() {
        let mut queue = Queue::default();
        for records in [spans(1, 10), logs(&["first"]), metrics(&[2]), logs(&["second"]), spans(2, 10), metrics(&[1])] {
            assert_eq!(queue.push(records), None);
        }
        let requests: Vec<_> = queue.requests.iter().map(|request| (request.signal(), request.count())).collect();
        assert_eq!(requests, [(Signal::Traces, 3), (Signal::Logs, 2), (Signal::Metrics, 3)]);
        assert_eq!(
            (queue.unsent().to_string(), queue.spans()),
            ("3 spans, 2 log records, 3 data points".to_owned(), 3)
        );
    }

    #[test]
    fn a_metric_longer_than_a_request_is_cut_between_its_data_points() {
        let mut queue = Queue::default();
        // A data point of these takes two bytes.
        assert_eq!(queue.push(metrics(&[3, 1_300_000, 2])), None);
        assert!(sizes(&queue).iter().all(|size| *size <= 1024), "{:?}", sizes(&queue));
        assert!(queue.requests.len() >= 3);
        while let Some(request) = pop(&mut queue) {
            // The collector takes less than that.
            if request.count() < 400_000 || !queue.put_back_in_parts(&request) {
                queue.finish(&request);
            }
        }
        assert_eq!(queue.bytes, 0);
    }

    #[test]
    fn signals_share_the_room_of_a_queue() {
        let mut queue = Queue::default();
        let text = "x".repeat(1 << 20);
        assert_eq!(queue.push(logs(&[text.as_str(); 3])), None);
        assert_eq!(over(queue.push(spans(10, 200 << 10))), 5, "room for five of ten");
        assert_eq!(over(queue.push(metrics(&[1]))), 0, "a short one");
    }

    #[test]
    fn a_signal_that_is_held_back_lets_the_others_pass() {
        let mut queue = Queue::default();
        for records in [logs(&["record"]), spans(1, 10), metrics(&[1])] {
            assert_eq!(queue.push(records), None);
        }
        queue.lose(Losses::records(Signal::Logs, 7, LossReason::Refused));
        let held_back = [Signal::Logs].into_iter().collect();
        let popped: Vec<_> = std::iter::from_fn(|| queue.pop(held_back)).collect();
        assert_eq!(popped.iter().map(Records::signal).collect::<Vec<_>>(), [Signal::Traces, Signal::Metrics]);
        assert_eq!(Losses::of(&popped[0], LossReason::Unsent).to_string(), "1 span, 7 log records");
        assert_eq!(pop(&mut queue).unwrap().signal(), Signal::Logs);
        popped.iter().for_each(|request| queue.finish(request));
        assert_eq!(queue.bytes, logs(&["record"]).bytes().len());
    }
}
