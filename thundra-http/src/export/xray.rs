//! OTLP in UDP datagrams to the X-Ray daemon. Lambda runs the daemon beside a function with active tracing.
//!
//! ```text
//! XRayExporter ─► datagrams.rs: a batch as datagrams ─► socket.rs ─► the daemon
//! ```
//!
//! The exporters in AWS's distribution of OpenTelemetry for Lambda use the same format.

mod datagrams;
mod socket;

use std::time::{Duration, Instant};

use thundra_core::export::{Batch, Export, ExportError, ExportFuture, LossReason};

use self::datagrams::{Datagram, Datagrams};
use self::socket::Socket;
use crate::xray_daemon::XRayDaemonAddress;

/// The number of datagrams sent without a pause. With Linux's defaults, the buffer of a receiver has room for three
/// full ones, and a datagram without room is lost without a sign.
const BURST: usize = 2;

/// The pause before each further datagram, for the daemon to read.
const PAUSE: Duration = Duration::from_millis(2);

/// Sends spans to AWS X-Ray, through the daemon beside a Lambda function with `Tracing: Active`.
///
/// The exporter [follows X-Ray's sampling](Export::follows_xray): the exporter gets no spans of invocations with
/// `Sampled=0` in the X-Ray header. X-Ray bills each received span.
///
/// A batch leaves in datagrams of up to 65,507 bytes, split between spans. A span with more than about 48 KiB of OTLP
/// fits in no datagram, and is counted as lost. The daemon confirms nothing. Losses behind the daemon are therefore not
/// counted. A batch is kept for the next flush if no daemon listens.
///
/// # Examples
///
/// ```
/// use thundra_core::Telemetry;
/// use thundra_http::export::{XRayDaemonAddress, XRayExporter};
///
/// let exporter = XRayExporter::new(XRayDaemonAddress::default());
/// let telemetry = Telemetry::builder().exporter(exporter).build();
/// # let _ = telemetry;
/// ```
#[derive(Debug)]
pub struct XRayExporter {
    socket: Socket,
}

impl XRayExporter {
    /// Makes an exporter to the daemon at an address.
    pub fn new(daemon: XRayDaemonAddress) -> Self {
        XRayExporter { socket: Socket::new(daemon) }
    }

    async fn send(&self, batch: &Batch, deadline: Instant) -> Result<(), ExportError> {
        if Instant::now() >= deadline {
            return Err(ExportError::retryable("no time is left"));
        }
        let Datagrams { datagrams, too_large } = Datagrams::of(batch);
        let mut waiting: u32 = datagrams.iter().map(Datagram::count).sum();
        for (sent, datagram) in datagrams.iter().enumerate() {
            if sent >= BURST && Instant::now() + PAUSE < deadline {
                tokio::time::sleep(PAUSE).await;
            }
            match self.socket.send(&datagram.encode(batch), deadline).await {
                Ok(()) => waiting -= datagram.count(),
                // A batch kept after the first datagram would be sent twice.
                Err(error) if sent > 0 => {
                    let refused = ExportError::partial(waiting.into(), error).with_loss_reason(LossReason::Refused);
                    return Err(refused.with_more_lost(too_large.into(), LossReason::TooLarge));
                }
                Err(error) => return Err(ExportError::retryable(error)),
            }
        }
        match too_large {
            0 => Ok(()),
            _ => Err(ExportError::partial(too_large.into(), TOO_LARGE).with_loss_reason(LossReason::TooLarge)),
        }
    }
}

const TOO_LARGE: &str = "a span does not fit in a datagram to the X-Ray daemon, which holds 65,507 bytes";

impl Export for XRayExporter {
    fn export<'a>(&'a self, batch: &'a Batch, deadline: Instant) -> ExportFuture<'a> {
        Box::pin(self.send(batch, deadline))
    }

    fn follows_xray(&self) -> bool {
        true
    }

    fn renew(&self) {
        self.socket.close();
    }
}
