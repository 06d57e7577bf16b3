//! The work on a record received by a client.

use std::fmt::Display;
use std::future::Future;

use thundra_core::Config;

use super::record::{Delivery, Surroundings};
use super::scope::{Ended, RecordScope};
use crate::chain::Work;

/// Works on a record received by a client. The spans leave with the next flush, unless a surrounding scope takes the
/// spans.
pub(crate) async fn process_one<R, Err: Display + 'static, Fut: Future<Output = Result<R, Err>>>(
    mut delivery: Delivery,
    config: &Config,
    f: impl FnOnce() -> Fut,
) -> Result<R, Err> {
    let scope = RecordScope::new(Surroundings::new(config).begin(&mut delivery));
    let _ = scope.chain_too_long(config, Work::Received);
    let work = scope.enter(f);
    let Ended { result, spans } = scope.work(work).await;
    thundra_core::export_later(spans);
    result.map_err(|(error, _)| error)
}
