//! What one exporter has still to send: batches no longer than a request, the oldest first.

use std::collections::VecDeque;

use super::losses::Losses;
use crate::Records;

/// The size of a request: collectors take 4 MiB or more, and a request that fails is sent again as a whole.
const MAX_REQUEST_BYTES: usize = 1 << 20;

/// The most that waits for one exporter. More is lost, and counted.
pub(crate) const MAX_BYTES: usize = 4 << 20;

/// The spans that wait for one exporter, and the counts of those that it will never get.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    requests: VecDeque<Records>,
    /// The bytes of `requests`, and of the one that is being sent.
    bytes: usize,
    /// Counts for the root span of a request to come.
    losses: Losses,
}

impl Queue {
    /// Takes spans as far as there is room, and returns the others. An empty queue has room for one span of any size.
    ///
    /// Only the new spans are walked over, never those that wait.
    pub(crate) fn push(&mut self, trace: Records) -> Records {
        let room = MAX_BYTES.saturating_sub(self.bytes);
        let (fits, over) = trace.cut(room, self.bytes == 0);
        self.bytes += fits.bytes.len();
        match self.requests.back_mut() {
            _ if fits.is_empty() => {}
            Some(last) if last.bytes.len() + fits.bytes.len() <= MAX_REQUEST_BYTES => last.append(fits),
            _ => {
                let mut rest = fits;
                while !rest.is_empty() {
                    let (request, others) = rest.cut(MAX_REQUEST_BYTES, true);
                    self.requests.push_back(request);
                    rest = others;
                }
            }
        }
        over
    }

    /// Takes the next request, with the counts that are due where it has a root span to carry them.
    pub(crate) fn pop(&mut self) -> Option<Records> {
        let mut request = self.requests.pop_front()?;
        if !self.losses.is_none() {
            let before = request.bytes.len();
            if self.losses.write_to(&mut request) {
                self.losses = Losses::NONE;
            }
            self.bytes = self.bytes + request.bytes.len() - before;
        }
        Some(request)
    }

    /// Puts back a request that could not be sent.
    pub(crate) fn put_back(&mut self, request: Records) {
        self.requests.push_front(request);
    }

    /// Puts back a request that is too large, in two parts. Returns `false` where it is a single span.
    pub(crate) fn put_back_in_parts(&mut self, request: &Records) -> bool {
        let Some((first, second)) = request.split() else { return false };
        self.requests.push_front(second);
        self.requests.push_front(first);
        true
    }

    /// Forgets a request that was sent, or lost.
    pub(crate) fn finish(&mut self, request: &Records) {
        self.bytes = self.bytes.saturating_sub(request.bytes.len());
    }

    /// Counts what the exporter will never get.
    pub(crate) fn lose(&mut self, losses: Losses) {
        self.losses += losses;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// The number of spans that wait.
    pub(crate) fn spans(&self) -> u64 {
        self.requests.iter().map(|request| u64::from(request.count)).sum()
    }

    /// Returns everything that is lost if nothing more is sent.
    pub(crate) fn unsent(&self) -> Losses {
        let mut losses = self.losses;
        self.requests.iter().for_each(|request| losses += Losses::of(request));
        losses
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;

    fn trace(spans: usize, bytes: usize) -> Records {
        let text = "x".repeat(bytes);
        let mut trace = Records::default();
        (0..spans).for_each(|_| trace.append(Scope::builder("span").attribute("text", text.clone()).begin().finish()));
        trace
    }

    fn sizes(queue: &Queue) -> Vec<usize> {
        queue.requests.iter().map(|request| request.bytes.len() >> 10).collect()
    }

    #[test]
    fn requests_are_filled_and_never_longer_than_one_mebibyte() {
        let mut queue = Queue::default();
        for _ in 0..3 {
            assert!(queue.push(trace(4, 100 << 10)).is_empty());
        }
        assert_eq!(sizes(&queue), [800, 400]);
        assert!(queue.push(trace(20, 100 << 10)).is_empty());
        assert_eq!(sizes(&queue), [800, 400, 1001, 1001]);
        let all = queue.unsent();
        assert_eq!(all.spans, 32);
        let sent: u32 = std::iter::from_fn(|| queue.pop()).map(|request| request.count).sum();
        assert_eq!(sent, 32);
    }

    #[test]
    fn what_does_not_fit_is_given_back() {
        let mut queue = Queue::default();
        assert_eq!(queue.push(trace(50, 100 << 10)).count, 10);
        assert_eq!(queue.push(trace(2, 10)).count, 0, "a short one fits still");
        let over = queue.push(trace(2, 100 << 10));
        queue.lose(Losses::of(&over));
        assert_eq!(queue.unsent().spans, 44);
        let mut huge = Queue::default();
        assert!(huge.push(trace(1, 5 << 20)).is_empty(), "one span has room in an empty queue, whatever its size");
    }

    #[test]
    fn counts_go_out_with_a_root_and_come_back_with_it() {
        let mut queue = Queue::default();
        queue.lose(Losses { spans: 3, ..Losses::NONE });
        assert!(queue.push(trace(2, 10)).is_empty());
        let request = queue.pop().unwrap();
        assert_eq!(queue.unsent(), Losses::NONE);
        assert_eq!(Losses::of(&request).spans, 5);
        assert!(queue.put_back_in_parts(&request));
        assert_eq!(queue.unsent().spans, 5);
        let (first, second) = (queue.pop().unwrap(), queue.pop().unwrap());
        assert!(queue.is_empty() && !queue.put_back_in_parts(&first));
        queue.finish(&first);
        queue.finish(&second);
        assert_eq!(queue.bytes, 0);
    }
}
