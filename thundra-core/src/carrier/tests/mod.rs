//! Tests of the whole module, through the public functions.

mod forwarded;
mod inbound;
mod outbound;

use super::*;
use crate::{SpanId, TraceContext, TraceId};

const CONTEXT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OTHER: &str = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const XRAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

fn extract(pairs: &[(&str, &str)]) -> Inbound {
    Inbound::extract(pairs.iter().copied(), Propagators::default(), Trust::Full)
}

fn outbound_of(pairs: &[(&str, &str)]) -> Outbound {
    let received = extract(pairs);
    Outbound {
        context: TraceContext::new(TraceId::random(), SpanId::random(), true),
        correlation: received.correlation,
        baggage: received.baggage,
        xray: received.xray,
        formats: Propagators::default(),
        received: received.received,
    }
}
