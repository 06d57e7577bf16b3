//! The bodies of requests.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use thundra_core::export::{Batch, ExportError, Gzip};
use thundra_core::{OtlpCompression, OtlpConfig, OtlpProtocol, diagnostics};

use super::cause::Cause;

/// The number of records from which encoding and compressing may take more than 100 us.
const MANY_RECORDS: u32 = 100;

/// `true` in a build with OTLP/JSON. Without the feature, the compiler drops the encoding.
const WRITES_JSON: bool = cfg!(feature = "otlp-json");

/// `true` in a build with compression. Without the feature, the compiler drops gzip and its tables.
const COMPRESSES: bool = cfg!(feature = "compression");

/// The form of a request's body.
#[derive(Clone, Debug)]
pub(super) struct Encoding {
    protocol: OtlpProtocol,
    gzip: Option<Arc<Gzip>>,
    /// The largest body, in bytes before compression.
    limit: usize,
}

impl Encoding {
    pub(super) fn new(config: &OtlpConfig) -> Self {
        let gzip = (config.compression == OtlpCompression::Gzip && compresses()).then(|| Arc::new(Gzip::new()));
        Encoding { protocol: built(config.protocol), gzip, limit: config.max_request_size }
    }

    /// Returns the encoding with a limit for the bytes of a body.
    pub(super) fn limited_to(self, bytes: usize) -> Self {
        Encoding { limit: self.limit.min(bytes), ..self }
    }

    pub(super) fn protocol(&self) -> OtlpProtocol {
        self.protocol
    }

    /// Adds the headers for the bodies.
    pub(super) fn describe(&self, headers: &mut HeaderMap) {
        let content_type = match self.protocol {
            OtlpProtocol::Json => "application/json",
            _ => "application/x-protobuf",
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if self.gzip.is_some() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }

    /// Encodes a batch. A thread for blocking work encodes a large batch, and other tasks of the thread continue.
    ///
    /// # Errors
    ///
    /// [`TooLarge`](thundra_core::export::ExportErrorKind::TooLarge) for a body of more than the limit before
    /// compression.
    pub(super) async fn body(&self, batch: &Batch) -> Result<Bytes, ExportError> {
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

    fn encode(&self, batch: &Batch) -> Result<Bytes, ExportError> {
        let body = match self.protocol {
            OtlpProtocol::Json if WRITES_JSON => batch.to_json().into_bytes(),
            _ => batch.to_protobuf(),
        };
        if body.len() > self.limit {
            return Err(ExportError::too_large(Cause::RequestTooLarge(self.limit)));
        }
        match self.gzip.as_ref().filter(|_| COMPRESSES) {
            None => Ok(body.into()),
            Some(gzip) => match gzip.pack(&body) {
                Ok(packed) => Ok(packed.into()),
                Err(error) => Err(ExportError::permanent(Cause::Encoding(error))),
            },
        }
    }
}

/// Returns `true` if requests can be compressed, and reports a build without compression.
fn compresses() -> bool {
    if !COMPRESSES {
        diagnostics::once(
            "otlp.compression",
            "requests are not compressed, in spite of the compression gzip: it takes the feature `compression` of \
             thundra-aws or thundra-http",
        );
    }
    COMPRESSES
}

/// Returns the protocol, or protobuf in a build without OTLP/JSON.
fn built(protocol: OtlpProtocol) -> OtlpProtocol {
    if WRITES_JSON || protocol != OtlpProtocol::Json {
        return protocol;
    }
    diagnostics::once(
        "otlp.json",
        "requests are protobuf, in spite of the protocol http/json: it takes the feature `otlp-json` of thundra-aws or \
         thundra-http",
    );
    OtlpProtocol::Protobuf
}
