//! The work on a record. The output has the record's place in the batch.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::queue::Place;

pin_project! {
    /// The future of a record, with the place and the id of the record.
    pub(super) struct Placed<F, Id> {
        #[pin]
        pub(super) work: F,
        pub(super) at: Option<(Place, Id)>,
    }
}

impl<F: Future, Id> Future for Placed<F, Id> {
    type Output = (Place, Id, F::Output);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let ended = ready!(this.work.poll(cx));
        let Some((place, id)) = this.at.take() else { return Poll::Pending };
        Poll::Ready((place, id, ended))
    }
}
