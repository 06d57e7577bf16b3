//! The bodies of requests.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use thundra_core::export::{Batch, Gzip};
use thundra_core::{OtlpCompression, OtlpProtocol};

/// The number of records from which encoding and compressing may take more than 100 us.
const MANY_RECORDS: u32 = 100;

/// The form of a request's body.
#[derive(Clone, Debug)]
pub(super) struct Encoding {
    protocol: OtlpProtocol,
    gzip: Option<Arc<Gzip>>,
}

impl Encoding {
    pub(super) fn new(protocol: OtlpProtocol, compression: OtlpCompression) -> Self {
        let gzip = (compression == OtlpCompression::Gzip).then(|| Arc::new(Gzip::new()));
        Encoding { protocol, gzip }
    }

    pub(super) fn protocol(&self) -> OtlpProtocol {
        self.protocol
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.gzip.is_some()
    }

    pub(super) fn content_type(&self) -> &'static str {
        match self.protocol {
            OtlpProtocol::Json => "application/json",
            _ => "application/x-protobuf",
        }
    }

    /// Encodes a batch. A thread for blocking work encodes a large batch, so other tasks of this thread continue.
    pub(super) async fn body(&self, batch: &Batch) -> io::Result<Bytes> {
        if self.is_quick(batch) {
            return self.encode(batch);
        }
        let (encoding, copy) = (self.clone(), batch.clone());
        match tokio::task::spawn_blocking(move || encoding.encode(&copy)).await {
            Ok(body) => body,
            Err(_) => self.encode(batch),
        }
    }

    /// Returns `true` if encoding takes less time than a switch of threads. Protobuf is only copied.
    fn is_quick(&self, batch: &Batch) -> bool {
        let is_copied = self.gzip.is_none() && self.protocol != OtlpProtocol::Json;
        is_copied || batch.count() < MANY_RECORDS
    }

    fn encode(&self, batch: &Batch) -> io::Result<Bytes> {
        let body = match self.protocol {
            OtlpProtocol::Json => batch.to_json().into_bytes(),
            _ => batch.to_protobuf(),
        };
        Ok(match &self.gzip {
            Some(gzip) => gzip.pack(&body)?.into(),
            None => body.into(),
        })
    }
}
